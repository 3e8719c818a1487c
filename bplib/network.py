"""A network, or a stack of networks, whose parameters all live in one array."""

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from bplib import initializers
from bplib._errors import finite, generator, numbers, positive_int
from bplib.activations import Activation, Array
from bplib.layers import Dense, Layer, bind_all, chain
from bplib.losses import Loss


class Network:
    """Layers applied one after the other, with `theta` (and `grad`) as the one home of numbers.

    `theta` has shape (..., P). Every `W[l]`, `b[l]` is a view of it and every `dW[l]`,
    `db[l]` a view of `grad`, so an optimizer needs to know nothing but two flat arrays.
    Leading axes make a stack: as many independent networks as they have entries, run by
    the same matrix products. `slices` says where each parameter lies in theta ("W[0]",
    "b[0]", …, numbered by the layers that have any), and `is_weight`, (P,), is True where
    theta holds a weight of a dense layer and not a bias, γ or β.

    Args:
        layers: the layers, each one's n_in equal to the n_out of the one before.
        stack: number of networks (or a shape) trained side by side; None for just one.
        dtype: float64, float32, or complex128 for complex-step derivatives.
        seed: seed of `rng`, or the generator itself.

    Attributes:
        rng: the generator of what happens by chance in training, such as the shuffling of
            `fit`. Each use moves it on, so that no two trainings are alike by accident.

    Raises:
        ValueError: there is no layer, one comes twice, or two neighbours do not fit.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        stack: int | tuple[int, ...] | None = None,
        dtype: DTypeLike = np.float64,
        seed: int | np.random.Generator | None = 0,
    ) -> None:
        self.layers = chain(layers)
        self.rng = generator("seed", seed)
        self.stack = _stack_shape(stack)
        self.dtype = _float_type(dtype)
        n_params = sum(layer.n_params for layer in self.layers)
        self.theta = np.zeros((*self.stack, n_params), self.dtype)
        self.grad = np.zeros_like(self.theta)
        bind_all(self.layers, self.theta, self.grad)
        self.slices = dict(_parameter_slices(self.walk()))
        self.is_weight = np.zeros(n_params, dtype=bool)
        for name, here in self.slices.items():
            self.is_weight[here] = name.startswith("W")

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
    def weight_slices(self) -> dict[str, slice]:
        """Where each weight lies in theta: name -> slice, in the order of theta."""
        return {name: here for name, here in self.slices.items() if name.startswith("W")}

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

    @property
    def state(self) -> dict[str, Array]:
        """Theta and what layers remember beside it, such as running averages: name -> array."""
        remembered = {
            f"{name}[{l}]": array
            for l, layer in enumerate(self.walk())
            for name, array in layer.state.items()
        }
        return {"theta": self.theta, **remembered}

    def copy(self, dtype: DTypeLike | None = None) -> "Network":
        """Return a network of its own with the same layers and numbers, perhaps another dtype."""
        twin = Network(deepcopy(self.layers), self.stack or None, dtype or self.dtype)
        twin.theta[...] = self.theta
        twin.rng = deepcopy(self.rng)
        return twin

    def forward(self, x: ArrayLike, train: bool = False) -> Array:
        """Return the last layer's activation, (..., n_L, m), for inputs x, (n_in, m).

        `train` tells dropout and batch normalization that this is training.

        Raises:
            ValueError: x is not two-dimensional, has the wrong number of rows, or holds
                a NaN. (A stack also takes an x with the stack's own leading axes.)
        """
        return self.propagate(self._columns("x", x, self.layers[0].n_in), train)

    def propagate(self, a: Array, train: bool = False) -> Array:
        """Do what `forward` does, for inputs that have been checked."""
        for layer in self.layers:
            a = layer.forward(a, train)
        return a

    def backward(self, delta: Array, down: bool = True) -> Array | None:
        """Fill `grad` from δ_L = ∂L/∂z_L, (..., n_L, m), of the last forward pass.

        Each layer adds up its gradients over the m examples; here they become the mean.

        Returns:
            ∂L/∂x, (..., n_in, m), of each example by itself; down=False saves its cost.
        """
        da, step = delta, self.layers[-1].backward_from
        for below in self.layers[-2::-1]:
            da = step(da)
            step = below.backward
        da = step(da, down)
        self.grad *= 1 / delta.shape[-1]
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
    net = Network(layers, stack, dtype, seed)
    draw = initializers.get(init)
    for W in net.W:
        W[...] = draw(net.rng, W.shape)
    return net


def evaluate(net: Network, loss: Loss, x: ArrayLike, y: ArrayLike, train: bool = False) -> Array:
    """Return the loss of a forward pass: a number, or one per member of a stack.

    It is the mean over examples, plus the loss's penalties if it has any. `train` tells
    dropout and batch normalization that this is training.

    Raises:
        ValueError: x or y has the wrong shape or values, or the loss does not fit the output.
    """
    x, y = checked(net, loss, x, y)
    return loss_value(net, loss, net.propagate(x, train), y)


def loss_and_grad(net: Network, loss: Loss, x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    """Return the loss and its gradient with respect to theta, shape (..., P).

    The gradient is `net.grad` itself: it is overwritten by the next call.

    Raises:
        ValueError: x or y has the wrong shape or values, or the loss does not fit the output.
    """
    x, y = checked(net, loss, x, y)
    a = backpropagate(net, loss, x, y)
    return loss_value(net, loss, a, y), net.grad


def accuracy(net: Network, x: ArrayLike, y: ArrayLike) -> Array:
    """Return the share of examples that the network puts in the right class, shape (...).

    Of several outputs the largest tells the class; a single one tells it by its side of ½.
    An output that is NaN is never right.

    Raises:
        ValueError: x or y has the wrong shape, or y does not name classes by 0 and 1.
    """
    x, y = _pair(net, x, y)
    if not labels(y):
        raise ValueError(
            "y does not say a class; expected 0 or 1 in each column, or one 1 among zeros"
        )
    return np.mean(classes(net.propagate(x)) == classes(y), axis=-1)[()]


def checked(net: Network, loss: Loss, x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    """Return x and y as arrays of the network's type, fit for `backpropagate`.

    Raises:
        ValueError: one has the wrong shape or values, or the loss does not fit the output.
    """
    if not isinstance(loss, Loss):
        raise ValueError(f"loss is {loss!r}; expected a loss such as SquaredError()")
    f = net.layers[-1].f
    if loss.outputs and f.name not in loss.outputs:
        raise ValueError(
            f"the output activation is {f.name!r}; "
            f"{type(loss).__name__} expected {' or '.join(map(repr, loss.outputs))}"
        )
    x, y = _pair(net, x, y)
    loss.check(y.real)
    return x, y


def backpropagate(net: Network, loss: Loss, x: Array, y: Array, a: Array | None = None) -> Array:
    """Fill `net.grad` by one forward and one backward pass; return the output a_L.

    x and y must have been `checked`. `a` is the output of the forward pass if the layers
    hold it already.
    """
    if a is None:
        a = net.propagate(x, train=True)
    last = net.layers[-1]
    net.backward(loss.delta(last.z, a, y, last.f), down=False)
    for penalty in loss.penalties:
        net.grad += penalty.gradient(np.where(net.is_weight, net.theta, 0))
    return a


def loss_value(net: Network, loss: Loss, a: Array, y: Array) -> Array:
    """Return the loss of the forward pass that gave the output a, shape (...)."""
    value = loss.value(net.layers[-1].z, a, y)
    for penalty in loss.penalties:
        value = value + penalty.value(np.where(net.is_weight, net.theta, 0))
    return value[()]


def classes(a: Array) -> Array:
    """Return the class that each column of a, (..., n, m), stands for, shape (..., m).

    It is −1, which is none, where there is a NaN.
    """
    index = a[..., 0, :] > 0.5 if a.shape[-2] == 1 else a.argmax(axis=-2)
    return np.where(np.isnan(a).any(axis=-2), -1, index)


def labels(y: Array) -> bool:
    """Say whether each column of y names a class: by 0 or 1, or by one 1 among zeros."""
    binary = np.all((y == 0) | (y == 1))
    return bool(binary and (y.shape[-2] == 1 or np.all(y.sum(axis=-2) == 1)))


def _pair(net: Network, x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    y = net._columns("y", y, net.layers[-1].n_out)
    x = net._columns("x", x, net.layers[0].n_in)
    if x.shape[-1] != y.shape[-1]:
        raise ValueError(
            f"x has shape {x.shape} and y has shape {y.shape}; "
            "expected the same number of columns, one for each example"
        )
    return x, y


def _parameter_slices(layers: Iterable[Layer]) -> Iterator[tuple[str, slice]]:
    start = 0
    for l, layer in enumerate(layer for layer in layers if layer.shapes):
        for name, (rows, columns) in layer.shapes.items():
            yield f"{name}[{l}]", slice(start, start + rows * columns)
            start += rows * columns


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
