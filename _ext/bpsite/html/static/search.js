// The search page: what Sphinx finds, ordered by what teaches it, with excerpts that can be read.
// Sphinx puts this file into language_data.js, behind its own stemmer and ahead of the tables BOOK.

// What teaches comes before exercises and solutions, and these before the reference.
const PLACES = [
  [/^chapters\/(api|bibliography)/, 0],
  [/^(assignments|solutions)/, 1000],
  [/^chapters\/(\d|intro)/, 2020],
  [/^chapters\/(background|notation|glossary)/, 2010],
  [/^chapters/, 2000],
];
const EXERCISE = /-ex-|^#(exercises|solutions)$/;

var Scorer = {
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
  score: ([page, , anchor, , score]) => {
    const place = PLACES.find(([pattern]) => pattern.test(page))?.[1] ?? 0;
    const order = Search._index.docnames.indexOf(page) / 1000; // as the book has them
    return score + (EXERCISE.test(anchor) ? Math.min(place, 1000) : place) - order;
  },
};

// Words, as search.py splits and stems them for the index.
var splitQuery = (text) => {
  const signs = new RegExp(`[${Object.keys(BOOK.letters).join("")}]`, "gu");
  return text
    .replace(signs, (sign) => ` ${BOOK.letters[sign]} `)
    .replace(new RegExp(BOOK.prime, "gi"), " prime ")
    .split(/[^\p{Letter}\p{Number}_]+/u)
    .filter((word) => word);
};

const Porter = Stemmer;
Stemmer = function () {
  const porter = new Porter();
  const american = (word, [pattern, replacement]) => word.replace(new RegExp(pattern), replacement);
  this.stemWord = (word) => porter.stemWord(BOOK.spellings.reduce(american, word.toLowerCase()));
};

