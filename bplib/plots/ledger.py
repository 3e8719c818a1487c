"""The worked numbers of one example as a table: symbol, formula, substitution, value."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from bplib._errors import number as number_of
from bplib._errors import one_of, positive_int, single
from bplib.network import Network
from bplib.plots.figures import check_single
from bplib.plots.text import number

__all__ = ["ledger", "Ledger", "Row"]

HEADINGS = {
    "forward": "Forward",
    "loss": "Loss",
    "error": "Backward: errors",
    "gradient": "Backward: gradients",
    "parameter": "Update",
}


@dataclass(frozen=True)
class Row:
    """One number of a training step, with its formula.

    Attributes:
        part: "forward", "loss", "error", "gradient" or "parameter".
        key: the plain name, such as "z2[1]".
        symbol, formula: name and formula in HTML.
        substitution: the formula with its numbers.
        value: the number.
    """

    part: str
    key: str
    symbol: str
    formula: str
    substitution: str
    value: float


class Ledger:
    """Rows that print as a table in a notebook and in the book.

    Attributes:
        rows: the rows, in the order of the computation.
        digits: decimals shown.
    """

    def __init__(self, rows: list[Row], digits: int = 6) -> None:
        self.rows = rows
        self.digits = digits

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __getitem__(self, key: str) -> float:
        """Return the value of the row with that key.

        Raises:
            KeyError: there is no such row; the message lists those there are.
        """
        for row in self.rows:
            if row.key == key:
                return row.value
        raise KeyError(f"no row {key!r}; there are {', '.join(row.key for row in self.rows)}")

    def part(self, *parts: str) -> "Ledger":
        """Return the rows of these parts only: forward, loss, error, gradient, parameter.

        Raises:
            ValueError: there is no part of that name.
        """
        for part in parts:
            one_of("part", part, HEADINGS)
        return Ledger([row for row in self.rows if row.part in parts], self.digits)

    def __repr__(self) -> str:
        return "\n".join(f"{row.key:8} {_trimmed(row.value, self.digits)}" for row in self.rows)

    def _repr_html_(self) -> str:
        lines, part = [], ""
        for row in self.rows:
            if row.part != part:
                part = row.part
                heading = escape(HEADINGS[part])
                lines.append(f'<tr><th colspan="4" scope="rowgroup">{heading}</th></tr>')
            color = "ink" if row.key.startswith("slope") else row.part.replace("loss", "forward")
            lines.append(
                f'<tr><th scope="row" style="white-space:nowrap">{row.symbol}</th>'
                f"<td>{row.formula}</td>"
                f"<td>{row.substitution}</td>"
                f'<td class="bp-{color}" style="text-align:right;color:var(--bp-{color})">'
                f"{number(row.value, self.digits)}</td></tr>"
            )
        head = "".join(
            f'<th scope="col">{name}</th>' for name in ("quantity", "formula", "numbers", "value")
        )
        parts = dict.fromkeys(HEADINGS[row.part] for row in self.rows)
        name = f"Worked numbers: {escape(', '.join(parts))}"
        return (
            f'<div class="bp-ledger" tabindex="0" role="region" aria-label="{name}">'
            f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
        )


def ledger(net: Network, y: float, eta: float, digits: int = 6) -> Ledger:
    """Return every number of one training step on one example, squared error, one output.

    Args:
        net: a single network after `loss_and_grad` on one example, its parameters not
            updated yet; all activations sigmoid.
        y: the target.
        eta: the learning rate of the update.
        digits: decimals shown (the values keep all of theirs).

    Raises:
        ValueError: net is no single network, has another activation, more than one output,
            or has run on more than one example; or y, eta or digits is no such number.
    """
    check_single(net)
    y, eta = number_of("y", y), single("eta", eta)
    positive_int("digits", digits, least=0)
    _check(net)
    show = _Numbers(digits)
    rows = [
        *_forward(net, show),
        *_loss(net, y, show),
        *_errors(net, y, show),
        *_gradients(net, show),
        *_update(net, eta, show),
    ]
    return Ledger(rows, digits)


class _Numbers:
    def __init__(self, digits: int) -> None:
        self.digits = digits

    def plain(self, value: float) -> str:
        return _trimmed(value, self.digits)

    def __call__(self, value: float) -> str:
        text = self.plain(value)
        return f"({text})" if text.startswith("−") else text


def _check(net: Network) -> None:
    others = {layer.f.name for layer in net.layers} - {"sigmoid"}
    if others:
        raise ValueError(f"net has the activations {sorted(others)}; expected sigmoid everywhere")
    last = net.layers[-1]
    if last.n_out != 1 or last.delta.shape != (1, 1):
        raise ValueError(
            f"net has {last.n_out} outputs and errors of shape {last.delta.shape}; "
            "expected one output and a backward pass on one example"
        )


def _forward(net: Network, show: _Numbers) -> Iterator[Row]:
    for l, layer in enumerate(net.layers, start=1):
        below = "x" if l == 1 else "a"
        for i in range(layer.n_out):
            terms = [f"{_w(l, i, j)} {_v(below, l - 1, j)}" for j in range(layer.n_in)]
            numbers = [
                f"{show(layer.W[i, j])} · {show(layer.a_prev[j, 0])}" for j in range(layer.n_in)
            ]
            yield Row(
                "forward",
                f"z{l}[{i}]",
                _v("z", l, i),
                " + ".join([*terms, _v("b", l, i)]),
                " + ".join([*numbers, show(layer.b[i, 0])]),
                float(layer.z[i, 0]),
            )
        for i in range(layer.n_out):
            z = show.plain(layer.z[i, 0])
            yield Row(
                "forward",
                f"a{l}[{i}]",
                _v("a", l, i),
                f"σ({_v('z', l, i)})",
                f"σ({z})",
                float(layer.a[i, 0]),
            )


def _loss(net: Network, y: float, show: _Numbers) -> Iterator[Row]:
    l, a = len(net.layers), float(net.a[-1][0, 0])
    yield Row(
        "loss",
        "L",
        "<i>L</i>",
        f"½ (<i>y</i> − {_v('a', l, 0)})²",
        f"½ ({show(y)} − {show(a)})²",
        0.5 * (y - a) ** 2,
    )


def _errors(net: Network, y: float, show: _Numbers) -> Iterator[Row]:
    for l in range(len(net.layers), 0, -1):
        layer = net.layers[l - 1]
        slopes = layer.f.df(layer.z, layer.a)
        for i in range(layer.n_out):
            a = show(layer.a[i, 0])
            yield Row(
                "error",
                f"slope{l}[{i}]",
                f"σ′({_v('z', l, i)})",
                f"{_v('a', l, i)} (1 − {_v('a', l, i)})",
                f"{a} · (1 − {a})",
                float(slopes[i, 0]),
            )
        for i in range(layer.n_out):
            slope = show(slopes[i, 0])
            if l == len(net.layers):
                formula = f"({_v('a', l, i)} − <i>y</i>) σ′({_v('z', l, i)})"
                numbers = f"({show(layer.a[i, 0])} − {show(y)}) · {slope}"
            else:
                above = net.layers[l]
                formula = " + ".join(
                    f"{_w(l + 1, k, i)} {_v('δ', l + 1, k)}" for k in range(above.n_out)
                )
                numbers = " + ".join(
                    f"{show(above.W[k, i])} · {show(above.delta[k, 0])}" for k in range(above.n_out)
                )
                if above.n_out > 1:
                    formula, numbers = f"({formula})", f"({numbers})"
                formula += f" σ′({_v('z', l, i)})"
                numbers += f" · {slope}"
            yield Row(
                "error",
                f"delta{l}[{i}]",
                _v("δ", l, i),
                formula,
                numbers,
                float(layer.delta[i, 0]),
            )


def _gradients(net: Network, show: _Numbers) -> Iterator[Row]:
    for l in range(len(net.layers), 0, -1):
        layer = net.layers[l - 1]
        below = "x" if l == 1 else "a"
        for i in range(layer.n_out):
            d = show(layer.delta[i, 0])
            for j in range(layer.n_in):
                yield Row(
                    "gradient",
                    f"dW{l}[{i},{j}]",
                    f"∂<i>L</i>/∂{_w(l, i, j)}",
                    f"{_v('δ', l, i)} {_v(below, l - 1, j)}",
                    f"{d} · {show(layer.a_prev[j, 0])}",
                    float(layer.dW[i, j]),
                )
            yield Row(
                "gradient",
                f"db{l}[{i}]",
                f"∂<i>L</i>/∂{_v('b', l, i)}",
                _v("δ", l, i),
                show.plain(layer.delta[i, 0]),
                float(layer.db[i, 0]),
            )


def _update(net: Network, eta: float, show: _Numbers) -> Iterator[Row]:
    for l, layer in enumerate(net.layers, start=1):
        for i in range(layer.n_out):
            steps = [
                (f"W{l}[{i},{j}]", _w(l, i, j), layer.W[i, j], layer.dW[i, j])
                for j in range(layer.n_in)
            ]
            steps.append((f"b{l}[{i}]", _v("b", l, i), layer.b[i, 0], layer.db[i, 0]))
            for key, symbol, old, slope in steps:
                yield Row(
                    "parameter",
                    key,
                    f"{symbol} new",
                    f"{symbol} − η ∂<i>L</i>/∂{symbol}",
                    f"{show.plain(old)} − {eta:g} · {show(slope)}",
                    float(old - eta * slope),
                )


def _trimmed(value: float, digits: int) -> str:
    text = number(value, digits)
    if "." in text:
        whole, decimals = text.split(".")
        shorter = decimals.rstrip("0")
        text = f"{whole}.{shorter}" if len(shorter) < 3 and shorter else text
        text = whole if not shorter else text
    return text


def _v(letter: str, l: int, i: int) -> str:
    if letter == "x":
        return f"<i>x</i><sub>{i + 1}</sub>"
    return _indexed(letter, l, str(i + 1))


def _w(l: int, i: int, j: int) -> str:
    comma = "," if max(i, j) >= 9 else ""
    return _indexed("w", l, f"{i + 1}{comma}{j + 1}")


def _indexed(letter: str, l: int, index: str) -> str:
    stacked = "display:inline-block;font-size:.7em;line-height:1.05;vertical-align:-.35em"
    return (
        f'<span style="white-space:nowrap"><i>{letter}</i>'
        f'<span style="{stacked}">({l})<br/>{index}</span></span>'
    )
