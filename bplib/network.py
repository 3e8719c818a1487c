"""A network, or a stack of networks, whose parameters all live in one array."""

import weakref
from collections.abc import Iterator, Sequence
from copy import deepcopy
from functools import partial
from itertools import pairwise
from math import prod
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from bplib import _errors as check
from bplib import initializers
from bplib._errors import require
from bplib.activations import Activation, Array, get, softmax
from bplib.initializers import Initializer, Seed, Shape
from bplib.layers import Dense, Layer, bind_all, chain, run, write
from bplib.losses import Loss

__all__ = ["Network", "mlp", "evaluate", "loss_and_grad", "accuracy"]


class Views(tuple):
    """Arrays of all dense layers: assigning to an item copies the numbers into that array."""

    name: str

    def __setitem__(self, l: int, value: ArrayLike) -> None:
        write(self.name, self[l], value, nan=self.name.startswith("d"))


def _by_layer(name: str, doc: str) -> property:
    def read(net: "Network") -> Views:
        views = Views(getattr(layer, name) for layer in net.dense)
        views.name = name
        return views

    def write_all(net: "Network", values: Sequence[ArrayLike]) -> None:
        views = read(net)
        require(len(values) == len(views), f"{name} is {len(values)} arrays; expected {len(views)}")
        for l, value in enumerate(values):
            views[l] = value

    return property(read, write_all, doc=doc)


def _home(name: str, doc: str) -> property:
    def copy_in(net: "Network", value: ArrayLike) -> None:
        write(name, home(net), value, nan=name == "grad")

    home = attrgetter(f"_{name}")
    return property(home, copy_in, doc=doc)


