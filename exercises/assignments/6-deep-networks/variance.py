"""What grades variance: networks whose layers all have other widths and scales."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["q", "e"])

FORWARD = "chapter 12, “One layer forward”"
BACKWARD = "chapter 12, “One layer backward”"


@key.cases
def cases(rng):
    inputs = []
    for L, sigma_b, q0 in ((2, 0.5, 1.5), (3, 0.8, 0.7), (5, 0.6, 2.0)):
        widths = rng.permutation(np.arange(3, 16))[: L + 1]
        sigma = np.sqrt(2 / widths[:-1]) * rng.uniform(0.7, 1.4, size=L)
        inputs.append({"widths": widths, "sigma": sigma, "sigma_b": sigma_b, "q0": q0})
    return inputs


def run(
    widths, sigma, sigma_b, q0, *, half=0.5, first=1.0, slope=0.5, power=2, below=0, above=2,
    matrix=1, bias=lambda s: s**2, back_bias=0.0, start=1.0,
):  # fmt: skip
    """Both recursions, each line of which can be replaced by a wrong one."""
    L = len(sigma)
    q, e = np.zeros(L), np.full(L, start)
    for l in range(L):
        before = half * q[l - 1] if l else first * q0
        q[l] = widths[l + below] * sigma[l] ** power * before + bias(sigma_b)
    for l in reversed(range(L - 1)):
        e[l] = widths[l + above] * sigma[l + matrix] ** power * slope * e[l + 1]
        e[l] += back_bias * sigma_b**2
    return q, e


mistake = key.built_of_lines(run, FORWARD, 0.5)


mistake(
    "the half of ReLU left out on the way forward",
    "ReLU sets the negative half to zero, and with it half of the mean square.",
    FORWARD,
    half=1,
)
mistake(
    "the half of ReLU left out on the way back",
    "The slope is 0 for half of the units, and the error that comes to them is lost.",
    BACKWARD,
    slope=1,
)
mistake(
    "the half of ReLU left out both ways",
    "ReLU takes half of the mean square forward, and its slope half of it backward.",
    FORWARD,
    0.25,
    half=1,
    slope=1,
)
mistake(
    "the inputs halved as well",
    "The inputs have gone through no ReLU; the first layer gets all of q₀.",
    first=0.5,
)
mistake(
    "a quarter on the way back",
    "A slope of 1 or 0 stays 1 or 0 when it is squared, so its mean square is ½.",
    BACKWARD,
    slope=0.25,
)
mistake(
    "the variance of the activations in place of their mean square",
    "Activations of ReLU have a mean above zero, and the next layer's sum feels their whole mean "
    "square: ½ q, not (½ − 1/2π) q.",
    FORWARD,
    half=0.5 - 0.5 / np.pi,
)
mistake(
    "the widths of the layers themselves on the way forward",
    "A weighted input adds up as many products as the layer below has units.",
    FORWARD,
    below=1,
)
mistake(
    "the layers' own widths on the way back",
    "An error of layer l adds up what comes from the n units of the layer above, l + 1.",
    BACKWARD,
    above=1,
)
mistake(
    "the widths of the layers below on the way back",
    "An error comes from above: its sum runs over the units of layer l + 1.",
    BACKWARD,
    above=0,
)
mistake(
    "the weights of the layer itself on the way back",
    "The error of layer l comes back through the weights of layer l + 1.",
    BACKWARD,
    matrix=0,
)
mistake(
    "standard deviations in place of variances of the weights",
    "Squares of products add up, so σ enters squared.",
    FORWARD,
    0.25,
    power=1,
)
mistake(
    "the biases left out",
    "The bias is drawn at random too, and its mean square adds to that of the sum.",
    FORWARD,
    bias=lambda s: 0,
)
mistake(
    "the biases not squared",
    "A bias adds its mean square, which is the square of its standard deviation.",
    FORWARD,
    bias=lambda s: s,
)
mistake(
    "the biases added on the way back",
    "An error comes back through weights; z depends on the bias, but nothing below it does.",
    BACKWARD,
    back_bias=1,
)


key.clue(
    "q",
    "e",
    "The way forward is right: only the widths, the weights or the half of the way back are left.",
)
key.clue(
    "e",
    "q",
    "The way back is right: only the widths, the half or the biases of the way forward are left.",
)


@key.alternative("products of factors and a running sum")
def _(widths, sigma, sigma_b, q0):
    gain = widths[:-1] * sigma**2 / 2
    q = [2 * gain[0] * q0 + sigma_b**2]
    for g in gain[1:]:
        q.append(g * q[-1] + sigma_b**2)
    back = widths[2:] * sigma[1:] ** 2 / 2
    e = np.append(np.cumprod(back[::-1])[::-1], 1)
    return q, e


@key.alternative("recursive functions")
def _(widths, sigma, sigma_b, q0):
    L = len(sigma)

    def activation(l):
        return q(l) / 2 if l else q0

    def q(l):
        return widths[l - 1] * sigma[l - 1] ** 2 * activation(l - 1) + sigma_b**2

    def e(l):
        return widths[l + 1] * sigma[l] ** 2 * e(l + 1) / 2 if l < L else 1

    layers = range(1, L + 1)
    return [q(l) for l in layers], [e(l) for l in layers]


@key.alternative("one linear system for each way")
def _(widths, sigma, sigma_b, q0):
    L = len(sigma)
    gain = widths[:-1] * sigma**2
    source = np.full(L, sigma_b**2)
    source[0] += gain[0] * q0
    q = np.linalg.solve(np.eye(L) - np.diag(gain[1:] / 2, -1), source)
    back = np.diag(widths[2:] * sigma[1:] ** 2 / 2, 1)
    return q, np.linalg.solve(np.eye(L) - back, np.eye(L)[-1])


@key.alternative("float32")
def _(widths, sigma, sigma_b, q0):
    return [part.astype(np.float32) for part in run(widths, sigma.astype(np.float32), sigma_b, q0)]


@key.alternative("mean squares of activations, lists in a dictionary")
def _(widths, sigma, sigma_b, q0):
    of_a, found = q0, {"e": [1.0], "q": []}
    for n, s in zip(widths.tolist(), sigma.tolist(), strict=False):
        found["q"].append(n * s * s * of_a + sigma_b * sigma_b)
        of_a = found["q"][-1] / 2
    for n, s in zip(widths[:1:-1].tolist(), sigma[:0:-1].tolist(), strict=True):
        found["e"].insert(0, n * s * s * found["e"][0] / 2)
    return found
