"""The buttons above each page: run it in the browser, in Binder, in Colab, or download it."""

from pathlib import Path
from urllib.parse import quote, urlsplit

from bpsite import addresses
from bpsite.lite import app as lite
from bpsite.notebooks import page_notebooks, wheels, zips

COLAB = "https://colab.research.google.com/github/{name}/blob/{branch}/{path}"
PYODIDE = "https://cdn.jsdelivr.net"


def replace_groups(app, pagename, templatename, context, doctree):
    """Put our own groups of buttons in the place of the theme's."""
    if doctree is None:
        return
    root = context["pathto"]("", 1).rstrip("/") or "."
    others = [button for button in context["header_buttons"] if button["type"] != "group"]
    path = page_notebooks.write(app).get(pagename)
    page = path and path.relative_to(page_notebooks.folder(app)).as_posix()
    files = [*(offered(app, page, root) if page else []), *itself(app, context, root)]
    groups = [_group("download", "Download this page", "fas fa-download", files)]
    if page:
        groups.insert(0, _group("launch", "Run this page", "fas fa-play", launch(app, page, root)))
    context["header_buttons"] = groups + others


def launch(app, page, root):
    """Return the buttons of all places that can run the notebook."""
    host = urlsplit(app.config.bpsite_pyodide or PYODIDE).netloc or "this site"
    said = f"JupyterLite: edits stay in this browser, Python comes from {host}; not for phones"
    url = f"{root}/{lite.path(app, page.removesuffix('.ipynb'))}"
    buttons = [_link("launch-lite", url, "In this browser", "fas fa-play", said)]
    if repository := app.config.bpsite_repository:
        url = addresses.binder(repository) + quote(f"lab/tree/{page}", safe="")
        said = "JupyterLab on mybinder.org: no account, starts in a minute or more"
        buttons.append(_link("launch-binder", url, "Binder", "fas fa-rocket", said))
        if app.config.html_baseurl:  # where Colab gets bplib
            known = {"name": addresses.name(repository), "branch": addresses.BRANCH}
            url = COLAB.format(path=quote(page), **known)
            said = "Google Colab: needs an account with Google"
            buttons.append(_link("launch-colab", url, "Colab", "fas fa-external", said))
    return buttons


def offered(app, page, root):
    """Return the buttons of the notebooks that the site offers of a page."""
    folder = f"{root}/{page_notebooks.FOLDER}"
    url, said = f"{folder}/{quote(zips.name(page))}", "All it takes to run it on your computer"
    yield _link("download-bundle-button", url, "Notebook and package", "fas fa-download", said)
    url, said = f"{folder}/{quote(page)}", "A notebook for any Jupyter, without outputs"
    yield _link("download-notebook-button", url, "Notebook", "fas fa-code", said)
    done = page_notebooks.executed_name(page)
    if (Path(app.outdir) / page_notebooks.FOLDER / done).exists():
        url, said = f"{folder}/{quote(done)}", "The notebook with the outputs of this page"
        yield _link("download-executed-button", url, "With outputs", "fas fa-file-lines", said)
    name = wheels.built(Path(app.confdir)).name
    url, said = f"{root}/{wheels.OFFERED}/{name}", "The package that notebooks need, for pip"
    yield _link("download-package-button", url, "Package bplib", "fas fa-file", said)


def itself(app, context, root):
    """Return the buttons of the page as it was written, and on paper."""
    if name := context.get("sourcename"):
        url, said = f"{root}/_sources/{name}", "The source of this page, in MyST Markdown"
        yield _link("download-source-button", url, "Source", "fas fa-file", said)
    if repository := app.config.bpsite_repository:
        said = "Where the book's source is"
        yield _link("repository-button", repository, "Repository", "fas fa-code", said)
    yield {
        "type": "javascript",
        "javascript": "window.print()",
        "label": "download-pdf-button",
        "text": "Print",
        "tooltip": "Print this page, or save it as PDF",
        "icon": "fas fa-file-pdf",
    }


def _link(label, url, text, icon, tooltip):
    shown = {"text": text, "icon": icon, "tooltip": tooltip}
    return {"type": "link", "label": label, "url": url} | shown


def _group(label, tooltip, icon, buttons):
    shown = {"tooltip": tooltip, "icon": icon, "buttons": list(buttons)}
    return {"type": "group", "label": f"{label}-buttons"} | shown
