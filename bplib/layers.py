"""Layers: forward and backward side by side, parameters as views of the network's theta.

Every layer takes and gives arrays of shape (..., n, m). What comes down the backward pass is
∂L/∂a of each example by itself. A layer adds up its parameters' gradients over the examples;
the mean is taken once, of the whole gradient, by `Network.backward`.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np

from bplib._errors import fraction, positive, positive_int, single
from bplib.activations import Activation, Array, get, identity

__all__ = ["Layer", "Dense", "Activate", "Dropout", "BatchNorm", "LayerNorm", "Residual"]


class Layer:
    """What all layers have in common.

    Args:
        n_in: number of inputs.
        n_out: number of outputs.

    Attributes:
        a: the output of the last forward pass, (..., n_out, m).
        f: the activation at the very end of the layer, for the loss to look through.
    """

    f: Activation = identity

    def __init__(self, n_in: int, n_out: int) -> None:
        self.n_in = positive_int("n_in", n_in)
        self.n_out = positive_int("n_out", n_out)
        self.a = np.empty(0)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.n_out})"

    @property
    def z(self) -> Array:
        """The weighted input behind a; a itself where the layer ends in no activation."""
        return self.a

    @property
    def shapes(self) -> dict[str, tuple[int, int]]:
        """The layer's own parameters: name -> shape."""
        return {}

    @property
    def state(self) -> dict[str, Array]:
        """What the layer remembers beside its parameters: name -> array."""
        return {}

    @property
    def n_params(self) -> int:
        """Number of parameters."""
        return sum(rows * columns for rows, columns in self.shapes.values())

    def bind(self, theta: Array, grad: Array) -> None:
        """Make each parameter p a view of theta and its gradient dp a view of grad, (..., P)."""
        start = 0
        for name, (rows, columns) in self.shapes.items():
            here = np.s_[..., start : start + rows * columns]
            shape = (*theta.shape[:-1], rows, columns)
            setattr(self, name, theta[here].reshape(shape))
            setattr(self, "d" + name, grad[here].reshape(shape))
            start += rows * columns

    def walk(self) -> Iterator["Layer"]:
        """Yield this layer and all inside it, in the order of their parameters."""
        yield self

    def forward(self, a_prev: Array, train: bool = False) -> Array:
        """Activations of the layer below, (..., n_in, m), in; a, (..., n_out, m), out."""
        raise TypeError(f"{type(self).__name__} has no forward pass of its own")

    def backward(self, da: Array, down: bool = True) -> Array | None:
        """∂L/∂a of this layer in, ∂L/∂a of the layer below out; gradients on the way.

        `down` is False where there is no layer below: what would go there may be left out.
        """
        raise TypeError(f"{type(self).__name__} has no backward pass of its own")

    def backward_from(self, delta: Array, down: bool = True) -> Array | None:
        """Do the same from δ = ∂L/∂z, (..., n_out, m): where the loss starts the pass."""
        return self.backward(delta, down)


