"""A right function earns its points, whatever else stands in the notebook, and the rest is said."""

import nbformat
import pytest
from samples import cell_named, sent

from exercises.assignment_notebook import notebook
from grading import runner
from grading.limits import Limits
from grading.repair import repair
from grading.sandbox import choose
from grading.scores import scores

LIMITS = Limits(seconds=1)
FAILING = {  # what stands in the cell with the function -> what is said of it
    "t = %timeit -o 1 + 1": "",
    "files = !ls": "",
    "a, *b = !ls 'it": "TypeError",
    "%matplotlib inline\n%config InlineBackend.figure_format = 'retina'": "",
    "!pip install numpy": "",
    "np.dot?": "",
    "?np": "",
    "%time x = 3": "",
    "get_ipython().run_line_magic('matplotlib', 'inline')": "",
    "import a_package_that_is_not_there as pd": "ModuleNotFoundError",
    "from a_package_that_is_not_there import x": "ModuleNotFoundError",
    "n = int(input('How many? '))": "EOFError",
    "print(undefined)": "NameError",
    "assert 1 == 2": "AssertionError",
    "raise SystemExit": "SystemExit",
    "open('data.csv')": "FileNotFoundError",
    "I think that this is right": "SyntaxError",
    "x = [1, 2": "SyntaxError",
    "while True: pass": "did not finish within 1 s",
    "import time; time.sleep(9)": "did not finish within 1 s",
    "import os; os._exit(0)": "ended Python",
    "x = np.ones(1 << 40)": "",
}


@pytest.fixture(scope="module")
def exercise(assignment):
    return assignment.exercises[0]


@pytest.fixture(scope="module")
def box():
    return choose()


@pytest.fixture
def graded(assignment, exercise, box):
    """Return a function: what is done to a notebook -> the score of the first exercise."""
    functions = {f"{e.name}-solution": e.source.function for e in assignment.exercises}

    def run(code, change=None):
        data = sent(assignment, {exercise.name: code}, edit=change)
        found = repair(data, notebook(assignment), functions, assignment.name)
        return scores([exercise], found.notebook, {exercise.name: 7}, box, LIMITS)[0]

    return run


def helped(exercise):
    """Return the solution in two parts: a helper, and a function that needs it."""
    right = exercise.source.solution.replace(f"def {exercise.source.function}(", "def helper(")
    return (
        right,
        f"def {exercise.source.function}(*args, **named):\n    return helper(*args, **named)",
    )


@pytest.mark.needs("bwrap")
@pytest.mark.parametrize("order", ["before", "after"])
@pytest.mark.parametrize(("line", "said"), FAILING.items())
def test_a_right_function_beside_a_line_that_fails(graded, exercise, line, said, order):
    parts = [line, exercise.source.solution]
    score = graded("\n".join(parts if order == "before" else parts[::-1]))
    assert score.points == score.maximum, score.message
    if order == "before" or said.startswith("did"):
        assert said in score.message


@pytest.mark.needs("bwrap")
def test_imports_and_constants_are_run_where_a_loop_is_left_out(graded, exercise):
    code = (
        "try:\n    import no_such_package as np\nexcept ImportError:\n    import numpy as np\n"
        "ONE = np.float64(1) * 1\nidentity = lambda x: x\nclass A:\n    one = ONE\n"
        "while True: pass\n"
    )
    helper, function = helped(exercise)
    more = function.replace("return helper", "assert identity(A.one) == 1\n    return helper")
    score = graded(f"{code}{helper}\n{more}")
    assert score.points == score.maximum, score.message


@pytest.mark.needs("bwrap")
@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize("below", [False, True])
def test_a_helper_in_another_cell_is_found(graded, exercise, below, slow):
    helper, function = helped(exercise)
    if slow:
        helper = f"{helper}\nwhile True: pass"

    def change(nb):
        place = nb.cells.index(cell_named(nb, f"{exercise.name}-check"))
        nb.cells.insert(place + 1 if below else 2, nbformat.v4.new_code_cell(helper))

    score = graded(function, change)
    assert score.points == score.maximum, score.message
    assert (
        "did not finish within 1 s; the function was called without it" in score.message
    ) is slow
    assert ("stands below its check" in score.message) is (below and not slow)


@pytest.mark.needs("bwrap")
def test_an_older_function_below_the_check_does_not_count(graded, exercise):
    def change(nb):
        code = f"def {exercise.source.function}(*a, **k):\n    return 'old'"
        nb.cells.append(nbformat.v4.new_code_cell(code))

    score = graded(f"1 / 0\n{exercise.source.solution}", change)
    assert score.points < score.maximum  # run as a whole, the notebook ends with the old one
    score = graded(f"while True: pass\n{exercise.source.solution}", change)
    assert score.points == score.maximum, score.message


@pytest.mark.needs("bwrap")
def test_the_reason_names_the_line_that_fails(graded, exercise):
    score = graded("import a_package_that_is_not_there")
    assert score.points == 0
    assert "defines no function called" in score.reason
    assert "line 1: ModuleNotFoundError" in score.reason
    wrong = f"import no_package\ndef {exercise.source.function}(*a, **k):\n    return missing"
    score = graded(wrong)
    assert score.points == 0
    assert "only imports and definitions were" in score.reason


@pytest.mark.parametrize(
    ("line", "python"),
    [
        ("%matplotlib inline", "pass  # %matplotlib inline"),
        ("    !ls", "    pass  # !ls"),
        ("x = !ls", "x = None  # x = !ls"),
        ("  a['b'] = %timeit -o f(1)", "  a['b'] = None  # a['b'] = %timeit -o f(1)"),
        ("%time y = f(x)", "y = f(x)"),
        ("y = %time f(x)", "y = f(x)"),
        ("np.dot??", "pass  # np.dot??"),
        ("%timeit?", "pass  # %timeit?"),
        ("y = a % b", "y = a % b"),
        ("y != 3", "y != 3"),
    ],
)
def test_lines_of_ipython(line, python):
    assert runner.plain(line) == python


def test_only_lines_that_are_no_python_are_replaced():
    code = "y = (7\n% 4)\ntext = '''\n%matplotlib\n'''\n%matplotlib inline"
    assert runner.python(code, "c") == code.replace(
        "%matplotlib inline", "pass  # %matplotlib inline"
    )
    assert runner.python("%%bash\nls", "c") == ""
