"""The page of numbers that circulate wrongly: each is computed here, and read from the page."""

import re
from itertools import pairwise, permutations, product
from math import cosh, exp
from pathlib import Path

import numpy as np
import pytest

import bplib
from oracle import worked

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "chapters/errata.md").read_text("utf8")
ROW = re.compile(r"^\| \{ref\}`(.+?) <(er-\w+)>` \| (.+) \|$", re.MULTILINE)
ENTRY = re.compile(r"^\((er-\w+)\)=\n### [^\n]+\n(.*?)(?=^\(er-|^## |\Z)", re.MULTILINE | re.DOTALL)
CELL = re.compile(r"^```\{code-cell\} ipython3\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROLE = re.compile(r"\{[\w:]+\}`(?:([^`<]*) <[^`>]*>|[^`]*)`")
NUMERAL = re.compile(r"(?<![A-Za-z\d.,])−?\d+(?:[.,]\d+)*[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]*")
LIFTED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
CLAIMED = {name: claim for claim, name, _ in ROW.findall(PAGE)}
TABLE = {name: right for _, name, right in ROW.findall(PAGE)}
ENTRIES = dict(ENTRY.findall(PAGE))
OPENING = PAGE.split("# Numbers that circulate wrongly\n")[1].split("\n| ")[0]


def numerals(myst):
    """Every number in the words of a text: not in code, in references or in names like 2-2-1."""
    words = CELL.sub("", myst)
    words = ROLE.sub(lambda role: role[1] or "", words)
    words = re.sub(r"`[^`]*`|\b\d+(?:-\d+)+\b", "", words)
    return set(NUMERAL.findall(words))


def rounded(value, digits):
    return f"{value:.{digits}f}".replace("-", "−")


def scientific(value):
    """8.7e-06 as the page writes it: 8.7 and 10⁻⁶."""
    digits, power = f"{value:.1e}".split("e")
    return digits, "10" + str(int(power)).translate(LIFTED)


def says(name, right, others=(), given=""):
    """Assert that an entry has these numbers and no others, and the right ones where they belong.

    right: in the table's right column and in the entry's line “Right”; others: elsewhere; given:
    what is chosen and not computed, such as inputs and the figures of formulas.
    """
    answer = ENTRIES[name].split("*Right:*")[1].split("\n\n")[0]
    assert set(right) <= numerals(TABLE[name])
    assert set(right) <= numerals(answer)
    printed = numerals(CLAIMED[name]) | numerals(TABLE[name]) | numerals(ENTRIES[name])
    assert printed == {*right, *others, *given.split()}


def slopes(f, at, h=1e-30):
    """The gradient of f, by the complex step."""
    nudges = np.eye(at.size).reshape(at.size, *at.shape) * 1j * h
    return np.array([f(at + nudge).imag / h for nudge in nudges]).reshape(at.shape)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoids_slope(z):
    return 1 / (4 * cosh(z / 2) ** 2)


# The page


def test_the_table_lists_the_entries_and_the_text_says_how_many():
    assert [*CLAIMED] == [*ENTRIES]
    assert len(ENTRIES) == 18
    assert "Here are eighteen" in OPENING
    assert "Eighteen numbers" in PAGE.split("---\n")[1]


def test_every_entry_names_a_test_that_exists_and_has_a_cell_that_asserts():
    named = {}
    for name, text in ENTRIES.items():
        [place] = re.findall(r"`(tests/[^`]+)`", text)
        path, test = place.split("::")
        assert (ROOT / path).resolve() == Path(__file__).resolve()
        assert callable(globals()[test])
        assert f'"{name}"' in source_of(test), f"{test} does not read {name}"
        [cell] = CELL.findall(text)
        assert cell.startswith(":tags: [proof]\n\n# ")
        assert "\nassert " in cell
        named[name] = test
    assert len({*named.values()}) == len(ENTRIES)


def source_of(test):
    source = Path(__file__).read_text("utf8")
    return source.split(f"def {test}(")[1].split("\ndef ")[0]


# Its entries


def test_mazur():
    u, v = np.array([0.05, 0.1]), np.array([0.01, 0.99])
    A, B = np.array([[0.15, 0.2], [0.25, 0.3]]), np.array([[0.4, 0.45], [0.5, 0.55]])

    def hidden(A):
        return sigmoid(A @ u + 0.35)

    def loss(A, B, nudge=0):
        return 0.5 * np.sum((sigmoid(B @ hidden(A) + 0.6 + nudge) - v) ** 2)

    errors = slopes(lambda nudge: loss(A, B, nudge), np.zeros(2))
    B_new = B - 0.5 * slopes(lambda M: loss(A, M), B)
    by_old = slopes(lambda M: errors @ B @ hidden(M), A)
    by_new = slopes(lambda M: errors @ B_new @ hidden(M), A)
    np.testing.assert_allclose(by_old, slopes(lambda M: loss(M, B), A), rtol=1e-12)
    start, right, wrong = (
        rounded(L, 9)
        for L in (loss(A, B), loss(A - 0.5 * by_old, B_new), loss(A - 0.5 * by_new, B_new))
    )
    says("er-mazur", [right], [wrong, start])
    assert numerals(OPENING) == {right, wrong}
    assert right in OPENING.split("the\nother at ")[1][:12]


def test_slopes():
    right = [rounded(sigmoids_slope(z), 6) for z in (0.1, 0.3)]
    activations = [rounded(sigmoid(z), 3) for z in (0.1, 0.3)]
    redone = [rounded(float(a) * (1 - float(a)), 3) for a in activations]
    article = {"0.247", "0.241"}
    assert not article & {*redone, *(slope[:5] for slope in right)}
    says("er-slopes", right, [*activations, *redone, *article], "0.1 0.3 1")


def test_helper():
    right, handed_z = rounded(sigmoids_slope(2), 3), rounded(2 * (1 - 2), 0)
    at_a = rounded(sigmoids_slope(sigmoid(2)), 3)
    least = rounded(np.floor(1000 * sigmoids_slope(1)) / 1000, 3)
    says("er-helper", [right, handed_z], [at_a, least], "0 1 2")


def test_output():
    known = worked.numbers()
    right, difference = known["delta2[0]"], known["a2[0]"] - worked.Y
    factor = rounded(difference / right, 2)
    says("er-output", [rounded(right, 3)], [rounded(difference, 3), factor], "1")


def test_softmax():
    z, y = np.array([1.0, 2, 3]), np.array([0, 0, 1])

    def softmax(z):
        return np.exp(z) / np.exp(z).sum()

    right = slopes(lambda z: 0.5 * np.sum((softmax(z) - y) ** 2), z)
    a = softmax(z)
    diagonal = (a - y) * a * (1 - a)
    assert abs(right.sum()) < 1e-12
    wrong = [rounded(diagonal[2], 4), rounded(diagonal.sum(), 4)]
    says("er-softmax", [rounded(right[2], 4)], wrong, "0 1 2 3")


def test_shapes():
    rng = np.random.default_rng(1)
    a, y, W = rng.standard_normal((3, 3, 3))
    delta = slopes(lambda z: 0.5 * np.sum((sigmoid(z) - y) ** 2), W @ a)
    truth = slopes(lambda M: 0.5 * np.sum((sigmoid(M @ a) - y) ** 2), W)
    ways = [p @ q for A, B in permutations((delta, a)) for p, q in product((A, A.T), (B, B.T))]
    fit = [P for P in ways if P.shape == truth.shape]
    right = [P for P in fit if np.allclose(P, truth, rtol=1e-9)]
    says("er-shapes", [str(len(fit)), str(len(right))], given="3")


def test_relu():
    relu = bplib.activations.get("relu")
    needed = 1 / 2  # from ReLU(x) − ReLU(−x) = x
    assert needed**2 != needed  # which ReLU(ReLU(x)) = ReLU(x) would need
    zero = np.zeros(1)
    assert relu.df(zero, zero).item() == 0
    says("er-relu", [], given="0 1 2")
    assert "PyTorch and `bplib` take 0" in ENTRIES["er-relu"]
    torch = pytest.importorskip("torch", reason="NOT CHECKED that PyTorch takes 0")
    x = torch.zeros(1, requires_grad=True)
    torch.relu(x).backward()
    assert x.grad.item() == 0


def test_cost():
    def passes(sizes):
        """Multiplications for one example, there and back, each product by itself."""
        forward = back = 0
        for l, (below, above) in enumerate(pairwise(sizes)):
            forward += above * below
            back += above * below + (above * below if l else 0)
        return back / forward

    [network] = re.findall(r"(\d+(?:-\d+)+) network", ENTRIES["er-cost"])
    uneven = [int(units) for units in network.split("-")]
    right = [rounded(passes(sizes), 2) for sizes in (uneven, [100] * 11)]
    assert passes([784, 10]) == 1 < passes([1] * 1000) < 2
    says("er-cost", ["1", "2", *right], given="10 100")


def test_hardest():
    net = bplib.mlp([1, 1], output="sigmoid")
    net.W[0][:], net.b[0][:] = 1, 0
    z = np.linspace(-8, 8, 16_001)[None]
    bplib.loss_and_grad(net, bplib.losses.SquaredError(), z, np.ones_like(z))
    size = abs(net.delta[0][0])
    assert abs(net.a[0][0, size.argmax()] - 1 / 3) < 1e-3
    assert abs(size.max() - 4 / 27) < 1e-7
    far = np.argmin(abs(z + 5))
    others = rounded(net.a[0][0, far], 4), rounded(size[far], 4), f"{size.max() / size[far]:.0f}"
    says("er-hardest", [rounded(size.max(), 3)], others, "1 3 4 27 −5")
    assert "a = ⅓" in TABLE["er-hardest"]
    assert "4/27" in ENTRIES["er-hardest"]


def test_nudge():
    h = np.logspace(-8, -2, 60_001)
    best = h[np.argmin(h**2 / 6 + 2.0**-52 / h)]
    coarse, none = ((exp(d) - exp(-d)) / (2 * d) for d in (1e-15, 1e-17))
    says(
        "er-nudge",
        [*scientific(best), rounded(none, 0)],
        [rounded(coarse, 2)],
        "0 1 3 6 10⁻¹⁵ 10⁻¹⁷ 2⁻⁵²",
    )


def test_mse():
    a, y = np.array([0.2, 0.7, 0.4]), np.array([1.0, 0, 0.5])
    [factor] = {rounded(r, 3) for r in slopes(lambda a: np.mean((a - y) ** 2), a) / (a - y)}
    says("er-mse", [factor], [f"{1 / (2 / 3):.1f}"], "2 3")
    torch = pytest.importorskip("torch", reason="NOT CHECKED that MSELoss has this factor")
    answer = torch.tensor(a, requires_grad=True)
    torch.nn.MSELoss()(answer, torch.tensor(y)).backward()
    assert {rounded(r, 3) for r in answer.grad.numpy() / (a - y)} == {factor}


def test_limit():
    def after(eta, steps):
        w = 1.0
        for _ in range(steps):
            w -= eta * 4 * w
        return abs(w)

    border = next(n for n in range(1, 1000) if after(n / 1000, 10_000) >= 1) / 1000
    assert border == 2 / 4
    left = rounded(after(0.49, 1), 2)
    says("er-limit", ["2"], [str(border), str(1 / 4), left], "0.49 1 −1 4")


def test_points():
    angle = np.linspace(0, np.pi / 2, 100_001)
    e = np.array([np.cos(angle), np.sin(angle)])
    g = e * [[1], [20]]
    off = np.arccos((e * g).sum(axis=0) / np.linalg.norm(e, axis=0) / np.linalg.norm(g, axis=0))
    assert np.isclose(np.cos(off.max()), 2 * np.sqrt(20) / 21, rtol=1e-6)
    says("er-points", [rounded(np.degrees(off.max()), 1)], given="0 1 2 20")


def test_momentum():
    kappa = 100
    beta = ((kappa**0.5 - 1) / (kappa**0.5 + 1)) ** 2
    eta = 4 / (1 + kappa**-0.5) ** 2
    roots = [np.roots([1, -(1 + beta - eta * c), beta]) for c in (1, 0.5, 0.1, 1 / kappa)]
    shares = {rounded(abs(r), 3) for pair in roots for r in pair}
    theta, rule, sizes = np.ones(2), bplib.Momentum(eta, beta), []
    for _ in range(300):
        rule.step(theta, theta * [1, 1 / kappa])
        sizes.append(np.linalg.norm(theta))
    assert (sizes[-1] / sizes[-101]) ** 0.01 == pytest.approx(beta**0.5, abs=0.01)
    summed = rounded(abs(roots[0].sum()), 3)
    assert summed == rounded(2 * beta**0.5, 3)
    says("er-momentum", [*shares], [summed], "1 2 100")
    assert "2√β" in CLAIMED["er-momentum"]
    assert TABLE["er-momentum"].startswith("√β")


def test_pace():
    velocity = mean = 0.0
    for _ in range(1000):
        velocity, mean = 0.9 * velocity + 1, 0.9 * mean + (1 - 0.9) * 1
    assert mean == pytest.approx(1)
    says("er-pace", [rounded(velocity, 0)], given="0.9 1")


def test_adam():
    g = -7.0
    m, s = (1 - 0.9) * g, (1 - 0.999) * g**2
    corrected = m / (1 - 0.9) / np.sqrt(s / (1 - 0.999))
    assert corrected == pytest.approx(-1)
    others = rounded(m / g, 1), rounded(s / g**2, 3), rounded(np.sqrt(s) / abs(g), 4)
    says("er-adam", [rounded(abs(m) / np.sqrt(s), 2)], others, "0 1")


def test_decay():
    def adam(mu, eta=0.01, theta=1.0):
        g = mu * theta
        return theta - eta * g / np.sqrt(g**2)

    assert adam(0.1) == adam(0.001)
    decayed = rounded((1 - 0.01 * 0.1) * 1.0, 3)
    says("er-decay", [rounded(adam(0.1), 2), decayed], given="0.01 0.1 0.001 1")


def test_quarter():
    def chain(a, layers):
        for _ in range(layers):
            a = sigmoid(8 * a - 4)
        return a

    half = np.array([0.5])
    one, twenty = (slopes(lambda a, n=n: chain(a, n)[0], half).item() for n in (1, 20))
    assert slopes(lambda a: chain(a, 20)[0], np.array([0.51])) < 1e-9
    others = f"{twenty:,.0f}", *scientific(0.25**20), *scientific(1e-9)[1:]
    says("er-quarter", [f"{one:.0f}"], others, "0 0.51 4 8 20 −4")