class Dense(Layer):
    """A layer a = f(z), z = W @ a_prev + b.

    Args:
        n_in: number of inputs.
        n_out: number of units.
        activation: the f of this layer, by name or as an `Activation`.

    Attributes:
        W, b: parameters, shapes (..., n_out, n_in) and (..., n_out, 1).
        dW, db: their gradients, same shapes: summed over the examples by `backward`, and
            their mean once `Network.backward` is through.
        a_prev, z, a, delta: what the last forward and backward pass left behind,
            shapes (..., n_in, m) and three times (..., n_out, m).
    """

    z = np.empty(0)

    def __init__(self, n_in: int, n_out: int, activation: str | Activation = "identity") -> None:
        super().__init__(n_in, n_out)
        self.f = get(activation)
        self.W = self.b = self.dW = self.db = np.empty(0)
        self.a_prev = self.delta = np.empty(0)

    def __repr__(self) -> str:
        return f"Dense({self.n_in}, {self.n_out}, {self.f.name!r})"

    @property
    def shapes(self) -> dict[str, tuple[int, int]]:
        """W, then b."""
        return {"W": (self.n_out, self.n_in), "b": (self.n_out, 1)}

    def forward(self, a_prev: Array, train: bool = False) -> Array:
        """Activations of the layer below, (..., n_in, m), in; a, (..., n_out, m), out."""
        self.a_prev = a_prev
        self.z = self.W @ a_prev
        self.z += self.b
        self.a = self.f(self.z)
        return self.a

    def backward(self, da: Array, down: bool = True) -> Array | None:
        """∂L/∂a of this layer in, ∂L/∂a of the layer below out; dW and db on the way.

        The layer above hands down da = W.mT @ delta with its own W and delta, so the
        result of `vjp` is δ_l = (W_{l+1}ᵀ δ_{l+1}) ⊙ f′(z_l).
        """
        return self.backward_from(self.f.vjp(da, self.z, self.a), down)

    def backward_from(self, delta: Array, down: bool = True) -> Array | None:
        """Do the same from δ = ∂L/∂z, (..., n_out, m): where the loss starts the pass."""
        self.delta = delta
        product = np.dot if delta.ndim == 2 else np.matmul  # of small matrices, dot is quicker
        product(delta, self.a_prev.mT, out=self.dW)
        product(delta, _ones(delta.shape[-1], delta.dtype), out=self.db)
        return self.W.mT @ delta if down else None


class Activate(Layer):
    """An activation by itself, for where something stands between it and the weights.

    Args:
        n: number of units.
        activation: by name or as an `Activation`.
    """

    z = np.empty(0)

    def __init__(self, n: int, activation: str | Activation) -> None:
        super().__init__(n, n)
        self.f = get(activation)

    def __repr__(self) -> str:
        return f"Activate({self.n_out}, {self.f.name!r})"

    def forward(self, a_prev: Array, train: bool = False) -> Array:
        """Return f(a_prev), (..., n, m)."""
        self.z = a_prev
        self.a = self.f(self.z)
        return self.a

    def backward(self, da: Array, down: bool = True) -> Array | None:
        """Return ∂L/∂a_prev."""
        return self.f.vjp(da, self.z, self.a)

    def backward_from(self, delta: Array, down: bool = True) -> Array | None:
        """Return δ itself, which is ∂L/∂a_prev."""
        return delta


class Dropout(Layer):
    """Zeroes each activation with probability `rate` while training; inverted, so that the
    expectation stays the same and nothing needs scaling afterwards (Srivastava et al. 2014).

    Args:
        n: number of units.
        rate: probability of a zero, from 0 up to but not including 1.
        seed: seed of the masks, or a generator.

    Attributes:
        mask: zeros and 1 / (1 − rate), of the last training pass.
        hold: True keeps the mask, so that a derivative can be checked.
    """

    def __init__(self, n: int, rate: float, seed: int | np.random.Generator | None = 0) -> None:
        super().__init__(n, n)
        self.rate = fraction("rate", rate)
        self.rng = np.random.default_rng(seed)
        self.hold = False
        self.mask = self.factor = np.ones(())

    def forward(self, a_prev: Array, train: bool = False) -> Array:
        """Return a_prev, in training with zeros and the rest divided by 1 − rate."""
        if train and not (self.hold and self.mask.shape == a_prev.shape):
            kept = self.rng.random(a_prev.shape) >= self.rate
            self.mask = (kept / (1 - self.rate)).astype(a_prev.dtype)
        self.factor = (self.mask if train else np.ones(())).astype(a_prev.dtype, copy=False)
        self.a = self.factor * a_prev
        return self.a

    def backward(self, da: Array, down: bool = True) -> Array | None:
        """Return ∂L/∂a_prev: the same zeros, the same scale."""
        return self.factor * da


