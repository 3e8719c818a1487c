"""The search: which section teaches what one asks for, and which words mean the same.

Sphinx makes the index and asks it. All that is ours goes into `language_data.js`, which the search
page alone loads: these tables, and `static/search.js`, which reads them.
"""

import json
import re

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.search.en import SearchEnglish

from bpsite.html.assets import OWN

LETTERS = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "Δ": "delta",
    "ε": "epsilon",
    "η": "eta",
    "θ": "theta",
    "κ": "kappa",
    "λ": "lambda",
    "μ": "mu",
    "σ": "sigma",
    "Σ": "sigma",
    "φ": "phi",
    "∂": "partial",
    "∇": "nabla",
    "⊙": "odot",
    "′": "prime",
}
"""Signs, and the words as which they are found; formulas have these words in their source."""

PRIME = "(?<=sigma) *['’]"
"""How a keyboard, and a formula's source, write the prime of σ′."""

SPELLINGS = [
    ["is(?=(e|ed|es|er|ers|ing|ation|ations)$)", "iz"],
    ["ys(?=(e|ed|es|ing)$)", "yz"],
    ["(?<=col|avi|ghb|fav)our", "or"],
    ["(?<=cent)re$", "er"],
    ["(?<=cent)r(?=ed$)", "er"],
    ["(?<=ode|abe|ave|nce)ll(?=(ed|er|ing)$)", "l"],
    ["^gray", "grey"],
]
"""Patterns in words and what stands for them, so that one finds both spellings of English."""

TEACHES = {
    "sigma prime, derivative of the sigmoid, sigmoid slope": "cr-slopes ve-quarter er-helper",
    "sigma, sigmoid, logistic function": "cr-slopes ve-quarter ls-error",
    "activation function, ReLU, tanh, f prime": "cr-slopes cr-kink",
    "delta, error of a unit": "bw-known bw-derivation cr-neuron ls-error",
    "eta, learning rate, step size, lr": "gd-parabola gd-condition sc-range schedules",
    "theta, parameters": "no-letters intro-why",
    "kappa, condition number": "gd-condition gd-turned",
    "lambda, curvature": "gd-parabola gd-edge gd-curvature",
    "beta": "op-momentum op-two op-table",
    "partial derivative": "bg-derivative bw-derivation",
    "grad, gradient, nabla": "gd-direction intro-why bw-derivation",
    "gradient descent, steepest descent": "gradient-descent gd-direction",
    "stochastic gradient descent, SGD, mini batch, minibatch": "gd-noise op-batches",
    "bias, biases": "cr-neuron bw-derivation we-biases",
    "weight, neuron, unit": "cr-neuron intro-why no-letters",
    "forward pass": "intro-why no-letters cg-network",
    "backprop, backpropagation, backward pass": "backward-pass bw-derivation intro-why",
    "odot, Hadamard product": "bw-derivation bw-softmax-layer no-letters",
    "notation, symbols, shapes": "notation no-letters symbols",
    "glossary, terms, definitions": "glossary",
    "Jacobian, VJP, JVP": "cr-jacobian cr-order",
    "computational graph, computation graph, graph": "computational-graphs cg-engine cg-adjoint",
    "autodiff, automatic differentiation, reverse mode, tape": "computational-graphs cg-adjoint",
    "forward mode, dual numbers": "cg-forward",
    "softmax derivative, softmax gradient": "bw-softmax-layer ls-error ls-all-paths",
    "softmax": "ls-several ls-error bw-softmax-layer",
    "cross entropy, crossentropy, log loss, likelihood": "ls-likelihood ls-several ls-error",
    "squared error, MSE": "ls-factors ls-likelihood er-mse",
    "log sum exp, overflow": "ls-overflow",
    "gradient check, numerical gradient, finite differences": "checking-gradients ck-own ck-two",
    "momentum, heavy ball": "op-momentum op-two op-smooth",
    "regularisation, overfitting, generalisation": "regularization rg-gap rg-practice",
    "L2, L1, penalty, ridge, lasso": "rg-pull rg-balance rg-wrong",
    "weight decay": "rg-decay op-adamw rg-pull",
    "AdamW, decoupled weight decay": "op-adamw rg-decay",
    "dropout": "rg-dropout rg-many rg-noise",
    "early stopping, patience": "rg-stop",
    "schedule, learning rate schedule, decay, annealing, cosine": "schedules sc-shapes sc-best",
    "warmup, warm up": "sc-warm",
    "vanishing, vanishing gradient": "vanishing-exploding ve-chain ve-quarter ve-remedies",
    "exploding, exploding gradient": "vanishing-exploding ve-chain ve-clipping",
    "clipping, gradient clipping": "ve-clipping",
    "batch norm, batchnorm, batch normalisation": "nr-derivation nr-taken nr-modes ve-norm",
    "layer norm, layernorm, layer normalisation": "nr-layer",
    "normalisation": "normalization-residual nr-derivation nr-layer ve-norm",
    "residual, residual connection, skip, skip connection, ResNet": "nr-around nr-fifty ve-norm",
    "training mode, evaluation mode, running mean": "nr-modes",
    "initialisation, initial weights, init": "initialization in-alike in-recipes",
    "Xavier, Glorot, He, LeCun, Kaiming, orthogonal": "in-recipes in-map",
    "Xavier initialisation, He initialisation, Glorot initialisation": "in-recipes in-map",
    "symmetry breaking": "in-alike",
    "loss landscape, landscape, loss surface": "landscape la-kinds la-play",
    "saddle, saddle point, critical point, Hessian": "la-kinds la-third la-walk",
    "local minimum, local minima, stuck": "la-kinds la-thousand la-wrong",
    "plateau, flat, level ground": "la-thousand la-walk la-wrong",
    "restart, random restart": "la-restart",
    "XOR": "xor xor-play xor-loop",
    "digits, handwritten digits, MNIST": "digits dg-play dg-columns",
    "confusion matrix": "dg-confusion",
    "validation, validation set, test set, training set, split": "dg-piles dg-spread",
    "standardise, preprocessing": "dg-columns",
    "scikit learn, sklearn, MLPClassifier": "dg-sklearn",
    "matrix, transpose": "bg-matrix",
    "dead unit, dying ReLU": "cr-kink ve-remedies",
}
"""What one may ask for, and the labels of the sections that teach it, the best first."""


