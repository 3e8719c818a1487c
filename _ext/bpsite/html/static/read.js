// What the reader has read, kept in this browser alone. The root element has it from the page's head.
(() => {
  const KEY = "bp-read";
  const root = document.documentElement;
  if (root.dataset.read === undefined) return; // this browser keeps nothing
  const mark = document.querySelector(".bp-mark button");
  const forget = document.querySelector(".bp-forget");

  function show() {
    root.dataset.read = localStorage.getItem(KEY) ?? "";
    mark?.setAttribute("aria-pressed", root.dataset.read.split(" ").includes(mark.dataset.chapter));
  }

  mark?.addEventListener("click", () => {
    const kept = (localStorage.getItem(KEY) ?? "").split(" ").filter((name) => name);
    const others = kept.filter((name) => name !== mark.dataset.chapter);
    const names = others.length < kept.length ? others : [...kept, mark.dataset.chapter];
    try {
      if (names.length) localStorage.setItem(KEY, names.join(" "));
      else localStorage.removeItem(KEY);
      show();
    } catch {
      delete root.dataset.read; // no room: the button goes, and nothing is promised
    }
  });

  forget?.addEventListener("click", () => {
    localStorage.removeItem(KEY);
    [...forget.parentElement.querySelectorAll("a")].at(-1).focus({ preventScroll: true });
    show();
  });

  addEventListener("pageshow", show); // a page that the browser had put aside
  addEventListener("storage", show); // another window
  show();
})();
