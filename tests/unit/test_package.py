"""The house rules: floors, lazy imports, docstrings, annotations."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from types import FunctionType

import pytest

import bplib

FOLDER = Path(bplib.__file__).parent
FLOOR = {
    "_errors": 0,
    "_progress": 0,
    "_report": 0,
    "activations": 0,
    "autodiff": 0,
    "data": 0,
    "initializers": 0,
    "losses": 0,
    "schedules": 0,
    "symbolic": 0,
    "layers": 1,
    "optim": 1,
    "network": 2,
    "history": 2,
    "curvature": 3,
    "gradient_check": 3,
    "store": 3,
    "train": 3,
    "checks": 4,
    "plots": 4,
    "widgets": 5,
}
ALONE = {"symbolic", "autodiff", "_errors", "_progress"}  # they share checks alone with bplib
PATHS = {  # "layers", and for a package "plots" and "plots.text"
    ".".join(path.relative_to(FOLDER).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(FOLDER.rglob("*.py"))
}
MODULES = [name for name in PATHS if name != "__init__"]


def floor(name):
    """A package stands on one floor, with all that is in it."""
    return FLOOR.get(name.split(".")[0])


def imports(name):
    """The modules of bplib that a module imports, wherever in it the import stands."""
    found = set()
    for node in ast.walk(ast.parse(PATHS[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".", 1)[1] for alias in node.names if "bplib." in alias.name}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written out in full"
            if node.module == "bplib":
                found |= {alias.name for alias in node.names}
            elif node.module.startswith("bplib."):
                found.add(node.module.split(".", 1)[1])
    return found


def test_every_module_has_its_floor():
    assert {name.split(".")[0] for name in MODULES} == set(FLOOR)


def test_every_folder_is_packed():
    settings = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text(encoding="utf-8"))
    folders = {path.parent.relative_to(FOLDER.parent) for path in PATHS.values()}
    packed = settings["tool"]["setuptools"]["packages"]
    assert set(packed) == {".".join(folder.parts) for folder in folders}


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_down(name):
    for other in imports(name):
        assert floor(other) <= floor(name), f"{name} imports {other} from a floor above"
    if name in ALONE:
        assert imports(name) <= {"_errors"}


@pytest.mark.parametrize("name", MODULES)
def test_there_is_no_circle(name):
    seen, ahead = set(), imports(name)
    while ahead:
        assert name not in ahead
        seen |= ahead
        ahead = set().union(*map(imports, ahead)) - seen


@pytest.mark.parametrize("name", [n for n in MODULES if n.split(".")[0] == "checks"])
def test_who_judges_needs_numpy_alone(name):
    assert {other.split(".")[0] for other in imports(name)} <= {"checks", "_errors"}
    loaded = run(f"import sys, bplib.{name}; print(*sys.modules)")
    beside = {module.split(".")[0] for module in loaded} - set(sys.stdlib_module_names)
    assert {module for module in beside if not module.startswith("_")} <= {"numpy", "bplib"}


def test_losses_and_symbolic_are_independent():
    others = [name for name in MODULES if name.split(".")[0] != "widgets"]  # which draw both
    assert "symbolic" not in set().union(*map(imports, others))


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()


def test_import_is_light():
    heavy = ["matplotlib", "sympy", "ipywidgets", "torch", "sklearn", "IPython", "scipy", "tqdm"]
    loaded = run(f"import sys, bplib; print(*[m for m in {heavy} if m in sys.modules])")
    assert loaded == []


def test_a_network_needs_neither_pictures_nor_symbols():
    heavy = ["matplotlib", "sympy", "ipywidgets", "IPython"]
    net, loss = "bplib.mlp([2, 1])", "bplib.losses.SquaredError()"
    train = f"bplib.fit({net}, {loss}, [[1], [2]], [[1]], bplib.SGD(0.1))"
    loaded = run(f"import sys, bplib; {train}; print(*[m for m in {heavy} if m in sys.modules])")
    assert loaded == []


def test_import_is_quick():
    """The best of five fresh processes, less what an empty one takes."""

    def seconds(code):
        start = time.perf_counter()
        run(code)
        return time.perf_counter() - start

    empty = min(seconds("pass") for _ in range(5))
    assert min(seconds("import bplib") for _ in range(5)) - empty < 0.25


def test_lazy_names_arrive():
    code = "import bplib, sys; bplib.symbolic.mlp; print('sympy' in sys.modules)"
    assert run(code) == ["True"]
    code = "import bplib; print(bplib.explore.__name__, bplib.plots.__name__, bplib.mlp.__name__)"
    assert run(code) == ["explore", "bplib.plots", "mlp"]
    assert run("import bplib; print('fit' in dir(bplib), hasattr(bplib, 'fti'))") == [
        "True",
        "False",
    ]


def test_no_name_hides_a_module():
    """What a package offers under a name is its module of that name, or there is no such module."""
    for name, path in PATHS.items():
        if path.name != "__init__.py":
            continue
        package = importlib.import_module(f"bplib.{name}" if name != "__init__" else "bplib")
        for offered in getattr(package, "__all__", []):
            if (path.parent / f"{offered}.py").exists() or (path.parent / offered).is_dir():
                assert inspect.ismodule(getattr(package, offered)), f"{name}: {offered}"


def test_all_names_exist():
    for name in bplib.__all__:
        assert getattr(bplib, name) is not None
    assert len(bplib.__all__) == len(set(bplib.__all__))


def public_modules():
    """The modules that say what is public: all others are for bplib itself."""
    found = {name: importlib.import_module(f"bplib.{name}") for name in MODULES}
    return {
        name: module
        for name, module in found.items()
        if hasattr(module, "__all__") and PATHS[name].name != "__init__.py"
    }


def test_public_modules_name_what_they_define():
    for name, module in public_modules().items():
        assert len(module.__all__) == len(set(module.__all__)), name
        for public_name in module.__all__:
            assert not public_name.startswith("_")
            home = getattr(getattr(module, public_name), "__module__", module.__name__)
            constant = not isinstance(getattr(module, public_name), (type, FunctionType))
            assert constant or home == module.__name__, f"{name}.{public_name}"


def test_what_a_package_offers_is_public_in_its_module():
    told = {
        id(getattr(module, public_name))
        for module in public_modules().values()
        for public_name in module.__all__
    }
    for package in (bplib, bplib.plots, importlib.import_module("bplib.widgets"), bplib_checks()):
        for name in package.__all__:
            thing = getattr(package, name)
            assert inspect.ismodule(thing) or id(thing) in told, name


def bplib_checks():
    return importlib.import_module("bplib.checks")


def test_reference_page_has_each_public_module_once():
    page = (FOLDER.parent / "chapters" / "api.md").read_text(encoding="utf-8")
    shown = re.findall(r"automodule:: bplib\.(\S+)", page)
    assert len(shown) == len(set(shown))
    assert set(shown) == set(public_modules())


def test_type_checkers_see_the_same_names():
    tree = ast.parse((FOLDER / "__init__.pyi").read_text(encoding="utf-8"))
    found = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            assert all(alias.name == alias.asname for alias in node.names)
            found |= {alias.name: node.module for alias in node.names}
    assert sorted(found) == bplib.__all__
    for name, home in found.items():
        thing = getattr(bplib, name)
        assert thing is getattr(importlib.import_module(home), name)
        assert inspect.ismodule(thing) or thing.__module__.startswith(home)


def test_type_checkers_get_the_names():
    settings = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text(encoding="utf-8"))
    packed = settings["tool"]["setuptools"]["package-data"]["bplib"]
    assert {"py.typed", "__init__.pyi"} <= set(packed)


def public(module):
    """(name, thing) for each public function, class and method that the module itself defines."""
    for name, thing in vars(module).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
            continue
        if inspect.isclass(thing):
            yield name, thing
            for part, method in vars(thing).items():
                if not part.startswith("_") and isinstance(method, (property, FunctionType)):
                    yield f"{name}.{part}", method
        elif inspect.isfunction(thing):
            yield name, thing


@pytest.mark.parametrize("name", MODULES)
def test_everything_public_is_described_and_typed(name):
    module = importlib.import_module(f"bplib.{name}")
    assert module.__doc__
    assert module.__doc__.splitlines()[0].endswith(".")
    for label, thing in public(module):
        assert inspect.getdoc(thing), f"{label} has no docstring"
        if not isinstance(thing, FunctionType):
            continue
        signature = inspect.signature(thing)
        assert signature.return_annotation is not inspect.Signature.empty, label
        for parameter in signature.parameters.values():
            if parameter.name != "self":
                assert parameter.annotation is not inspect.Parameter.empty, f"{label}: {parameter}"


def test_package_says_that_it_is_typed():
    assert (FOLDER / "py.typed").exists()