class Network:
    """Layers applied one after the other, with `theta` (and `grad`) as the one home of numbers.

    `theta` has shape (..., P). Every `W[l]`, `b[l]` is a view of it and every `dW[l]`,
    `db[l]` a view of `grad`, so an optimizer needs to know nothing but two flat arrays.
    Assigning to `theta`, `grad`, `W[l]`, … or to a layer's parameter copies the numbers in.
    Leading axes make a stack: as many independent networks as they have entries, run by
    the same matrix products.

    Args:
        layers: the layers, each one's n_in equal to the n_out of the one before.
        stack: number of networks (or a shape) trained side by side; None for just one.
        dtype: float64, float32, or complex128 for complex-step derivatives.
        init: name of an initializer, or a function (rng, shape) -> weights. Biases start at
            0, γ at 1. A layer that was given parameters before keeps them.
        seed: seed of the random generator, or the generator itself: it draws the weights,
            and each layer with chance gets a generator spawned from it.

    Attributes:
        rng: the generator made from `seed`.
        slices: where each parameter lies in theta: "W[0]", "b[0]", … -> slice, numbered by
            the layers that have parameters. `weight_slices` has the weights alone.
        is_weight: True where theta holds a weight and not a bias, γ or β, shape (P,).
        stack: shape of the stack, () for a single network.
        dtype: type of theta.

    Raises:
        ValueError: there is no layer, one comes twice or is part of another network, two
            neighbours do not fit, or another argument has the wrong value.
    """

    theta = _home("theta", "All parameters, (..., P).")
    grad = _home("grad", "∂L/∂θ of the mean loss, (..., P), as the last backward pass left it.")
    W = _by_layer("W", "Weights by dense layer.")
    b = _by_layer("b", "Biases by dense layer.")
    dW = _by_layer("dW", "∂L/∂W by dense layer.")
    db = _by_layer("db", "∂L/∂b by dense layer.")
    z = property(lambda self: [layer.z for layer in self.dense], doc="Weighted inputs, likewise.")
    a = property(lambda self: [layer.a for layer in self.dense], doc="Activations, likewise.")
    delta = property(lambda self: [layer.delta for layer in self.dense], doc="Errors, likewise.")

    def __init__(
        self,
        layers: Sequence[Layer],
        stack: int | Shape | None = None,
        dtype: DTypeLike = np.float64,
        init: str | Initializer = "xavier",
        seed: Seed = 0,
    ) -> None:
        self.layers = chain(layers)
        stack, dtype = _stack_shape("stack", stack), check.float_type("dtype", dtype)
        self.rng = check.generator("seed", seed)
        draw = partial(_draw, init, self.rng, stack)
        self.slices: dict[str, slice] = {}
        self.weight_slices: dict[str, slice] = {}
        n = 0
        for l, layer in enumerate(layer for layer in self.walk() if layer.shapes):
            for name, shape in layer.shapes.items():
                self.slices[f"{name}[{l}]"] = here = slice(n, n := n + prod(shape))
                if name in layer.weights:
                    self.weight_slices[f"{name}[{l}]"] = here
        self.is_weight = np.zeros(n, dtype=bool)
        for here in self.weight_slices.values():
            self.is_weight[here] = True
        starts = [layer.initial(stack, draw) for layer in self.walk()]
        self._bind(np.zeros((*stack, n), dtype), np.zeros((*stack, n), dtype))
        for layer, values in zip(self.walk(), starts, strict=True):
            for name, value in values.items():
                setattr(layer, name, value)
            if layer.needs_rng:
                layer.rng = self.rng.spawn(1)[0]

    def _bind(self, theta: Array, grad: Array) -> None:
        """Make theta and grad the home of all numbers, and every parameter a view of them."""
        self._theta, self._grad = theta, grad
        self.stack, self.dtype = theta.shape[:-1], theta.dtype
        bind_all(self.layers, theta, grad)
        for layer in self.walk():
            layer._network = weakref.ref(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._bind(self._theta, self._grad)

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

    @property
    def state(self) -> dict[str, Array]:
        """Theta and what layers remember beside it, such as running averages: name -> array."""
        found = {"theta": self.theta}
        for l, layer in enumerate(self.walk()):
            found |= {f"{name}[{l}]": array for name, array in layer.state.items()}
        return found

    def copy(self, dtype: DTypeLike | None = None) -> "Network":
        """Return a network of its own with the same layers and numbers, perhaps another dtype.

        So do `copy.copy`, `copy.deepcopy` and `pickle`.
        """
        dtype = self.dtype if dtype is None else check.float_type("dtype", dtype)
        return deepcopy(self) if dtype == self.dtype else self._like(self.theta, dtype)

    def __copy__(self) -> "Network":
        return self.copy()

    def with_theta(self, theta: ArrayLike) -> "Network":
        """Return a network of its own with these layers and another theta, (..., P).

        The leading axes of theta are the stack: one network can become a stack of many.

        Raises:
            ValueError: theta is not finite or has another number of parameters, or this is
                a stack and theta has other leading axes.
        """
        theta = check.finite("theta", check.numbers("theta", theta, self.dtype))
        stack = self.stack or theta.shape[:-1]
        return self._like(check.shaped("theta", theta, (*stack, self.theta.shape[-1])), self.dtype)

    def member(self, member: int | Shape) -> "Network":
        """Return one network of a stack as a network of its own, running averages included.

        Raises:
            ValueError: the stack has no such member.
        """
        at = member if isinstance(member, tuple) else (member,)
        fine = self.stack and len(at) == len(self.stack) and all(map(_within, at, self.stack))
        stack = f"member is {member!r} and net a stack of shape {self.stack}"
        require(fine, f"{stack}; expected one of its members, an index for each axis")
        return self._like(self.theta[at], self.dtype, at)

    def repeat(self, n: int | Shape) -> "Network":
        """Return a stack of n (or of that shape) whose members all start as this network.

        Raises:
            ValueError: n is not at least 1, or this is a stack already.
        """
        single = f"net is a stack of shape {self.stack}; expected a single network"
        require(not self.stack, single)
        stack = _stack_shape("n", n) or (check.positive_int("n", n),)
        return self._like(np.broadcast_to(self.theta, stack + self.theta.shape), self.dtype)

    def _like(self, theta: Array, dtype: np.dtype, member: Shape = ()) -> "Network":
        twin = deepcopy(self)
        home = np.array(check.numbers("theta", theta, dtype), dtype, order="C")
        twin._bind(home, np.zeros_like(home))
        for old, new in zip(self.walk(), twin.walk(), strict=True):
            if theta is not self.theta:
                new.forget()
            for name, array in old.state.items():
                new.state[name][...] = array[member]
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
        return run(self.layers, a, train)

    def backward(self, delta: ArrayLike, down: bool = True) -> Array | None:
        """Fill `grad` from δ_L = ∂L/∂z_L, (..., n_L, m), of the last forward pass.

        Each layer adds up its gradients over the m examples; here they become the mean.

        Returns:
            ∂L/∂x, (..., n_in, m), of each example by itself; down=False saves its cost.

        Raises:
            ValueError: delta is not finite or has another shape than the last output, or
                there was no forward pass.
        """
        return self.propagate_back(self.layers[-1].fits_output("delta", delta), down)

    def propagate_back(self, delta: Array, down: bool = True) -> Array | None:
        """Do what `backward` does, for any δ_L of the right shape."""
        da = self.layers[-1].backward_from(delta, down or len(self.layers) > 1)
        for layer in self.layers[-2::-1]:
            da = layer._backward(da, down or layer is not self.layers[0])
        self._grad *= 1 / delta.shape[-1]
        return da

    def probabilities(self, x: ArrayLike) -> Array:
        """Return the probability of each class, (..., n_L, m), for inputs x, (n_in, m).

        These are the outputs of a sigmoid or softmax. Several linear outputs are taken as
        the z that `SoftmaxCrossEntropy` trains: their softmax is returned.

        Raises:
            ValueError: the outputs are no probabilities, or x does not fit.
        """
        n, name = self.layers[-1].n_out, self.layers[-1].f.name
        linear = name == "identity" and n > 1
        expected = "expected 'sigmoid', 'softmax', or several linear outputs"
        fine = linear or name in ("sigmoid", "softmax")
        require(fine, f"net ends in {n} {name!r} outputs; {expected}")
        a = self.forward(x)
        return softmax(a) if linear else a

    def predict(self, x: ArrayLike) -> Array:
        """Return the class of each example, shape (..., m), for inputs x, (n_in, m).

        Of several outputs the largest tells the class; a single sigmoid tells class 0 or 1 by
        its side of ½. The class is −1 where an output is NaN.

        Raises:
            ValueError: the only output is no sigmoid and so tells no class, or x does not fit.
        """
        n, name = self.layers[-1].n_out, self.layers[-1].f.name
        expected = "expected a 'sigmoid' or several outputs to tell a class"
        require(n > 1 or name == "sigmoid", f"net ends in one {name!r} output; {expected}")
        return classes(self.forward(x))

    def _columns(self, name: str, value: ArrayLike, rows: int) -> Array:
        return check.columns(name, value, rows, self.stack, self.dtype)


def mlp(
    sizes: Sequence[int],
    hidden: str | Activation = "tanh",
    output: str | Activation = "identity",
    init: str | Initializer = "xavier",
    seed: Seed = 0,
    stack: int | Shape | None = None,
    dtype: DTypeLike = np.float64,
) -> Network:
    """Return a multilayer perceptron with the given layer sizes, initialised.

    Args:
        sizes: units per layer from input to output, such as [2, 3, 1].
        hidden: activation of all layers but the last.
        output: activation of the last layer.
        init: name of an initializer, or a function (rng, shape) -> weights. Biases are 0.
        seed: seed of the random generator, or the generator itself.
        stack: number (or shape) of independent networks to hold side by side, each with a
            draw of its own; `mlp(...).repeat(n)` is a stack that starts from the same draw.
        dtype: type of all parameters: float64, float32 or complex128.

    Raises:
        ValueError: fewer than two sizes, a size below 1, or an unknown name.
    """
    sizes = check.layer_sizes("sizes", sizes)
    hidden, output = get(hidden, "hidden"), get(output, "output")
    activations = [hidden] * (len(sizes) - 2) + [output]
    layers = [Dense(*ends, f) for ends, f in zip(pairwise(sizes), activations, strict=True)]
    return Network(layers, stack, dtype, init, seed)


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

    The gradient is a copy of `net.grad`, which the next call fills anew.

    Raises:
        ValueError: x or y has the wrong shape or values, or the loss does not fit the output.
    """
    x, y = checked(net, loss, x, y)
    a = backpropagate(net, loss, x, y)
    return loss_value(net, loss, a, y), net.grad.copy()


def accuracy(net: Network, x: ArrayLike, y: ArrayLike) -> Array:
    """Return the share of examples that the network puts in the right class, shape (...).

    Of several outputs the largest tells the class; a single one tells it by its side of ½.
    An output that is NaN is never right.

    Raises:
        ValueError: x or y has the wrong shape, or y does not name classes by 0 and 1.
    """
    x, y = _pair(net, x, y)
    expected = "expected 0 or 1 in each column, or one 1 among zeros"
    require(labels(y), f"y does not say a class; {expected}")
    return np.mean(classes(net.propagate(x)) == classes(y), axis=-1)[()]


def checked(net: Network, loss: Loss, x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    """Return x and y as arrays of the network's type, fit for `backpropagate`.

    Raises:
        ValueError: one has the wrong shape or values, or the loss does not fit the output.
    """
    x, y = _pair(net, x, y)
    check.instance("loss", loss, Loss, "a loss such as SquaredError()")
    f = net.layers[-1].f
    if loss.outputs and f.name not in loss.outputs:
        expected = f"{type(loss).__name__} expected {' or '.join(map(repr, loss.outputs))}"
        raise ValueError(f"the output activation is {f.name!r}; {expected}")
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
    net.propagate_back(loss.delta(last.z, a, y, last.f), down=False)
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
    check.instance("net", net, Network, "a Network, such as mlp([2, 3, 1])")
    y = net._columns("y", y, net.layers[-1].n_out)
    x = net._columns("x", x, net.layers[0].n_in)
    if x.shape[-1] != y.shape[-1]:
        shapes = f"x has shape {x.shape} and y has shape {y.shape}"
        raise ValueError(f"{shapes}; expected the same number of columns, one for each example")
    return x, y


def _within(i: Any, n: int) -> bool:
    return isinstance(i, (int, np.integer)) and not isinstance(i, bool) and -n <= i < n


def _stack_shape(argument: str, stack: Any) -> Shape:
    if stack is None:
        return ()
    sizes = stack if isinstance(stack, tuple) else (stack,)
    return tuple(check.positive_int(argument, n) for n in sizes)


def _draw(init: Any, rng: np.random.Generator, stack: tuple, shape: Shape) -> Array:
    """Return weights of that shape, for each member of the stack, as `init` draws them."""
    try:
        weights = check.numbers("init", initializers.get(init)(rng, stack + shape))
    except TypeError as error:
        expected = "expected a name or a function (rng, shape) -> weights"
        raise ValueError(f"init is {init!r}; {expected}") from error
    gave = f"init gave weights of shape {weights.shape}; expected {stack + shape}"
    require(weights.shape == stack + shape, gave)
    return check.finite("init", weights)
