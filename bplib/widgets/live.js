// Redraws a picture whenever what the reader sets has changed: texts, lines, points and edges.
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const minus = (text) => text.replace("-", "−");

// Halfway between two numbers JavaScript rounds up, Python to the even digit.
const halfway = (rest) => /^50*$/.test(rest);
const even = (digit) => "02468".includes(digit);
const FAR = 40; // digits beyond which no double is halfway by chance

export function fixed(v, digits) {
  const [whole, decimals] = Math.abs(v).toFixed(digits + FAR).split(".");
  const kept = digits ? `${whole}.${decimals.slice(0, digits)}` : whole;
  const down = halfway(decimals.slice(digits)) && even(kept.at(-1));
  const text = down ? kept : Math.abs(v).toFixed(digits);
  return v < 0 && Number(text) !== 0 ? `−${text}` : text;
}

export function significant(v, digits) {
  let [mantissa, power] = Math.abs(v).toExponential(digits - 1).split("e");
  const [exact, own] = Math.abs(v).toExponential(digits + FAR).split("e");
  const kept = exact.slice(0, digits > 1 ? digits + 1 : 1);
  if (halfway(exact.replace(".", "").slice(digits)) && even(kept.at(-1))) [mantissa, power] = [kept, own];
  const sign = v < 0 ? "−" : "";
  if (!v || (power >= -4 && power <= 5)) return sign + Number(`${mantissa}e${power}`);
  const raised = String(Number(power)).replace("-", "⁻").replace(/\d/g, (d) => RAISED[d]);
  return `${sign}${Number(mantissa)}·10${raised}`;
}

// What live_number of bplib/plots/text.py says of the value.
export function number(v, digits, kind) {
  if (!Number.isFinite(v)) return Number.isNaN(v) ? "NaN" : v > 0 ? "∞" : "−∞";
  if (kind === "f" && Math.abs(v) < 1e6) return fixed(v, digits);
  return significant(v, kind === "g" ? digits : 3);
}

// A text, then [format, digits or texts, place of the number], a text, and so on.
export function sentence(parts, S) {
  return parts.map((part) => {
    if (typeof part === "string") return part;
    const [kind, how, place] = part;
    return kind === "w" ? how[S[place]] : number(S[place], how, kind);
  }).join("");
}

const LARGEST = 1e4;
const place = ([a, b, logarithmic], v) => {
  const at = a + b * (logarithmic ? Math.log10(v) : v);
  return Math.round(Math.min(LARGEST, Math.max(-LARGEST, at)) * 10) / 10;
};
const value = ([a, b, logarithmic], at) => (logarithmic ? 10 ** ((at - a) / b) : (at - a) / b);

function line(axes, xs, ys, count) {
  let d = "", pen = "M", u, v;
  for (let k = 0; k < count; k++) {
    const x = place(axes.x, xs[k]), y = place(axes.y, ys[k]);
    if (Number.isNaN(x) || Number.isNaN(y)) pen = "M";
    else if (x !== u || y !== v || pen === "M") {
      d += `${pen}${x} ${y}`;
      pen = "L";
    }
    [u, v] = [x, y];
  }
  return d;
}

// A function that sets one thing of a node, if it has changed: what stays costs the browser nothing.
function setter(set) {
  let last;
  return (now) => {
    if (now !== last) set((last = now));
  };
}
const attribute = (node, name) => setter((now) => node.setAttribute(name, now));
const style = (node, name) => setter((now) => (node.style[name] = now));

// A function that puts an element over a place of the picture.
function over(node, box, axes) {
  const [left, top] = [style(node, "left"), style(node, "top")];
  return (x, y) => {
    left(`${(place(axes.x, x) / box[0]) * 100}%`);
    top(`${(place(axes.y, y) / box[1]) * 100}%`);
  };
}

// For each kind of thing that moves: its node and what it shows -> a function that redraws it.
const KINDS = {
  text(node, { say, x, y }, axes) {
    const text = node.querySelector("text");
    const write = setter((now) => (text.textContent = now));
    const [move, display] = [attribute(text, "transform"), style(text, "display")];
    let first;
    return (P, S) => {
      write(sentence(say, S));
      if (x === undefined) return;
      const here = [place(axes.x, S[x]), place(axes.y, S[y])];
      first ??= here;
      const [dx, dy] = here.map((v, k) => v - first[k]);
      display(Number.isNaN(dx + dy) ? "none" : "");
      move(`translate(${dx} ${dy})`);
    };
  },
  line(node, { columns, corners, upto }, axes) {
    const draw = attribute(node.querySelector("path"), "d");
    return (P, S) => {
      const [xs, ys] = columns
        ? columns.map(([loop, c]) => P[loop][c])
        : corners.map((places) => places.map((i) => S[i]));
      const count = upto === undefined ? xs.length : Math.min(xs.length, Math.round(S[upto]) + 1);
      draw(line(axes, xs, ys, count));
    };
  },
  point(node, { x, y }, axes) {
    const use = node.querySelector("use");
    const [across, down, display] = [attribute(use, "x"), attribute(use, "y"), style(use, "display")];
    return (P, S) => {
      const [u, v] = [place(axes.x, S[x]), place(axes.y, S[y])];
      display(Number.isNaN(u) || Number.isNaN(v) ? "none" : "");
      across(u);
      down(v);
    };
  },
  edge(node, { width, colors }) {
    const path = node.querySelector("path");
    const [thick, dash, color] = ["strokeWidth", "strokeDasharray", "stroke"].map((name) => style(path, name));
    return (P, S) => {
      const w = S[width];
      thick(String(Number.isFinite(w) ? 0.5 + (2.2 * Math.min(Math.abs(w), 3)) / 3 : 0.5));
      dash(w < 0 ? "3 2" : "none");
      color(colors[w < 0 ? 1 : 0]);
    };
  },
};

