// Renders one formula a line until the input ends; then nothing keeps this process.
const readline = require("readline");
const vm = require("vm");

const [script, timeout] = process.argv.slice(2);
globalThis.katex = require(script);
const render = new vm.Script("katex.renderToString(request.tex, request.options)");

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  globalThis.request = JSON.parse(line);
  let answer;
  try {
    answer = { html: render.runInThisContext({ timeout: Number(timeout) }) };
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
