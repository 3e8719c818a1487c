// Shows how Python is loaded, says what else there is where it cannot be, and names tabs plainly.
(() => {
  const STALLED_MS = 20000;
  const DONE_MS = 2000;
  const VERSION = /-[0-9a-f]{8}(?=\.ipynb$)/;
  const BOOK = new URL("../../", document.baseURI);
  const { binder } = JSON.parse(document.getElementById("bpsite-lite").textContent);
  const opened = new URLSearchParams(location.search).get("path")?.replace(VERSION, "");

  function element(tag, properties = {}, ...inside) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...inside);
    return made;
  }

  function alternatives() {
    const links = [];
    const add = (href, text) => links.push(element("li", {}, element("a", { href }, text)));
    if (opened?.endsWith(".ipynb")) {
      const name = opened.slice(0, -".ipynb".length);
      add(new URL(`notebooks/${name}.zip`, BOOK), "Download the notebook and its package, to run it on your computer");
      if (binder) add(binder + encodeURIComponent(`lab/tree/${opened}`), "Run it on Binder");
      add(new URL(`${name.replace(/^exercises\//, "assignments/")}.html`, BOOK), "Back to its page in the book");
    } else {
      add(new URL("index.html", BOOK), "Back to the book");
    }
    return element("ul", {}, ...links);
  }

  class Notice {
    constructor() {
      this.aloud = element("div", { className: "bp-aloud", role: "status" });
      this.progress = element("p");
      this.alert = element("div", { role: "alert" });
      this.rest = element(
        "div",
        { hidden: true },
        element("p", {}, "Without it the notebook can be read and changed here, but not run. You can also:"),
        alternatives(),
        element("button", { type: "button", onclick: () => location.reload() }, "Try again"),
        element("button", { type: "button", onclick: () => (this.box.hidden = true) }, "Close"),
      );
      const parts = [this.progress, this.alert, this.rest];
      this.box = element("section", { id: "bp-python", hidden: true, ariaLabel: "Python" }, ...parts);
      // A live region speaks only if it is there before its text.
      addEventListener("DOMContentLoaded", () => document.body.append(this.box, this.aloud));
    }

    show(worker, state) {
      clearTimeout(this.timer);
      if (worker !== this.worker) this.say("");
      this.worker = worker;
      if (state.failed) {
        const what = state.started ? "A part of Python" : "Python";
        this.say(`${what} could not be loaded from ${state.host}. ${state.failed}`);
        return;
      }
      this.say("");
      this.progress.textContent =
        `Python is loading from ${state.host}: ${(state.bytes / 1e6).toFixed(1)} MB so far`;
      this.speak(`Python is loading from ${state.host}.`);
      const busy = !state.started || state.open > 0;
      this.timer = busy
        ? setTimeout(() => this.stall(state.host), STALLED_MS)
        : setTimeout(() => this.done(), DONE_MS);
    }

    say(problem) {
      if (this.alert.textContent !== problem) {
        this.alert.textContent = problem;
        this.box.hidden = false;
      }
      if (!problem) this.box.hidden = false;
      if (problem) this.speak("");
      this.progress.hidden = Boolean(problem);
      this.rest.hidden = !problem;
    }

    stall(host) {
      this.say(`Nothing has come from ${host} for ${STALLED_MS / 1000} seconds. Python is not loaded.`);
    }

    speak(text) {
      if (this.aloud.textContent !== text) this.aloud.textContent = text;
    }

    done() {
      this.box.hidden = true;
      this.speak("Python is loaded.");
    }

    forget(worker) {
      if (worker !== this.worker) return;
      clearTimeout(this.timer);
      this.box.hidden = true;
    }
  }

  const notice = new Notice();

  // The kernel is a worker; what our module in it says is not for the kernel's own listeners.
  window.Worker = class extends Worker {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", (event) => {
        if (!event.data?.bpsitePython) return;
        event.stopImmediatePropagation();
        notice.show(this, event.data.bpsitePython);
      });
    }

    terminate() {
      super.terminate();
      notice.forget(this);
    }
  };

  // A tab's text is changed where it is shown: its Lumino title is the file's name, to change which
  // renames the file.
  function nameTabs({ shell }) {
    const title = document.querySelector("title");
    const book = title.textContent;
    const shorten = () => {
      for (const label of document.querySelectorAll(".lm-DockPanel-tabBar .lm-TabBar-tabLabel")) {
        if (VERSION.test(label.textContent)) {
          label.firstChild.data = label.textContent.replace(VERSION, "");
        }
      }
    };
    const entitle = () => {
      const name = shell.currentWidget?.title.label.replace(VERSION, "");
      const wanted = name?.endsWith(".ipynb") ? `${name} - ${book}` : book;
      if (document.title !== wanted) document.title = wanted;
    };
    const tabs = new MutationObserver(shorten);
    const look = () => {
      for (const bar of document.querySelectorAll(".lm-DockPanel-tabBar")) {
        tabs.observe(bar, { childList: true, characterData: true, subtree: true });
      }
      shorten();
      entitle();
    };
    shell.layoutModified.connect(look);
    shell.currentChanged.connect(look);
    new MutationObserver(entitle).observe(title, { childList: true });
    look();
  }

  const waiting = setInterval(() => {
    if (!window.jupyterapp) return;
    clearInterval(waiting);
    nameTabs(window.jupyterapp);
  }, 50);
})();