const rounded = (v) => Number(v.toPrecision(4));

// A point that is dragged is an element over the picture: what is inside role="img" cannot be heard.
function handle(stage, box, { x, y, at, label, axes }, model) {
  const node = document.createElement("div");
  node.className = "bp-handle";
  node.tabIndex = 0;
  const [left, right, bottom, top] = axes.limits;
  const said = { role: "slider", "aria-roledescription": "movable point", "aria-label": label,
    "aria-valuemin": left, "aria-valuemax": right };
  for (const [name, text] of Object.entries(said)) node.setAttribute(name, text);
  stage.append(node);
  const traits = [x, y].filter((i) => i !== undefined).map((i) => `v${i}`);
  const home = traits.map((name) => model.get(name));
  const limits = [[left, right], [bottom, top]];
  const move = (...to) => {
    traits.forEach((name, k) => {
      const [low, high] = limits[k];
      model.set(name, rounded(Math.min(high, Math.max(low, to[k]))));
    });
    model.save_changes();
  };
  const follow = (event) => {
    const area = stage.getBoundingClientRect();
    move(value(axes.x, ((event.clientX - area.x) / area.width) * box[0]),
      value(axes.y, ((event.clientY - area.y) / area.height) * box[1]));
  };
  node.addEventListener("pointerdown", (event) => {
    node.setPointerCapture(event.pointerId);
    node.focus();
    event.preventDefault();
  });
  node.addEventListener("pointermove", (event) => {
    if (node.hasPointerCapture(event.pointerId)) follow(event);
  });
  node.addEventListener("keydown", (event) => {
    const part = event.shiftKey ? 10 : 100;
    const [dx, dy] = [(right - left) / part, (top - bottom) / part];
    const [u, v] = traits.map((name) => model.get(name));
    const to = { ArrowLeft: [u - dx, v], ArrowRight: [u + dx, v], ArrowUp: [y === undefined ? u + dx : u, v + dy],
      ArrowDown: [y === undefined ? u - dx : u, v - dy], Home: home }[event.key];
    if (!to) return;
    event.preventDefault();
    event.stopPropagation();
    move(...to);
  });
  const put = over(node, box, axes);
  return (P, S) => {
    const [u, v] = at.map((i) => S[i]);
    put(u, v);
    node.setAttribute("aria-valuenow", u);
    node.setAttribute("aria-valuetext", minus(`x ${rounded(u)}`) + minus(`, y ${rounded(v)}`));
  };
}

// A sheet on which the reader draws, by mouse, touch or arrow keys: an input for the ink in each of its n × n squares.
function sketch(stage, box, { first, n, full, label, axes }, model) {
  const node = document.createElement("div"), wipe = document.createElement("button");
  node.className = "bp-sketch";
  node.tabIndex = 0;
  node.setAttribute("role", "application");
  wipe.className = "bp-wipe";
  wipe.type = "button";
  wipe.textContent = "wipe the sheet";
  stage.append(node, wipe);
  const [[left, right], [top, bottom]] = [axes.x, axes.y].map((scale, k) =>
    [-0.5, n - 0.5].map((v) => (place(scale, v) / box[k]) * 100));
  Object.assign(node.style, { left: `${left}%`, top: `${top}%`, width: `${right - left}%`, height: `${bottom - top}%` });
  Object.assign(wipe.style, { left: `${left}%`, top: `${bottom}%` });
  const names = Array.from({ length: n * n }, (_, i) => `v${first + i}`);
  let pen, at = [0, 0];
  const draw = (u, v) => {
    const [a, b] = pen ?? [u, v], [du, dv] = [u - a, v - b];
    names.forEach((name, i) => {
      const [x, y] = [(i % n) - a, Math.floor(i / n) - b];
      const k = Math.min(1, Math.max(0, (x * du + y * dv) / (du * du + dv * dv || 1)));
      const ink = full * Math.min(1, Math.max(0, 1.25 - Math.hypot(x - k * du, y - k * dv)));
      if (ink > model.get(name)) model.set(name, rounded(ink));
    });
    model.save_changes();
    pen = [u, v];
  };
  const clear = () => {
    for (const name of names) model.set(name, 0);
    model.save_changes();
  };
  const tell = (done) => node.setAttribute("aria-label",
    `${label}, ${done}: arrow keys move the pen, the space bar draws, Delete wipes. Row ${at[1] + 1}, column ${at[0] + 1}`);
  const follow = (event) => {
    const area = node.getBoundingClientRect();
    draw(((event.clientX - area.x) / area.width) * n - 0.5, ((event.clientY - area.y) / area.height) * n - 0.5);
  };
  node.addEventListener("pointerdown", (event) => {
    node.setPointerCapture(event.pointerId);
    pen = undefined;
    follow(event);
  });
  node.addEventListener("pointermove", (event) => {
    if (node.hasPointerCapture(event.pointerId)) follow(event);
  });
  node.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], " ": [0, 0], Delete: [0, 0] }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    at = at.map((v, k) => Math.min(n - 1, Math.max(0, v + step[k])));
    pen = undefined;
    if (event.key === " ") draw(...at);
    if (event.key === "Delete") clear();
    tell(event.key === " " ? "drawn" : event.key === "Delete" ? "wiped" : "moved");
  });
  wipe.addEventListener("click", clear);
  tell("empty");
}

