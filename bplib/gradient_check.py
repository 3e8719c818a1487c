"""Numerical derivatives of the loss, to hold the backward pass against."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from bplib._errors import one_of
from bplib.activations import Array
from bplib.losses import Loss
from bplib.network import Network, evaluate, loss_and_grad

CENTRAL_STEP = 1e-5
COMPLEX_STEP = 1e-30
TOLERANCE = {"central": 1e-7, "complex": 1e-12}


@dataclass(frozen=True)
class GradCheck:
    """The backward pass against a numerical derivative.

    Attributes:
        error: ‖a − n‖ / (‖a‖ + ‖n‖) of the analytic and the numerical gradient; NaN if
            every parameter was left out.
        by_parameter: the same for each "W[l]" and "b[l]" by itself.
        kinks: parameters left out because a ReLU switched between the two sides.
        analytic, numeric: both gradients, shape (P,); numeric is NaN where left out.
        method: "central" or "complex".
    """

    error: float
    by_parameter: dict[str, float]
    kinks: int
    analytic: Array
    numeric: Array
    method: str

    @property
    def ok(self) -> bool:
        """True if the error is below 1e-7 (central difference) or 1e-12 (complex step)."""
        return self.error < TOLERANCE[self.method]

    def __str__(self) -> str:
        rows = [f"{name:8} {error:.1e}" for name, error in self.by_parameter.items()]
        verdict = "agrees" if self.ok else "DISAGREES" if self.error >= 0 else "NOT COMPARED"
        skipped = f", {self.kinks} kinks skipped" if self.kinks else ""
        method = {"central": "central difference", "complex": "complex step"}[self.method]
        total = f"{'all':8} {self.error:.1e}  {verdict} with the {method}{skipped}"
        return "\n".join([*rows, total])


def gradcheck(
    net: Network, loss: Loss, x: ArrayLike, y: ArrayLike, method: str = "central"
) -> GradCheck:
    """Compare the gradient of the backward pass with a numerical one, parameter by parameter.

    Args:
        net: a single network (no stack); it is left as a single call of `loss_and_grad` leaves it.
        loss, x, y: as for `loss_and_grad`.
        method: "central", (L(θ + h) − L(θ − h)) / 2h with h = 1e-5, or "complex",
            Im L(θ + ih) / h with h = 1e-30 (Squire & Trapp 1998).

    Raises:
        ValueError: net is a stack, is not float64 or has no finite loss, or the method is
            unknown.
    """
    difference = one_of("method", method, {"central": _central, "complex": _complex_step})
    single(net)
    if not np.isfinite(evaluate(net, loss, x, y)):
        raise ValueError("net has a loss that is NaN or infinite; expected one to differentiate")
    analytic = loss_and_grad(net, loss, x, y)[1].copy()
    twin = held(net, np.complex128 if method == "complex" else None)
    numeric = np.array([difference(twin, loss, x, y, i) for i in range(twin.theta.size)])
    by_parameter = {
        name: relative_error(analytic[here], numeric[here]) for name, here in net.slices.items()
    }
    error = relative_error(analytic, numeric)
    kinks = int(np.isnan(numeric).sum())
    return GradCheck(error, by_parameter, kinks, analytic, numeric, method)


def single(net: Network) -> None:
    """Raise a ValueError if net is a stack or is not float64."""
    if net.stack:
        raise ValueError(f"net is a stack of shape {net.stack}; expected a single network")
    if net.dtype != np.float64:
        raise ValueError(
            f"net has dtype {net.dtype}; expected float64, which resolves a small step"
        )


def held(net: Network, dtype: DTypeLike | None = None) -> Network:
    """Return a copy of net, perhaps in another dtype, whose layers keep what they drew."""
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


def _central(net: Network, loss: Loss, x: ArrayLike, y: ArrayLike, i: int) -> float:
    here = net.theta[i]
    values, sides = [], []
    for h in (CENTRAL_STEP, -CENTRAL_STEP):
        net.theta[i] = here + h
        values.append(evaluate(net, loss, x, y, train=True))
        sides.append([layer.z > 0 for layer in net.walk() if layer.f.kinked])
    net.theta[i] = here
    if any(np.any(left != right) for left, right in zip(*sides, strict=True)):
        return np.nan
    return (values[0] - values[1]) / (2 * CENTRAL_STEP)


def _complex_step(net: Network, loss: Loss, x: ArrayLike, y: ArrayLike, i: int) -> float:
    here = net.theta[i]
    net.theta[i] = here + 1j * COMPLEX_STEP
    value = evaluate(net, loss, x, y, train=True)
    net.theta[i] = here
    return value.imag / COMPLEX_STEP
