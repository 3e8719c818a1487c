"""Rebuilds the book when a source changes, serves it, and has the browser load the page again."""

import functools
import http.server
import importlib
import os
import sys
import threading
import time
import webbrowser
from pathlib import Path

SOURCES = (
    "chapters",
    "solutions",
    "exercises",
    "_ext",
    "_config.yml",
    "_toc.yml",
    "references.bib",
)
RELOAD = b"""<script>
new EventSource("/_changed").onmessage = () => location.reload();
</script></body>"""
LOADED = (
    "bplib.plots",
    "bpsite",
    "jupyter_book.cli.main",
    "jupyter_cache.cache.main",
    "jupyter_cache.executors",
    "myst_nb.sphinx_ext",
    "pybtex.style.formatting.unsrt",
    "sphinx.application",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_book_theme",
    "sphinx_exercise",
    "sphinx_external_toc",
    "sphinx_togglebutton",
    "sphinxcontrib.bibtex",
)
PAUSE = 0.2  # seconds between two looks at the sources


def stamps(root):
    """Return {path: time of its last change} of all sources."""
    paths = []
    for name in SOURCES:
        path = root / name
        paths += path.rglob("*") if path.is_dir() else [path]
    kept = (p for p in paths if p.suffix != ".pyc" and p.is_file())
    return {path: path.stat().st_mtime_ns for path in kept}


def build(root):
    """Build the book in a copy of this process, which has loaded everything, and say how it went.

    A chapter is executed again only if its code has changed.
    """
    child = os.fork()
    if not child:
        from jupyter_book.cli.main import main

        os.chdir(root)
        os.environ["BOOK_DRAFT"] = "1"
        status = 1
        try:
            main(["build", "--quiet", "--keep-going", "."], standalone_mode=False)
            status = 0
        except BaseException as error:
            print(error, file=sys.stderr)
        finally:
            sys.stdout.flush()
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0


class Changes:
    """Tells whoever waits that the site has changed."""

    def __init__(self):
        self.count, self.changed = 0, threading.Condition()

    def tell(self):
        """Wake all who wait."""
        with self.changed:
            self.count += 1
            self.changed.notify_all()

    def wait(self, count, seconds):
        """Return the number of changes so far, as soon as it is not `count` any more."""
        with self.changed:
            self.changed.wait_for(lambda: self.count != count, seconds)
            return self.count


class Pages(http.server.SimpleHTTPRequestHandler):
    """Serves the site, each page with a line that listens for changes."""

    def __init__(self, *args, changes, **options):
        self.changes = changes
        super().__init__(*args, **options)

    def log_message(self, *args):
        """Say nothing."""

    def do_GET(self):
        """Send a file, a page, or word of the next change."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if self.path == "/_changed":
            self.listen()
        elif path.suffix == ".html" and path.is_file():
            self.send(path.read_bytes().replace(b"</body>", RELOAD))
        else:
            super().do_GET()

    def send(self, page):
        """Send a page."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(page)

    def listen(self):
        """Send a message at each change, until the browser has gone."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        count = self.changes.count
        try:
            while True:
                now = self.changes.wait(count, 10)
                self.wfile.write(b"data: changed\n\n" if now != count else b": still here\n\n")
                self.wfile.flush()
                count = now
        except OSError:
            pass


def serve(folder, port, changes):
    """Start to serve `folder` on this machine alone and return the server."""
    handler = functools.partial(Pages, directory=str(folder), changes=changes)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def watch(root, changes, seen=None):
    """Build whenever a source has changed, for ever."""
    seen = stamps(root) if seen is None else seen
    while True:
        time.sleep(PAUSE)
        if (now := stamps(root)) == seen:
            continue
        changed = {
            path.name for path in now.keys() | seen.keys() if now.get(path) != seen.get(path)
        }
        seen, start = now, time.perf_counter()
        fine = build(root)
        took = f"{time.perf_counter() - start:.1f} s"
        print(
            f"{', '.join(sorted(changed))}: {'built' if fine else 'FAILED'} in {took}", flush=True
        )
        changes.tell()


def load():
    """Load what a build needs, once."""
    for name in LOADED:
        importlib.import_module(name)


def main(root, port, show=webbrowser.open):
    """Watch, build and serve until interrupted."""
    load()
    changes = Changes()
    server = serve(root / "_build" / "html", port, changes)
    address = f"http://127.0.0.1:{server.server_port}/"
    print(f"The book is at {address} and follows its sources (stop with Ctrl-C)", flush=True)
    show(address)
    try:
        watch(root, changes)
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main(Path(__file__).resolve().parents[1], int(sys.argv[1]))
