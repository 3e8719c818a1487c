"""What grades noise-ball: rates that differ, a start that has a variance of its own."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["means", "variances"])

TWO = "chapter 10, “A memory and a tremble”"
PLAY = "chapter 10, “Play first”"


@key.cases
def cases(rng):
    return [
        {
            "mean": rng.uniform(2, 4) * rng.choice([-1, 1]),
            "variance": rng.uniform(0.3, 0.7),
            "rates": rng.uniform(*between, size=K),
            "lam": lam,
            "s": s,
        }
        for K, between, lam, s in (
            (4, (0.1, 0.4), 1.7, 1.6),
            (6, (0.05, 0.3), 2.3, 0.7),
            (3, (0.3, 0.9), 0.6, 2.1),
        )
    ]


def factor(eta, lam):
    return 1 - eta * lam


def both(shrink, V, eta, s):
    return shrink**2 * V + eta**2 * s**2


def run(mean, variance, rates, lam, s, *, shrink=factor, spread=both, drift=lambda eta, s: 0.0):
    """Means and variances, each line of which can be replaced by a wrong one."""
    means, variances = [mean], [variance]
    for eta in rates:
        f = shrink(eta, lam)
        means.append(f * means[-1] + drift(eta, s))
        variances.append(spread(f, variances[-1], eta, s))
    return np.array(means), np.array(variances)


mistake = key.built_of_lines(run, TWO, 0.5)


mistake(
    "the factor of the variance not squared",
    "If a number is multiplied by c, its variance is multiplied by c².",
    spread=lambda f, V, eta, s: f * V + eta**2 * s**2,
)
mistake(
    "η s² in place of η² s²",
    "The noise comes with the factor η, and a factor comes out of a variance squared.",
    spread=lambda f, V, eta, s: f**2 * V + eta * s**2,
)
mistake(
    "s in place of s²",
    "s is the standard deviation of the noise. Variances add, standard deviations do not.",
    spread=lambda f, V, eta, s: f**2 * V + eta**2 * s,
)
mistake(
    "η left out beside the noise",
    "An update moves by η times the slope, and the noise is part of the slope.",
    spread=lambda f, V, eta, s: f**2 * V + s**2,
)
mistake(
    "the new noise shrunk too",
    "What comes in with this update is shrunk by later ones, not by this one.",
    spread=lambda f, V, eta, s: f**2 * (V + eta**2 * s**2),
)
mistake(
    "no noise at all",
    "Each update brings noise of its own, of the variance η² s².",
    credit=0.25,
    spread=lambda f, V, eta, s: f**2 * V,
)
mistake(
    "standard deviations added",
    "Variances of independent numbers add. Standard deviations do not.",
    spread=lambda f, V, eta, s: (abs(f) * np.sqrt(V) + eta * s) ** 2,
)
mistake(
    "λ left out",
    "The slope at w is λw, so the factor is 1 − ηλ.",
    shrink=lambda eta, lam: 1 - eta,
)
mistake(
    "1 + ηλ in place of 1 − ηλ",
    "The step goes against the slope, so it shrinks w.",
    credit=0.25,
    shrink=lambda eta, lam: 1 + eta * lam,
)
mistake(
    "noise in the mean",
    "The noise has the mean 0, so it drops out of the mean of w.",
    drift=lambda eta, s: -eta * s,
)


@key.mistake(
    "mean squares in place of variances",
    "The mean of w² is the variance plus the square of the mean. Here the variance is asked for.",
    TWO,
    0.5,
)
def _(**inputs):
    means, variances = run(**inputs)
    return means, variances + means**2


@key.mistake(
    "standard deviations in place of variances",
    "The standard deviation is the root of the variance.",
    TWO,
    0.5,
)
def _(**inputs):
    means, variances = run(**inputs)
    return means, np.sqrt(variances)


@key.mistake(
    "the start taken for a number without variance",
    "The start is random here, with the variance that is given.",
    TWO,
    0.5,
)
def _(mean, variance, rates, lam, s):
    return run(mean, 0.0, rates, lam, s)


@key.mistake(
    "the start left out",
    "The arrays begin with the start, so they have one entry more than there are updates.",
    PLAY,
    0.5,
)
def _(**inputs):
    return [found[1:] for found in run(**inputs)]


@key.alternative("products of factors, and every noise by itself")
def _(mean, variance, rates, lam, s):
    K = len(rates)
    means, variances = np.full(K + 1, mean), np.full(K + 1, variance)
    for k in range(1, K + 1):
        left = np.prod(1 - lam * rates[:k])
        later = [np.prod(1 - lam * rates[j + 1 : k]) for j in range(k)]
        means[k] = left * mean
        variances[k] = left**2 * variance + s**2 * np.sum((rates[:k] * later) ** 2)
    return means, variances


@key.alternative("means by cumprod")
def _(mean, variance, rates, lam, s):
    shrink = 1 - lam * rates
    V = [variance]
    for f, eta in zip(shrink, rates, strict=True):
        V.append(f * f * V[-1] + (eta * s) ** 2)
    return mean * np.concatenate([[1], np.cumprod(shrink)]), V


@key.alternative("means and mean squares, subtracted at the end")
def _(mean, variance, rates, lam, s):
    m, M = [mean], [mean**2 + variance]
    for eta in rates:
        m.append(m[-1] - eta * lam * m[-1])
        M.append((1 - eta * lam) ** 2 * M[-1] + eta**2 * s**2)
    m, M = np.array(m), np.array(M)
    return {"means": m, "variances": M - m**2}


@key.alternative("in place on arrays")
def _(mean, variance, rates, lam, s):
    m, V = np.zeros(rates.size + 1), np.zeros(rates.size + 1)
    m[0], V[0] = mean, variance
    for k in range(rates.size):
        m[k + 1] = m[k] * (1 - rates[k] * lam)
        V[k + 1] = V[k] * (1 - rates[k] * lam) ** 2 + (rates[k] * s) ** 2
    return m, V


@key.alternative("float32")
def _(mean, variance, rates, lam, s):
    mean, variance, lam, s = map(np.float32, (mean, variance, lam, s))
    return run(mean, variance, rates.astype(np.float32), lam, s)
