"""Layers: forward and backward side by side, parameters as views of the network's theta.

Every layer takes and gives arrays of shape (..., n, m). The backward pass hands down ∂L/∂a of
each example by itself. A layer adds up its parameters' gradients over the examples; their
mean is taken once, of the whole gradient, by `Network.backward`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from itertools import pairwise
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bplib import _errors as check
from bplib._errors import require
from bplib.activations import Activation, Array, get, identity
from bplib.initializers import Seed, Shape

Draw = Callable[[Shape], Array]

__all__ = ["Layer", "Dense", "Activate", "Dropout", "BatchNorm", "LayerNorm", "Residual"]


class Layer:
    """What all layers have in common; a layer of your own starts here.

    It gives `shapes`, `weights`, `forward` and `backward`, and reads its parameters by name.
    Assigning to a parameter p or its gradient dp copies the numbers into the network's theta
    or grad. A layer starts in its network with the parameters it was given before, by
    assignment or by `copy.deepcopy` of another layer; the network draws the rest.

    Args:
        n_in: number of inputs.
        n_out: number of outputs.

    Attributes:
        shapes: the layer's own parameters: name -> shape, with any number of axes.
        weights: names of the parameters that are weights: drawn at random at the start,
            penalised by L1 and L2, listed in a history. All others start at 0.
        layers: layers inside this one.
        a: output of the last forward pass, (..., n_out, m).
        f: activation at the very end of the layer, for the loss to look through.
        stack: shape of the network's stack, () for a single network.
        needs_rng: True asks the network for a generator `rng` of the layer's own.
        hold: True makes a layer keep what it drew last, so that a derivative can be checked.
    """

    shapes: Mapping[str, Shape] = MappingProxyType({})
    weights: tuple[str, ...] | None = None
    layers: Sequence["Layer"] = ()
    f: Activation = identity
    a: Array = np.empty(0)
    stack: Shape = ()
    needs_rng: bool = False
    hold: bool = False
    _views: Mapping[str, Array] = MappingProxyType({})  # parameters and gradients, once bound
    _network: Callable[[], Any] | None = None  # a weak reference, once bound

    def __init__(self, n_in: int, n_out: int) -> None:
        self.n_in = check.positive_int("n_in", n_in)
        self.n_out = check.positive_int("n_out", n_out)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Check what comes into a layer's passes, but for the network, whose layers fit."""
        super().__init_subclass__(**kwargs)
        if "forward" in vars(cls):
            cls._forward, cls.forward = cls.forward, _checked_forward(cls.forward)
        if "backward" in vars(cls):
            cls._backward, cls.backward = cls.backward, _checked_backward(cls.backward)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.n_out})"

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy or a pickle keeps: parameters as arrays of their own."""
        mine = {name: value.copy() for name, value in self._views.items() if name in self.shapes}
        rest = {"_views", "_network", "stack", *self._views}
        return {name: value for name, value in vars(self).items() if name not in rest} | mine

    @property
    def z(self) -> Array:
        """The weighted input behind a; a itself where the layer ends in no activation."""
        return self.a

    @property
    def state(self) -> dict[str, Array]:
        """What the layer remembers beside its parameters: name -> array."""
        return {}

    def _check(self) -> None:
        """Raise a ValueError if a network cannot take the layer, which is told in `chain`."""
        free = self._network is None or self._network() is None
        used = f"layers holds {self!r}, which is part of another network"
        require(free, f"{used}; expected a layer of its own, such as copy.deepcopy(layer)")
        weights, names = self.weights, set(self.shapes)
        said = not names or (isinstance(weights, tuple) and names.issuperset(weights))
        those = f"expected a tuple of those among {', '.join(names)} that are weights"
        require(said, f"weights of {self!r} is {weights!r}; {those}")
        taken = sorted(name for name in names if hasattr(Layer, name) or hasattr(Layer, f"d{name}"))
        require(not taken, f"shapes of {self!r} has {taken}; expected names that no Layer has")

    @property
    def n_params(self) -> int:
        """Number of parameters, those of the layers inside included."""
        return sum(prod(shape) for layer in self.walk() for shape in layer.shapes.values())

    def walk(self) -> Iterator["Layer"]:
        """Yield this layer and all inside it, in the order of their parameters."""
        yield self
        for layer in self.layers:
            yield from layer.walk()

    def forget(self) -> None:
        """Forget the arrays of the last passes: those for which the class has an empty one."""
        for name in [name for name in vars(self) if name not in self.state]:
            if isinstance(getattr(type(self), name, None), np.ndarray):
                delattr(self, name)

    def bind(self, theta: Array, grad: Array) -> None:
        """Make each parameter p a view of theta, (..., P), and its gradient dp one of grad."""
        self.stack, views, start = theta.shape[:-1], {}, 0
        for name, shape in self.shapes.items():
            here = np.s_[..., start : (start := start + prod(shape))]
            views[name] = theta[here].reshape(self.stack + shape)
            views["d" + name] = grad[here].reshape(self.stack + shape)
        for name in views:
            setattr(type(self), name, _Parameter(name))
        vars(self).update(views)
        self._views = views
        bind_all(self.layers, theta[..., start:], grad[..., start:])

    def initial(self, stack: Shape, draw: Draw) -> dict[str, Array]:
        """Return what each parameter starts with: the numbers given before, or `start`."""
        found = {}
        for name, shape in self.shapes.items():
            given = name in vars(self) and not self._views
            value = check.numbers(name, vars(self)[name] if given else self.start(name, draw))
            if value.shape == shape or not given:  # alike for all members, or one number for all
                value = np.broadcast_to(value, stack + shape)
            found[name] = check.finite(name, check.shaped(name, value, stack + shape))
        return found

    def start(self, name: str, draw: Draw) -> Array | float:
        """Return what a parameter starts with: 0, or a weight's draw.

        A weight is drawn as a matrix, (..., n_out, n_in): its first axis counts outputs, the
        others together count inputs. A weight of one axis is the row of a single output.
        """
        if name not in self.weights:
            return 0
        shape = self.shapes[name]
        rows = shape[0] if len(shape) > 1 else 1
        drawn = draw((rows, prod(shape) // rows))
        return drawn.reshape(*drawn.shape[:-2], *shape)

    def forward(self, a_prev: Array, train: bool = False) -> Array:
        """Return a, (..., n_out, m), for the activations of the layer below, (..., n_in, m)."""
        raise TypeError(f"{type(self).__name__} has no forward pass of its own")

    def backward(self, da: Array, down: bool = True) -> Array | None:
        """Return ∂L/∂a of the layer below for ∂L/∂a of this one; fill the gradients.

        `down` is False where there is no layer below: what would go there may be left out.
        """
        raise TypeError(f"{type(self).__name__} has no backward pass of its own")

    def backward_from(self, delta: Array, down: bool = True) -> Array | None:
        """Do the same from δ = ∂L/∂z, (..., n_out, m): where the loss starts the pass."""
        return self.backward(delta, down)

    _forward, _backward = forward, backward

    def fits_input(self, a_prev: ArrayLike, drawing: bool = False) -> Array:
        """Return a_prev as a finite array that the layer can take, (..., n_in, m).

        Raises:
            ValueError: the layer has no parameters yet, or no generator for what it is drawing;
                a_prev has another shape or is not finite.
        """
        lacks = f"{self!r} has no parameters yet; expected it in a Network first"
        require(self._views or not self.shapes, lacks)
        lacks = f"{self!r} has no generator yet; expected a seed, or a Network first"
        require(self._network or not drawing, lacks)
        a_prev = check.finite("a_prev", check.numbers("a_prev", a_prev))
        if a_prev.shape[-2:-1] != (self.n_in,):
            shapes = f"a_prev has shape {a_prev.shape}; {self!r} expected ({self.n_in}, m)"
            raise ValueError(f"{shapes}: examples are columns")
        return a_prev

    def fits_output(self, name: str, value: ArrayLike) -> Array:
        """Return value as a finite array like the output of the last forward pass.

        Raises:
            ValueError: there was none, or value has another shape or is not finite.
        """
        require(self.a.size, f"{self!r} has not run; expected a forward pass before backward")
        note = ", as the output of the last forward pass"
        return check.finite(name, check.shaped(name, value, self.a.shape, note))


class _Parameter:
    """A name of a layer: assigning to it copies numbers into the view that is bound to it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"{self.name} has no numbers yet; expected its layer in a Network first"

    def __array__(self, *args: Any, **kwargs: Any) -> Array:
        raise ValueError(repr(self))

    def __set__(self, layer: Layer, value: Any) -> None:
        if self.name in layer._views:  # a gradient may diverge
            write(self.name, layer._views[self.name], value, nan=self.name not in layer.shapes)
        else:
            vars(layer)[self.name] = value


