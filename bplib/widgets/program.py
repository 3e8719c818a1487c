"""The numbers of a picture as SymPy expressions, compiled to JavaScript and to NumPy."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy as sp
from scipy.special import expit
from sympy.core.function import AppliedUndef
from sympy.printing.jscode import JavascriptCodePrinter

from bplib._errors import positive_int

__all__ = ["repeat", "along", "Loop", "Column"]

LIBRARY = (
    "const sigmoid=z=>1/(1+Math.exp(-z));"
    "const at=(p,k)=>p[Math.min(p.length-1,Math.max(0,Math.round(k)))];"
)
"""What the compiled JavaScript calls beside `Math`."""

_STEP = sp.Dummy("step")  # the number of the step that a loop is in


class entry(sp.Function):
    """entry(loop, c, k): what the c-th expression of a loop is at its step k."""

    nargs = 3
    is_real = True

    @property
    def loop(self) -> "Loop":
        """The loop itself."""
        return self.args[0].loop


class _LoopName(sp.Dummy):
    loop: "Loop"


@dataclass(frozen=True)
class Column:
    """The values of an expression at all steps of a loop: column[k] is an expression again."""

    loop: "Loop"
    index: int

    def __getitem__(self, k: Any) -> sp.Expr:
        """Return the value at step k, a number or an expression; negative k count from the end."""
        k = sp.sympify(k)
        if k.is_negative:
            k += self.loop.times + 1
        if k.is_number and not 0 <= k <= self.loop.times:
            raise IndexError(f"k is {k}; expected a step of the loop, from 0 to {self.loop.times}")
        return entry(self.loop.name, self.index, k)


class Loop:
    """A computation that is repeated: loop[expression] is the column of its values.

    Args:
        update: symbol -> the expression that it becomes at each step, all at once.
        start: symbol -> the expression that it is at step 0.
        times: the number of steps.

    Raises:
        ValueError: update and start name different symbols, or times is not a whole number.
    """

    def __init__(self, update: Mapping, start: Mapping, times: int) -> None:
        if set(update) != set(start):
            raise ValueError(
                f"start has {_listed(start)} and update has {_listed(update)}; "
                "expected the same symbols"
            )
        self.times = positive_int("times", times)
        self.update = {symbol: expression("update", update[symbol]) for symbol in update}
        self.start = {symbol: expression("start", start[symbol]) for symbol in update}
        self.columns: list[sp.Expr] = []
        self.name = _LoopName("loop")
        self.name.loop = self

    def __getitem__(self, value: Any) -> Column:
        """Return the column of an expression in the loop's symbols."""
        value = expression("the column", value)
        if value not in self.columns:
            self.columns.append(value)
        return Column(self, self.columns.index(value))


class Range(Loop):
    """A loop in which one symbol runs from a to b in equal steps."""

    def __init__(self, symbol: sp.Symbol, a: Any, b: Any, times: int) -> None:
        super().__init__({}, {}, times)
        a, b = expression("a", a), expression("b", b)
        self.symbol, self.value = symbol, a + (b - a) * _STEP / self.times

    def __getitem__(self, value: Any) -> Column:
        """Return the column of an expression in the symbol."""
        return super().__getitem__(
            expression("the column", value).xreplace({self.symbol: self.value})
        )


def repeat(update: Mapping, start: Mapping, times: int) -> Loop:
    """Return the loop that starts the symbols as told and updates all of them `times` times.

    `path = repeat({w: w - eta * L.diff(w)}, {w: w0}, 100)` is a descent, `path[w]` all its
    places, `path[L][-1]` the loss at its end.
    """
    return Loop(update, start, times)


def along(symbol: sp.Symbol, a: Any, b: Any, times: int = 100) -> Loop:
    """Return the loop in which a symbol runs from a to b: `along(x, -1, 1)[x**2]` is a parabola."""
    return Range(symbol, a, b, times)


def expression(argument: str, value: Any) -> sp.Expr:
    """Return value as a SymPy expression of one number, or raise a ValueError."""
    try:
        found = sp.sympify(value, strict=True)
    except (sp.SympifyError, TypeError) as error:
        raise ValueError(f"{argument} is {value!r}; expected a number or an expression") from error
    if not isinstance(found, (sp.Expr, sp.logic.boolalg.Boolean)):
        raise ValueError(f"{argument} is {value!r}; expected a single number or expression")
    return found