def words(text):
    """Return the words of a text, with a word for each sign that has one."""
    text = re.sub(f"[{''.join(LETTERS)}]", lambda found: f" {LETTERS[found[0]]} ", text)
    return re.findall(r"\w+", re.sub(PRIME, " prime ", text))


def american(word):
    """Return a word in small letters, spelled as in American English."""
    word = word.lower()
    for pattern, replacement in SPELLINGS:
        word = re.sub(pattern, replacement, word)
    return word


class English(SearchEnglish):
    """English of either spelling, with signs; `search.js` splits and stems as this does."""

    def split(self, input):
        """Return the words of a text."""
        return words(input)

    def stem(self, word):
        """Return what is common to all forms of a word."""
        return super().stem(american(word))

    @property
    def js_splitter_code(self):
        """Return the tables, for the scripts."""
        tables = {"letters": LETTERS, "prime": PRIME, "spellings": SPELLINGS}
        tables |= {"teaches": self.options.get("teaches", [])}
        return f"const BOOK = {json.dumps(tables, ensure_ascii=False)};"


def use(app, config):
    """Have Sphinx embed our script; it is meant for scores, and may hold the rest too."""
    config.html_search_scorer = str(OWN / "search.js")


def find_sections(app, env):
    """Look up the sections of the table: page, place on it and title of each.

    Raises:
        ExtensionError: there is no section with such a label.
    """
    teaches = [
        [phrases.split(", "), [section(env, label) for label in labels.split()]]
        for phrases, labels in TEACHES.items()
    ]
    app.config.html_search_options = {"teaches": teaches}


def section(env, label):
    """Return page, anchor and title of the section that has a label."""
    docname, _, title = env.domains["std"].labels.get(label, (None, None, None))
    if docname is None:
        raise ExtensionError(f"search: no section has the label {label!r}")
    if title == env.titles[docname].astext():
        return [docname, "", title]
    for link in env.tocs[docname].findall(nodes.reference):
        if link.astext() == title:
            return [docname, link["anchorname"], title]
    raise ExtensionError(f"search: no section of {docname} has the title {title!r}")


def setup(app):
    """Register the language; when its tables change, all pages are read into the index again."""
    app.add_search_language(English)
    app.add_config_value("bpsite_search_words", [LETTERS, PRIME, SPELLINGS], "html")