def write(name: str, home: Array, value: Any, nan: bool = False) -> None:
    """Copy value into the array `home`, so that whatever is a view of it sees the numbers.

    Raises:
        ValueError: value has another shape, holds complex numbers for real ones, or, unless
            `nan`, is not finite.
    """
    if value is home:  # what `home -= step` assigns
        return
    array = check.shaped(name, value, home.shape, dtype=home.dtype)
    with np.errstate(over="ignore"):
        array = array.astype(home.dtype)
    home[...] = array if nan else check.finite(name, array)


def _checked_forward(forward: Callable[..., Array]) -> Callable[..., Array]:
    @wraps(forward)
    def checked(self: Layer, a_prev: ArrayLike, train: bool = False) -> Array:
        a_prev = self.fits_input(a_prev, drawing=train and self.needs_rng)
        self.a = forward(self, a_prev, train)
        return self.a

    return checked


def _checked_backward(backward: Callable[..., Array | None]) -> Callable[..., Array | None]:
    @wraps(backward)
    def checked(self: Layer, da: ArrayLike, down: bool = True) -> Array | None:
        return backward(self, self.fits_output("da", da), down)

    return checked


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

    weights = ("W",)
    a_prev = z = delta = np.empty(0)

    def __init__(self, n_in: int, n_out: int, activation: str | Activation = "identity") -> None:
        super().__init__(n_in, n_out)
        self.f = get(activation)
        self.shapes = {"W": (n_out, n_in), "b": (n_out, 1)}

    def __repr__(self) -> str:
        return f"Dense({self.n_in}, {self.n_out}, {self.f.name!r})"

    def forward(self, a_prev: Array, train: bool = False) -> Array:
        """Return a = f(W @ a_prev + b), (..., n_out, m), for a_prev, (..., n_in, m)."""
        self.a_prev = a_prev
        self.z = z = self.W @ a_prev
        z += self.b
        return self.f.f(z)

    def backward(self, da: Array, down: bool = True) -> Array | None:
        """Return ∂L/∂a of the layer below, Wᵀδ, for ∂L/∂a of this one; fill dW and db.

        The layer above hands down da = Wᵀδ with its own W and δ. So the line below is
        δ_l = (W_{l+1}ᵀ δ_{l+1}) ⊙ f′(z_l).
        """
        delta = self.f.vjp(da, self.z, self.a)
        return self.backward_from(delta, down)

    def backward_from(self, delta: Array, down: bool = True) -> Array | None:
        """Do the same from δ = ∂L/∂z, (..., n_out, m): where the loss starts the pass."""
        self.delta = delta
        np.matmul(delta, self.a_prev.mT, out=self.dW)
        delta.sum(axis=-1, keepdims=True, out=self.db)
        return self.W.mT @ delta if down else None