(() => {
  const stem = (word) => new Stemmer().stemWord(word);
  const stems = (text) => {
    const words = splitQuery(text.toLowerCase()).filter((word) => !stopwords.includes(word));
    return new Set(words.map(stem));
  };

  // How much of the larger set the smaller one is; 0 unless it is part of it.
  function alike(one, other) {
    const [few, many] = one.size < other.size ? [one, other] : [other, one];
    return [...few].every((word) => many.has(word)) ? few.size / many.size : 0;
  }

  const result = (page, title, anchor, score) => {
    const { docnames, filenames } = Search._index;
    return [page, title, anchor, null, score, filenames[docnames.indexOf(page)]];
  };

  // The sections that the table names for such a query.
  const taught = (terms) =>
    BOOK.teaches.flatMap(([phrases, sections]) => {
      const score = Math.max(...phrases.map((phrase) => alike(stems(phrase), terms)));
      if (!score) return [];
      return sections.map(([page, anchor, title], k) => result(page, title, anchor, 200 * score - 20 * k));
    });

  // The sections whose titles have all the words.
  const titled = (terms) =>
    Object.entries(Search._index.alltitles).flatMap(([title, places]) => {
      const words = stems(title);
      if (![...terms].every((term) => words.has(term))) return [];
      const score = 20 + (10 * terms.size) / words.size + (terms.has([...words][0]) ? 5 : 0);
      return places.map(([k, id]) => result(Search._index.docnames[k], title, id ? `#${id}` : "", score));
    });

  const byText = Search.performTermsSearch;
  Search.performTermsSearch = (terms, excluded) =>
    terms.size ? [...taught(terms), ...titled(terms), ...byText(terms, excluded)] : [];

  // Each place once, and a whole page only if none of its sections is better; the best is last.
  const perform = Search._performSearch;
  Search._performSearch = (query, ...rest) => {
    const kept = new Map();
    const pages = new Set();
    const results = perform(query, ...rest).reverse();
    const name = /\w[._]\w|[a-z][A-Z]/.test(query); // as in a program: the reference comes first
    if (name) results.sort((one, other) => Boolean(other[3]) - Boolean(one[3]));
    for (const found of results) {
      const [page, , anchor, what] = found;
      const again = kept.has(page + anchor) || (!anchor && pages.has(page));
      const entry = !what && anchor.startsWith("#bplib."); // it has been found by its name
      if (again || entry) continue;
      kept.set(page + anchor, found);
      pages.add(page);
    }
    return [...kept.values()].reverse();
  };

  // What matches a word of the query in a text.
  function pattern(terms) {
    const choices = [...terms].map((term) => {
      const signs = Object.keys(BOOK.letters).filter((sign) => stem(BOOK.letters[sign]) === term);
      const word = _escapeRegExp(term).replace(/([iy])z/g, "$1[sz]").replace(/or/g, "ou?r").replace(/i$/, "[iy]");
      return [`(?<![\\p{L}\\p{N}_])${word}\\p{L}*`, ...signs].join("|");
    });
    return new RegExp(choices.map((choice) => `(${choice})`).join("|"), "giu");
  }

  // How many words of the query a paragraph has; more if it defines one, less if it is a formula.
  function hits(paragraph, any) {
    const found = new Set();
    for (const match of paragraph.textContent.matchAll(any)) found.add(match.slice(1).findIndex((group) => group));
    const defines = [...paragraph.querySelectorAll("em, strong")].some((node) => node.textContent.search(any) >= 0);
    return found.size + (defines ? 0.5 : 0) - (paragraph.matches(".math") ? 0.25 : 0);
  }

  const pages = new Map();
  function open(page) {
    if (!pages.has(page)) pages.set(page, read(page));
    return pages.get(page);
  }

  // A page without its code, and with each formula once: KaTeX has it as MathML and as HTML.
  async function read(page) {
    const answer = await fetch(page + DOCUMENTATION_OPTIONS.FILE_SUFFIX);
    const article = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("article");
    const unread = ".headerlink, .eqno, script, style, pre, .cell_input, .cell_output, .bp-chapter, annotation, img, svg";
    for (const node of article.querySelectorAll(unread)) node.remove();
    for (const formula of article.querySelectorAll(".katex")) {
      const math = formula.querySelector("math");
      math.replaceChildren(...(math.querySelector("semantics")?.childNodes ?? math.childNodes));
      (formula.closest(".katex-display") ?? formula).replaceWith(math);
    }
    for (const node of article.querySelectorAll("p a")) node.replaceWith(...node.childNodes);
    for (const node of article.querySelectorAll("p [id], p[id]")) node.removeAttribute("id");
    article.normalize();
    return article;
  }

  const texts = (node) => {
    const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) found.push(walker.currentNode);
    return found;
  };

  // A paragraph from the sentence on in which the first match stands.
  function shortened(paragraph, any) {
    const text = paragraph.textContent;
    const match = text.search(any);
    const range = document.createRange();
    range.selectNodeContents(paragraph);
    if (match > 160) {
      const before = text.slice(0, match);
      const ends = [...before.matchAll(/[.?!][)”]?\s+/g)].map((end) => end.index + end[0].length);
      let start = Math.max(ends.at(-1) ?? 0, match - 160);
      for (const node of texts(paragraph)) {
        if (start < node.length) {
          const math = node.parentNode.closest("math");
          if (math) range.setStartBefore(math);
          else range.setStart(node, start);
          break;
        }
        start -= node.length;
      }
    }
    return range.cloneContents();
  }

  function mark(node, any) {
    for (const text of texts(node)) {
      if (text.parentNode.closest?.("math")) continue;
      const parts = [];
      let end = 0;
      for (const match of text.data.matchAll(any)) {
        const span = document.createElement("span");
        span.className = "highlighted";
        span.textContent = match[0];
        parts.push(text.data.slice(end, match.index), span);
        end = match.index + match[0].length;
      }
      text.replaceWith(...parts, text.data.slice(end));
    }
  }

  async function excerpt([page, , anchor], terms) {
    const article = await open(document.documentElement.dataset.content_root + page);
    const place = anchor && article.querySelector(`[id="${anchor.slice(1)}"]`);
    const scope = place ? place.closest("section, .exercise, .solution, dl") : article;
    const any = pattern(terms);
    const paragraphs = [...scope.querySelectorAll("p:not(td p, th p), div.math, li:not(:has(p)), dd:not(:has(p))")];
    const count = new Map(paragraphs.map((node) => [node, hits(node, any)]));
    const best = paragraphs.reduce((one, other) => (count.get(other) > count.get(one) ? other : one), paragraphs[0]);
    if (!best) return null;

    const shown = document.createElement("p");
    shown.className = "context";
    shown.append(shortened(best, any));
    mark(shown, any);
    if (best.matches(".math")) shown.tabIndex = 0; // it may have to scroll
    const section = !anchor && count.get(best) && best.closest("section section:has(h2, h3, h4)");
    if (section) {
      const link = document.createElement("a");
      link.href = page + DOCUMENTATION_OPTIONS.LINK_SUFFIX + "#" + section.id;
      link.append(...section.querySelector("h2, h3, h4").cloneNode(true).childNodes);
      shown.prepend(link, ": ");
    }
    return shown;
  }

  function item([page, title, anchor, what, score], onSight) {
    const { docnames, titles } = Search._index;
    const whole = titles[docnames.indexOf(page)];
    const line = document.createElement("li");
    const link = line.appendChild(document.createElement("a"));
    link.href = page + DOCUMENTATION_OPTIONS.LINK_SUFFIX + anchor;
    link.dataset.score = score;
    const exercise = title.match(/^(?:.* > )? \((.*)\)$/);
    link.innerHTML = exercise ? `Exercise: ${exercise[1]}` : title.replace(`${whole} > `, "");
    const where = line.appendChild(document.createElement("span"));
    where.className = "bp-where";
    const chapter = page.match(/^chapters\/0*(\d+)/)?.[1];
    const kind = chapter ? `Chapter ${chapter}` : page.startsWith("assignments/") ? "Exercises" : "";
    where.innerHTML = what || [kind, anchor && whole].filter((text) => text).join(": ");
    if (!what) onSight(line);
    return line;
  }

  Search.query = (query) => {
    const [said, terms, ...rest] = Search._parseQuery(query);
    // On the pages themselves Sphinx would mark “eta” inside “theta”.
    const names = Object.values(BOOK.letters);
    const words = splitQuery(query.toLowerCase()).filter((word) => !names.includes(word) && !stopwords.includes(word));
    localStorage.setItem("sphinx_highlight_terms", words.join(" "));

    const results = Search._performSearch(said, terms, ...rest).reverse();
    const found = new Map();
    const sight = new IntersectionObserver((seen) => {
      for (const { target, isIntersecting } of seen) {
        if (!isIntersecting) continue;
        sight.unobserve(target);
        excerpt(found.get(target), terms).then((shown) => shown && target.append(shown));
      }
    });
    for (const one of results) {
      const line = item(one, (node) => sight.observe(node));
      found.set(line, one);
      Search.output.append(line);
    }
    _finishSearch(results.length);
    if (results.length) Search.status.innerText = `${results.length} places in the book, the best first.`;
  };
})();
