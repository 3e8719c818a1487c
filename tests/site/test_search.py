"""The search: what one asks for leads to the section that teaches it, and excerpts can be read."""

from urllib.parse import quote

import pytest
from bpsite.html import search
from support.book import PAGES, SITE

CHAPTERS = "chapters/"
CHAIN, DESCENT = CHAPTERS + "01-chain-rule.html", CHAPTERS + "03-gradient-descent.html"
BACKWARD, LOSSES = CHAPTERS + "04-backward-pass.html", CHAPTERS + "06-losses.html"
GRAPHS, XOR = CHAPTERS + "02-computational-graphs.html", CHAPTERS + "07-xor.html"
CHECKING, RULES = CHAPTERS + "08-checking-gradients.html", CHAPTERS + "09-optimizers.html"
SCHEDULES = CHAPTERS + "10-schedules.html"
VANISHING, START = CHAPTERS + "11-vanishing-exploding.html", CHAPTERS + "12-initialization.html"
NORMS, PENALTIES = CHAPTERS + "13-normalization-residual.html", CHAPTERS + "14-regularization.html"
LANDSCAPE, DIGITS = CHAPTERS + "15-landscape.html", CHAPTERS + "16-digits.html"
FIRST = {
    "sigma prime": (CHAIN, "Three slopes to know by heart"),
    "σ′": (CHAIN, "Three slopes to know by heart"),
    "σ'": (CHAIN, "Three slopes to know by heart"),
    "sigmoid derivative": (CHAIN, "Three slopes to know by heart"),
    "delta": (BACKWARD, "What is known, and what is wanted"),
    "δ": (BACKWARD, "What is known, and what is wanted"),
    "eta": (DESCENT, "One parabola, solved"),
    "learning rate": (DESCENT, "One parabola, solved"),
    "learning rates": (DESCENT, "One parabola, solved"),
    "theta": (CHAPTERS + "notation.html", "The letters"),
    "grad": (DESCENT, "Which way is down?"),
    "gradient": (DESCENT, "Which way is down?"),
    "softmax derivative": (BACKWARD, "“⊙ is for every layer”: it is not for softmax"),
    "derivative of softmax": (BACKWARD, "“⊙ is for every layer”: it is not for softmax"),
    "bias": (CHAIN, "A neuron is a chain"),
    "backprop": (BACKWARD, "The backward pass, four equations"),
    "vanishing": (VANISHING, "Vanishing and exploding gradients"),
    "Vanishing gradients": (VANISHING, "Vanishing and exploding gradients"),
    "exploding": (VANISHING, "Vanishing and exploding gradients"),
    "initialization": (START, "Initialisation"),
    "initialisation": (START, "Initialisation"),
    "He initialization": (START, "Four recipes, three conditions"),
    "Xavier initialisation": (START, "Four recipes, three conditions"),
    "batch norm": (NORMS, "Three ways to the loss"),
    "batchnorm": (NORMS, "Three ways to the loss"),
    "batch normalization": (NORMS, "Three ways to the loss"),
    "batch normalisation": (NORMS, "Three ways to the loss"),
    "layer norm": (NORMS, "Layer norm"),
    "layer normalisation": (NORMS, "Layer norm"),
    "residual connections": (NORMS, "A way around the layer"),
    "skip connection": (NORMS, "A way around the layer"),
    "regularization": (PENALTIES, "Regularisation, or learning less on purpose"),
    "regularisation": (PENALTIES, "Regularisation, or learning less on purpose"),
    "overfitting": (PENALTIES, "Regularisation, or learning less on purpose"),
    "weight decay": (PENALTIES, "Weight decay"),
    "dropout": (PENALTIES, "Dropout"),
    "early stopping": (PENALTIES, "Early stopping"),
    "adamw": (RULES, "AdamW: decay that is not divided"),
    "saddle points": (LANDSCAPE, "Three kinds of place"),
    "local minima": (LANDSCAPE, "Three kinds of place"),
    "local minimum": (LANDSCAPE, "Three kinds of place"),
    "plateau": (LANDSCAPE, "Where a thousand runs end"),
    "restarts": (LANDSCAPE, "Start again"),
    "digits": (DIGITS, "Handwritten digits, and how good a network really is"),
    "confusion matrix": (DIGITS, "Which digits, and why"),
    "validation": (DIGITS, "Three piles"),
    "test set": (DIGITS, "Three piles"),
    "learning rate schedule": (SCHEDULES, "Schedules: a rate that changes"),
    "schedules": (SCHEDULES, "Schedules: a rate that changes"),
    "warmup": (SCHEDULES, "Warm-up: when the start is the steep part"),
    "warm-up": (SCHEDULES, "Warm-up: when the start is the steep part"),
    "computational graph": (GRAPHS, "Computational graphs, once there and once back"),
    "gradient checking": (CHECKING, "Checking gradients, and the bugs that learn"),
    "cross-entropy": (LOSSES, "A loss is a guess about chance"),
    "softmax": (LOSSES, "One of several"),
    "XOR": (XOR, "XOR: one program, a thousand starts"),
}
REFERENCE = ("chapters/api.html", "chapters/bibliography.html")
RESULTS = """lines => lines.map(line => ({
    href: line.querySelector('a').getAttribute('href'),
    title: line.querySelector('a').textContent,
    excerpt: line.querySelector('.context')?.textContent ?? null,
    code: line.querySelectorAll('.context :is(pre, annotation, .katex-html)').length,
}))"""