class Activate(Layer):
    """An activation by itself, for where something stands between it and the weights.

    Args:
        n: number of units.
        activation: by name or as an `Activation`.
    """

    z = np.empty(0)

    def __init__(self, n: int, activation: str | Activation) -> None:
        super().__init__(check.positive_int("n", n), n)
        self.f = get(activation)

    def __repr__(self) -> str:
        return f"Activate({self.n_out}, {self.f.name!r})"

    def forward(self, a_prev: Array, train: bool = False) -> Array:
        """Return f(a_prev), (..., n, m)."""
        self.z = a_prev
        return self.f(self.z)

    def backward(self, da: Array, down: bool = True) -> Array | None:
        """Return ∂L/∂a_prev."""
        return self.f.vjp(da, self.z, self.a)

    def backward_from(self, delta: Array, down: bool = True) -> Array | None:
        """Return δ itself, which is ∂L/∂a_prev."""
        return delta


class Dropout(Layer):
    """Zeroes each activation with probability `rate` while training (Srivastava et al. 2014).

    The rest is divided by 1 − rate, so that the expectation stays the same and nothing needs
    scaling afterwards. Each member of a stack has a mask of its own.

    Args:
        n: number of units.
        rate: probability of a zero, from 0 up to but not including 1.
        seed: seed of the masks, or a generator; None takes a generator that the network
            spawns from its own seed, a different one for each layer.

    Attributes:
        mask: zeros and 1 / (1 − rate), of the last training pass, (..., n, m).
        hold: True keeps the mask, so that a derivative can be checked.
    """

    mask = factor = np.ones(())

    def __init__(self, n: int, rate: float, seed: Seed = None) -> None:
        super().__init__(check.positive_int("n", n), n)
        self.rate = check.fraction("rate", rate)
        self.needs_rng = seed is None
        self.rng = check.generator("seed", seed)

    def forward(self, a_prev: Array, train: bool = False) -> Array:
        """Return a_prev, in training with zeros and the rest divided by 1 − rate."""
        shape = (*self.stack, *a_prev.shape[-2:])
        if train and not (self.hold and self.mask.shape == shape):
            kept = self.rng.random(shape) >= self.rate
            self.mask = (kept / (1 - self.rate)).astype(a_prev.dtype)
        self.factor = (self.mask if train else np.ones(())).astype(a_prev.dtype, copy=False)
        return self.factor * a_prev

    def backward(self, da: Array, down: bool = True) -> Array | None:
        """Return ∂L/∂a_prev: the same zeros, the same scale."""
        return self.factor * da


