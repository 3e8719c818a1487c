// node build.mjs <folder>: writes widgets.js and widgets.LICENSES.txt, from src/ and npm packages.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";
import { compare, licences, packagesOf } from "./packages.mjs";

const HERE = import.meta.dirname;
const own = (name) => path.join(HERE, "src", name);

// In place of what a page has no use for: packages whose importers ask little of them.
const STANDINS = {
  "@lumino/widgets": own("lumino.ts"),
  jquery: own("jquery.js"),
  "lodash/isEqual": own("isequal.js"),
  "sanitize-html": own("sanitize.js"),
  underscore: own("underscore.js"),
};

const OPTIONS = {
  absWorkingDir: HERE,
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "error",
};

// These packages forget to say that importing a file of theirs does nothing but give its exports.
const PURE = /node_modules\/(@jupyter-widgets|@lumino)\//;

const plugin = {
  name: "runtime",
  setup({ onLoad, onResolve, resolve }) {
    onResolve({ filter: /./ }, async ({ path: name, pluginData, ...where }) => {
      if (STANDINS[name]) return { path: STANDINS[name], sideEffects: false };
      if (pluginData === "seen") return;
      const found = await resolve(name, { ...where, pluginData: "seen" });
      if (PURE.test(found.path.replaceAll("\\", "/"))) found.sideEffects = false;
      return found;
    });
    // anywidget comes as an AMD module; its last statement is to be its export. It gives up on a
    // picture that is not ready after two seconds, which on a slow phone is too early.
    onLoad({ filter: /anywidget[\\/]dist[\\/]index\.js$/ }, async ({ path: file }) => {
      const text = await readFile(file, "utf8");
      const end = /^define\(\["@jupyter-widgets\/base"\], (\w+)\);\s*$/m;
      if (!end.test(text)) throw new Error("anywidget does not end in the definition of a module");
      const patience = /AbortSignal\.timeout\(2e3\)/;
      if (!patience.test(text)) throw new Error("anywidget does not wait for two seconds");
      const patient = text.replace(patience, "AbortSignal.timeout(120e3)");
      return { contents: patient.replace(end, "export default $1;") };
    });
  },
};

async function bundle() {
  const style = await build({ ...OPTIONS, entryPoints: [own("style.css")] });
  const code = await build({
    ...OPTIONS,
    entryPoints: [own("main.js")],
    format: "iife",
    target: "es2022",
    mainFields: ["module", "main"], // Lumino's field "browser" leads to what cannot be cut
    banner: { js: "/* Licences: widgets.LICENSES.txt */" },
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } }, // as Lumino builds itself
    define: { STYLE: JSON.stringify(style.outputFiles[0].text.trim()) },
    plugins: [plugin],
  });
  const inputs = [style, code].flatMap(({ metafile }) => Object.keys(metafile.inputs));
  return { text: code.outputFiles[0].text, inputs: inputs.map((name) => path.join(HERE, name)) };
}

const [folder] = process.argv.slice(2);
if (!folder) throw new Error("build.mjs needs the folder to write to");
const { text, inputs } = await bundle();
const packages = await packagesOf(inputs);
await compare(packages);
const files = { "widgets.js": text, "widgets.LICENSES.txt": await licences(packages) };
await mkdir(folder, { recursive: true });
for (const [name, contents] of Object.entries(files))
  await writeFile(path.join(folder, name), contents);
