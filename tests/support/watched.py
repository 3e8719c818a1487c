"""A server whose pages note, in any browser, what goes wrong in them and whom else they ask."""

from pathlib import Path

from support.browser import Quiet

# What a page may load is its own; a browser reports whatever else it was asked for, and stops it.
OWN = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:"

NOTES = """<script>
window.watched = {foreign: [], problems: []};
addEventListener("securitypolicyviolation", (e) => watched.foreign.push(e.blockedURI));
addEventListener("unhandledrejection", (e) => watched.problems.push(`promise: ${e.reason}`));
addEventListener("error", (e) => watched.problems.push(
    e.message ? `error: ${e.message}` : `not loaded: ${e.target.src ?? e.target.href}`), true);
const said = console.error;
console.error = (...all) => { watched.problems.push(all.join(" ")); said(...all); };
</script>"""


class Watched(Quiet):
    """A file server that has every page take notes, and keeps what it could not serve."""

    def end_headers(self):
        self.send_header("Content-Security-Policy", OWN)
        super().end_headers()

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if path.suffix != ".html" or not path.is_file():
            return super().do_GET()
        page = path.read_text("utf8").replace("<head>", f"<head>{NOTES}", 1).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def send_error(self, code, *args, **kwargs):
        self.server.refused.append(f"{code}: {self.path}")
        super().send_error(code, *args, **kwargs)
