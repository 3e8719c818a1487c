"""Optimizers: short rules that change theta in place, given the gradient.

Each follows PyTorch's definition of the same name, and its defaults.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bplib._errors import fraction, non_negative, positive
from bplib.activations import Array

__all__ = [
    "Optimizer", "SGD", "Momentum", "Nesterov", "AdaGrad", "RMSProp", "Adam", "AdamW", "by_norm",
    "by_value",
]  # fmt: skip

Rate = ArrayLike | Callable[[int], ArrayLike]
Clip = Callable[[Array], None]


class Optimizer(ABC):
    """A rule θ ← θ + Δθ(∂L/∂θ), with whatever memory it needs.

    Args:
        eta: the learning rate η: a number, an array of the stack's shape (each member its
            own), or a schedule: a function of the number of updates made that gives either.

    Attributes:
        k: number of updates made.

    Raises:
        ValueError: eta is negative or not a number.
    """

    def __init__(self, eta: Rate) -> None:
        self.eta = eta
        if not callable(eta):
            eta = np.array(non_negative("eta", eta), dtype=float)
            self.eta = eta if eta.ndim else eta.item()
        self.k = 0

    def step(self, theta: Array, grad: Array) -> None:
        """Change theta, (..., P), in place, by the gradient of the same shape.

        Raises:
            ValueError: eta has the shape of another stack.
        """
        eta = self.rate(theta)
        self.k += 1
        self.update(theta, grad, eta)

    def rate(self, theta: Array) -> float | Array:
        """Return η of the next update: a number, or an array that fits theta, (..., 1)."""
        eta = self.eta
        if isinstance(eta, float):
            return eta
        if callable(eta):
            eta = non_negative("eta", eta(self.k))
        if np.ndim(eta) == 0:
            return float(eta)
        if np.shape(eta) != theta.shape[:-1]:
            raise ValueError(
                f"eta has shape {np.shape(eta)}; expected a number or the shape of the stack, "
                f"{theta.shape[:-1]}"
            )
        return np.asarray(eta, theta.dtype)[..., None]

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

    def __init__(self, eta: Rate, beta: float = 0.9, nesterov: bool = False) -> None:
        super().__init__(eta)
        self.beta = fraction("beta", beta)
        self.nesterov = nesterov
        self.v = 0.0

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

    def __init__(self, eta: Rate = 0.01, eps: float = 1e-10) -> None:
        super().__init__(eta)
        self.eps = non_negative("eps", eps)
        self.s = 0.0

    def update(self, theta: Array, grad: Array, eta: float | Array) -> None:
        """Change theta in place."""
        self.s = self.s + grad * grad
        theta -= eta * grad / (np.sqrt(self.s) + self.eps)


class RMSProp(Optimizer):
    """AdaGrad that forgets: s ← β s + (1 − β) g², θ ← θ − η g / (√s + ε) (Hinton 2012)."""

    def __init__(self, eta: Rate = 0.01, beta: float = 0.99, eps: float = 1e-8) -> None:
        super().__init__(eta)
        self.beta = fraction("beta", beta)
        self.eps = non_negative("eps", eps)
        self.s = 0.0

    def update(self, theta: Array, grad: Array, eta: float | Array) -> None:
        """Change theta in place."""
        self.s = self.beta * self.s + (1 - self.beta) * grad * grad
        theta -= eta * grad / (np.sqrt(self.s) + self.eps)


class Adam(Optimizer):
    """Momentum and RMSProp together, with their slow start corrected (Kingma & Ba 2015).

    m ← β₁ m + g,  s ← β₂ s + g²,
    m̂ = (1 − β₁) m / (1 − β₁ᵏ),  ŝ = (1 − β₂) s / (1 − β₂ᵏ),  θ ← θ − η m̂ / (√ŝ + ε).

    The paper has the factors 1 − β in m and s already. Here they come with m̂ and ŝ, which
    are the same, and cost no product of arrays.

    Args:
        eta: the learning rate.
        beta1, beta2: how much of the two sums survives one update.
        eps: ε, which keeps the quotient finite.
        bias_correction: False leaves out both 1 − βᵏ, to see what the correction does.
    """

    def __init__(
        self,
        eta: Rate = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        bias_correction: bool = True,
    ) -> None:
        super().__init__(eta)
        self.beta1, self.beta2 = fraction("beta1", beta1), fraction("beta2", beta2)
        self.eps = non_negative("eps", eps)
        self.bias_correction = bias_correction
        self.m = self.s = 0.0

    def update(self, theta: Array, grad: Array, eta: float | Array) -> None:
        """Change theta in place."""
        if self.k == 1:
            self.m, self.s = np.zeros_like(theta), np.zeros_like(theta)
        self.m *= self.beta1
        self.m += grad
        self.s *= self.beta2
        self.s += grad * grad
        c1, c2 = 1 / (1 - self.beta1), 1 / (1 - self.beta2)
        if self.bias_correction:
            c1, c2 = c1 * (1 - self.beta1**self.k), c2 * (1 - self.beta2**self.k)
        # η m̂ / (√ŝ + ε), with both divisors taken out of the arrays
        step = np.sqrt(self.s)
        step += self.eps * c2**0.5
        np.divide(self.m, step, out=step)
        step *= eta * c2**0.5 / c1
        theta -= step


class AdamW(Adam):
    """Adam with decoupled weight decay: the decay is not divided by √ŝ (Loshchilov & Hutter 2019).

    Args:
        eta: the learning rate.
        weight_decay: λ: every update starts with θ ← θ − η λ θ.
        **adam: what else `Adam` takes.
    """

    def __init__(self, eta: Rate = 1e-3, weight_decay: float = 0.01, **adam: Any) -> None:
        super().__init__(eta, **adam)
        self.weight_decay = non_negative("weight_decay", weight_decay)

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
    positive("limit", limit)
    non_negative("eps", eps)

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
    positive("limit", limit)

    def clip(grad: Array) -> None:
        np.clip(grad, -limit, limit, out=grad)

    return clip