class _Normalization(Layer):
    """a = γ x̂ + β, with x̂ of mean 0 and variance 1 along an axis of the input."""

    axis: int

    def __init__(self, n: int, eps: float = 1e-5) -> None:
        super().__init__(n, n)
        self.eps = positive("eps", eps)
        self.gamma = self.beta = self.dgamma = self.dbeta = np.empty(0)
        self.x_hat = self.deviation = np.empty(0)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.n_out}, eps={self.eps})"

    @property
    def shapes(self) -> dict[str, tuple[int, int]]:
        """γ, then β."""
        return {"gamma": (self.n_out, 1), "beta": (self.n_out, 1)}

    def bind(self, theta: Array, grad: Array) -> None:
        """Make γ, β, dγ, dβ views of theta and grad; γ starts at 1, β at 0."""
        super().bind(theta, grad)
        self.gamma[...] = 1

    def moments(self, x: Array) -> tuple[Array, Array]:
        """Return mean and variance of x along the layer's axis."""
        mean = x.mean(axis=self.axis, keepdims=True)
        return mean, ((x - mean) ** 2).mean(axis=self.axis, keepdims=True)

    def normalize(self, x: Array, mean: Array, variance: Array) -> Array:
        """Return γ x̂ + β."""
        self.deviation = np.sqrt(variance + self.eps)
        self.x_hat = (x - mean) / self.deviation
        self.a = self.gamma * self.x_hat + self.beta
        return self.a

    def scale_and_shift(self, da: Array) -> Array:
        """Fill dγ and dβ; return ∂L/∂x̂."""
        (da * self.x_hat).sum(axis=-1, keepdims=True, out=self.dgamma)
        da.sum(axis=-1, keepdims=True, out=self.dbeta)
        return da * self.gamma

    def through_moments(self, dx_hat: Array) -> Array:
        """Return ∂L/∂x where mean and variance depend on x too."""
        mean = dx_hat.mean(axis=self.axis, keepdims=True)
        along = (dx_hat * self.x_hat).mean(axis=self.axis, keepdims=True)
        return (dx_hat - mean - self.x_hat * along) / self.deviation


