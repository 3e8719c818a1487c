"""Compares the gradient of the backward pass with numerical derivatives of the loss."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from bplib import _errors as check
from bplib._errors import require
from bplib._report import comparison
from bplib.activations import ACTIVATIONS, Array
from bplib.losses import L1, Loss
from bplib.network import Network, evaluate, loss_and_grad

__all__ = ["gradcheck", "GradCheck"]

NO_LOSS = "net has a loss that is NaN or infinite; expected one to differentiate"
EPS = np.finfo(float).eps
AGREES, ROUNDED, ZERO = "agrees", "agrees to rounding", "both 0"
APART, SKIPPED = "DISAGREES", "not compared"


@dataclass(frozen=True)
class GradCheck:
    """The result of `gradcheck`; as a truth value, whether the two gradients agree.

    Attributes:
        error: ‖a − n‖ / (‖a‖ + ‖n‖) of the analytic and the numerical gradient; NaN if
            every parameter was left out.
        by_parameter: the same for each "W[l]" and "b[l]" by itself.
        verdict: one of these for each "W[l]" and "b[l]": "agrees", "agrees to rounding", "both 0",
            "DISAGREES" or "not compared".
        kinks: parameters left out because a ReLU, or |w| of an L1 penalty, switched between
            the two sides.
        analytic, numeric: both gradients, shape (P,); numeric is NaN where left out.
        method: "central" or "complex".
    """

    error: float
    by_parameter: dict[str, float]
    verdict: dict[str, str]
    kinks: int
    analytic: Array = field(repr=False)
    numeric: Array = field(repr=False)
    method: str

    @property
    def ok(self) -> bool:
        """True if no parameter disagrees and some were compared."""
        found = set(self.verdict.values())
        return APART not in found and not found <= {SKIPPED}

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        told = AGREES if self.ok else APART if self.error >= 0 else SKIPPED.upper()
        return comparison(self, f"{told} with the {SCHEMES[self.method].name}")


def gradcheck(
    net: Network, loss: Loss, x: ArrayLike, y: ArrayLike, method: str = "central"
) -> GradCheck:
    """Compare the gradient of the backward pass with a numerical one, parameter by parameter.

    Each "W[l]" and "b[l]" is judged by itself. It agrees if ‖a − n‖ is below 1e-7 (central
    difference) or 1e-12 (complex step) of ‖a‖ + ‖n‖. If not, n is extrapolated from h and h/3,
    and the two "agree to rounding" if they differ by no more than their roundings do. They
    are "both 0" if both are no larger than that. The roundings of the central difference are
    at least ε |L| / h = 2e-11 |L| in each entry; the complex step resolves smaller gradients.

    Args:
        net: a single network (no stack); it is left as a single call of `loss_and_grad` leaves it.
        loss, x, y: as for `loss_and_grad`.
        method: "central", (L(θ + h) − L(θ − h)) / 2h with h = 1e-5, or "complex",
            Im L(θ + ih) / h with h = 1e-30 (Squire & Trapp 1998). For "complex", activations,
            losses and layers of your own have to take complex numbers as they take real ones.

    Raises:
        ValueError: net is a stack, is not float64 or has no finite loss, or draws anew in each
            pass; the method is unknown; or it is "complex" and something does not take complex
            numbers so.
    """
    scheme = check.one_of("method", method, SCHEMES)
    single(net)
    value = evaluate(net, loss, x, y)
    require(np.isfinite(value), NO_LOSS)
    analytic = loss_and_grad(net, loss, x, y)[1].copy()
    twin, real = held(net, scheme.dtype), held(net)

    def loss_of_real() -> float:
        return evaluate(real, loss, x, y, train=True)

    anew = "net draws anew in each pass, so that no two losses compare; expected its layers of"
    same = loss_of_real() == loss_of_real()
    require(same, f"{anew} chance to keep what they drew while `hold` is True")

    def derivative(i: int, h: float = scheme.step) -> float:
        e = np.zeros(analytic.size)
        e[i] = 1
        return scheme.slope(twin, loss, x, y, h, e)

    def judged(entries: Array) -> str:
        """Say how the two gradients compare, extrapolated where h is too coarse."""
        a, n = analytic[entries], numeric[entries]
        if not (a.any() or n.any()):
            return ZERO
        if relative_error(a, n) < scheme.tolerance:
            return AGREES
        near = np.array([derivative(i, scheme.step / 3) for i in entries])
        bend = near - n
        n = near + bend / 8
        noise = [_jitter(real, loss, lambda: loss_and_grad(real, loss, x, y)[1][entries])]
        if method == "central":
            noise += [((_jitter(real, loss, loss_of_real) or EPS) + EPS * value) / scheme.step]
        else:
            worst = entries[np.abs(a - n).argmax()]
            noise += [_jitter(twin, loss, lambda: derivative(worst)) or EPS, bend]
            noise += [EPS * np.abs(analytic).max()]
        floor = 10 * sum(np.linalg.norm(np.broadcast_to(part, a.shape)) for part in noise)
        sizes = np.linalg.norm(a), np.linalg.norm(n)
        if max(sizes) <= floor:
            return ZERO
        gap = np.linalg.norm(a - n)
        return ROUNDED if gap <= scheme.tolerance * sum(sizes) + floor else APART

    numeric = np.array([derivative(i) for i in range(analytic.size)])
    by_parameter, verdict = {}, {}
    for name, here in net.slices.items():
        by_parameter[name] = relative_error(analytic[here], numeric[here])
        known = here.start + np.flatnonzero(~np.isnan(numeric[here]))
        verdict[name] = judged(known) if known.size else SKIPPED
        if method == "complex" and verdict[name] == APART:
            v = np.zeros(analytic.size)
            v[here] = np.random.default_rng(0).standard_normal(v[here].size)
            check_complex(real, loss, loss_of_real, v, numeric @ v)
    error, kinks = relative_error(analytic, numeric), int(np.isnan(numeric).sum())
    return GradCheck(error, by_parameter, verdict, kinks, analytic, numeric, method)


def single(net: Network) -> None:
    """Raise a ValueError if net is no network, a stack or not float64."""
    check.instance("net", net, Network, "a Network, such as mlp([2, 3, 1])")
    stack = f"net is a stack of shape {net.stack}"
    require(not net.stack, f"{stack}; expected a single network")
    dtype = f"net has dtype {net.dtype}"
    require(net.dtype == float, f"{dtype}; expected float64, which resolves a small step")


def held(net: Network, dtype: DTypeLike | None = None) -> Network:
    """Return a copy of net, perhaps in another dtype, whose layers keep what they draw."""
    twin = net.copy(dtype)
    for layer in twin.walk():
        layer.hold = True
    return twin


def relative_error(analytic: Array, numeric: Array) -> float:
    """Return ‖a − n‖ / (‖a‖ + ‖n‖) over the entries where n is a number.

    It is 0 if all of them are 0, and NaN if there are none.
    """
    known = ~np.isnan(numeric)
    if not known.any():
        return float("nan")
    a, n = analytic[known], numeric[known]
    scale = np.linalg.norm(a) + np.linalg.norm(n)
    return float(np.linalg.norm(a - n) / scale) if scale else 0.0


def check_complex(net: Network, loss: Loss, f: Callable[[], Array], v: Array, slope: Array) -> None:
    """Raise a ValueError unless the slope of f() along v, by the complex step, is the real one."""
    gaps = []
    for t in (1e-5, 1e-8):
        rise = difference(net, loss, f, t * v) / (2 * t)
        gap, *sizes = map(np.linalg.norm, (rise - slope, rise, slope))
        noise = (np.linalg.norm(_jitter(net, loss, f) + EPS * np.abs(f())) or EPS) / t
        gaps.append(gap - 1e-3 * sum(sizes) - 10 * noise)
    if max(gaps) > 0 and not min(gaps) <= 0:
        raise not_complex(net)


def not_complex(net: Network) -> ValueError:
    """Return the error that tells of an activation, layer or loss which is not holomorphic."""
    own = {layer.f.name for layer in net.walk() if layer.f not in ACTIVATIONS.values()}
    named = f" (of your own: {', '.join(map(repr, sorted(own)))})" if own else ""
    came = f"net or loss takes complex numbers otherwise than real ones{named}"
    expected = "expected activations, layers and losses that do not"
    return ValueError(f"{came}; {expected}, such as np.where(z.real < 0, -z, z) for np.abs(z)")


def difference(net: Network, loss: Loss, f: Callable[[], Array], step: Array) -> Array:
    """Return f() at θ + step less f() at θ − step, or NaN if a kink lies between them."""
    left, right = _values(net, loss, f, [-step, step])
    return right - left


def _values(net: Network, loss: Loss, f: Callable[[], Array], steps: list[Array]) -> list[Array]:
    """Return f() at θ + each step, NaN where a kink lies between it and the first."""
    theta, values, sides = net.theta.copy(), [], []
    l1 = any(isinstance(penalty, L1) for penalty in loss.penalties)
    for step in steps:
        net.theta[...] = theta + step
        values.append(f())
        sides.append([layer.z > 0 for layer in net.walk() if layer.f.kinked])
        sides[-1].append((net.theta > 0) & net.is_weight & l1)
    net.theta[...] = theta
    return [
        value if all(map(np.array_equal, side, sides[0])) else np.nan * value
        for value, side in zip(values, sides, strict=True)
    ]


def _central(net: Network, loss: Loss, x: Array, y: Array, h: float, v: Array) -> float:
    return difference(net, loss, lambda: evaluate(net, loss, x, y, train=True), h * v) / (2 * h)


def _complex_step(net: Network, loss: Loss, x: Array, y: Array, h: float, v: Array) -> float:
    theta = net.theta.copy()
    net.theta[...] = theta + 1j * h * v
    try:
        return evaluate(net, loss, x, y, train=True).imag / h
    except TypeError as error:
        raise not_complex(net) from error
    finally:
        net.theta[...] = theta


def _jitter(net: Network, loss: Loss, f: Callable[[], Array]) -> Array:
    """Return the roundings of f() near θ, by its sixth differences (Moré & Wild 2011)."""
    v = np.random.default_rng(0).standard_normal(net.theta.size)
    v /= np.linalg.norm(v)
    for shake in (1e-5, 1e-7):  # less, if kinks are all around
        sixth = np.diff(_values(net, loss, f, [k * shake * v for k in range(1, 25)]), 6, axis=0)
        count = np.count_nonzero(~np.isnan(sixth), axis=0)
        jitter = np.sqrt(np.nansum(sixth**2, axis=0) / (924 * np.maximum(count, 1)))
        if np.any(count):
            break
    return jitter


class Scheme(NamedTuple):
    """A way to differentiate: its name, function, step h, tolerance and type of numbers."""

    name: str
    slope: Callable[..., float]
    step: float
    tolerance: float
    dtype: type | None


SCHEMES = {
    "central": Scheme("central difference", _central, 1e-5, 1e-7, None),
    "complex": Scheme("complex step", _complex_step, 1e-30, 1e-12, np.complex128),
}