class _JavaScript(JavascriptCodePrinter):
    """Prints floats with all their digits, entries of loops, and σ."""

    def __init__(self, loops: Sequence[Loop]) -> None:
        super().__init__({"human": False})
        self.loops = loops

    def code(self, value: sp.Expr) -> str:
        _, unknown, text = self.doprint(value)
        unknown |= value.atoms(AppliedUndef)
        if unknown:
            raise ValueError(
                f"an expression has {_listed(unknown)}, which JavaScript cannot compute"
            )
        return text

    def _print_Float(self, value: sp.Float) -> str:
        return repr(float(value))

    def _print_entry(self, value: entry) -> str:
        name, column, k = value.args
        return f"at(P[{self.loops.index(name.loop)}][{column}],{self._print(k)})"

    def _print_sigmoid(self, value: sp.Function) -> str:
        return f"sigmoid({self._print(value.args[0])})"

    def _print_Pow(self, value: sp.Pow) -> str:
        if value.exp == 2 and value.base.is_Symbol:
            return f"({self._print(value.base)}*{self._print(value.base)})"
        return super()._print_Pow(value)


@dataclass
class Program:
    """All numbers of a picture: those of loops first, then single ones.

    Attributes:
        inputs: what the reader sets: symbols, in the order in which values are given.
        loops: the loops, each after those that it reads.
        scalars: the single numbers.
    """

    inputs: list[sp.Symbol]
    loops: list[Loop] = field(default_factory=list)
    scalars: list[sp.Expr] = field(default_factory=list)

    def column(self, column: Column) -> list[int]:
        """Return where a column will be found: the loop's place and the column's in it."""
        if not isinstance(column, Column):
            raise ValueError(f"the column is {column!r}; expected one such as path[x]")
        self._add(column.loop)
        return [self.loops.index(column.loop), column.index]

    def scalar(self, value: Any) -> int:
        """Return where an expression's value will be found."""
        value = expression("the value", value)
        self._add_loops_of(value)
        if value not in self.scalars:
            self.scalars.append(value)
        return self.scalars.index(value)

    def check(self) -> None:
        """Raise a ValueError where an expression has a symbol that nobody sets."""
        for loop in self.loops:
            own = {*loop.update, _STEP}
            self._known("start", loop.start.values(), set())
            self._known("update", loop.update.values(), own)
            self._known("a column", loop.columns, own)
            for symbol in loop.update:
                if symbol in self.inputs:
                    raise ValueError(f"{symbol} is set by a slider and by a loop; expected one")
        self._known("a value", self.scalars, set())

    def javascript(self) -> str:
        """Return a module whose default export maps the inputs to [columns of loops, scalars]."""
        self.check()
        inputs = {symbol: sp.Symbol(f"v{i}") for i, symbol in enumerate(self.inputs)}
        printer = _JavaScript(self.loops)
        names = ",".join(map(str, inputs.values()))
        lines = [LIBRARY, f"export default ({names})=>{{const P=[];"]
        for loop in self.loops:
            lines += _loop_in_javascript(loop, inputs, printer)
        shared, values = _in_javascript(self.scalars, inputs, printer)
        return "\n".join([*lines, f"{shared}return[P,[{','.join(values)}]]}}"])

    def compiled(self) -> Callable[..., tuple[list[np.ndarray], list[float]]]:
        """Return the same as a Python function of the inputs' values.

        It gives the columns of each loop, arrays (C, times + 1), and the scalars.
        """
        self.check()
        steps = [_loop_in_numpy(loop, self.inputs, self.loops) for loop in self.loops]
        last = _in_numpy([*self.inputs], self.scalars, self.loops)

        def run(*values: float) -> tuple[list[np.ndarray], list[float]]:
            found: list[np.ndarray] = []
            with np.errstate(all="ignore"):
                for step in steps:
                    found.append(step(values, found))
                scalars = last(found, *map(np.float64, values))
            return found, [float(value) for value in scalars]

        return run

    def _add(self, loop: Loop) -> None:
        if loop in self.loops:
            return
        for value in (*loop.start.values(), *loop.update.values(), *loop.columns):
            self._add_loops_of(value)
        self.loops.append(loop)

    def _add_loops_of(self, value: sp.Expr) -> None:
        for found in sorted(value.atoms(entry), key=sp.default_sort_key):
            self._add(found.loop)

    def _known(self, what: str, values: Iterable[sp.Expr], own: set) -> None:
        for value in values:
            strange = {s for s in value.free_symbols if not isinstance(s, _LoopName)}
            strange -= {*self.inputs, *own}
            if strange:
                there = _listed([*self.inputs, *own - {_STEP}])
                raise ValueError(
                    f"{what} is {_clipped(value)}, which has {_listed(strange)}; "
                    f"expected symbols that a slider, a point or a loop sets: {there}"
                )


