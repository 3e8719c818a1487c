"""Optimizers: short rules that change theta in place, given the gradient.

Each follows PyTorch's definition of the same name, and its defaults.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bplib import _errors as check
from bplib._errors import require
from bplib._report import array_kind
from bplib.activations import Array

__all__ = [
    "Optimizer", "SGD", "Momentum", "Nesterov", "AdaGrad", "RMSProp", "Adam", "AdamW", "by_norm",
    "by_value",
]  # fmt: skip

Rate = ArrayLike | Callable[[int], ArrayLike]
Clip = Callable[[Array], Array | None]


class Optimizer(ABC):
    """A rule θ ← θ + Δθ(∂L/∂θ), with whatever memory it needs.

    An optimizer belongs to the theta of its first update: what it remembers is of no use to
    another network. `reset` sets it free. A copy belongs to the next theta of the same shape.

    A rule of your own defines `update`, and names in `memory` what it keeps from one update
    to the next, so that `reset` and `save` know of it.

    Args:
        eta: the learning rate η: a number, an array of the stack's shape (each member its
            own), or a schedule: a function of the number of updates made that gives either.

    Attributes:
        k: number of updates made.
        memory: names of the attributes, 0 at first and then arrays like theta, that an
            update leaves to the next.

    Raises:
        ValueError: eta is negative or not a number.
    """

    memory: tuple[str, ...] = ()

    def __init__(self, eta: Rate) -> None:
        kind = "a number or cosine(0.1, steps=100)"
        self.eta = check.function("eta", eta, kind) if callable(eta) else check.rates("eta", eta)
        self.reset()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.eta!r}, k={self.k})"

    def __getstate__(self) -> dict[str, Any]:
        own = {name: copy(getattr(self, name)) for name in self.memory}
        return vars(self) | own | {"_theta": None}

    def reset(self) -> None:
        """Forget all updates, so that the next one may be of another network."""
        self.k = 0
        self._theta: Array | None = None
        for name in self.memory:
            setattr(self, name, 0.0)

    def step(self, theta: Array, grad: Array) -> None:
        """Change theta, (..., P), in place, by the gradient of the same shape.

        Raises:
            ValueError: theta is not the array of the updates before, theta or grad is no
                array of floats, their shapes differ, or eta has the shape of another stack.
        """
        known = theta is self._theta is not None and isinstance(grad, np.ndarray)
        if not (known and grad.shape == theta.shape and grad.dtype == theta.dtype):
            self.bind(theta, grad)
        eta = self.rate(theta)
        self.k += 1
        self.update(theta, grad, eta)

    def bind(self, theta: Array, grad: Array) -> None:
        """Check theta and grad, both (..., P), as `step` does, and change neither.

        Raises:
            ValueError: as `step`.
        """
        arrays = isinstance(theta, np.ndarray) and isinstance(grad, np.ndarray)
        floats = arrays and theta.ndim and theta.dtype.kind in "fc" and theta.flags.writeable
        fits = floats and grad.shape == theta.shape
        fits = fits and np.can_cast(grad.dtype, theta.dtype, "same_kind")
        kinds = f"theta is {array_kind(theta)}, grad {array_kind(grad)}; expected two arrays of"
        require(fits, f"{kinds} floats of one shape (..., P), theta not read-only")
        other = f"theta is another array than in the {self.k} updates that {self!r} has made"
        mend = "expected step(theta, grad) with that array, a new optimizer, or reset() before"
        require(not self.k or self._knows(theta), f"{other}; {mend}")
        self.rate(theta)
        self._theta = theta

    def _knows(self, array: Array) -> bool:
        """Say whether this is the array of the updates before, or could be."""
        if self._theta is None:
            return all(np.shape(getattr(self, name)) == array.shape for name in self.memory)
        return array.__array_interface__ == self._theta.__array_interface__

    def rate(self, theta: Array) -> float | Array:
        """Return η of the next update: a number, or an array that fits theta, (..., 1).

        Raises:
            ValueError: a schedule gives no such number, or eta has the shape of another stack.
        """
        eta = self.eta
        if isinstance(eta, float):
            return eta
        if callable(eta):
            try:
                eta = check.non_negative(f"eta({self.k})", eta(self.k))
            except TypeError as error:
                expected = "expected a function of the number of updates"
                raise ValueError(f"eta is {eta!r} ({error}); {expected}") from error
        if np.ndim(eta) == 0:
            return float(eta)
        note = ", the shape of the stack, or a number"
        return check.shaped("eta", eta, theta.shape[:-1], note).astype(theta.dtype)[..., None]

    @abstractmethod
    def update(self, theta: Array, grad: Array, eta: float | Array) -> None:
        """Change theta in place; `k` counts this update already."""


class SGD(Optimizer):
    """Gradient descent: θ ← θ − η g."""

    def update(self, theta: Array, grad: Array, eta: float | Array) -> None:
        """Change theta in place."""
        theta -= eta * grad


class Momentum(Optimizer):
    """Gradient descent with a velocity: v ← β v + g, θ ← θ − η v (Polyak 1964).

    Args:
        eta: the learning rate.
        beta: how much of the velocity survives one update, from 0 to 1.
        nesterov: look ahead: θ ← θ − η (g + β v) (Sutskever et al. 2013).
    """

    memory = ("v",)

    def __init__(self, eta: Rate, beta: float = 0.9, nesterov: bool = False) -> None:
        super().__init__(eta)
        self.beta = check.fraction("beta", beta)
        self.nesterov = check.flag("nesterov", nesterov)

    def update(self, theta: Array, grad: Array, eta: float | Array) -> None:
        """Change theta in place."""
        self.v = self.beta * self.v + grad
        theta -= eta * (grad + self.beta * self.v if self.nesterov else self.v)


class Nesterov(Momentum):
    """Momentum that looks ahead: v ← β v + g, θ ← θ − η (g + β v)."""

    def __init__(self, eta: Rate, beta: float = 0.9) -> None:
        super().__init__(eta, beta, nesterov=True)


class AdaGrad(Optimizer):
    """A rate for each parameter: s ← s + g², θ ← θ − η g / (√s + ε) (Duchi et al. 2011)."""

    memory = ("s",)

    def __init__(self, eta: Rate = 0.01, eps: float = 1e-10) -> None:
        super().__init__(eta)
        self.eps = check.single("eps", eps)

    def update(self, theta: Array, grad: Array, eta: float | Array) -> None:
        """Change theta in place."""
        self.s = self.s + grad * grad
        theta -= eta * grad / (np.sqrt(self.s) + self.eps)


class RMSProp(Optimizer):
    """AdaGrad that forgets: s ← β s + (1 − β) g², θ ← θ − η g / (√s + ε) (Hinton 2012)."""

    memory = ("s",)

    def __init__(self, eta: Rate = 0.01, beta: float = 0.99, eps: float = 1e-8) -> None:
        super().__init__(eta)
        self.beta = check.fraction("beta", beta)
        self.eps = check.single("eps", eps)

    def update(self, theta: Array, grad: Array, eta: float | Array) -> None:
        """Change theta in place."""
        self.s = self.beta * self.s + (1 - self.beta) * grad * grad
        theta -= eta * grad / (np.sqrt(self.s) + self.eps)


class Adam(Optimizer):
    """Momentum and RMSProp together, with their slow start corrected (Kingma & Ba 2015).

    m ← β₁ m + (1 − β₁) g,  s ← β₂ s + (1 − β₂) g²,
    m̂ = m / (1 − β₁ᵏ),  ŝ = s / (1 − β₂ᵏ),  θ ← θ − η m̂ / (√ŝ + ε).

    Args:
        eta: the learning rate.
        beta1, beta2: how much of m and of s survives one update.
        eps: ε, which keeps the quotient finite.
        bias_correction: False leaves out both 1 − βᵏ, to see what the correction does.
    """

    memory = ("m", "s")

    def __init__(
        self,
        eta: Rate = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        bias_correction: bool = True,
    ) -> None:
        super().__init__(eta)
        self.beta1, self.beta2 = check.fraction("beta1", beta1), check.fraction("beta2", beta2)
        self.eps = check.single("eps", eps)
        self.bias_correction = check.flag("bias_correction", bias_correction)

    def update(self, theta: Array, grad: Array, eta: float | Array) -> None:
        """Change theta in place."""
        if self.k == 1:
            self.m, self.s = np.zeros_like(theta), np.zeros_like(theta)
        self.m *= self.beta1
        self.m += (1 - self.beta1) * grad
        self.s *= self.beta2
        self.s += (1 - self.beta2) * grad**2
        c1 = c2 = 1.0
        if self.bias_correction:
            c1, c2 = 1 - self.beta1**self.k, math.sqrt(1 - self.beta2**self.k)
        # the paper's quick form of η m̂ / (√ŝ + ε), where m̂ = m / c1 and √ŝ = √s / c2
        theta -= (eta * c2 / c1) * self.m / (np.sqrt(self.s) + c2 * self.eps)


class AdamW(Adam):
    """Adam with decoupled weight decay: the decay is not divided by √ŝ (Loshchilov & Hutter 2019).

    Args:
        eta: the learning rate.
        weight_decay: λ: every update starts with θ ← θ − η λ θ.
        **adam: what else `Adam` takes.
    """

    def __init__(self, eta: Rate = 1e-3, weight_decay: float = 0.01, **adam: Any) -> None:
        super().__init__(eta, **adam)
        self.weight_decay = check.single("weight_decay", weight_decay)

    def update(self, theta: Array, grad: Array, eta: float | Array) -> None:
        """Change theta in place."""
        theta *= 1 - eta * self.weight_decay
        super().update(theta, grad, eta)


def by_norm(limit: float, eps: float = 1e-6) -> Clip:
    """Return a function that shortens a gradient (..., P), in place, to the norm `limit`.

    g ← g · min(1, limit / (‖g‖ + ε)): the direction stays (Pascanu et al. 2013). Each member
    of a stack has its own norm. ε is PyTorch's.

    Raises:
        ValueError: limit is not positive, or eps is negative.
    """
    limit, eps = check.positive("limit", limit), check.single("eps", eps)

    def clip(grad: Array) -> None:
        norm = np.linalg.norm(grad, axis=-1, keepdims=True)
        grad *= limit / np.maximum(norm + eps, limit)

    return clip


def by_value(limit: float) -> Clip:
    """Return a function that cuts each entry of a gradient, in place, to [−limit, limit].

    The direction may change.

    Raises:
        ValueError: limit is not positive.
    """
    limit = check.positive("limit", limit)

    def clip(grad: Array) -> None:
        np.clip(grad, -limit, limit, out=grad)

    return clip
