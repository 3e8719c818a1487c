"""What grades initial-scales: networks that widen, narrow and stay."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["lecun", "he", "xavier", "he_limit", "xavier_limit"])

SUM = "chapter 12, “One layer forward”"
FORWARD = "chapter 4, “What is known, and what is wanted”"
RECIPES = "chapter 12, “Four recipes, three conditions”"


@key.cases
def cases(rng):
    return [{"widths": rng.permutation(np.arange(5, 100))[:size]} for size in (3, 4, 6)]


def fans(widths):
    return widths[:-1], widths[1:]


def recipes(n_in, n_out):
    return 1 / n_in, 2 / n_in, 2 / (n_in + n_out)


def run(
    widths, *, fans=fans, recipes=recipes, root=np.sqrt,
    limit=lambda deviation: np.sqrt(3) * deviation, xavier_limit=None,
):  # fmt: skip
    """The five arrays, each line of which can be replaced by a wrong one."""
    lecun, he, xavier = (root(variance) for variance in recipes(*fans(widths)))
    last = xavier_limit(*fans(widths)) if xavier_limit else limit(xavier)
    return lecun, he, xavier, limit(he), last


mistake = key.built_of_lines(run, RECIPES, 0.25)


mistake(
    "variances in place of standard deviations",
    "The recipes give variances; what multiplies a standard normal number is the root.",
    root=lambda variance: variance,
)
mistake(
    "incoming and outgoing exchanged",
    "W has the shape (n_out, n_in): a unit adds up as many products as its layer has inputs.",
    FORWARD,
    fans=lambda widths: fans(widths)[::-1],
)
mistake(
    "the bias counted among the incoming weights",
    "The recipes count the products in the sum; the bias starts at zero and adds nothing.",
    SUM,
    0.5,
    fans=lambda widths: (widths[:-1] + 1, widths[1:]),
)
mistake(
    "the limits equal to the standard deviations",
    "Uniform numbers up to r have the standard deviation r/√3, so r is √3 times the deviation.",
    credit=0.5,
    limit=lambda deviation: deviation,
)
mistake(
    "the whole width of the interval in place of its limit",
    "√12 times the deviation is the way from −r to r; the limit is half of it.",
    credit=0.5,
    limit=lambda deviation: np.sqrt(12) * deviation,
)
mistake(
    "3 in place of √3 in the limits",
    "The variance is r²/3, so r² is three times the variance, and r has √3.",
    credit=0.5,
    limit=lambda deviation: 3 * deviation,
)
mistake(
    "He without its 2",
    "ReLU sets half of the units to zero, and the 2 makes up for them.",
    credit=0.5,
    recipes=lambda n_in, n_out: (1 / n_in, 1 / n_in, 2 / (n_in + n_out)),
)
mistake(
    "the 2 of He outside the root",
    "2/n is the variance, so the root is taken of the 2 as well.",
    credit=0.5,
    recipes=lambda n_in, n_out: (1 / n_in, 4 / n_in, 2 / (n_in + n_out)),
)
mistake(
    "He by the number of units in place of inputs",
    "That keeps the size of the errors going back; the recipe asked for has n_in.",
    credit=0.75,
    recipes=lambda n_in, n_out: (1 / n_in, 2 / n_out, 2 / (n_in + n_out)),
)
mistake(
    "Xavier without its 2",
    "The mean of n_in and n_out is (n_in + n_out)/2, and the variance is 1 over that.",
    credit=0.5,
    recipes=lambda n_in, n_out: (1 / n_in, 2 / n_in, 1 / (n_in + n_out)),
)
mistake(
    "brackets missing in √(2/(n_in + n_out))",
    "2 / n_in + n_out divides by n_in alone. The sum of both widths is what divides.",
    credit=0.5,
    recipes=lambda n_in, n_out: (1 / n_in, 2 / n_in, 2 / n_in + n_out),
)
mistake(
    "brackets missing in √(6/(n_in + n_out))",
    "6 / n_in + n_out divides by n_in alone. The sum of both widths is what divides.",
    credit=0.75,
    xavier_limit=lambda n_in, n_out: np.sqrt(6 / n_in + n_out),
)
mistake(
    "the 2 of Xavier outside the root",
    "2/(n_in + n_out) is the variance, so the root is taken of the 2 as well.",
    credit=0.5,
    recipes=lambda n_in, n_out: (1 / n_in, 2 / n_in, 4 / (n_in + n_out)),
)
mistake(
    "the root of the 2 alone in Xavier",
    "The root goes over the whole quotient: √(2/(n_in + n_out)), not √2/(n_in + n_out).",
    credit=0.5,
    recipes=lambda n_in, n_out: (1 / n_in, 2 / n_in, 2 / (n_in + n_out) ** 2),
)
mistake(
    "Xavier as the mean of the two variances",
    "Averaged are the two widths, not 1/n_in and 1/n_out.",
    credit=0.5,
    recipes=lambda n_in, n_out: (1 / n_in, 2 / n_in, (1 / n_in + 1 / n_out) / 2),
)
mistake(
    "the last layer first",
    "The arrays begin with layer 1, whose inputs are the network's.",
    FORWARD,
    0.5,
    fans=lambda widths: (widths[-2::-1], widths[:0:-1]),
)
mistake(
    "the product of both widths in place of n_in",
    "A unit adds up n_in products. That a layer has n_in · n_out weights plays no part.",
    SUM,
    fans=lambda widths: (widths[:-1] * widths[1:], widths[1:]),
)


key.clue(
    "lecun he xavier",
    "he_limit xavier_limit",
    "The deviations are right: only the step from a deviation to a limit is left.",
)
key.clue(
    "lecun he",
    "xavier",
    "The others are right, so the root and n_in are too: only 2/(n_in + n_out) is left.",
)


@key.alternative("loops over the layers")
def _(widths):
    found = {name: [] for name in key.returns}
    for l in range(1, len(widths)):
        n_in, n_out = int(widths[l - 1]), int(widths[l])
        found["lecun"].append(n_in**-0.5)
        found["he"].append((2 / n_in) ** 0.5)
        found["xavier"].append((2 / (n_in + n_out)) ** 0.5)
        found["he_limit"].append((6 / n_in) ** 0.5)
        found["xavier_limit"].append((6 / (n_in + n_out)) ** 0.5)
    return found


@key.alternative("the formulas with 6")
def _(widths):
    n, both = widths[:-1], widths[:-1] + widths[1:]
    return 1 / np.sqrt(n), np.sqrt(2 / n), np.sqrt(2 / both), np.sqrt(6 / n), np.sqrt(6 / both)


@key.alternative("half a width for the uniform variance")
def _(widths):
    return run(widths, limit=lambda deviation: np.sqrt(12) * deviation / 2)


@key.alternative("float32")
def _(widths):
    return run(widths.astype(np.float32))


@key.alternative("one matrix with five rows")
def _(widths):
    n_in, n_out = (np.asarray(n, float) for n in fans(widths))
    mean = (n_in + n_out) / 2
    return [*np.array([1 / n_in, 2 / n_in, 1 / mean, 6 / n_in, 3 / mean]) ** 0.5]


@key.alternative("fans from the shapes of the weights")
def _(widths):
    shapes = np.array(list(zip(widths[1:], widths[:-1], strict=True)))
    lecun = np.reciprocal(np.sqrt(shapes[:, 1]))
    xavier = np.sqrt(2 / shapes.sum(axis=1))
    he = lecun * 2**0.5
    return lecun, he, xavier, he * 3**0.5, xavier * 3**0.5
