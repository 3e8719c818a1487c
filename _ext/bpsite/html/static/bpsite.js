// Names the sliders of the explorers and reads their text out, for screen readers.
(() => {
  const live = document.createElement("div");
  live.setAttribute("role", "status");
  live.className = "bp-live";
  document.body.append(live);
  const said = new WeakMap();
  const set = (node, name, value) => {
    if (value && node.getAttribute(name) !== value) node.setAttribute(name, value);
  };
  const text = (node) => (node ? node.textContent.trim() : "");

  function name(explorer) {
    for (const slider of explorer.querySelectorAll(".widget-slider, .jupyter-widget-slider")) {
      const handle = slider.querySelector(".noUi-handle");
      if (!handle) continue;
      set(handle, "aria-label", text(slider.querySelector(".widget-label")));
      const value = slider.querySelector(".widget-readout");
      if (value) value.contentEditable = "false";
      set(handle, "aria-valuetext", text(value));
    }
  }

  function nameButtons(explorer) {
    for (const row of explorer.querySelectorAll(".widget-toggle-buttons")) {
      set(row, "role", "group");
      set(row, "aria-label", text(row.querySelector(".widget-label")));
      for (const button of row.querySelectorAll(".widget-toggle-button"))
        set(button, "aria-pressed", String(button.classList.contains("mod-active")));
    }
  }

  function say(explorer) {
    const now = [...explorer.querySelectorAll(".bp-readout")]
      .filter((node) => node.offsetParent)
      .map(text)
      .join(" ");
    if (!now) return;
    if (said.has(explorer) && said.get(explorer) !== now) live.textContent = now;
    said.set(explorer, now);
  }

  function swap(explorer) {
    const area = explorer.closest(".widget-subarea");
    const still = area && area.parentElement.querySelector(":scope > .bp-static");
    const count = (where, what) => where.querySelectorAll(what).length;
    if (
      still &&
      count(explorer, ".bp-frame svg") &&
      count(explorer, ".noUi-handle") >= count(still, ".bp-slider") &&
      count(explorer, ".widget-toggle-buttons") >= count(still, ".bp-choice") &&
      count(explorer, ".bp-press") >= count(still, ".bp-player")
    )
      still.remove();
  }

  const watched = new WeakSet();
  function watch(explorer) {
    if (watched.has(explorer)) return;
    watched.add(explorer);
    let soon, rest;
    const tidy = () => {
      soon = 0;
      swap(explorer);
      name(explorer);
      nameButtons(explorer);
    };
    const look = () => {
      soon ||= setTimeout(tidy, 60); // not at every frame of a picture that moves
      clearTimeout(rest);
      rest = setTimeout(() => say(explorer), 250);
    };
    new MutationObserver(look).observe(explorer, {
      subtree: true,
      childList: true,
      characterData: true,
      attributes: true,
      attributeFilter: ["aria-valuetext", "class", "style"],
    });
    tidy();
    look();
  }

  const find = () => {
    document.querySelectorAll(".bp-explore:not(.bp-static)").forEach(watch);
    if (!document.querySelector(".bp-static")) arrivals.disconnect();
  };
  const arrivals = new MutationObserver(find);
  arrivals.observe(document.getElementById("main-content") ?? document.body, {
    subtree: true,
    childList: true,
  });
  find();
})();

// Opens the folds around a place that a link leads to, and all of them for printing.
(() => {
  const reveal = () => {
    const place = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!place) return;
    let closed = false;
    for (let fold = place.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      closed ||= !fold.open;
      fold.open = true;
    }
    if (closed) place.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details.bp-fold:not([open])")];
    for (const fold of opened) fold.open = true;
  });
  addEventListener("afterprint", () => {
    for (const fold of opened) fold.open = false;
  });
})();
