"""A network, or a stack of networks, whose parameters all live in one array."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from bplib import init as initializers
from bplib._errors import finite, numbers, positive_int
from bplib.activations import Activation, Array
from bplib.layers import Dense, Layer, bind_all, chain
from bplib.losses import Loss


class Network:
    """Layers applied one after the other, with `theta` (and `grad`) as the one home of numbers.

    `theta` has shape (..., P). Every `W[l]`, `b[l]` is a view of it and every `dW[l]`,
    `db[l]` a view of `grad`, so an optimizer needs to know nothing but two flat arrays.
    Leading axes make a stack: as many independent networks as they have entries, run by
    the same matrix products.

    Args:
        layers: the layers, each one's n_in equal to the n_out of the one before.
        stack: number of networks (or a shape) trained side by side; None for just one.
        dtype: float64, float32, or complex128 for complex-step derivatives.

    Raises:
        ValueError: there is no layer, one comes twice, or two neighbours do not fit.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        stack: int | tuple[int, ...] | None = None,
        dtype: DTypeLike = np.float64,
    ) -> None:
        self.layers = chain(layers)
        self.stack = _stack_shape(stack)
        self.dtype = _float_type(dtype)
        n_params = sum(layer.n_params for layer in self.layers)
        self.theta = np.zeros((*self.stack, n_params), self.dtype)
        self.grad = np.zeros_like(self.theta)
        bind_all(self.layers, self.theta, self.grad)

    def __repr__(self) -> str:
        sizes = [self.layers[0].n_in, *(layer.n_out for layer in self.layers)]
        names = [layer.f.name for layer in self.layers]
        stack = f", stack={self.stack}" if self.stack else ""
        return f"Network({sizes}, {names}, {self.theta.shape[-1]} parameters{stack})"

    def walk(self) -> Iterator[Layer]:
        """Yield every layer, those inside others too, in the order of their parameters."""
        for layer in self.layers:
            yield from layer.walk()

    @property
    def dense(self) -> list[Dense]:
        """The layers with weights, whatever stands between them."""
        return [layer for layer in self.walk() if isinstance(layer, Dense)]

    W = property(lambda self: [layer.W for layer in self.dense], doc="Weights by dense layer.")
    b = property(lambda self: [layer.b for layer in self.dense], doc="Biases by dense layer.")
    dW = property(lambda self: [layer.dW for layer in self.dense], doc="∂L/∂W by dense layer.")
    db = property(lambda self: [layer.db for layer in self.dense], doc="∂L/∂b by dense layer.")
    z = property(lambda self: [layer.z for layer in self.dense], doc="Weighted inputs, likewise.")
    a = property(lambda self: [layer.a for layer in self.dense], doc="Activations, likewise.")
    delta = property(lambda self: [layer.delta for layer in self.dense], doc="Errors, likewise.")

    def copy(self, dtype: DTypeLike | None = None) -> "Network":
        """Return a network of its own with the same layers and numbers, perhaps another dtype."""
        twin = Network(deepcopy(self.layers), self.stack or None, dtype or self.dtype)
        twin.theta[...] = self.theta
        return twin

    def forward(self, x: ArrayLike, train: bool = False) -> Array:
        """Return the last layer's activation, (..., n_L, m), for inputs x, (n_in, m).

        `train` tells dropout and batch normalization that this is training.

        Raises:
            ValueError: x is not two-dimensional, has the wrong number of rows, or holds
                a NaN. (A stack also takes an x with the stack's own leading axes.)
        """
        a = self._columns("x", x, self.layers[0].n_in)
        for layer in self.layers:
            a = layer.forward(a, train)
        return a

    def backward(self, delta: Array) -> Array:
        """Fill `grad` from δ_L = ∂L/∂z_L, (..., n_L, m), of the last forward pass.

        Returns:
            ∂L/∂x, (..., n_in, m), of each example by itself.
        """
        *below, last = self.layers
        da = last.backward_from(delta)
        for layer in reversed(below):
            da = layer.backward(da)
        return da

    def _columns(self, name: str, value: ArrayLike, rows: int) -> Array:
        array = numbers(name, value)
        if array.dtype.kind == "c" and self.dtype.kind != "c":
            raise ValueError(f"{name} holds {array.dtype} values; expected real numbers")
        leading = array.shape[:-2]
        if array.ndim < 2 or array.shape[-2] != rows or leading not in ((), self.stack):
            raise ValueError(
                f"{name} has shape {array.shape}; expected ({rows}, m): examples are columns"
            )
        if array.shape[-1] == 0:
            raise ValueError(f"{name} has shape {array.shape}; expected at least one column")
        return finite(name, array.astype(self.dtype, copy=False))


