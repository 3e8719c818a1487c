"""Puts together what is published: the branch that Binder and Colab open, and a release."""

import argparse
import shutil
import sys
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

sys.path.insert(0, str(Path(__file__).parent))

from bpsite.notebooks import page_notebooks, wheels

ROOT = Path(__file__).resolve().parents[1]
NAME = "backpropagation-book"
UNUSED = shutil.ignore_patterns("__pycache__", "*.in")
ALONGSIDE = ("LICENSE", "LICENSE-text", "CITATION.cff", "pyproject.toml", "binder", "bplib")

README = """\
# The book's notebooks

Made from the main branch whenever it changes: edits here are overwritten. `chapters/` and
`exercises/` hold the notebooks, `bplib/` the package that they call, and `binder/` the environment
in which mybinder.org runs them. On your own machine:

```sh
pip install -r binder/requirements.txt
pip install --no-deps -e .
jupyter lab
```
"""


def branch(build, target):
    """Write the files of the branch to the folder `target`, in place of what was there."""
    built = _made(build / page_notebooks.FOLDER)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(built, target)
    for name in ALONGSIDE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(
                source, target / name, ignore=shutil.ignore_patterns("__pycache__", "*.in")
            )
        else:
            shutil.copy2(source, target / name)
    (target / "README.md").write_text(README, encoding="utf-8")
    return sorted(path for path in target.rglob("*") if path.is_file())


def release(build, target):
    """Write the site and the students' notebooks as zip files, and bplib's wheel."""
    site, students = _made(build / "html"), _made(build / page_notebooks.FOLDER / "exercises")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    package = Path(shutil.copy2(wheels.built(ROOT), target))
    return [
        _zipped(target / f"{NAME}.zip", {NAME: site}),
        _zipped(target / f"{NAME}-exercises.zip", {f"{NAME}-exercises": students}, package),
        package,
    ]


def _zipped(path, folders, *files):
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, folder in folders.items():
            for file in sorted(file for file in folder.rglob("*") if file.is_file()):
                archive.write(file, f"{name}/{file.relative_to(folder).as_posix()}")
            for file in files:
                archive.write(file, f"{name}/{file.name}")
    return path


def _made(folder):
    if not folder.is_dir():
        raise SystemExit(f"{folder} is not there; run `make book` first")
    return folder


def main():
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["branch", "release"])
    parser.add_argument("--build", type=Path, default=ROOT / "_build", help="what was built")
    parser.add_argument("--out", type=Path, help="folder, emptied first (default _build/<what>)")
    options = parser.parse_args()
    make = {"branch": branch, "release": release}[options.what]
    for path in make(options.build, options.out or options.build / options.what):
        print(path)


if __name__ == "__main__":
    main()
