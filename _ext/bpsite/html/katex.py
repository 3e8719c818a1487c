"""Has KaTeX render formulas in a process that lives no longer than this one.

It reads formulas from a pipe and ends when the pipe does, which the system closes however the
builder ends. It holds none of the builder's own pipes: whoever reads those is not kept waiting.
"""

import json
import subprocess
from pathlib import Path

from sphinx.errors import ExtensionError

from bpsite.html.assets import node_program

TIMEOUT_MS = 30_000
SERVER = Path(__file__).with_suffix(".js")


class KaTeXError(Exception):
    """An error in a formula's TeX."""


class KaTeX:
    """KaTeX, started when the first formula comes.

    Attributes:
        script: the path of katex.min.js.
        options: KaTeX's options for every formula.
    """

    def __init__(self, script, options):
        self.script, self.options = script, options
        self._process = None

    def render(self, tex, display):
        """Return the HTML of a formula.

        Raises:
            KaTeXError: the TeX is wrong, or takes longer than TIMEOUT_MS.
            ExtensionError: KaTeX itself does not run.
        """
        if self._process is None:
            self._process = self._start()
        request = {"tex": tex, "options": self.options | {"displayMode": display}}
        answer = self._ask(json.dumps(request))
        if "error" in answer:
            raise KaTeXError(answer["error"])
        return answer["html"]

    def stop(self):
        """End the process, if there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _start(self):
        pipe = subprocess.PIPE
        command = [node_program(), SERVER, self.script, str(TIMEOUT_MS)]
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, encoding="utf8")

    def _ask(self, line):
        try:
            print(line, file=self._process.stdin, flush=True)
            return json.loads(self._process.stdout.readline())
        except (OSError, ValueError) as error:
            self._process.kill()
            said = self._process.stderr.read()
            raise ExtensionError(f"KaTeX does not run:\n{said}") from error