def _loop_in_javascript(loop: Loop, inputs: dict, printer: _JavaScript) -> Iterator[str]:
    """A block that appends to P the loop's columns, each an array of times + 1 numbers."""
    states = {symbol: sp.Symbol(f"s{i}") for i, symbol in enumerate(loop.update)}
    names = inputs | states | {_STEP: sp.Symbol("k")}
    count = len(loop.columns)
    yield f"{{const p=Array.from({{length:{count}}},()=>new Float64Array({loop.times + 1}));"
    shared, values = _in_javascript(loop.start.values(), inputs, printer)
    if states:
        pairs = (f"{s}={value}" for s, value in zip(states.values(), values, strict=True))
        yield f"{shared}let {','.join(pairs)};"
    shared, values = _in_javascript([*loop.columns, *loop.update.values()], names, printer)
    kept = "".join(f"p[{c}][k]={value};" for c, value in enumerate(values[:count]))
    yield f"for(let k=0;k<={loop.times};k++){{{shared}{kept}"
    if states:
        fresh = [f"t{i}={value}" for i, value in enumerate(values[count:])]
        yield f"const {','.join(fresh)};" + "".join(f"s{i}=t{i};" for i in range(len(fresh)))
    yield "}P.push(p)}"


def _in_javascript(
    values: Iterable[sp.Expr], names: dict, printer: _JavaScript
) -> tuple[str, list[str]]:
    """Return the definitions of shared subexpressions, and the values in terms of them."""
    renamed = [value.xreplace(names) for value in values]
    shared, reduced = sp.cse(renamed, symbols=sp.numbered_symbols("c"))
    begin = "".join(f"const {name}={printer.code(value)};" for name, value in shared)
    return begin, [printer.code(value) for value in reduced]


def _loop_in_numpy(loop: Loop, inputs: list, loops: list) -> Callable:
    begin = _in_numpy(inputs, list(loop.start.values()), loops)
    both = [*loop.columns, *loop.update.values()]
    step = _in_numpy([*inputs, *loop.update, _STEP], both, loops)
    count = len(loop.columns)

    def run(values: tuple[float, ...], found: list[np.ndarray]) -> np.ndarray:
        values = tuple(map(np.float64, values))
        states = begin(found, *values)
        columns = np.empty((count, loop.times + 1))
        for k in range(loop.times + 1):
            result = step(found, *values, *states, k)
            columns[:, k], states = result[:count], [np.float64(s) for s in result[count:]]
        return columns

    return run


def _in_numpy(symbols: list, values: list[sp.Expr], loops: list) -> Callable:
    """Return f(columns of the loops so far, *values of the symbols) -> the values."""
    found: list[np.ndarray] = []

    def at(loop: int, column: int, k: float) -> float:
        p = found[loop][column]
        return p[int(min(len(p) - 1, max(0, np.floor(k + 0.5))))]

    known = [{"entry": at, "sigmoid": expit}, "numpy"]
    # Among dummies SymPy would rename all arguments, each in a pass of its own
    args = [*(loop.name for loop in loops), *symbols]
    names = {arg: sp.Symbol(f"a{i}", real=True) for i, arg in enumerate(args)}
    renamed = [value.xreplace(names) for value in values]
    f = sp.lambdify([*names.values()], renamed, known, cse=True)

    def run(columns: list[np.ndarray], *numbers: float) -> list[float]:
        found[:] = columns
        return f(*range(len(loops)), *numbers)

    return run


def _listed(things: Iterable[Any]) -> str:
    return ", ".join(sorted(map(str, things))) or "none"


def _clipped(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:59] + "…"
