"""Mistakes from public reports and their siblings: what `bplib.check` says of each."""

import numpy as np
import pytest

import bplib
from exercises.exercise import exercises

EXERCISES = {exercise.name: exercise for exercise in exercises()}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def column_sum(delta):
    return delta.sum(axis=1, keepdims=True)


def entropy(a, y):
    return -np.mean(y * np.log(a) + (1 - y) * np.log(1 - a))


def training(bias=column_sum, loss=entropy):
    def train(x, y, W1, b1, W2, b2, eta, epochs):
        m, losses = x.shape[1], []
        for k in range(epochs + 1):
            a1 = np.tanh(W1 @ x + b1)
            a2 = sigmoid(W2 @ a1 + b2)
            losses.append(loss(a2, y))
            if k == epochs:
                return W1, b1, W2, b2, losses
            d2 = (a2 - y) / m
            d1 = (W2.T @ d2) * (1 - a1**2)
            W2, b2 = W2 - eta * d2 @ a1.T, b2 - eta * bias(d2)
            W1, b1 = W1 - eta * d1 @ x.T, b1 - eta * bias(d1)

    return train


def test_a_bias_that_became_a_matrix_is_told_before_the_weights():
    verdict = bplib.check("training-loop", training(lambda delta: delta))
    assert verdict.mistakes == ("bias gradients with one column for each example",)
    verdict = bplib.check("training-loop", training(lambda delta: 0.9 * delta))
    assert verdict.message.startswith("In case 1 of 3, b1 has the shape (3, 4); expected (3, 1).")
    assert "In case 1 of 3, b2 has the shape (1, 4); expected (1, 1)." in verdict.message
    assert verdict.message.endswith("Also wrong: W1, W2, losses.")


@pytest.mark.parametrize(
    ("loss", "name"),
    [
        (
            lambda a, y: np.sum(-y * np.log(a) + (1 - y) * np.log(1 - a)) / y.size,
            "the wrong sign on the second term of the loss",
        ),
        (
            lambda a, y: np.mean(y * np.log(a) - (1 - y) * np.log(1 - a)),
            "the wrong sign on the second term of the loss",
        ),
        (
            lambda a, y: -np.mean(y * np.log10(a) + (1 - y) * np.log10(1 - a)),
            "log₁₀ in place of the natural logarithm",
        ),
        (
            lambda a, y: -np.mean(y * np.log2(a) + (1 - y) * np.log2(1 - a)),
            "log₂ in place of the natural logarithm",
        ),
    ],
)
def test_one_term_of_a_loss(loss, name):
    verdict = bplib.check("training-loop", training(loss=loss))
    assert verdict.mistakes == (name,)
    assert verdict.right == ("W1", "b1", "W2", "b2")


def test_one_term_of_a_loss_made_of_z():
    def answer(z, y):
        a = np.where(z > 0, 1, np.exp(-abs(z))) / (1 + np.exp(-abs(z)))
        losses = y * np.logaddexp(0, -z) - (1 - y) * np.logaddexp(0, z)
        return losses.sum(axis=0).mean(), a - y

    verdict = bplib.check("stable-cross-entropy", answer)
    assert verdict.mistakes == ("the wrong sign on the second term of the loss",)


def backward(error, updated=1.0, hidden=lambda z, a: a * (1 - a)):
    def answer(x, y, W1, b1, W2, b2):
        m = x.shape[1]
        z1 = W1 @ x + b1
        a1 = sigmoid(z1)
        a2 = sigmoid(W2 @ a1 + b2)
        d2 = error(a2, y)
        dW2 = d2 @ a1.T / m
        d1 = ((W2 - updated * dW2).T @ d2) * hidden(z1, a1)
        means = (delta.mean(axis=1, keepdims=True) for delta in (d1, d2))
        return d1 @ x.T / m, next(means), dW2, next(means)

    return answer


def right_error(a, y):
    return (a - y) * a * (1 - a)


def test_two_mistakes_in_one_pass():
    verdict = bplib.check("backward-2-2-1", backward(lambda a, y: a - y))
    output, updated = "σ′ missing at the output", "W₂ updated before the hidden error is computed"
    assert verdict.mistakes == (updated, output) or verdict.mistakes == (output, updated)
    assert f"dW2, db2: This is what comes out with {output}." in verdict.message
    assert "dW1, db1: This is what comes out with" in verdict.message
    assert verdict.message.count("δ₁ asks how") == 1


def test_two_mistakes_of_which_one_has_no_name():
    verdict = bplib.check("backward-2-2-1", backward(lambda a, y: a - y, 0.3))
    assert verdict.mistakes == ("σ′ missing at the output",)
    assert "dW1 has the right shape, but wrong values. Also wrong: db1." in verdict.message


