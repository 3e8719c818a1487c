"""Serves the built site on this machine alone and opens it in a browser."""

import functools
import http.server
import sys
import webbrowser


def main(folder, port):
    """Serve `folder` on `port` until interrupted."""
    kinds = http.server.SimpleHTTPRequestHandler.extensions_map
    kinds |= {".md": "text/markdown; charset=utf-8", ".ipynb": "application/x-ipynb+json"}
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        address = f"http://127.0.0.1:{server.server_port}/"
        print(f"The book is at {address} (stop with Ctrl-C)", flush=True)
        webbrowser.open(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
