"""What grades minibatches: batches of unequal size, of a width's size and of one example."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["W", "b"])

NOISE = "chapter 3, “A gradient from a few examples”"
DIRECTION = "chapter 3, “Which way is down?”"
LOSS = "chapter 5, “Loss”"
MEAN = "chapter 5, “Sum or mean?”"
ORDER = "chapter 5, “Updating as you go”"
BIASES = "chapter 5, “Forgetting the biases”"
SGD = "chapter 3, “A gradient from a few examples”"


@key.cases
def cases(rng):
    inputs = []
    for n0, n1, sizes in ((4, 2, (4, 4, 2)), (3, 3, (3, 3)), (3, 2, (1, 1, 1, 1))):
        m = sum(sizes)
        order = rng.permutation(m).tolist()
        ends = np.cumsum(sizes).tolist()
        inputs.append(
            {
                "x": rng.normal(size=(n0, m)),
                "y": rng.normal(size=(n1, m)),
                "W": rng.normal(size=(n1, n0)),
                "b": rng.normal(size=(n1, 1)),
                "eta": 0.2,
                "batches": [order[e - s : e] for s, e in zip(sizes, ends, strict=True)],
            }
        )
    return inputs


def column_mean(delta, B):
    return delta.sum(axis=1, keepdims=True) / B


def gradients(x, y, W, b, *, factor=lambda B, m, n: 1, m=1, bias=column_mean):
    """Return dW and db of one minibatch, times a factor made of B, m and the number of outputs."""
    delta, B = W @ x + b - y, x.shape[1]
    c = factor(B, m, len(y))
    return c * (delta @ x.T) / B, c * bias(delta, B)


def run(x, y, W, b, eta, batches, **slip):
    for batch in batches:
        dW, db = gradients(x[:, batch], y[:, batch], W, b, m=x.shape[1], **slip)
        W, b = W - eta * dW, b - eta * db
    return W, b


mistake = key.built_of_lines(run, MEAN, 0.25)


mistake(
    "the wrong sign",
    "The gradient points where the loss grows. With δ = a − y the step subtracts it.",
    DIRECTION,
    factor=lambda B, m, n: -1,
)
mistake(
    "the sum over the minibatch in place of the mean",
    "The loss is a mean over the B examples, so both gradients are divided by B.",
    factor=lambda B, m, n: B,
)
mistake(
    "the mean taken twice",
    "Divide by B once, in δ or in the gradients.",
    factor=lambda B, m, n: 1 / B,
)
mistake(
    "the number of all examples in place of B",
    "The minibatch stands for all examples: the mean over its own B is right on average.",
    NOISE,
    0.5,
    factor=lambda B, m, n: B / m,
)
mistake(
    "the mean over examples and outputs",
    "‖a − y‖² is a sum over the outputs; only the examples are averaged.",
    factor=lambda B, m, n: 1 / n,
)
mistake(
    "a factor 2 too much",
    "The half in the loss cancels the 2 that differentiation brings down.",
    LOSS,
    factor=lambda B, m, n: 2,
)
mistake(
    "a bias gradient with one column for each example",
    "A bias is one number for all examples, so its gradient is the mean of δ over them.",
    NOISE,
    0.5,
    bias=lambda delta, B: delta / B,
)
mistake(
    "the bias gradient averaged over the outputs",
    "Each output has a bias of its own. The mean runs along its row, over the examples: axis=1.",
    NOISE,
    0.5,
    bias=lambda delta, B: delta.mean(axis=0, keepdims=True),
)


mistake(
    "a bias gradient without a second axis",
    "b has the shape (n, 1). A gradient of shape (n,) is a row to NumPy, and b − η db becomes a "
    "square matrix: sum with keepdims=True.",
    NOISE,
    0.5,
    bias=lambda delta, B: delta.sum(axis=1) / B,
)


@key.mistake(
    "the columns as they stand in place of those that the minibatch lists",
    "The examples are drawn: each minibatch holds the numbers of its columns, x[:, batch].",
    NOISE,
    0.5,
)
def _(x, y, W, b, eta, batches):
    ends = np.cumsum([len(batch) for batch in batches])
    in_order = [range(e - len(batch), e) for e, batch in zip(ends, batches, strict=True)]
    return run(x, y, W, b, eta, in_order)


@key.mistake(
    "all gradients taken at the start of the epoch",
    "Each minibatch's gradient belongs to the parameters that the last update has left.",
    SGD,
    0.25,
)
def _(x, y, W, b, eta, batches):
    parts = [gradients(x[:, batch], y[:, batch], W, b) for batch in batches]
    return W - eta * sum(dW for dW, _ in parts), b - eta * sum(db for _, db in parts)


@key.mistake(
    "the gradient of the last minibatch not reset",
    "Every update uses the gradient of its own minibatch; what is left of the one before must go.",
    SGD,
    0.5,
)
def _(x, y, W, b, eta, batches):
    dW, db = np.zeros_like(W), np.zeros_like(b)
    for batch in batches:
        more_W, more_b = gradients(x[:, batch], y[:, batch], W, b)
        dW, db = dW + more_W, db + more_b
        W, b = W - eta * dW, b - eta * db
    return W, b


@key.mistake(
    "all examples in each update",
    "A minibatch's update sees its own columns and no others; that is why it is cheap.",
    NOISE,
    0.25,
)
def _(x, y, W, b, eta, batches):
    return run(x, y, W, b, eta, [range(x.shape[1])] * len(batches))


@key.mistake(
    "one update for each example",
    "A minibatch gives one update, with the mean gradient of its examples.",
    SGD,
    0.25,
)
def _(x, y, W, b, eta, batches):
    return run(x, y, W, b, eta, [[k] for batch in batches for k in batch])


@key.mistake(
    "W updated before the gradient of b is computed",
    "Both gradients belong to the same forward pass. With the new W the error is another one.",
    ORDER,
    0.5,
)
def _(x, y, W, b, eta, batches):
    for batch in batches:
        W = W - eta * gradients(x[:, batch], y[:, batch], W, b)[0]
        b = b - eta * gradients(x[:, batch], y[:, batch], W, b)[1]
    return W, b


@key.mistake(
    "the bias not updated",
    "A bias is a parameter like any other and has a gradient.",
    BIASES,
    0.25,
)
def _(x, y, W, b, eta, batches):
    for batch in batches:
        W = W - eta * gradients(x[:, batch], y[:, batch], W, b)[0]
    return W, b


@key.alternative("loops over the examples")
def _(x, y, W, b, eta, batches):
    for batch in batches:
        dW, db = np.zeros(W.shape), np.zeros(b.shape)
        for k in batch:
            delta = W @ x[:, [k]] + b - y[:, [k]]
            dW += delta @ x[:, [k]].T
            db += delta
        W, b = W - eta * dW / len(batch), b - eta / len(batch) * db
    return W, b


@key.alternative("einsum")
def _(x, y, W, b, eta, batches):
    for batch in batches:
        x_b = np.take(x, batch, axis=1)
        delta = np.einsum("ij,jk->ik", W, x_b) + b - np.take(y, batch, axis=1)
        W = W - eta * np.einsum("ik,jk->ij", delta, x_b) / len(batch)
        b = b - eta * np.einsum("ik->i", delta)[:, None] / len(batch)
    return W, b


@key.alternative("the bias as a weight on an input of ones")
def _(x, y, W, b, eta, batches):
    x1, V = np.vstack([x, np.ones((1, x.shape[1]))]), np.hstack([W, b])
    for batch in batches:
        V = V - eta * (V @ x1[:, batch] - y[:, batch]) @ x1[:, batch].T / len(batch)
    return V[:, :-1], V[:, -1:]


@key.alternative("in place on copies, in float32")
def _(x, y, W, b, eta, batches):
    x, y, W, b = (np.array(p, np.float32) for p in (x, y, W, b))
    for batch in batches:
        dW, db = gradients(x[:, batch], y[:, batch], W, b)
        W -= np.float32(eta) * dW
        b -= np.float32(eta) * db
    return W, b


@key.alternative("1/B in the error, nested lists in a dictionary")
def _(x, y, W, b, eta, batches):
    for batch in batches:
        delta = (W @ x[:, batch] + b - y[:, batch]) / len(batch)
        W, b = W - eta * delta @ x[:, batch].T, b - eta * delta.sum(1, keepdims=True)
    return {"b": b.tolist(), "W": W.tolist()}


@key.alternative("examples as rows")
def _(x, y, W, b, eta, batches):
    rows, targets, V, c = x.T, y.T, W.T, b.T
    for batch in batches:
        error = rows[batch] @ V + c - targets[batch]
        V = V - eta * rows[batch].T @ error / len(batch)
        c = c - eta * error.mean(axis=0)
    return V.T, c.T