@pytest.mark.parametrize(
    ("hidden", "name"),
    [
        (lambda z, a: z * (1 - z), "z₁(1 − z₁) in the hidden layer alone"),
        (
            lambda z, a: sigmoid(a) * (1 - sigmoid(a)),
            "σ′ taken at a₁ in place of z₁, in the hidden layer alone",
        ),
        (lambda z, a: 1, "σ′ missing in the hidden layer"),
    ],
)
def test_a_slope_that_is_wrong_in_one_layer(hidden, name):
    assert bplib.check("backward-2-2-1", backward(right_error, 0, hidden)).mistakes == (name,)


def test_what_has_no_name_is_told_by_its_place():
    verdict = bplib.check("backward-2-2-1", backward(right_error, 0, lambda z, a: 1 - a**2))
    assert verdict.mistakes == ()
    assert "the fault lies on the way from δ₂ to δ₁" in verdict.message
    assert verdict.message.endswith("Right in all cases: dW2, db2.")


def adam(rule, count=lambda k, P: k, new=lambda beta: 1 - beta):
    def answer(theta, gradients, eta, beta1, beta2, eps):
        path, m, s = [theta], 0, 0
        for t, g in enumerate(gradients, 1):
            m, s = beta1 * m + new(beta1) * g, beta2 * s + new(beta2) * g * g
            k = count(t, theta.size)
            path.append(path[-1] - eta * rule(m, s, 1 - beta1**k, 1 - beta2**k, eps))
        return np.array(path)

    return answer


def usual(m, s, c1, c2, eps):
    return m / c1 / (np.sqrt(s / c2) + eps)


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (
            adam(lambda m, s, c1, c2, eps: m * c1 / (np.sqrt(s * c2) + eps)),
            "the corrections multiplied in place of divided",
        ),
        (adam(usual, lambda k, P: 2), "β² in place of βᵏ in the corrections"),
        (
            adam(usual, lambda k, P: (k - 1) * P + 1 + np.arange(P)),
            "a count that goes on with every parameter",
        ),
        (
            adam(lambda m, s, c1, c2, eps: m / c1 / (np.sqrt(s) / c2 + eps)),
            "s corrected after its root",
        ),
        (adam(usual, new=lambda beta: 1), "g and g² without their 1 − β in the means"),
    ],
)
def test_corrections_of_adam(answer, name):
    verdict = bplib.check("adam", answer)
    assert verdict.mistakes == (name,)


def paths(sign, both):
    def answer(theta, gradients, eta, beta):
        found = []
        for look in (both, True):
            path, v = [theta], np.zeros(theta.shape)
            for g in gradients:
                v = beta * v + g
                path.append(path[-1] - eta * (g + sign * beta * v if look else v))
            found.append(np.array(path))
        return found

    return answer


def test_look_ahead():
    one, other = (
        "the look ahead with the wrong sign, g − βv",
        "Nesterov's rule in place of momentum",
    )
    assert bplib.check("momentum-path", paths(-1, False)).mistakes == (one,)
    assert bplib.check("momentum-path", paths(1, True)).mistakes == (other,)
    assert bplib.check("momentum-path", paths(1, False))


def scales(xavier, limit):
    def answer(widths):
        i, o = widths[:-1], widths[1:]
        he, deviation = np.sqrt(2 / i), xavier(i, o)
        return np.sqrt(1 / i), he, deviation, np.sqrt(3) * he, limit(i, o, deviation)

    return answer


def by_root_3(i, o, deviation):
    return np.sqrt(3) * deviation


@pytest.mark.parametrize(
    ("xavier", "limit", "names"),
    [
        (
            lambda i, o: np.sqrt(2 / i + o),
            by_root_3,
            ["brackets missing in √(2/(n_in + n_out))"],
        ),
        (
            lambda i, o: np.sqrt(2 / (i + o)),
            lambda i, o, deviation: np.sqrt(6 / i + o),
            ["brackets missing in √(6/(n_in + n_out))"],
        ),
        (
            lambda i, o: np.sqrt(2 / i + o),
            lambda i, o, deviation: np.sqrt(6 / i + o),
            ["brackets missing in √(2/(n_in + n_out))", "brackets missing in √(6/(n_in + n_out))"],
        ),
        (
            lambda i, o: np.sqrt(2) / (i + o),
            by_root_3,
            ["the root of the 2 alone in Xavier"],
        ),
        (
            lambda i, o: 2 / np.sqrt(i + o),
            by_root_3,
            ["the 2 of Xavier outside the root"],
        ),
    ],
)
def test_brackets_and_roots_of_xavier(xavier, limit, names):
    assert list(bplib.check("initial-scales", scales(xavier, limit)).mistakes) == names


@pytest.mark.parametrize("name", EXERCISES)
def test_clues_are_about_quantities_that_there_are(name):
    exercise = EXERCISES[name]
    quantities = {q for case in exercise.cases(at_once=0) for q in case.right.prints}
    for clue in exercise.key.clues:
        assert {*clue.right, *clue.wrong} <= quantities
        assert not {*clue.right} & {*clue.wrong}
        assert clue.told.endswith(".")
