// The packages that a bundle is made of: whether they are the expected ones, and their licences.
import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";

const HERE = import.meta.dirname;
const ROOT = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+(?=[\\/])/;
const NOTICE = /\/\*[^]*?\*\/|(?:^[ \t]*\/\/.*\n)+/gm;

// What is inside a file that was bundled before.
const WITHIN = { anywidget: ["solid-js", "@lukeed/uuid"] };

const readJSON = async (...place) => JSON.parse(await readFile(path.join(...place), "utf8"));

async function packageAt(root, files) {
  const { name, version, license } = await readJSON(root, "package.json");
  return { name, version, license, root, files };
}

/** Return the packages that the files are from, each with its own; a file of ours is from none. */
export async function packagesOf(files) {
  const sorted = [...new Set(files)].sort();
  const byRoot = Map.groupBy(sorted, (file) => file.match(ROOT)?.[0]);
  byRoot.delete(undefined);
  return Promise.all([...byRoot].map(([root, its]) => packageAt(root, its)));
}

async function digest({ root, files }) {
  const hash = createHash("sha256");
  for (const file of files) {
    hash.update(path.relative(root, file).replaceAll("\\", "/"));
    hash.update(await readFile(file));
  }
  return hash.digest("hex");
}

/** Throw an error unless the packages are, byte for byte, those that packages.json notes. */
export async function compare(packages) {
  const noted = await readJSON(HERE, "packages.json");
  const found = {};
  for (const one of packages) found[`${one.name} ${one.version}`] = await digest(one);
  const wrong = Object.keys({ ...noted, ...found }).filter((name) => noted[name] !== found[name]);
  if (wrong.length === 0) return;
  const said = wrong.map((name) => {
    if (!found[name]) return `${name} is not there`;
    return `${name} ${noted[name] ? "has other contents" : "was not expected"}`;
  });
  throw new Error(
    `${said.join("; ")}. Run \`npm ci\`. If the packages are meant to be new, see that src/ still` +
      ` fits them, then make this _ext/runtime/packages.json:\n${JSON.stringify(found, null, 2)}`,
  );
}

async function licence({ name, license, root }) {
  const file = (await readdir(root)).find((entry) => /^licen[cs]e/i.test(entry));
  if (file) return readFile(path.join(root, file), "utf8");
  if (license === "BSD-3-Clause") return readFile(path.join(HERE, "BSD-3-Clause.txt"), "utf8");
  throw new Error(`${name} has no licence file, and ${license} is not BSD-3-Clause`);
}

async function notices(files) {
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  const comments = texts.flatMap((text) => text.match(NOTICE) ?? []).map((one) => one.trim());
  return new Set(comments.filter((one) => /copyright|licen[cs]e/i.test(one)));
}

/** Return the text of all licences, with the notices in the files. */
export async function licences(packages) {
  const inner = packages.flatMap(({ name, root }) =>
    (WITHIN[name] ?? []).map((other) => packageAt(path.join(root, "..", other), [])),
  );
  const parts = [...packages, ...(await Promise.all(inner))].map(async (one) => {
    const title = `${one.name} ${one.version} (${one.license})`;
    return [title, "=".repeat(title.length), ...(await notices(one.files)), await licence(one)]
      .map((text) => text.trim())
      .join("\n\n");
  });
  return `${(await Promise.all(parts)).join("\n\n\n")}\n`;
}
