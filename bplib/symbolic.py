"""Networks in SymPy, independent of the NumPy code, so that each can test the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product
from typing import Any

import sympy as sp

from bplib._errors import layer_sizes, one_of, require

__all__ = [
    "mlp", "SymbolicNetwork", "sigmoid", "identity", "relu", "leaky_relu", "elu", "gelu",
    "softplus", "softmax", "exact", "any_function",
]  # fmt: skip


class sigmoid(sp.Function):
    """The logistic function σ(z), kept as one symbol so that σ′(z) = σ(z)(1 − σ(z)) stays short."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Return σ(z)(1 − σ(z)), the derivative with respect to z."""
        return self * (1 - self)

    def _eval_rewrite_as_exp(self, z: sp.Expr, **kwargs: Any) -> sp.Expr:
        return 1 / (1 + sp.exp(-z))

    def _eval_evalf(self, prec: int) -> sp.Expr:
        return self.rewrite(sp.exp)._eval_evalf(prec)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        text = rf"\sigma\left({printer.doprint(self.args[0])}\right)"
        return text if exp is None else rf"{text}^{{{exp}}}"


def relu(z: sp.Expr) -> sp.Expr:
    """Return max(z, 0)."""
    return sp.Max(z, 0)


def identity(z: sp.Expr) -> sp.Expr:
    """Return z."""
    return z


def leaky_relu(z: sp.Expr) -> sp.Expr:
    """Return z where it is positive, z/100 elsewhere."""
    return sp.Max(z, z / 100)


def elu(z: sp.Expr) -> sp.Expr:
    """Return z where it is positive, eᶻ − 1 elsewhere."""
    return sp.Piecewise((z, z > 0), (sp.exp(z) - 1, True))


def gelu(z: sp.Expr) -> sp.Expr:
    """Return z Φ(z) with Φ the distribution function of the standard normal."""
    return z * (1 + sp.erf(z / sp.sqrt(2))) / 2


def softplus(z: sp.Expr) -> sp.Expr:
    """Return log(1 + eᶻ)."""
    return sp.log(1 + sp.exp(z))


def softmax(z: sp.Matrix) -> sp.Matrix:
    """Return eᶻ / Σ eᶻ of a column of z."""
    e = z.applyfunc(sp.exp)
    return e / sum(e)


Values = dict[sp.Symbol, sp.Expr]
_NAMED = identity, sigmoid, sp.tanh, relu, leaky_relu, elu, gelu, softplus, softmax
ACTIVATIONS = {f.__name__: f for f in _NAMED}


@dataclass(frozen=True)
class SymbolicNetwork:
    """One example's way through a network, every quantity an expression in symbols.

    Attributes:
        x, y: input (n_in, 1) and target (n_L, 1), matrices of symbols.
        W, b: parameters by layer, matrices of symbols.
        z, a: weighted inputs and activations by layer, matrices of expressions.
        loss: ½ ‖y − a_L‖².
    """

    x: sp.Matrix
    y: sp.Matrix
    W: list[sp.Matrix]
    b: list[sp.Matrix]
    z: list[sp.Matrix]
    a: list[sp.Matrix]
    loss: sp.Expr

    @property
    def theta(self) -> list[sp.Symbol]:
        """All parameters, for each layer W row by row and then b, as in `Network.theta`."""
        return [p for W, b in zip(self.W, self.b, strict=True) for p in (*W, *b)]

    def gradient(self, parameters: sp.Matrix | None = None) -> sp.Matrix:
        """Return ∂L/∂p by `sympy.diff`, in the shape of the parameters (default: theta, (P, 1))."""
        p = sp.Matrix(self.theta) if parameters is None else parameters
        return p.applyfunc(lambda symbol: sp.diff(self.loss, symbol))

    def delta(self, l: int) -> sp.Matrix:
        """Return δ = ∂L/∂z of layer l, counted from 0, (n_out, 1): ∂L/∂b, as z = W a + b.

        Raises:
            ValueError: there is no such layer.
        """
        known = l in range(len(self.b))
        require(known, f"l is {l!r}; expected a layer from 0 to {len(self.b) - 1}")
        return self.gradient(self.b[l])

    def put(self, known: Mapping[sp.Symbol, Any]) -> "SymbolicNetwork":
        """Return the network with numbers, or other expressions, in place of some symbols."""
        lists = {
            name: [m.subs(known) for m in getattr(self, name)] for name in ("W", "b", "z", "a")
        }
        x, y = self.x.subs(known), self.y.subs(known)
        return SymbolicNetwork(x, y, **lists, loss=self.loss.subs(known))

    def values(self, x: Sequence, y: Sequence, W: Sequence, b: Sequence) -> Values:
        """Return symbol -> exact number; a float such as 0.1 is read as the fraction 1/10.

        Args:
            x, y: input and target, n_in and n_L numbers.
            W, b: parameters by layer, n_out · n_in and n_out numbers each, row by row.

        Raises:
            ValueError: an argument has the wrong number of entries, or one is no number.
        """
        pairs: Values = {}
        named = [("x", self.x, x), ("y", self.y, y)]
        for name, mine, given in (("W", self.W, W), ("b", self.b, b)):
            fits = hasattr(given, "__len__") and len(given) == len(mine)
            require(fits, f"{name} is {given!r}; expected a list of {len(mine)}")
            named += [(f"{name}[{l}]", mine[l], given[l]) for l in range(len(mine))]
        for name, symbols, numbers in named:
            flat = sp.flatten([numbers])
            entries = f"{name} has {len(flat)} entries"
            require(len(flat) == len(symbols), f"{entries}; expected {len(symbols)}")
            pairs |= dict(zip(symbols, map(exact, flat), strict=True))
        return pairs

    def numbers(self, known: Values, eta: Any) -> dict[str, sp.Expr]:
        """Return every number of one gradient step, exactly, by the keys of a `Ledger`.

        Args:
            known: a value for each symbol, as from `values`.
            eta: the learning rate.
        """
        eta = exact(eta)
        table = {"L": self.loss}
        for l, (W, b, a) in enumerate(zip(self.W, self.b, self.a, strict=True), start=1):
            dW, db = self.gradient(W), self.gradient(b)
            slope = [sp.diff(a[i], b[i]) for i in range(len(b))]
            columns = {"z": self.z[l - 1], "a": a, "slope": slope, "delta": db, "db": db}
            for name, column in (columns | {"b": b - eta * db}).items():
                table |= {f"{name}{l}[{i}]": entry for i, entry in enumerate(column)}
            for name, matrix in {"dW": dW, "W": W - eta * dW}.items():
                places = product(range(matrix.rows), range(matrix.cols))
                table |= {f"{name}{l}[{i},{j}]": matrix[i, j] for i, j in places}
        return {key: expression.subs(known) for key, expression in table.items()}


