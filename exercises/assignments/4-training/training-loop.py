"""What grades training-loop: XOR on 2-3-1, and two other networks."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["W1", "b1", "W2", "b2", "losses"])

BACKWARD = "chapter 4, “Four equations”"
LOSS = "chapter 7, “The loss to which a − y belongs”"
DIRECTION = "chapter 3, “Which way is down?”"
LOOP = "chapter 7, “The training loop”"
MEAN = "chapter 5, “Sum or mean?”"
ORDER = "chapter 4, “Use the newest weights”"
BIASES = "chapter 5, “Forgetting the biases”"
BATCH = "chapter 4, “A batch”"
SLOPES = "chapter 1, “Three slopes to know by heart”"


@key.cases
def cases(rng):
    corners = np.array([[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]])
    xor = np.array([[0.0, 1.0, 1.0, 0.0]])
    more = np.array([[1.0, 0.0, 1.0, 1.0, 0.0]])
    inputs = []
    for x, y, n1, eta, epochs in (
        (corners, xor, 3, 0.5, 4),
        (rng.normal(size=(3, 5)), more, 3, 0.3, 3),
        (rng.normal(size=(4, 5)), more, 2, 0.8, 2),
    ):
        inputs.append(
            {
                "x": x,
                "y": y,
                "W1": rng.normal(size=(n1, len(x))),
                "b1": rng.normal(size=(n1, 1)),
                "W2": rng.normal(size=(1, n1)),
                "b2": rng.normal(size=(1, 1)),
                "eta": eta,
                "epochs": epochs,
            }
        )
    return inputs


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def entropy(a, y):
    return -np.mean(y * np.log(a) + (1 - y) * np.log(1 - a))


def column_sum(delta):
    return delta.sum(axis=1, keepdims=True)


def run(
    x, y, W1, b1, W2, b2, eta, epochs, *, loss=entropy, error=lambda a, y: a - y,
    hidden=lambda z, a: 1 - a**2, factor=lambda m: 1, newest=False, biases=1, kept=slice(None),
    bias=column_sum, again=False,
):  # fmt: skip
    """The training, each line of which can be replaced by a wrong one."""
    m, losses = x.shape[1], []
    for k in range(epochs + 1):
        z1 = W1 @ x + b1
        a1 = np.tanh(z1)
        a2 = sigmoid(W2 @ a1 + b2)
        losses.append(loss(a2, y))
        if k == epochs:
            break
        delta2 = factor(m) * error(a2, y) / m
        new_W2 = W2 - eta * delta2 @ a1.T
        delta1 = ((new_W2 if newest else W2).T @ delta2) * hidden(z1, a1)
        W2, b2 = new_W2, b2 - eta * biases * bias(delta2)
        if again:
            delta2 = factor(m) * error(sigmoid(W2 @ a1 + b2), y) / m
            delta1 = (W2.T @ delta2) * hidden(z1, a1)
        W1, b1 = W1 - eta * delta1 @ x.T, b1 - eta * biases * bias(delta1)
    return W1, b1, W2, b2, np.array(losses)[kept]


mistake = key.built_of_lines(run, BACKWARD, 0.25)


mistake(
    "σ′ left in the output error",
    "The slope of the sigmoid cancels against the derivative of the cross-entropy; a − y alone is "
    "left.",
    LOSS,
    error=lambda a, y: (a - y) * a * (1 - a),
)
mistake(
    "the wrong sign",
    "The step goes against the gradient; with δ₂ = a₂ − y it is subtracted.",
    DIRECTION,
    error=lambda a, y: y - a,
)
mistake(
    "gradients summed over the examples in place of averaged",
    "The loss is a mean, so every gradient is divided by m once.",
    MEAN,
    factor=lambda m: m,
)
mistake(
    "the mean taken twice in the gradients",
    "Divide by m once, in δ or in the gradients.",
    MEAN,
    factor=lambda m: 1 / m,
)
mistake(
    "a₁(1 − a₁) in the hidden layer",
    "That is the slope of a sigmoid. The hidden units are tanh, with the slope 1 − a₁².",
    SLOPES,
    hidden=lambda z, a: a * (1 - a),
)
mistake(
    "1 − z₁² in place of 1 − a₁²",
    "The short formula for tanh′ wants the activation, not the weighted input.",
    SLOPES,
    hidden=lambda z, a: 1 - z**2,
)
mistake(
    "the slope missing in the hidden layer",
    "The error comes back to a₁; to reach z₁ it is multiplied by the slope there.",
    hidden=lambda z, a: 1,
)
mistake(
    "W₂ updated before the hidden error is computed",
    "δ₁ asks how the loss of this forward pass depends on z₁, and that pass used the old W₂.",
    ORDER,
    newest=True,
)
mistake(
    "the forward pass done again between the two updates",
    "With layer 2 updated first, a new forward pass belongs to another network. All gradients "
    "come from one pass, and then all parameters move at once.",
    ORDER,
    again=True,
)
mistake(
    "bias gradients with one column for each example",
    "A bias is one number for all examples: δ is summed along its row, or b becomes a matrix.",
    BATCH,
    0.5,
    bias=lambda delta: delta,
)
mistake(
    "what the network decides, 0 or 1, in place of its answer in the error",
    "The error is a₂ − y with the probability a₂. Rounded, it says nothing about how far to go.",
    error=lambda a, y: (a > 0.5) - y,
)
mistake(
    "the biases not updated",
    "A bias is a parameter like any other and has a gradient.",
    BIASES,
    biases=0,
)
mistake(
    "the loss after the last update left out",
    "There is one loss more than there are updates: one more forward pass shows what the last "
    "update has done.",
    LOOP,
    0.75,
    kept=slice(None, -1),
)
mistake(
    "the loss before the first update left out",
    "The losses begin where the training does, with the parameters that were given.",
    LOOP,
    0.75,
    kept=slice(1, None),
)
mistake(
    "the loss summed over the examples",
    "The loss is the mean over the examples, or it would grow with their number.",
    MEAN,
    0.75,
    loss=lambda a, y: entropy(a, y) * y.size,
)
mistake(
    "the term of the targets 0 missing in the loss",
    "Where y is 0 the first term is 0 whatever the answer; there −log(1 − a) is the price.",
    LOSS,
    0.75,
    loss=lambda a, y: -np.mean(y * np.log(a)),
)
mistake(
    "the wrong sign on the second term of the loss",
    "The minus stands before the whole bracket: both terms are costs, −y log a and "
    "−(1 − y) log(1 − a).",
    LOSS,
    0.75,
    loss=lambda a, y: np.mean(-y * np.log(a) + (1 - y) * np.log(1 - a)),
)
mistake(
    "log₁₀ in place of the natural logarithm",
    "δ = a − y belongs to the natural logarithm, np.log; with another base it has a factor.",
    LOSS,
    0.75,
    loss=lambda a, y: entropy(a, y) / np.log(10),
)
mistake(
    "log₂ in place of the natural logarithm",
    "δ = a − y belongs to the natural logarithm, np.log; with another base it has a factor.",
    LOSS,
    0.75,
    loss=lambda a, y: entropy(a, y) / np.log(2),
)
mistake(
    "the squared error as the loss",
    "The gradient a − y at z belongs to the cross-entropy, and so do the losses asked for.",
    LOSS,
    0.5,
    loss=lambda a, y: np.mean((a - y) ** 2) / 2,
)


key.clue(
    "W1 b1 W2 b2",
    "losses",
    "The training is right: only the loss, or the moment when it is noted, is left.",
)
key.clue(
    "b1 b2",
    "W1 W2",
    "The biases are right, so the errors are too: only the products that make dW of them are left.",
)


@key.alternative("loops over the examples")
def _(x, y, W1, b1, W2, b2, eta, epochs):
    m, losses = x.shape[1], []
    for epoch in range(epochs + 1):
        total, sums = 0, [np.zeros_like(p) for p in (W1, b1, W2, b2)]
        for k in range(m):
            x_k, y_k = x[:, k : k + 1], y[0, k]
            a1 = np.tanh(W1 @ x_k + b1)
            a2 = sigmoid(W2 @ a1 + b2)
            total -= np.log(a2.item() if y_k else 1 - a2.item())
            d2 = a2 - y_k
            d1 = W2.T @ d2 * (1 - a1 * a1)
            for s, part in zip(sums, (d1 @ x_k.T, d1, d2 @ a1.T, d2), strict=True):
                s += part
        losses.append(total / m)
        if epoch < epochs:
            W1, b1, W2, b2 = (p - eta * s / m for p, s in zip((W1, b1, W2, b2), sums, strict=True))
    return W1, b1, W2, b2, losses


@key.alternative("float32")
def _(x, y, W1, b1, W2, b2, eta, epochs):
    given = (np.asarray(p, np.float32) for p in (x, y, W1, b1, W2, b2))
    return run(*given, np.float32(eta), epochs)


@key.alternative("a loss made of log(1 + exp)")
def _(**inputs):
    def loss(a, y):
        z = np.log(a / (1 - a))
        return np.mean(np.logaddexp(0, z) - y * z)

    return run(**inputs, loss=loss)


@key.alternative("examples as rows")
def _(x, y, W1, b1, W2, b2, eta, epochs):
    x, y, V1, c1, V2, c2 = x.T, y.T, W1.T, b1.T, W2.T, b2.T
    losses = np.zeros(epochs + 1)
    for k in range(epochs + 1):
        h = np.tanh(x @ V1 + c1)
        p = sigmoid(h @ V2 + c2)
        losses[k] = -np.log(np.where(y == 1, p, 1 - p)).mean()
        if k < epochs:
            d2 = p - y
            d1 = d2 @ V2.T * (1 - h**2)
            V2, c2 = V2 - eta * h.T @ d2 / len(x), c2 - eta * d2.mean(axis=0)
            V1, c1 = V1 - eta * x.T @ d1 / len(x), c1 - eta * d1.mean(axis=0)
    return V1.T, c1.T, V2.T, c2.T, losses


@key.alternative("in place on copies, nested lists in a dictionary")
def _(x, y, W1, b1, W2, b2, eta, epochs):
    W1, b1, W2, b2 = (p.copy() for p in (W1, b1, W2, b2))
    losses = []
    for _ in range(epochs):
        a1 = np.tanh(W1 @ x + b1)
        a2 = sigmoid(W2 @ a1 + b2)
        losses.append(entropy(a2, y))
        d2 = (a2 - y) / x.shape[1]
        d1 = (W2.T @ d2) / np.cosh(W1 @ x + b1) ** 2
        for p, g in ((W2, d2 @ a1.T), (b2, column_sum(d2)), (W1, d1 @ x.T), (b1, column_sum(d1))):
            p -= eta * g
    losses.append(entropy(sigmoid(W2 @ np.tanh(W1 @ x + b1) + b2), y))
    return {
        "W1": W1.tolist(), "b1": b1.tolist(), "W2": W2.tolist(), "b2": b2.tolist(), "losses": losses
    }  # fmt: skip


@key.alternative("the biases as weights on an input of ones")
def _(x, y, W1, b1, W2, b2, eta, epochs):
    ones = np.ones((1, x.shape[1]))
    x1, V1, V2 = np.vstack([x, ones]), np.hstack([W1, b1]), np.hstack([W2, b2])
    losses = []
    for k in range(epochs + 1):
        h = np.vstack([np.tanh(V1 @ x1), ones])
        p = sigmoid(V2 @ h)
        losses.append(entropy(p, y))
        if k < epochs:
            d2 = (p - y) / y.size
            d1 = (V2[:, :-1].T @ d2) * (1 - h[:-1] ** 2)
            V1, V2 = V1 - eta * d1 @ x1.T, V2 - eta * d2 @ h.T
    return V1[:, :-1], V1[:, -1:], V2[:, :-1], V2[:, -1:], losses
