// The kernel loads Pyodide through this module, which tells the page what comes and what does not.
const MODULE = new URL("PYODIDE", import.meta.url).href;
const HOME = new URL(".", MODULE).href;

const state = { host: new URL(HOME).host, bytes: 0, open: 0, started: false, failed: "" };
const original = self.fetch.bind(self);

function tell(news) {
  self.postMessage({ bpsitePython: Object.assign(state, news) });
}

function fail(why) {
  tell({ failed: state.failed || why });
}

// Reads a copy of the answer: what asked for it gets the answer itself, untouched.
async function count(answer) {
  tell({ open: state.open + 1 });
  try {
    for (const reader = answer.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      tell({ bytes: state.bytes + value.length });
    }
  } catch {
    fail("The connection broke off.");
  }
  tell({ open: state.open - 1 });
}

async function watched(...request) {
  const answer = await original(...request).catch((error) => {
    if (error.name !== "AbortError") {
      fail("It cannot be reached: there may be no network, or a firewall forbids it.");
    }
    throw error;
  });
  if (!answer.ok) {
    fail(`It answers with error ${answer.status}.`);
  } else if (answer.headers.get("Content-Type")?.startsWith("text/html")) {
    fail("It sent a page in place of Python: perhaps this network wants you to log in first.");
  } else if (answer.body) {
    if (state.started) state.failed = ""; // it was another file, or another time
    count(answer.clone());
  }
  return answer;
}

self.fetch = (...request) => {
  const url = new URL(request[0]?.url ?? request[0], self.location).href;
  return url.startsWith(HOME) ? watched(...request) : original(...request);
};

export async function loadPyodide(options) {
  tell();
  try {
    await fetch(MODULE); // import() does not say why it fails
    const { loadPyodide } = await import(MODULE);
    const pyodide = await loadPyodide({ ...options, indexURL: HOME });
    tell({ started: true });
    return pyodide;
  } catch (error) {
    fail(`It stopped: ${error.message}`);
    throw error;
  }
}