// Places that are explained when a reader points at them: one stop of the Tab key, arrow keys go on.
function spots(stage, box, list, axes) {
  const bar = document.createElement("div"), tip = document.createElement("p");
  bar.className = "bp-spots";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "The arithmetic of each number: arrow keys go from one to the next");
  tip.className = "bp-tip";
  tip.hidden = true;
  let shown, scalars;
  const nodes = list.map(({ label }, k) => {
    const node = document.createElement("button");
    node.type = "button";
    node.className = "bp-spot";
    node.tabIndex = k ? -1 : 0;
    node.setAttribute("aria-label", label);
    node.addEventListener("pointerenter", () => show(k));
    node.addEventListener("focus", () => show(k));
    node.addEventListener("click", () => show(k));
    node.addEventListener("blur", () => show());
    bar.append(node);
    return node;
  });
  function show(k) {
    if (shown !== undefined) nodes[shown].setAttribute("aria-label", list[shown].label);
    shown = k;
    tip.hidden = k === undefined;
    if (tip.hidden) return;
    tip.textContent = sentence(list[k].say, scalars);
    tip.classList.toggle("bp-above", parseFloat(nodes[k].style.top) > 50);
    nodes[k].setAttribute("aria-label", `${list[k].label}: ${tip.textContent}`);
  }
  stage.addEventListener("pointerleave", () => show());
  bar.addEventListener("keydown", (event) => {
    const at = nodes.indexOf(event.target), step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") show();
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const next = nodes[(at + step + nodes.length) % nodes.length];
    [event.target.tabIndex, next.tabIndex] = [-1, 0];
    next.focus();
  });
  stage.append(bar, tip);
  const put = nodes.map((node, k) => over(node, box, axes[list[k].ax]));
  return (P, S) => {
    scalars = S;
    list.forEach(({ at: [x, y] }, k) => put[k](S[x], S[y]));
    if (shown !== undefined) show(shown);
  };
}

async function compile(code) {
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  try {
    return (await import(/* webpackIgnore: true */ url)).default;
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function render({ model, el }) {
  const { code, tables, parts, axes, handles, sketches, spots: explained, say, alt } = model.get("program");
  const compute = await compile(code);
  el.classList.add("bp-frame");
  el.innerHTML = `<div class="bp-stage">${model.get("svg")}</div>`;
  const [stage] = el.children;
  const readout = document.createElement("p");
  readout.className = "bp-readout";
  if (say.length > 1 || say[0]) el.append(readout);
  const svg = stage.querySelector("svg");
  const box = svg.getAttribute("viewBox").split(" ").slice(2).map(Number);
  stage.style.maxWidth = svg.style.maxWidth;
  const redraw = parts.map((part, k) =>
    KINDS[part.kind](svg.querySelector(`[data-live="${k}"]`), part, axes[part.ax]));
  if (explained.length) redraw.push(spots(stage, box, explained, axes));
  for (const one of sketches) sketch(stage, box, { ...one, axes: axes[one.ax] }, model);
  for (const one of handles) redraw.push(handle(stage, box, { ...one, axes: axes[one.ax] }, model));

  let waiting = 0;
  const draw = () => {
    waiting = 0;
    const inputs = tables.map((table, i) => (table ? table[model.get(`v${i}`)] : model.get(`v${i}`)));
    const [P, S] = compute(...inputs);
    for (const one of redraw) one(P, S);
    const now = sentence(say, S);
    if (readout.textContent !== now) {
      readout.textContent = now;
      svg.setAttribute("aria-label", `${alt} ${now}`);
    }
  };
  const later = () => {
    waiting ||= requestAnimationFrame(draw);
  };
  const names = tables.map((_, i) => `change:v${i}`);
  for (const name of names) model.on(name, later);
  draw();
  return () => {
    cancelAnimationFrame(waiting);
    for (const name of names) model.off(name, later);
  };
}

export default { render };
