"""What grades by-hand: every student has a network of their own."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["gradients"])

READ = "chapter 5, “Backward”"


@key.numbers
def numbers(rng):
    x1, x2 = rng.choice(np.arange(3, 18) / 10, 2, replace=False)
    w = rng.choice(np.arange(1, 10) / 10, 6, replace=False) * rng.choice([-1, 1], 6)
    b = rng.choice(np.arange(1, 6) / 10, 3, replace=False) * rng.choice([-1, 1], 3)
    names = ["w11", "w12", "w21", "w22", "v1", "v2", "b1", "b2", "c"]
    values = [x1, x2, *w, *b]
    drawn = zip(["x1", "x2", *names], values, strict=True)
    return {"y": int(rng.integers(2))} | {name: round(float(value), 1) for name, value in drawn}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gradients(x1, x2, y, w11, w12, w21, w22, b1, b2, v1, v2, c, slip=""):
    """The nine gradients, with one slip or none."""
    x = np.array([[x1], [x2]])
    W1, W2 = np.array([[w11, w12], [w21, w22]]), np.array([[v1, v2]])
    z1 = W1 @ x + np.array([[b1], [b2]]) * (slip != "bias")
    a1 = sigmoid(z1)
    z2 = W2 @ a1 + c * (slip != "bias")
    a2 = sigmoid(z2)

    def slope(z, a):
        a = sigmoid(a) if slip == "twice" else z if slip == "z" else a
        return a * (1 - a)

    delta2 = (y - a2 if slip == "sign" else a2 - y) * (1 if slip == "output" else slope(z2, a2))
    delta2 = 2 * delta2 if slip == "two" else delta2
    delta1 = W2.T * delta2 * (1 if slip == "hidden" else slope(z1, a1))
    dW1 = delta1 @ x.T
    parts = (dW1.T if slip == "order" else dW1), delta1, delta2 @ a1.T, delta2
    return np.concatenate([part.ravel() for part in parts])


@key.answer
def answer(**numbers):
    return gradients(**numbers)


def mistake(name, why, slip, read=READ, credit=0.5):
    @key.mistake(name, why, read, credit)
    def _(**numbers):
        return gradients(**numbers, slip=slip)


mistake("the wrong sign, y − a", "The derivative of ½(y − a)² by a is a − y.", "sign")
mistake("a factor 2 too much", "The half in the loss cancels the 2 of the derivative.", "two")
mistake("σ′ missing at the output", "δ of the output is (a − y) σ′(z), not a − y.", "output")
mistake(
    "σ′ missing in the hidden layer",
    "A hidden error is multiplied by the unit’s own slope before it is an error of z.",
    "hidden",
)
mistake("σ′ taken at a in place of z", "σ′(z) is a(1 − a) with a = σ(z).", "twice")
mistake("z(1 − z) in place of a(1 − a)", "The formula wants the activation.", "z")
mistake(
    "biases left out of the forward pass",
    "z is W a + b; without b every activation is another.",
    "bias",
    "chapter 5, “Forward”",
)
mistake(
    "the gradients of W⁽¹⁾ column by column",
    "Row by row means ∂L/∂w₁₁, ∂L/∂w₁₂, ∂L/∂w₂₁, ∂L/∂w₂₂.",
    "order",
    "",
    0.75,
)


@key.alternative("rounded to seven digits")
def _(**numbers):
    return [float(f"{g:.7g}") for g in gradients(**numbers)]


@key.alternative("a column")
def _(**numbers):
    return gradients(**numbers)


@key.alternative("float32")
def _(**numbers):
    return gradients(**numbers).astype(np.float32)


@key.alternative("a tuple")
def _(**numbers):
    return tuple(gradients(**numbers).tolist())


@key.alternative("in a dictionary")
def _(**numbers):
    return {"gradients": gradients(**numbers)}