class BatchNorm(_Normalization):
    """Normalizes each unit over the examples of the batch (Ioffe & Szegedy 2015).

    In training the batch's own mean and variance count, and running averages are kept of
    them (of the unbiased variance, as in PyTorch); otherwise the running averages count.

    Args:
        n: number of units.
        eps: added to the variance.
        momentum: weight of the newest batch in the running averages.
    """

    axis = -1

    def __init__(self, n: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(n, eps)
        self.momentum = single("momentum", momentum)
        if self.momentum > 1:
            raise ValueError(f"momentum is {momentum!r}; expected a number from 0 to 1")
        self.running_mean = self.running_variance = np.empty(0)
        self.train = False

    @property
    def state(self) -> dict[str, Array]:
        """The running averages."""
        return {"running_mean": self.running_mean, "running_variance": self.running_variance}

    def bind(self, theta: Array, grad: Array) -> None:
        """Make γ, β, dγ, dβ views of theta and grad, and start the running averages."""
        super().bind(theta, grad)
        if self.running_mean.shape != self.beta.shape:
            self.running_mean = np.zeros_like(self.beta)
            self.running_variance = np.ones_like(self.beta)
        self.running_mean = self.running_mean.astype(theta.dtype)
        self.running_variance = self.running_variance.astype(theta.dtype)

    def forward(self, a_prev: Array, train: bool = False) -> Array:
        """Return γ x̂ + β, (..., n, m).

        Raises:
            ValueError: training on a single example, which has no variance.
        """
        self.train = train
        if not train:
            return self.normalize(a_prev, self.running_mean, self.running_variance)
        m = a_prev.shape[-1]
        if m < 2:
            raise ValueError("the batch has 1 example; BatchNorm expected at least 2 in training")
        mean, variance = self.moments(a_prev)
        if a_prev.dtype.kind != "c":
            new = self.momentum
            self.running_mean += new * (mean - self.running_mean)
            self.running_variance += new * (variance * m / (m - 1) - self.running_variance)
        return self.normalize(a_prev, mean, variance)

    def backward(self, da: Array, down: bool = True) -> Array | None:
        """Return ∂L/∂a_prev; dγ and dβ on the way."""
        dx_hat = self.scale_and_shift(da)
        return self.through_moments(dx_hat) if self.train else dx_hat / self.deviation


class LayerNorm(_Normalization):
    """Normalizes each example over the units of the layer (Ba et al. 2016).

    Args:
        n: number of units.
        eps: added to the variance.
    """

    axis = -2

    def forward(self, a_prev: Array, train: bool = False) -> Array:
        """Return γ x̂ + β, (..., n, m)."""
        return self.normalize(a_prev, *self.moments(a_prev))

    def backward(self, da: Array, down: bool = True) -> Array | None:
        """Return ∂L/∂a_prev; dγ and dβ on the way."""
        return self.through_moments(self.scale_and_shift(da))


class Residual(Layer):
    """a = a_prev + inner(a_prev): the input takes a second way around (He et al. 2016).

    Args:
        layers: the inner layers, as many outputs at their end as inputs at their start.

    Raises:
        ValueError: there is no layer, or two neighbours, or both ends, do not fit.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = chain(layers)
        super().__init__(self.layers[0].n_in, self.layers[-1].n_out)
        if self.n_in != self.n_out:
            raise ValueError(
                f"layers go from {self.n_in} to {self.n_out} units; expected as many out as in"
            )

    def __repr__(self) -> str:
        return f"Residual({self.layers!r})"

    @property
    def n_params(self) -> int:
        """Number of parameters of all inner layers."""
        return sum(layer.n_params for layer in self.layers)

    def bind(self, theta: Array, grad: Array) -> None:
        """Bind the inner layers, one after the other."""
        bind_all(self.layers, theta, grad)

    def walk(self) -> Iterator[Layer]:
        """Yield this layer and all inside it."""
        yield self
        for layer in self.layers:
            yield from layer.walk()

    def forward(self, a_prev: Array, train: bool = False) -> Array:
        """Return a_prev + inner(a_prev), (..., n, m)."""
        a = a_prev
        for layer in self.layers:
            a = layer.forward(a, train)
        self.a = a_prev + a
        return self.a

    def backward(self, da: Array, down: bool = True) -> Array | None:
        """Return ∂L/∂a_prev: both ways add."""
        around = da
        for layer in reversed(self.layers):
            da = layer.backward(da)
        return around + da


def chain(layers: Sequence[Layer]) -> list[Layer]:
    """Return the layers as a list if each one's n_in is the n_out of the one before.

    Raises:
        ValueError: there is no layer, one comes twice, or two neighbours do not fit.
    """
    if not layers:
        raise ValueError("layers is empty; expected at least one layer")
    for l, (below, above) in enumerate(pairwise(layers)):
        if below.n_out != above.n_in:
            raise ValueError(
                f"layers[{l}] has n_out = {below.n_out} but layers[{l + 1}] has "
                f"n_in = {above.n_in}; expected them to be equal"
            )
    inside = [id(layer) for outer in layers for layer in outer.walk()]
    if len(set(inside)) < len(inside):
        raise ValueError("layers holds the same layer twice; expected each to be its own")
    return list(layers)


def bind_all(layers: Sequence[Layer], theta: Array, grad: Array) -> None:
    """Bind the layers to consecutive pieces of theta and grad, both (..., P)."""
    start = 0
    for layer in layers:
        here = np.s_[..., start : start + layer.n_params]
        layer.bind(theta[here], grad[here])
        start += layer.n_params


@lru_cache(maxsize=8)  # a training needs two: of a whole batch, and of what is left over
def _ones(m: int, dtype: np.dtype) -> Array:
    """Return the input, (m, 1), of which a bias is the weight."""
    return np.ones((m, 1), dtype)
