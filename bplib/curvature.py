"""Second derivatives of the loss: Hessian-vector products and the largest eigenvalue."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bplib._errors import finite, flag, floats, fraction, generator, positive_int, require, shaped
from bplib._progress import progress as with_bar
from bplib.activations import Array
from bplib.gradient_check import NO_LOSS, SCHEMES, check_complex, held, not_complex, single
from bplib.initializers import Seed
from bplib.losses import Loss
from bplib.network import Network, evaluate, loss_and_grad

__all__ = ["hessian_vector", "hessian", "largest_curvature", "Curvature"]


@dataclass(frozen=True)
class Curvature:
    """An estimate of the largest eigenvalue of the Hessian, from `largest_curvature`.

    Attributes:
        value: λ = vᵀ H v; gradient descent on a quadratic loss diverges above η = 2/λ.
        vector: v, of length 1, shape (P,).
        residual: ‖H v − λ v‖; some eigenvalue of H is no further from λ than this.
        iterations: steps made, one Hessian-vector product each.
        converged: True if the residual is at most tol ‖H‖.
    """

    value: float
    vector: Array
    residual: float
    iterations: int
    converged: bool


def hessian_vector(net: Network, loss: Loss, x: ArrayLike, y: ArrayLike, v: ArrayLike) -> Array:
    """Return H v, shape (P,), of the Hessian H = ∂²L/∂θ² without ever building H.

    H v is the slope of the gradient along v. The backward pass itself is differentiated by
    the complex step, H v = Im ∇L(θ + i h v) / h with h = 1e-30 (Squire & Trapp 1998): one
    forward and one backward pass on complex numbers. Their imaginary parts are h times what
    the R-operator of Pearlmutter (1994) gives each quantity, and what is left out is of
    order h² = 1e-60: nothing is truncated, nothing cancels, only float64 rounds.

    BatchNorm is taken as in training, and Dropout with the masks of the last training pass
    (fresh ones if there was none, always the same). With a ReLU, H is that of the linear
    piece it is on. An activation of your own has to take complex z as it takes real z.

    Args:
        net: a single network (no stack); it is left as it is.
        loss, x, y: as for `loss_and_grad`.
        v: a direction in the space of parameters, (P,), of any length.

    Raises:
        ValueError: net is a stack, is not float64 or has no finite loss; v is not finite or
            has another shape; x, y or the loss do not fit; or an activation, a layer or the
            loss takes complex numbers otherwise than real ones, as `np.abs` does.
    """
    times = _hessian(net, loss, x, y)
    v = shaped("v", floats("v", v), net.theta.shape, ", a number for each parameter")
    return times(finite("v", v))


def hessian(net: Network, loss: Loss, x: ArrayLike, y: ArrayLike) -> Array:
    """Return the whole Hessian, (P, P), column by column: for networks of some hundred parameters.

    Args and errors are those of `hessian_vector`. The result is not made symmetric: H and Hᵀ
    differ by roundings.
    """
    times = _hessian(net, loss, x, y)
    return np.stack([times(e) for e in np.eye(net.theta.size)], axis=-1)


def largest_curvature(
    net: Network,
    loss: Loss,
    x: ArrayLike,
    y: ArrayLike,
    tol: float = 1e-6,
    iterations: int = 1000,
    seed: Seed = 0,
    progress: bool = False,
) -> Curvature:
    """Return the largest (not the largest in modulus) eigenvalue of the Hessian.

    It is found by power iteration, v ← (H + c) v / ‖(H + c) v‖, from a random v. Each step
    takes the shift c that makes the next λ = vᵀ H v largest: the best v in the plane of v
    and H v. So λ never falls, and an eigenvalue far below zero cannot win.

    Args:
        net, loss, x, y: as for `hessian_vector`.
        tol: stop where ‖H v − λ v‖ ≤ tol ‖H‖; ‖H‖ is taken as the longest H v seen.
            The error of λ is of the order of tol² ‖H‖.
        iterations: stop after so many steps in any case.
        seed: seed of the v to start from, or a generator.
        progress: show a progress bar.

    Raises:
        ValueError: an argument has the wrong shape or value.
    """
    flag("progress", progress)
    rng, tol = generator("seed", seed), fraction("tol", tol)
    positive_int("iterations", iterations)
    times = _hessian(net, loss, x, y)
    v = rng.standard_normal(net.theta.size)
    Hv = times(v)
    size = 0.0
    for k in with_bar(range(iterations + 1), "curvature", iterations + 1, show=progress):
        length = np.linalg.norm(v)
        v, Hv = v / length, Hv / length
        value = v @ Hv
        r = Hv - value * v
        residual = np.linalg.norm(r)
        size = max(size, np.linalg.norm(Hv))
        converged = residual <= tol * size
        if converged or k == iterations:
            break
        u = r / residual
        Hu = times(u)
        # On the plane of v and u, H is [[value, residual], [residual, uᵀ H u]].
        angle = np.arctan2(2 * residual, value - u @ Hu) / 2
        v = np.cos(angle) * v + np.sin(angle) * u
        Hv = np.cos(angle) * Hv + np.sin(angle) * Hu
    return Curvature(float(value), v, float(residual), k, bool(converged))


def _hessian(net: Network, loss: Loss, x: ArrayLike, y: ArrayLike) -> Callable[[Array], Array]:
    """Return the function v -> H v, with masks that stay the same from call to call."""
    single(net)
    real = held(net)
    require(np.isfinite(evaluate(real, loss, x, y, train=True)), NO_LOSS)
    nudged = held(real, np.complex128)
    h = SCHEMES["complex"].step

    def times(v: Array) -> Array:
        length = np.abs(v).max() or 1.0
        nudged.theta[...] = real.theta + 1j * h * (v / length)
        try:
            return loss_and_grad(nudged, loss, x, y)[1].imag / h * length
        except TypeError as error:
            raise not_complex(net) from error

    v = np.random.default_rng(0).standard_normal(real.theta.size)
    check_complex(real, loss, lambda: loss_and_grad(real, loss, x, y)[1].copy(), v, times(v))
    return times
