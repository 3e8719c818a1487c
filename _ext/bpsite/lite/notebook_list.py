"""Puts the notebooks into JupyterLite, with the listings by which it finds them.

JupyterLite keeps a reader's edited copy under the notebook's path and prefers it to the file on
the server. So a notebook's name tells its content: a new version is a new file, beside which the
reader's copy of the old one is still listed. (In a folder with such a name it would not be.)
"""

import hashlib
import json
import shutil
from datetime import UTC, datetime

FOLDERS = ("files/", "api/contents/")
INDEX = "all.json"
KERNEL = {"name": "python", "display_name": "Python (Pyodide)", "language": "python"}


def place(notebook):
    """Return where JupyterLite has it, such as chapters/05-worked-example-1a2b3c4d.ipynb."""
    version = hashlib.sha256(notebook.read_bytes()).hexdigest()[:8]
    return f"{notebook.parent.name}/{notebook.stem}-{version}{notebook.suffix}"


def write(lite, notebooks):
    """Bring the notebooks and their listings in the folder `lite` up to date."""
    files, listings = (lite / folder for folder in FOLDERS)
    for folder in (files, listings):
        shutil.rmtree(folder, ignore_errors=True)
    for notebook in notebooks:
        target = files / place(notebook)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(for_kernel(notebook.read_text("utf8")), "utf8")
        shutil.copystat(notebook, target)
    for folder in (files, *(path for path in files.iterdir() if path.is_dir())):
        target = listings / folder.relative_to(files) / INDEX
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(listing(folder, files)), "utf8")


def for_kernel(text):
    """Return a notebook that names the app's kernel, so that the reader is not asked for one."""
    notebook = json.loads(text)
    notebook["metadata"]["kernelspec"] = KERNEL
    return json.dumps(notebook, ensure_ascii=False, indent=1)


def listing(folder, root):
    """Return a folder as Jupyter's contents API describes it."""
    inside = [entry(path, root) for path in sorted(folder.iterdir())]
    return entry(folder, root) | {"content": inside, "format": "json"}


def entry(path, root):
    """Return one file or folder as Jupyter's contents API describes it, without its content."""
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat().replace("+00:00", "Z")
    where = "" if path == root else path.relative_to(root).as_posix()
    return {
        "name": path.name if where else "",
        "path": where,
        "type": "directory" if path.is_dir() else "notebook",
        "created": changed,
        "last_modified": changed,
        "mimetype": None,
        "format": None,
        "content": None,
        "size": None if path.is_dir() else path.stat().st_size,
        "writable": True,
    }
