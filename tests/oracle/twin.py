"""What PyTorch calls the things of bplib, and any network built a second time from them.

The tables are what the tests of this folder run through; `test_oracles` fails when bplib has
something that is in none of them. The twin is float64 and has its examples as rows.
"""

import numpy as np

from bplib import layers, losses, optim

ACTIVATIONS = {  # units along axis -2, as in bplib
    "identity": lambda F, z: z * 1,
    "sigmoid": lambda F, z: F.sigmoid(z),
    "tanh": lambda F, z: F.tanh(z),
    "relu": lambda F, z: F.relu(z),
    "leaky_relu": lambda F, z: F.leaky_relu(z),
    "elu": lambda F, z: F.elu(z),
    "gelu": lambda F, z: F.gelu(z),
    "softplus": lambda F, z: F.softplus(z),
    "softmax": lambda F, z: F.softmax(z, dim=-2),
}

LOSSES = {  # of z and a of the last layer, (m, n_L); the sum over examples
    losses.SquaredError: lambda F, z, a, y: F.mse_loss(a, y, reduction="sum") / 2,
    losses.BinaryCrossEntropy: lambda F, z, a, y: F.binary_cross_entropy_with_logits(
        z, y, reduction="sum"
    ),
    losses.SoftmaxCrossEntropy: lambda F, z, a, y: F.cross_entropy(z, y, reduction="sum"),
}

PENALTIES = {  # of one W
    losses.L1: lambda penalty, W: penalty.strength * W.abs().sum(),
    losses.L2: lambda penalty, W: penalty.strength * (W**2).sum() / 2,
}

OPTIMIZERS = {
    optim.SGD: (lambda: optim.SGD(0.1), "SGD", {"lr": 0.1}),
    optim.Momentum: (lambda: optim.Momentum(0.05), "SGD", {"lr": 0.05, "momentum": 0.9}),
    optim.Nesterov: (
        lambda: optim.Nesterov(0.05, beta=0.8),
        "SGD",
        {"lr": 0.05, "momentum": 0.8, "nesterov": True},
    ),
    optim.AdaGrad: (lambda: optim.AdaGrad(0.1), "Adagrad", {"lr": 0.1}),
    optim.RMSProp: (lambda: optim.RMSProp(0.01), "RMSprop", {"lr": 0.01}),
    optim.Adam: (lambda: optim.Adam(0.01), "Adam", {"lr": 0.01}),
    optim.AdamW: (
        lambda: optim.AdamW(0.01, weight_decay=0.1),
        "AdamW",
        {"lr": 0.01, "weight_decay": 0.1},
    ),
}

CLIPS = {
    optim.by_norm: lambda torch, parameters, limit: torch.nn.utils.clip_grad_norm_(
        parameters, limit
    ),
    optim.by_value: lambda torch, parameters, limit: torch.nn.utils.clip_grad_value_(
        parameters, limit
    ),
}


def activation(torch, layer):
    class Activation(torch.nn.Module):
        def forward(self, z):
            return ACTIVATIONS[layer.f.name](torch.nn.functional, z.mT).mT

    return Activation()


def dropout(torch, layer):
    class Masked(torch.nn.Module):
        """Uses the mask of bplib's layer, as it is at the time, or one it is given."""

        mask = None

        def forward(self, x):
            mask = layer.mask if self.mask is None else self.mask
            return x * torch.from_numpy(mask.copy()).mT if self.training else x

    return Masked()


def residual(torch, layer):
    inner = [module for one in layer.layers for module in LAYERS[type(one)](torch, one)]

    class Around(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = torch.nn.Sequential(*inner)

        def forward(self, x):
            return x + self.inner(x)

    return Around()


LAYERS = {
    layers.Dense: lambda torch, layer: [
        torch.nn.Linear(layer.n_in, layer.n_out),
        activation(torch, layer),
    ],
    layers.Activate: lambda torch, layer: [activation(torch, layer)],
    layers.Dropout: lambda torch, layer: [dropout(torch, layer)],
    layers.BatchNorm: lambda torch, layer: [
        torch.nn.BatchNorm1d(layer.n_out, eps=layer.eps, momentum=layer.momentum)
    ],
    layers.LayerNorm: lambda torch, layer: [torch.nn.LayerNorm(layer.n_out, eps=layer.eps)],
    layers.Residual: lambda torch, layer: [residual(torch, layer)],
}


class Twin:
    """A PyTorch module with the parameters and running averages of a (single) network."""

    def __init__(self, torch, net):
        self.torch = torch
        modules = [module for layer in net.layers for module in LAYERS[type(layer)](torch, layer)]
        self.module = torch.nn.Sequential(*modules).double()
        self.parameters = list(self.module.parameters())
        start = 0
        with torch.no_grad():
            for p in self.parameters:
                p[...] = torch.from_numpy(net.theta[start : start + p.numel()].reshape(p.shape))
                start += p.numel()
            for name, array in self.running().items():
                array[...] = torch.from_numpy(net.state[name])
        assert start == net.theta.size

    def running(self):
        """The running averages by the names that they have in `Network.state`."""
        found = {}
        for l, module in enumerate(self.walk(self.module)):
            if isinstance(module, self.torch.nn.BatchNorm1d):
                found[f"running_mean[{l}]"] = module.running_mean[:, None]
                found[f"running_variance[{l}]"] = module.running_var[:, None]
        return found

    def walk(self, sequential):
        """Yield the modules in the order and number of bplib's layers."""
        previous = None
        for module in sequential:
            belongs_to_linear = isinstance(previous, self.torch.nn.Linear)
            previous = module
            if belongs_to_linear:
                continue
            yield module
            if hasattr(module, "inner"):
                yield from self.walk(module.inner)

    def masked(self):
        """The modules in the place of dropout layers, in order."""
        return [module for module in self.module.modules() if type(module).__name__ == "Masked"]

    def weights(self):
        """W of each dense layer."""
        linear = self.torch.nn.Linear
        return [module.weight for module in self.module.modules() if isinstance(module, linear)]

    def loss(self, loss, x, y, train=True):
        """The mean loss, penalties included, as a tensor with its graph."""
        self.module.train(train)
        z = self.torch.tensor(x.T.copy())
        *below, last = self.module
        for module in below:
            z = module(z)
        a = last(z)
        if type(last).__name__ != "Activation":
            z = a
        total = LOSSES[type(loss)](self.torch.nn.functional, z, a, self.torch.tensor(y.T.copy()))
        value = total / x.shape[1]
        for penalty in loss.penalties:
            for W in self.weights():
                value = value + PENALTIES[type(penalty)](penalty, W)
        return value

    def backward(self, loss, x, y):
        """Fill the gradients anew; return the loss."""
        self.module.zero_grad()
        value = self.loss(loss, x, y)
        value.backward()
        return value.item()

    def output(self, x):
        """The output as it is used, not trained, as columns."""
        self.module.eval()
        with self.torch.no_grad():
            return self.module(self.torch.tensor(x.T.copy())).numpy().T

    def theta(self):
        """All parameters in the order of bplib's theta."""
        return np.concatenate([p.detach().numpy().ravel() for p in self.parameters])

    def grad(self):
        """All gradients in that order."""
        return np.concatenate([p.grad.numpy().ravel() for p in self.parameters])