class _Normalization(Layer):
    """a = γ x̂ + β, with x̂ of mean 0 and variance 1 along an axis of the input."""

    weights = ()
    axis: int
    x_hat = deviation = np.empty(0)

    def __init__(self, n: int, eps: float = 1e-5) -> None:
        super().__init__(check.positive_int("n", n), n)
        self.eps = check.positive("eps", eps)
        self.shapes = {"gamma": (n, 1), "beta": (n, 1)}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.n_out}, eps={self.eps})"

    def start(self, name: str, draw: Draw) -> Array | float:
        """Return 1 for γ and 0 for β."""
        return float(name == "gamma")

    def moments(self, x: Array) -> tuple[Array, Array]:
        """Return mean and variance of x along the layer's axis."""
        mean = x.mean(axis=self.axis, keepdims=True)
        return mean, ((x - mean) ** 2).mean(axis=self.axis, keepdims=True)

    def normalize(self, x: Array, mean: Array, variance: Array) -> Array:
        """Return γ x̂ + β."""
        self.deviation = np.sqrt(variance + self.eps)
        self.x_hat = (x - mean) / self.deviation
        return self.gamma * self.x_hat + self.beta

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
    running_mean = running_variance = np.empty(0)
    train = False

    def __init__(self, n: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(n, eps)
        self.momentum = check.share("momentum", momentum)

    @property
    def state(self) -> dict[str, Array]:
        """The running averages."""
        return {"running_mean": self.running_mean, "running_variance": self.running_variance}

    def bind(self, theta: Array, grad: Array) -> None:
        """Make γ, β, dγ, dβ views of theta and grad; keep running averages of the same shape."""
        super().bind(theta, grad)
        if self.running_mean.shape != self.beta.shape:
            self.running_mean, self.running_variance = self.beta * 0, self.beta * 0 + 1
        self.running_mean = self.running_mean.astype(theta.dtype)
        self.running_variance = self.running_variance.astype(theta.dtype)

    def initial(self, stack: Shape, draw: Draw) -> dict[str, Array]:
        """Return γ and β; forget the running averages of a network that is gone."""
        if self._views:
            self.running_mean = self.running_variance = np.empty(0)
        return super().initial(stack, draw)

    def forward(self, a_prev: Array, train: bool = False) -> Array:
        """Return γ x̂ + β, (..., n, m).

        Raises:
            ValueError: training on a single example, which has no variance.
        """
        self.train = train
        if not train:
            return self.normalize(a_prev, self.running_mean, self.running_variance)
        m = a_prev.shape[-1]
        require(m > 1, "the batch has 1 example; BatchNorm expected at least 2 in training")
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
        ends = f"layers go from {self.n_in} to {self.n_out} units"
        require(self.n_in == self.n_out, f"{ends}; expected as many out as in")

    def __repr__(self) -> str:
        return f"Residual({self.layers!r})"

    def forward(self, a_prev: Array, train: bool = False) -> Array:
        """Return a_prev + inner(a_prev), (..., n, m)."""
        return a_prev + run(self.layers, a_prev, train)

    def backward(self, da: Array, down: bool = True) -> Array | None:
        """Return ∂L/∂a_prev: both ways add."""
        around = da
        for layer in reversed(self.layers):
            da = layer._backward(da)
        return around + da


def chain(layers: Sequence[Layer]) -> list[Layer]:
    """Return the layers as a list if each one's n_in is the n_out of the one before.

    Raises:
        ValueError: there is no layer, one is none, comes twice or is part of a network, two
            neighbours do not fit, or `weights` names what `shapes` does not.
    """
    require(isinstance(layers, (list, tuple)), f"layers is {layers!r}; expected a list of layers")
    require(layers, "layers is empty; expected at least one layer")
    for l, layer in enumerate(layers):
        check.instance(f"layers[{l}]", layer, Layer, "a layer such as Dense(2, 3)")
    for l, (below, above) in enumerate(pairwise(layers)):
        ends = f"n_out = {below.n_out} but layers[{l + 1}] has n_in = {above.n_in}"
        require(below.n_out == above.n_in, f"layers[{l}] has {ends}; expected them to be equal")
    inside = [layer for outer in layers for layer in outer.walk()]
    twice = len(set(map(id, inside))) < len(inside)
    require(not twice, "layers holds the same layer twice; expected each to be its own")
    for layer in inside:
        layer._check()
    return list(layers)


def bind_all(layers: Sequence[Layer], theta: Array, grad: Array) -> None:
    """Bind the layers to consecutive pieces of theta and grad, both (..., P)."""
    start = 0
    for layer in layers:
        layer.bind(theta[..., start:], grad[..., start:])
        start += layer.n_params


def run(layers: Sequence[Layer], a: Array, train: bool) -> Array:
    """Return the output of layers one after the other; each keeps its own as `layer.a`."""
    for layer in layers:
        layer.a = a = layer._forward(a, train)
        if a.shape[-2] != layer.n_out:
            what = f"{type(layer).__name__}.forward gave shape {a.shape}"
            raise ValueError(f"{what}; expected ({layer.n_out}, m)")
    return a