def exact(number: Any) -> sp.Expr:
    """Return the number as an exact SymPy number: 0.1 becomes 1/10, not 0.1000000000000000055.

    Raises:
        ValueError: it is no finite number, nor the text of one.
    """
    if isinstance(number, sp.Basic):
        return number
    try:
        found = sp.Rational(str(number))
    except (TypeError, ValueError):
        found = sp.nan
    require(found.is_finite, f"number is {number!r}; expected a finite number such as 0.1")
    return found


def mlp(
    sizes: Sequence[int],
    hidden: str | type[sp.Function] = "sigmoid",
    output: str | type[sp.Function] = "sigmoid",
) -> SymbolicNetwork:
    """Return a network of these layer sizes, in symbols w^{(l)}_{ij}, b^{(l)}_i, x_j, y_i.

    An activation is a name or a SymPy function of one argument. A result for the undefined
    `any_function("f")` holds for every differentiable activation.

    Raises:
        ValueError: sizes holds fewer than two whole numbers above 0, or an activation is
            unknown.
    """
    sizes = layer_sizes("sizes", sizes)
    hidden, output = _activation("hidden", hidden), _activation("output", output)
    x = _symbols("x", sizes[0])
    y = _symbols("y", sizes[-1])
    W, b, z, a = [], [], [], []
    a_prev = x
    for l, (n_in, n_out) in enumerate(pairwise(sizes), start=1):
        f = output if l == len(sizes) - 1 else hidden
        W.append(_weights(l, n_out, n_in))
        b.append(_symbols(f"b^{{({l})}}", n_out))
        z.append(W[-1] * a_prev + b[-1])
        a.append(f(z[-1]) if f is softmax else z[-1].applyfunc(f))
        a_prev = a[-1]
    error = y - a[-1]
    return SymbolicNetwork(x, y, W, b, z, a, error.dot(error) / 2)


@cache
def any_function(name: str) -> type[sp.Function]:
    """Return an undefined function f whose derivative is called f′.

    With several arguments the partial derivative in the k-th of them is called f_k.
    """

    def fdiff(self: sp.Function, argindex: int = 1) -> sp.Expr:
        mark = "′" if len(self.args) == 1 else f"_{argindex}"
        return any_function(f"{name}{mark}")(*self.args)

    def _latex(self: sp.Function, printer: Any, exp: str | None = None) -> str:
        arguments = ", ".join(map(printer.doprint, self.args))
        text = rf"{name.replace('′', chr(39))}\left({arguments}\right)"
        return text if exp is None else rf"{text}^{{{exp}}}"

    return type(name, (sp.Function,), {"fdiff": fdiff, "_latex": _latex})


def _activation(argument: str, f: Any) -> Any:
    if isinstance(f, type) and issubclass(f, sp.Function):
        return f
    return one_of(argument, f, ACTIVATIONS, "a SymPy function")


def _symbols(name: str, n: int) -> sp.Matrix:
    return sp.Matrix([sp.Symbol(f"{name}_{{{i}}}", real=True) for i in range(1, n + 1)])


def _weights(l: int, n_out: int, n_in: int) -> sp.Matrix:
    def w(i: int, j: int) -> sp.Symbol:
        comma = "," if max(n_out, n_in) > 9 else ""
        return sp.Symbol(f"w^{{({l})}}_{{{i + 1}{comma}{j + 1}}}", real=True)

    return sp.Matrix(n_out, n_in, w)
