// Keeps, of style sheets that others wrote, what some page of the site can need.
//
// Rules with `:has(` go too: they make the browser look through the page whenever a picture moves.
// So does the icon font, since the pages have icons of their own.
// usage: node slim_styles.mjs SITE SHEET…   (the sheets are changed in place)
import { readFile, writeFile } from "node:fs/promises";
import { PurgeCSS } from "purgecss";
import postcss from "postcss";

const [site, ...sheets] = process.argv.slice(2);

// What scripts give to elements while a page is read: states of menus and widgets.
const GIVEN = [/^(show|hide|active|disabled|focus|scrolled)$/, /^(jupyter|widget|noUi|jp|bp)-/, /^copybtn/,
  /^highlight/, /^search/];

const content = [`${site}/**/*.html`, `${site}/_static/*.js`, `${site}/_static/scripts/pydata*.js`];
const options = { content, skippedContentGlobs: [`${site}/lite/**`], safelist: { standard: GIVEN, greedy: [/data-theme/] },
  fontFace: false, keyframes: true, variables: false };

const raw = await Promise.all(sheets.map((sheet) => readFile(sheet, "utf8")));
const purged = await new PurgeCSS().purge({ ...options, css: raw.map((text) => ({ raw: text })) });
for (const [k, { css }] of purged.entries()) {
  const tree = postcss.parse(css);
  tree.walkRules((rule) => {
    const kept = rule.selectors.filter((selector) => !/:has\(|^\.fa-[\w-]+:{1,2}(before|after)$/.test(selector));
    if (kept.length) rule.selectors = kept;
    else rule.remove();
  });
  tree.walkAtRules("font-face", (face) => {
    if (face.toString().includes("Font Awesome")) face.remove();
  });
  tree.walkComments((comment) => {
    if (comment.text.includes("sourceMappingURL")) comment.remove();
  });
  await writeFile(sheets[k], tree.toString());
}