@pytest.fixture
def ask(seen):
    """A function that asks for something and returns what is found, with excerpts where seen."""

    def look_for(query, height=900):
        page = seen(f"search.html?q={quote(query)}").page
        page.set_viewport_size({"width": 1280, "height": height})
        page.wait_for_function("document.querySelector('.search-summary')?.textContent")
        page.wait_for_load_state("networkidle")
        page.wait_for_function("document.querySelector('#search-results .context')")
        return page.locator("#search-results > ul > li").evaluate_all(RESULTS)

    return look_for


def rank(result):
    """Return 0 for what teaches, 1 for exercises and solutions, 2 for the reference."""
    page, _, place = result["href"].partition("#")
    if page in REFERENCE:
        return 2
    exercise = "-ex-" in place or place in ("exercises", "solutions")
    return int(exercise or not page.startswith("chapters/"))


@pytest.mark.parametrize("query", FIRST)
def test_leads_to_the_section_that_teaches_it(ask, query):
    first = ask(query)[0]
    assert (first["href"].partition("#")[0], first["title"]) == FIRST[query]


@pytest.mark.parametrize("query", [*FIRST, "momentum", "network", "loss"])
def test_chapters_come_before_exercises_and_these_before_the_reference(ask, query):
    ranks = [rank(result) for result in ask(query)]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize(("one", "other"), [("normalized", "normalised"), ("color", "colour")])
def test_both_spellings_find_the_same(ask, one, other):
    found = [[result["href"] for result in ask(query)] for query in (one, other)]
    assert found[0] == found[1]


def test_no_place_is_shown_twice(ask):
    found = [result["href"] for result in ask("delta")]
    assert len(found) == len({*found})


def test_a_name_from_the_code_leads_to_the_reference(ask):
    assert ask("bplib.mlp")[0]["href"] == "chapters/api.html#bplib.network.mlp"


@pytest.mark.parametrize("query", ["sigma prime", "delta", "learning rate", "grad", "argmax"])
def test_excerpts_show_no_code_and_each_formula_once(ask, query):
    found = ask(query, height=9000)
    excerpts = [result["excerpt"] for result in found if result["excerpt"]]
    assert len(excerpts) > 3
    assert sum(result["code"] for result in found) == 0
    for said in excerpts:
        for trace in ("\\", "import ", "assert ", "def ", "np.", "plt.", " == "):
            assert trace not in said


def test_an_excerpt_shows_what_was_asked_for(visit):
    page = visit("search.html?q=vanishing").page
    first = page.locator("#search-results > ul > li").first
    assert first.locator(".highlighted").first.inner_text().lower().startswith("vanish")


def test_the_script_and_the_index_split_words_alike(visit):
    page = visit("search.html").page
    texts = [
        "σ′(z) and δ₁, ηλ; \\sigma'(z)",
        "initialisation, colours, analysed, centred",
    ]
    for text in texts:
        told = page.evaluate("text => splitQuery(text).map(w => new Stemmer().stemWord(w))", text)
        language = search.English({})
        assert told == [language.stem(word) for word in language.split(text)]


def test_no_other_page_loads_it():
    for page in PAGES:
        loads = "language_data.js" in (SITE / page).read_text("utf8")
        assert loads == (page == "search.html"), page
