// The contents of the book and of the page: beside the text where there is room, else in dialogs.
(() => {
  function dress(dialog, name) {
    dialog.setAttribute("aria-label", name);
    const close = document.createElement("button");
    close.type = "button";
    close.className = "btn bp-close";
    close.setAttribute("aria-label", "Close");
    close.innerHTML = '<i class="fa-solid fa-xmark"></i>';
    dialog.append(close);
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("a, .bp-close")) dialog.close();
    });
    dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Tab") return;
      const stops = [...dialog.querySelectorAll("a[href], button, input")].filter((node) =>
        node.checkVisibility(),
      );
      const [from, to] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
      if (document.activeElement !== from) return;
      event.preventDefault();
      to.focus();
    });
  }

  function menu(name, room) {
    const sidebar = document.getElementById(`pst-${name}-sidebar`);
    const button = document.querySelector(`button[aria-controls="pst-${name}-sidebar"]`);
    if (!sidebar || !button) return;
    const dialog = document.getElementById(`pst-${name}-sidebar-modal`);
    dialog.className = "bp-menu";
    dress(dialog, button.getAttribute("aria-label"));

    const beside = matchMedia(room);
    const folds = document.body.classList;
    const tell = () => {
      const shown = beside.matches ? !folds.contains("bp-folded") : dialog.open;
      button.setAttribute("aria-expanded", shown);
    };
    button.addEventListener("click", () => {
      if (beside.matches) {
        folds.toggle("bp-folded");
      } else {
        button.focus(); // Safari does not, and a dialog gives the focus back to where it was
        dialog.append(sidebar);
        dialog.showModal();
      }
      tell();
    });
    dialog.addEventListener("close", () => {
      dialog.after(sidebar);
      tell();
    });
    beside.addEventListener("change", () => {
      dialog.close();
      tell();
    });
    tell();
  }

  menu("primary", "(min-width: 960px)");
  menu("secondary", "(min-width: 1200px)");

  dress(document.getElementById("pst-search-dialog"), "Search");
  for (const button of document.querySelectorAll(".search-button__button"))
    button.addEventListener("click", () => button.focus(), true);

  // The page stands still while a dialog is open.
  const modal = () => document.querySelector("dialog:modal") !== null;
  const stand = () => document.documentElement.classList.toggle("bp-modal", modal());
  for (const dialog of document.querySelectorAll("dialog"))
    new MutationObserver(stand).observe(dialog, { attributeFilter: ["open"] });

  // Sphinx would keep Escape for itself.
  const keep = (event) => {
    if (event.key === "Escape" && modal()) event.stopPropagation();
  };
  window.addEventListener("keydown", keep, true);

  // The bar above the page casts a shadow once there is text beneath it.
  new IntersectionObserver(([pixel]) =>
    document.body.classList.toggle("scrolled", !pixel.isIntersecting),
  ).observe(document.querySelector(".sbt-scroll-pixel-helper"));

  // Lists of links that a button opens.
  for (const button of document.querySelectorAll("[data-bs-toggle=dropdown]")) {
    const box = button.parentElement;
    const list = box.querySelector(".dropdown-menu");
    const links = [...list.querySelectorAll("a, button")];
    const shown = () => list.classList.contains("show");
    const show = (now) => {
      list.classList.toggle("show", now);
      button.setAttribute("aria-expanded", now);
    };
    button.addEventListener("click", () => show(!shown()));
    box.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && shown()) {
        show(false);
        button.focus();
      }
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      show(true);
      const at = Math.max(links.indexOf(document.activeElement), step > 0 ? -1 : 0);
      links.at((at + step) % links.length).focus();
    });
    const leave = ({ target, relatedTarget }, to = relatedTarget ?? target) => box.contains(to) || show(false);
    box.addEventListener("focusout", leave);
    document.addEventListener("click", leave);
  }
})();
