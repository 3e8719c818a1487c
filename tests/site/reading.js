// How a built page reads, as a reader meets it: with all folds closed.
() => {
  const article = document.querySelector("article");
  const box = (node) => node.getBoundingClientRect();
  const top = (node) => box(node).top + scrollY;
  const bottom = (node) => top(node) + box(node).height;
  const seen = (node) => {
    for (let fold = node.closest("details"); fold; fold = fold.parentElement.closest("details"))
      if (!fold.open && !node.closest("summary")) return false;
    return node.getClientRects().length > 0;
  };
  const outermost = (nodes) => nodes.filter((node) => !nodes.some((n) => n !== node && n.contains(node)));
  const find = (selector) => outermost([...article.querySelectorAll(selector)].filter(seen));
  const words = (nodes) =>
    nodes.reduce((sum, node) => sum + (node.innerText.replaceAll("\n", " ").match(/[\p{L}\p{N}’'-]+/gu) ?? []).length, 0);
  const machine = ".cell_output, .cell_input, .highlight, .bp-explore";
  const texts = find("p, li, dd, td").filter((node) => !node.closest(machine));
  const code = find(".cell_input pre");
  const lines = code.reduce((sum, node) => sum + node.innerText.trimEnd().split("\n").length, 0);
  const height = article.scrollHeight;
  const explorers = find(".bp-explore:not(.bp-static)").filter((node) => box(node).height > 100);
  const still = find(".cell_output svg, .cell_output img, figure");
  const pictures = still.filter((node) => box(node).height > 80 && !node.closest(".bp-explore"));
  const equations = find("div.math");

  let here = top(article), longest = 0;
  const looked = [...explorers, ...pictures].sort((a, b) => top(a) - top(b));
  for (const node of looked) {
    longest = Math.max(longest, top(node) - here);
    here = Math.max(here, bottom(node));
  }
  longest = Math.max(longest, top(article) + height - here);

  const outside = [...article.querySelectorAll("p, ol, ul")].filter((node) => !node.closest(`${machine}, details`));
  const distance = (explorer) =>
    Math.min(...outside.filter((node) => bottom(node) <= top(explorer) + 4).map((node) => top(explorer) - bottom(node)));
  const touching = [...article.querySelectorAll("details")].filter((fold) => {
    const next = (fold.closest(".cell") ?? fold).nextElementSibling;
    return next?.matches(".cell") && next.querySelector(":scope > details");
  });
  const before = code.length ? texts.filter((node) => top(node) < top(code[0])) : texts;
  const count = words(texts);
  return {
    minutes: Math.round(count / 180 + equations.length / 2 + lines / 10 + 2 * explorers.length),
    words: count,
    lines,
    cells: code.length,
    "share of code": code.reduce((sum, node) => sum + box(node).height, 0) / height,
    screens: height / 900,
    "screens without a picture": longest / 900,
    "tall explorers": explorers.filter((node) => box(node).height > 660).length,
    "explorers far from their questions": explorers.filter((node) => distance(node) > 300).length,
    "folds that touch": touching.length,
    explorers: explorers.length,
    pictures: pictures.length,
    "words before code": words(before),
    exercises: article.querySelectorAll("div.exercise").length,
    solutions: new Set([...article.querySelectorAll(".bp-solution a")].map((link) => link.href)).size,
    hints: [...article.querySelectorAll("div.exercise")].filter((node) => node.querySelector("details.bp-fold")).length,
  };
}
