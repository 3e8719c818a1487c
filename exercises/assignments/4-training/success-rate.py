"""What grades success-rate: starts of which half, a fifth and a third succeed."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["accuracy", "p", "error"])

RATE = "chapter 7, “How often does it learn?”"
BATCH = "chapter 4, “A batch”"
LOSS = "chapter 7, “The loss to which a − y belongs”"


@key.cases
def cases(rng):
    inputs = []
    for solved, failed, m in ((9, 8, 4), (3, 11, 5), (4, 7, 6)):
        y = np.resize([0.0, 1.0, 1.0], (1, m))
        wrong = np.zeros((solved + failed, 1, m), bool)
        for row in wrong[:failed]:
            row[:, rng.permutation(m)[: rng.integers(1, m - 1)]] = True
        wrong = wrong[rng.permutation(len(wrong))]
        sure = rng.uniform(0.55, 0.98, size=wrong.shape)  # the answer to the class decided for
        inputs.append({"a": np.where((y == 1) != wrong, sure, 1 - sure), "y": y})
    return inputs


def decided(a, y):
    return (a > 0.5) == (y == 1)


def per_network(right):
    return right.mean(axis=(1, 2))


def run(
    a, y, *, right=decided, accuracy=per_network, whole=lambda right: right.all(axis=(1, 2)),
    share=np.mean, error=lambda p, S, m: np.sqrt(p * (1 - p) / S),
):  # fmt: skip
    """The three numbers, each line of which can be replaced by a wrong one."""
    found = right(a, y)
    p = share(whole(found))
    return accuracy(found), p, error(p, len(a), a.shape[-1])


mistake = key.built_of_lines(run, RATE, 0.5)


mistake(
    "the threshold 0 in place of ½",
    "The answers are probabilities, all of them above 0; the border between the classes is ½.",
    LOSS,
    0.25,
    right=lambda a, y: (a > 0) == (y == 1),
)
mistake(
    "the classes exchanged",
    "An answer above ½ is a decision for 1, so it is right where y is 1.",
    LOSS,
    0.25,
    right=lambda a, y: (a < 0.5) == (y == 1),
)
mistake(
    "how sure the network is in place of what it decides",
    "A right decision counts as one, whether the answer was 0.6 or 0.99.",
    LOSS,
    0.25,
    right=lambda a, y: 1 - abs(a - y),
)
mistake(
    "the accuracy of each example in place of each network",
    "The mean runs over the examples, the last axis; one number is left for each start.",
    BATCH,
    accuracy=lambda right: right.mean(axis=(0, 1)),
)
mistake(
    "one accuracy for all networks together",
    "Each start has an accuracy of its own; only the success rate is one number for all.",
    accuracy=np.mean,
)
mistake(
    "the number of right decisions in place of their share",
    "The accuracy is a share: divide by the number of examples.",
    BATCH,
    accuracy=lambda right: right.sum(axis=(1, 2)),
)
mistake(
    "the mean accuracy in place of the success rate",
    "A network with three right answers of four has not learned XOR; it counts as a failure.",
    whole=per_network,
)
mistake(
    "one right decision enough for a success",
    "A network succeeds if all its decisions are right: all, not any.",
    whole=lambda right: right.any(axis=(1, 2)),
)
mistake(
    "the majority enough for a success",
    "A network succeeds if all its decisions are right, not most of them.",
    whole=lambda right: right.mean(axis=(1, 2)) > 0.5,
)
mistake(
    "failures counted in place of successes",
    "The rate asked for is that of the networks without a wrong decision.",
    whole=lambda right: ~right.all(axis=(1, 2)),
)
mistake(
    "the number of successes in place of their share",
    "The success rate is a share: divide by the number of starts.",
    share=np.sum,
)
mistake(
    "the root left out of the standard error",
    "p(1 − p)/S is a variance; the standard error is its root.",
    error=lambda p, S, m: p * (1 - p) / S,
)
mistake(
    "the spread of one start in place of the standard error",
    "√(p(1 − p)) belongs to a single start. The mean of S starts varies less, by √S.",
    error=lambda p, S, m: np.sqrt(p * (1 - p)),
)
mistake(
    "the number of examples in place of the starts in the standard error",
    "What was drawn by chance and counted are the starts; there are S of them.",
    error=lambda p, S, m: np.sqrt(p * (1 - p) / m),
)


@key.alternative("loops and counters")
def _(a, y):
    accuracy, successes = [], 0
    for answers in a:
        right = sum(
            (answer > 0.5) == (target == 1) for answer, target in zip(answers[0], y[0], strict=True)
        )
        accuracy.append(right / y.size)
        successes += right == y.size
    p = successes / len(a)
    return accuracy, p, (p * (1 - p) / len(a)) ** 0.5


@key.alternative("answers rounded")
def _(a, y):
    accuracy = 1 - np.abs(np.round(a) - y).mean(axis=-1)[:, 0]
    p = np.mean(accuracy > 1 - 0.5 / y.size)
    return accuracy, p, np.sqrt(p - p**2) / np.sqrt(len(a))


@key.alternative("the standard deviation of zeros and ones")
def _(a, y):
    flat = a.reshape(len(a), -1)
    wrong = ((flat > 0.5) != y.astype(bool)).sum(axis=1)
    solved = (wrong == 0).astype(float)
    return 1 - wrong / y.size, solved.mean(), solved.std() / len(a) ** 0.5


@key.alternative("nearer than a half")
def _(a, y):
    return run(a, y, right=lambda a, y: abs(a - y) < 0.5)


@key.alternative("float32, numbers as arrays of one entry in a dictionary")
def _(a, y):
    accuracy, p, error = run(a.astype(np.float32), y.astype(np.float32))
    return {
        "error": np.array([error], np.float32),
        "p": [p],
        "accuracy": accuracy.astype(np.float32),
    }
