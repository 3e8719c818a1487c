"""What grades one-update: a square and two oblong networks, with a short and a long step."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["W1", "b1", "W2", "b2", "after", "promised"])

BACKWARD = "chapter 5, “Backward”"
UPDATE = "chapter 5, “Update”"
ORDER = "chapter 5, “Updating as you go”"
BIASES = "chapter 5, “Forgetting the biases”"
MEAN = "chapter 5, “Sum or mean?”"
FAR = "chapter 3, “One parabola, solved”"


@key.cases
def cases(rng):
    inputs = []
    for n0, n1, n2, m, eta in ((2, 2, 1, 1, 1.0), (3, 3, 3, 5, 3.0), (2, 4, 3, 4, 2.0)):
        inputs.append(
            {
                "x": rng.normal(size=(n0, m)),
                "y": rng.integers(2, size=(n2, m)).astype(float),
                "W1": rng.normal(scale=0.7, size=(n1, n0)),
                "b1": rng.normal(scale=0.7, size=(n1, 1)),
                "W2": rng.normal(scale=0.7, size=(n2, n1)),
                "b2": rng.uniform(0.5, 1, size=(n2, 1)),
                "eta": eta,
            }
        )
    return inputs


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def loss(x, y, W1, b1, W2, b2):
    a2 = sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)
    return 0.5 * np.sum((a2 - y) ** 2) / x.shape[1]


def gradients(x, y, W1, b1, W2, b2, back=None):
    m = x.shape[1]
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    dW2 = delta2 @ a1.T / m
    delta1 = ((back(W2, dW2) if back else W2).T @ delta2) * a1 * (1 - a1)
    return (
        delta1 @ x.T / m,
        delta1.mean(axis=1, keepdims=True),
        dW2,
        delta2.mean(axis=1, keepdims=True),
    )


def squares(grads):
    return sum(np.sum(g**2) for g in grads)


def update(
    x, y, W1, b1, W2, b2, eta, *, back=None, total=False,
    step=lambda p, g, eta: p - eta * g,
    after=lambda x, y, old, new: loss(x, y, *new),
    promise=lambda grads, eta: eta * squares(grads),
):  # fmt: skip
    """One update, each part of which can be replaced by a wrong one."""
    old = (W1, b1, W2, b2)
    grads = gradients(x, y, *old, back=back and (lambda W, dW: back(W, dW, eta)))
    if total:
        grads = [g * x.shape[1] for g in grads]
    new = [step(p, g, eta) for p, g in zip(old, grads, strict=True)]
    return *new, after(x, y, old, new), loss(x, y, *old) - promise(grads, eta)


mistake = key.built_of_lines(update, UPDATE, 0.5)


mistake(
    "W₂ updated before the hidden error is computed",
    "δ₁ asks how the loss of this forward pass depends on z₁, and that pass used the old W₂.",
    ORDER,
    back=lambda W, dW, eta: W - eta * dW,
)
mistake(
    "dW₂ in place of W₂ in the hidden error",
    "What carried the activation forward carries the error back: the weight, not its gradient.",
    BACKWARD,
    back=lambda W, dW, eta: dW,
)
mistake(
    "the gradient added in place of subtracted",
    "The gradient points where the loss grows; the step goes against it.",
    step=lambda p, g, eta: p + eta * g,
)
mistake(
    "the learning rate left out of the update",
    "The step is η times the gradient.",
    step=lambda p, g, eta: p - g,
)
mistake(
    "the steps in place of the new parameters",
    "−η times the gradient is what has to be added to the old parameters.",
    step=lambda p, g, eta: -eta * g,
    after=lambda x, y, old, new: loss(x, y, *(p + q for p, q in zip(old, new, strict=True))),
)
mistake(
    "the sum over the examples in place of the mean",
    "The loss is a mean, so every gradient is divided by m once.",
    MEAN,
    0.25,
    total=True,
)
mistake(
    "the loss before the update in place of the loss after it",
    "After the update the network is another one, and its loss takes a forward pass of its own.",
    after=lambda x, y, old, new: loss(x, y, *old),
)
mistake(
    "the promised fall added to the loss",
    "A step against the gradient lowers the loss, so what it promises is subtracted.",
    FAR,
    0.75,
    promise=lambda grads, eta: -eta * squares(grads),
)
mistake(
    "a promise without η",
    "The step is η times as long as the gradient, so it promises η‖∇L‖².",
    FAR,
    promise=lambda grads, eta: squares(grads),
)
mistake(
    "η² in the promise",
    "The slope ‖∇L‖ times the length of the step, η‖∇L‖. Only one of the two factors has an η.",
    FAR,
    promise=lambda grads, eta: eta**2 * squares(grads),
)
mistake(
    "the norm in place of its square in the promise",
    "The slope ‖∇L‖ is multiplied by the length of the step, η‖∇L‖, which holds it once more.",
    FAR,
    promise=lambda grads, eta: eta * np.sqrt(squares(grads)),
)
mistake(
    "the biases left out of the promise",
    "The gradient holds all derivatives; a bias that moves lowers the loss as a weight does.",
    BIASES,
    promise=lambda grads, eta: eta * squares(grads[::2]),
)


@key.mistake(
    "the biases not updated",
    "A bias is a parameter like any other and has a gradient.",
    BIASES,
    0.5,
)
def _(x, y, W1, b1, W2, b2, eta):
    grads = gradients(x, y, W1, b1, W2, b2)
    new = (W1 - eta * grads[0], b1, W2 - eta * grads[2], b2)
    return *new, loss(x, y, *new), loss(x, y, W1, b1, W2, b2) - eta * squares(grads)


@key.mistake(
    "the forward pass done again between the two updates",
    "With layer 2 updated first, a new forward pass belongs to another network. All gradients "
    "come from one pass, and then all parameters move at once.",
    ORDER,
    0.25,
)
def _(x, y, W1, b1, W2, b2, eta):
    _, _, dW2, db2 = gradients(x, y, W1, b1, W2, b2)
    V2, c2 = W2 - eta * dW2, b2 - eta * db2
    dW1, db1, _, _ = gradients(x, y, W1, b1, V2, c2)
    new = (W1 - eta * dW1, b1 - eta * db1, V2, c2)
    promise = eta * squares((dW1, db1, dW2, db2))
    return *new, loss(x, y, *new), loss(x, y, W1, b1, W2, b2) - promise


key.clue(
    "W1 b1 W2 b2",
    "promised",
    "The update is right, and so are the gradients; only the formula of the promise is left.",
)
key.clue(
    "W1 b1 W2 b2",
    "after",
    "The update is right; only the forward pass and the loss after it are left.",
)
key.clue(
    "W2 b2",
    "W1 b1",
    "W₂ and b₂ are right, so δ₂ is too; the fault lies on the way from δ₂ to δ₁: in W₂ᵀ δ₂ "
    "or in the slope σ′(z₁).",
)


@key.alternative("loops over the examples")
def _(x, y, W1, b1, W2, b2, eta):
    old, m = (W1, b1, W2, b2), x.shape[1]
    grads, before = [np.zeros(p.shape) for p in old], 0.0
    for k in range(m):
        before += loss(x[:, [k]], y[:, [k]], *old) / m
        for g, part in zip(grads, gradients(x[:, [k]], y[:, [k]], *old), strict=True):
            g += part / m
    new = [p - eta * g for p, g in zip(old, grads, strict=True)]
    after = sum(loss(x[:, [k]], y[:, [k]], *new) for k in range(m)) / m
    return *new, after, before - eta * sum(v * v for g in grads for v in g.ravel())


@key.alternative("one flat vector for all parameters")
def _(x, y, W1, b1, W2, b2, eta):
    old = (W1, b1, W2, b2)
    theta = np.concatenate([p.ravel() for p in old])
    g = np.concatenate([part.ravel() for part in gradients(x, y, *old)])
    ends = np.cumsum([p.size for p in old])[:-1]
    parts = np.split(theta - eta * g, ends)
    new = [part.reshape(p.shape) for part, p in zip(parts, old, strict=True)]
    return *new, loss(x, y, *new), loss(x, y, *old) - eta * g @ g


@key.alternative("in place, on copies")
def _(x, y, W1, b1, W2, b2, eta):
    new = [p.copy() for p in (W1, b1, W2, b2)]
    before, grads = loss(x, y, *new), gradients(x, y, *new)
    for p, g in zip(new, grads, strict=True):
        p -= eta * g
    lengths = [np.linalg.norm(g) ** 2 for g in grads]
    return [*new, loss(x, y, *new), before - eta * sum(lengths)]


@key.alternative("float32")
def _(x, y, W1, b1, W2, b2, eta):
    low = [np.asarray(p, np.float32) for p in (x, y, W1, b1, W2, b2)]
    return update(*low, np.float32(eta))


@key.alternative("einsum")
def _(x, y, W1, b1, W2, b2, eta):
    m = x.shape[1]
    a1 = sigmoid(np.einsum("ij,jk->ik", W1, x) + b1)
    a2 = sigmoid(np.einsum("ij,jk->ik", W2, a1) + b2)
    d2 = np.einsum("ik,ik,ik->ik", a2 - y, a2, 1 - a2) / m
    d1 = np.einsum("ij,ik,jk->jk", W2, d2, a1 * (1 - a1))
    grads = (
        np.einsum("ik,jk->ij", d1, x),
        np.einsum("ik->i", d1)[:, None],
        np.einsum("ik,jk->ij", d2, a1),
        np.einsum("ik->i", d2)[:, None],
    )
    old = (W1, b1, W2, b2)
    new = [p - eta * g for p, g in zip(old, grads, strict=True)]
    promise = eta * sum(np.einsum("ij,ij->", g, g) for g in grads)
    return *new, loss(x, y, *new), loss(x, y, *old) - promise


@key.alternative("nested lists in a dictionary")
def _(x, y, W1, b1, W2, b2, eta):
    *new, after, promised = update(x, y, W1, b1, W2, b2, eta)
    named = dict(zip(key.returns, [p.tolist() for p in new], strict=False))
    return {"promised": promised, "after": after, **named}