def mlp(
    sizes: Sequence[int],
    hidden: str | Activation = "tanh",
    output: str | Activation = "identity",
    init: str | initializers.Initializer = "xavier",
    seed: int | np.random.Generator | None = 0,
    stack: int | tuple[int, ...] | None = None,
    dtype: DTypeLike = np.float64,
) -> Network:
    """Return a multilayer perceptron with the given layer sizes, initialised.

    Args:
        sizes: units per layer from input to output, such as [2, 3, 1].
        hidden: activation of all layers but the last.
        output: activation of the last layer.
        init: name of an initializer, or a function (rng, shape) -> weights. Biases are 0.
        seed: seed of the random generator, or the generator itself.
        stack: number (or shape) of independent networks to hold side by side.
        dtype: type of all parameters.

    Raises:
        ValueError: fewer than two sizes, a size below 1, or an unknown name.
    """
    if not hasattr(sizes, "__len__") or len(sizes) < 2:
        raise ValueError(f"sizes is {sizes!r}; expected at least two, such as [2, 3, 1]")
    sizes = [positive_int(f"sizes[{i}]", n) for i, n in enumerate(sizes)]
    activations = [hidden] * (len(sizes) - 2) + [output]
    layers = [Dense(*ends, f) for ends, f in zip(pairwise(sizes), activations, strict=True)]
    net = Network(layers, stack, dtype)
    draw = initializers.get(init)
    rng = np.random.default_rng(seed)
    for W in net.W:
        W[...] = draw(rng, W.shape)
    return net


def evaluate(net: Network, loss: Loss, x: ArrayLike, y: ArrayLike, train: bool = False) -> Array:
    """Return the mean loss of a forward pass: a number, or one per member of a stack.

    `train` tells dropout and batch normalization that this is training.

    Raises:
        ValueError: x or y has the wrong shape or values, or the loss does not fit the output.
    """
    y = _check_target(net, loss, x, y)
    a = net.forward(x, train)
    return loss.value(net.layers[-1].z, a, y)[()]


def loss_and_grad(net: Network, loss: Loss, x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    """Return the mean loss and its gradient with respect to theta, shape (..., P).

    The gradient is `net.grad` itself: it is overwritten by the next call.

    Raises:
        ValueError: x or y has the wrong shape or values, or the loss does not fit the output.
    """
    y = _check_target(net, loss, x, y)
    a = net.forward(x, train=True)
    last = net.layers[-1]
    net.backward(loss.delta(last.z, a, y, last.f))
    return loss.value(last.z, a, y)[()], net.grad


def _check_target(net: Network, loss: Loss, x: ArrayLike, y: ArrayLike) -> Array:
    last = net.layers[-1]
    if isinstance(loss, (str, type)):
        raise ValueError(f"loss is {loss!r}; expected a loss such as SquaredError()")
    if loss.outputs and last.f.name not in loss.outputs:
        raise ValueError(
            f"the output activation is {last.f.name!r}; "
            f"{type(loss).__name__} expected {' or '.join(map(repr, loss.outputs))}"
        )
    y = net._columns("y", y, last.n_out)
    x_shape = numbers("x", x).shape
    if x_shape[-1:] != y.shape[-1:]:
        raise ValueError(
            f"x has shape {x_shape} and y has shape {y.shape}; "
            "expected the same number of columns, one for each example"
        )
    loss.check(y.real)
    return y


def _stack_shape(stack: Any) -> tuple[int, ...]:
    if stack is None:
        return ()
    sizes = stack if isinstance(stack, tuple) else (stack,)
    return tuple(positive_int("stack", n) for n in sizes)


def _float_type(dtype: DTypeLike) -> np.dtype:
    try:
        dtype = np.dtype(dtype)
    except TypeError as error:
        raise ValueError(f"dtype is {dtype!r}; expected one such as float64") from error
    if dtype.kind not in "fc":
        raise ValueError(f"dtype is {dtype}; expected a floating type such as float64")
    return dtype
