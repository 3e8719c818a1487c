// Play and pause, a step back and forward, and the speed: counts `value` from 0 to `last`.
const SPEEDS = [["¼×", 4], ["½×", 2], ["1×", 1], ["2×", 0.5], ["4×", 0.25]];
const SIGNS = { play: "M4 2v12l10-6z", pause: "M3 2h4v12H3zM9 2h4v12H9z", back: "M12 2v12L5 8zM3 2h2v12H3z", forward: "M4 2v12l7-6zM11 2h2v12h-2z" };

function button(sign, name) {
  const node = document.createElement("button");
  node.type = "button";
  node.className = "bp-press";
  node.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path fill="currentColor" d=""/></svg>`;
  show(node, sign, name);
  return node;
}

function show(node, sign, name) {
  node.querySelector("path").setAttribute("d", SIGNS[sign]);
  node.setAttribute("aria-label", name);
  node.title = name;
}

function render({ model, el }) {
  const label = model.get("label");
  el.classList.add("bp-player");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", `Play: ${label}`);
  const [back, play, forward] = [button("back", "One step back"), button("play", "Play"), button("forward", "One step forward")];
  const speed = document.createElement("select");
  speed.className = "bp-speed";
  speed.setAttribute("aria-label", "Speed");
  for (const [text, factor] of SPEEDS) speed.add(new Option(text, factor, factor === 1, factor === 1));
  el.append(back, play, forward, speed);

  let frame = 0, due = 0;
  const go = (value) => {
    model.set("value", Math.min(model.get("last"), Math.max(0, value)));
    model.save_changes();
  };
  const rest = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    show(play, "play", "Play");
  };
  const tick = (now) => {
    const pause = model.get("interval") * speed.value;
    due ||= now + pause;
    if (now >= due && !document.hidden) {
      const steps = 1 + Math.floor((now - due) / pause);
      due += steps * pause;
      go(model.get("value") + Math.min(steps, 10));
    }
    if (model.get("value") >= model.get("last")) rest();
    else frame = requestAnimationFrame(tick);
  };
  const start = () => {
    if (model.get("value") >= model.get("last")) go(0);
    show(play, "pause", "Pause");
    due = 0;
    frame = requestAnimationFrame(tick);
  };
  play.addEventListener("click", () => (frame ? rest() : start()));
  for (const [node, step] of [[back, -1], [forward, 1]])
    node.addEventListener("click", () => {
      rest();
      go(model.get("value") + step);
    });
  const ends = () => {
    back.setAttribute("aria-disabled", model.get("value") <= 0);
    forward.setAttribute("aria-disabled", model.get("value") >= model.get("last"));
  };
  model.on("change:value", ends);
  ends();
  return () => {
    rest();
    model.off("change:value", ends);
  };
}

export default { render };
