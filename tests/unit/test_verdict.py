"""What a student reads about an answer, and what is kept of the right one."""

import json
from dataclasses import replace

import numpy as np
import pytest

import bplib
from bplib.checks.causes import Mistake, distinct
from bplib.checks.checker import load, names
from bplib.checks.fingerprint import Fingerprint
from bplib.checks.outcome import Case, Outcome, outcome
from bplib.checks.packing import Polynomial, Quadratic, decoded, pack, unpack
from bplib.checks.verdict import IN_PLACE, Clue, Verdict, diagnose

RETURNS = ["p", "q"]


def right(x, c):
    return c * x, x @ x.T


def with_sign(x, c):
    return -c * x, x @ x.T


def with_transposed(x, c):
    return c * x, x.T @ x


def with_both_wrong(x, c):
    return c + x, x @ x.T + 1


def with_error(x, c):
    if x.shape[0] != x.shape[1]:
        raise ValueError("shapes do not fit")
    return c * x.T, x @ x.T


SLIPS = {
    "the wrong sign": with_sign,
    "xᵀx in place of xxᵀ": with_transposed,
    "c added": with_both_wrong,
    "x transposed": with_error,
}
MISTAKES = [
    Mistake(name, f"Why {name} is wrong.", "chapter 1" if number == 0 else "", 0.25)
    for number, name in enumerate(SLIPS)
]


def inputs():
    rng = np.random.default_rng(0)
    return [
        {"x": rng.normal(size=(2, 3)), "c": 2.0},
        {"x": rng.normal(size=(3, 3)), "c": -0.5},
    ]


def make(inputs, returns=RETURNS, right=right, slips=SLIPS):
    return [
        Case(
            given,
            outcome(right, given, returns),
            {name: outcome(slip, given, returns) for name, slip in slips.items()},
        )
        for given in inputs
    ]


CASES = make(inputs())


def judge(answer, cases=CASES, returns=RETURNS, mistakes=MISTAKES):
    return diagnose(cases, [outcome(answer, c.inputs, returns) for c in cases], mistakes)


def told(answer, **settings):
    verdict = judge(answer, **settings)
    assert not verdict
    return verdict.message


def test_right_answer():
    verdict = judge(right)
    assert verdict
    assert verdict.passed
    assert verdict.share == 1
    assert verdict.right == ("p", "q")
    assert verdict.message == "Right in 2 cases."
    assert repr(verdict) == "✓ Right in 2 cases."


@pytest.mark.parametrize(
    "answer",
    [
        lambda x, c: [c * x, x @ x.T],
        lambda x, c: {"q": x @ x.T, "p": c * x, "more": "ignored"},
        lambda x, c: ((c * x).tolist(), (x @ x.T).tolist()),
        lambda x, c: (part for part in right(x, c)),
        lambda x, c: map(np.float32, right(x, c)),
    ],
)
def test_what_comes_back_may_have_any_form(answer):
    assert judge(answer)


def test_one_mistake_for_everything():
    verdict = judge(with_both_wrong)
    assert verdict.mistakes == ("c added",)
    assert verdict.share == 0.25
    assert verdict.message == "This is what comes out with c added. Why c added is wrong."
    assert repr(verdict).startswith("✗ This is")


def test_where_to_read_and_what_is_right():
    verdict = judge(with_sign)
    assert verdict.message == (
        "This is what comes out with the wrong sign. Why the wrong sign is wrong. Read chapter 1."
    )
    assert verdict.right == ("q",)
    assert verdict.share == 0.5


def test_two_mistakes_are_named_quantity_by_quantity():
    verdict = judge(lambda x, c: (-c * x, x.T @ x))
    assert verdict.mistakes == ("the wrong sign", "xᵀx in place of xxᵀ")
    assert verdict.message.startswith("q: This is what comes out with xᵀx in place of xxᵀ.")
    assert " p: This is what comes out with the wrong sign." in verdict.message
    assert verdict.share == 0.25 * 0.25


def test_one_mistake_in_several_quantities_is_explained_once():
    slips = {"half": lambda x, c: (c * x / 2, x @ x.T / 2, c / 2)}
    returns = ["p", "q", "r"]
    cases = make(inputs(), returns, lambda x, c: (c * x, x @ x.T, c), slips)
    verdict = judge(
        lambda x, c: (c * x / 2, x @ x.T / 2, c + 5), cases, returns, [Mistake("half", "No.")]
    )
    assert verdict.mistakes == ("half",)
    assert verdict.message == (
        "p, q: This is what comes out with half. No. In case 1 of 2, r is not the right number."
    )


def test_a_multiple_of_a_mistake():
    slips = {
        "no square": lambda x, c: (x, x @ x.T),
        "no transpose": lambda x, c: (x**2, x @ x),
        "twice no square": lambda x, c: (2 * x, x @ x.T),
    }
    given = [{"x": np.array([[1.0, 2], [3, 4]]), "c": 1}, {"x": np.eye(3) + 1, "c": 1}]
    cases = make(given, RETURNS, lambda x, c: (x**2, x @ x.T), slips)
    known = [Mistake(name, "Why.") for name in slips]
    verdict = judge(lambda x, c: (-x, x @ x.T), cases, RETURNS, known)
    assert verdict.mistakes == ("no square",)
    assert verdict.message == "p: This is −1 times what comes out with no square. Why."
    exact = judge(lambda x, c: (2 * x, -x @ x), cases, RETURNS, known)
    assert exact.mistakes == ("twice no square", "no transpose")
    message = told(
        lambda x, c: (3 * x**2, x @ x.T), cases=cases, returns=RETURNS, mistakes=known
    )  # a multiple of what is right, and so none of a mistake's
    assert message.startswith("p is 3 times what was expected.")


def test_a_mistake_that_fails_where_shapes_differ():
    verdict = judge(with_error)
    assert verdict.mistakes == ("x transposed",)
    assert verdict.share == 0.25
    assert "In case 1 of 2, the function raises ValueError in line " in verdict.message
    assert verdict.message.endswith(": shapes do not fit.")


def test_another_error_is_not_that_mistake():
    def answer(x, c):
        if x.shape[0] != x.shape[1]:
            raise ValueError("something else")
        return right(x, c)

    assert judge(answer).mistakes == ()


def test_the_line_is_that_of_the_function():
    code = "def answer(x, c):\n    y = x\n    return np.linalg.solve(y, 'text')\n"
    space = {"np": np}
    exec(compile(code, "<cell>", "exec"), space)
    assert " in line 3: " in told(space["answer"])


def test_error_in_all_cases_is_told_once():
    message = told(lambda x, c: {}["W"])
    assert message.startswith("The function raises KeyError in line ")
    assert message.endswith(": 'W'.")


def test_error_without_words():
    def answer(x, c):
        raise RuntimeError

    assert told(answer).endswith(str(answer.__code__.co_firstlineno + 1) + ".")


def test_long_errors_are_cut():
    def answer(x, c):
        raise RuntimeError("word " * 100)

    assert len(told(answer)) < 200
    assert told(answer).endswith("…")


def test_not_written_yet():
    def answer(x, c):
        raise NotImplementedError

    assert told(answer) == "The function is not written yet."


def test_other_arguments():
    message = told(lambda x: x)
    assert message.startswith("The function cannot take x, c: ")
    assert message.endswith("unexpected keyword argument 'c'.")


def test_returns_nothing():
    expected = "The function returns nothing; expected p, q. Is there a return?"
    assert told(lambda x, c: None) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1.0, "The function returns 1 value; expected 2: p, q."),
        ((1, 2, 3), "The function returns 3 values; expected 2: p, q."),
        (np.ones((2, 2)), "The function returns 1 value; expected 2: p, q."),
        ({"p": 1, "Q": 2}, "The function returns p, Q; expected p, q."),
        ({}, "The function returns an empty dictionary; expected p, q."),
        (([[1, 2], [3]], 1), "p has rows of different lengths."),
        (("text", 1), "p is text; expected real numbers."),
        ((None, 1), "p is None; expected real numbers."),
        (([], 1), "p is []; expected real numbers."),
        ((1j, 1), "p is 1j; expected real numbers."),
    ],
)
def test_wrong_kinds(value, message):
    assert told(lambda x, c: value) == message


def test_problem_in_one_case_only():
    message = told(lambda x, c: right(x, c) if len(x) == 2 else None)
    assert message.startswith("In case 2 of 2, the function returns nothing; expected p, q.")
    assert message.endswith("?")


def test_not_a_number():
    def answer(x, c):
        p, q = right(x, c)
        p[0, 0] = np.nan
        return p, q

    expected = "In case 1 of 2, p has 1 entry that is NaN or infinite. Right in all cases: q."
    assert told(answer) == expected
    message = told(lambda x, c: (right(x, c)[0], np.full((len(x), len(x)), np.inf)))
    assert message.startswith("In case 1 of 2, q has 4 entries that are NaN or infinite.")


def test_wrong_shape():
    message = told(lambda x, c: (c * x.T, x @ x.T))
    assert message.startswith("In case 1 of 2, p has the shape (3, 2); expected (2, 3).")


def test_wrong_shapes_come_before_wrong_values():
    message = told(lambda x, c: (c * x + 5, np.ones((2, 7))))
    assert message == "In case 1 of 2, q has the shape (2, 7); expected (2, 2). Also wrong: p."
    message = told(lambda x, c: (c * x[:1], np.ones((2, 7))))
    assert message == (
        "In case 1 of 2, p has the shape (1, 3); expected (2, 3). "
        "In case 1 of 2, q has the shape (2, 7); expected (2, 2)."
    )


def test_a_wrong_shape_in_a_later_case_comes_before_a_wrong_value_in_the_first():
    message = told(lambda x, c: (c * x + 5, x @ x.T if len(x) == 2 else x @ x[:, :1]))
    assert message.startswith("In case 2 of 2, q has the shape (3, 1); expected (3, 3).")
    assert message.endswith("Also wrong: p.")


def test_a_wrong_shape_comes_before_what_has_a_name():
    message = told(lambda x, c: (-c * x, x @ x.T + np.ones((4, 1, 1))))
    assert message.startswith("In case 1 of 2, q has the shape (4, 2, 2); expected (2, 2). p: This")


def test_a_wrong_shape_that_has_a_name_comes_first():
    slips = {"transposed": lambda x, c: (x, x[:1] + c, x), "no c": lambda x, c: (0 * x, x, x)}
    names = ["p", "q", "r"]
    cases = make(inputs(), names, lambda x, c: (c * x, x, x), slips)
    verdict = judge(
        lambda x, c: (0 * x, x[:1] + c, x + 1), cases, names, [Mistake(s, "No.") for s in slips]
    )
    assert verdict.message == (
        "q: This is what comes out with transposed. No. p: This is what comes out with no c. No. "
        "In case 1 of 2, r has the right shape, but wrong values."
    )


def test_infinite_entries_come_before_wrong_values():
    message = told(lambda x, c: (c * x + 5, x @ x.T / 0))
    assert message == "In case 1 of 2, q has 4 entries that are NaN or infinite. Also wrong: p."


def test_every_wrong_quantity_is_named():
    message = told(lambda x, c: (c * x + 5, x @ x.T + 5))
    assert message == ("In case 1 of 2, p has the right shape, but wrong values. Also wrong: q.")
    message = told(lambda x, c: (-c * x, x @ x.T + 5))
    assert message.endswith("In case 1 of 2, q has the right shape, but wrong values.")


def test_a_clue_says_where_to_look():
    cases, clue = CASES, Clue(("q",), ("p",), "So c is the suspect.")
    for answer, there in ((lambda x, c: (x + 5, x @ x.T), True), (with_sign, False)):
        outcomes = [outcome(answer, case.inputs, RETURNS) for case in cases]
        message = diagnose(cases, outcomes, MISTAKES, [clue]).message
        assert ("wrong values. So c is the suspect. Right in all cases: q." in message) == there


def test_one_explanation_of_several_quantities_is_better_than_two():
    slips = {"one": lambda x, c: (-x, x, x), "both": lambda x, c: (-x, -x, -x)}
    names = ["p", "q", "r"]
    cases = make(inputs(), names, lambda x, c: (x, x, x), slips)
    known = [Mistake(name, "Why.") for name in slips]
    verdict = judge(lambda x, c: (-x, -x, x + 1), cases, names, known)
    assert verdict.mistakes == ("both",)


def test_two_mistakes_at_once_in_one_quantity():
    slips = {
        "sign": lambda x: (-(x**2), 3 * x),
        "cube": lambda x: (x**3, 3 * x),
        "two": lambda x: (x**2, 2 * x),
    }
    together = {
        ("sign", "cube"): lambda x: (-(x**3), 3 * x),
        ("sign", "two"): lambda x: (-(x**2), 2 * x),
        ("cube", "two"): lambda x: (x**3, 2 * x),
    }
    given = [{"x": np.array([[1.0, 2], [3, 5]])}, {"x": np.array([[2.0, 7, 1]])}]
    cases = distinct(
        [
            replace(case, pairs={t: outcome(f, case.inputs, RETURNS) for t, f in together.items()})
            for case in make(given, RETURNS, lambda x: (x**2, 3 * x), slips)
        ]
    )
    assert list(cases[0].pairs) == [("sign", "cube")]  # the others are told one by one
    known = [Mistake(name, f"Why {name}.", credit=0.5) for name in slips]
    for stored in (cases, unpack(json.loads(json.dumps(pack(RETURNS, cases, known))))["cases"]):
        verdict = judge(lambda x: (-(x**3), 3 * x), stored, RETURNS, known)
        assert verdict.mistakes == ("sign", "cube")
        assert verdict.message == (
            "p: This is what comes out with sign and cube together. Why sign. Why cube."
        )
        assert verdict.share == 0.5  # q is right
        verdict = judge(lambda x: (-(x**3), 2 * x), stored, RETURNS, known)
        assert verdict.mistakes == ("sign", "cube", "two")
        assert verdict.share == 0.125
        assert judge(lambda x: (x**2, 3 * x), stored, RETURNS, known)


def test_cases_of_older_notebooks_have_no_pairs_and_no_clues():
    packed = pack(RETURNS, CASES, MISTAKES)
    del packed["clues"]
    for case in packed["cases"]:
        del case["pairs"]
    assert judge(right, unpack(json.loads(json.dumps(packed)))["cases"])


@pytest.mark.parametrize(("factor", "said"), [(2, "2"), (0.5, "0.5"), (-3, "−3"), (1e4, "1e+04")])
def test_constant_factor(factor, said):
    message = told(lambda x, c: (factor * c * x, x @ x.T))
    assert message == f"p is {said} times what was expected. Right in all cases: q."


def test_factor_that_varies_is_not_told():
    message = told(lambda x, c: (c * x * len(x), x @ x.T))
    assert message.startswith("In case 1 of 2, p has the right shape, but wrong values.")


def test_nearly_right():
    message = told(lambda x, c: (1.0001 * c * x, x @ x.T))
    assert message.startswith("In case 1 of 2, p is nearly right, but off by 1e-04 of its size.")


def test_one_wrong_number_has_no_factor():
    cases = make(inputs()[:1], ["r"], lambda x, c: c, {})
    message = told(lambda x, c: 3 * c, cases=cases, returns=["r"], mistakes=[])
    assert message == "In case 1 of 1, r is not the right number."


def test_a_number_may_be_an_array_of_one():
    cases = make(inputs(), ["r"], lambda x, c: c, {})
    for answer in (lambda x, c: [[c]], lambda x, c: np.array([c]), lambda x, c: {"r": c}):
        assert judge(answer, cases, ["r"], [])


def test_inputs_changed_in_place():
    def answer(x, c):
        result = right(x, c)
        x *= 2
        return result

    verdict = judge(answer)
    assert not verdict
    assert verdict.mistakes == (IN_PLACE,)
    assert verdict.share == 0.5
    assert verdict.message.startswith("The function changes x, which it was given.")
    assert verdict.message.endswith("write a = a − b in place of a -= b.")
    assert CASES[0].inputs["x"].max() < 10  # the cases have not been touched
    assert judge(right)


def test_in_place_and_wrong():
    def answer(x, c):
        result = with_sign(x, c)
        x += 1
        return result

    verdict = judge(answer)
    assert verdict.mistakes == (IN_PLACE, "the wrong sign")
    assert "the wrong sign" in verdict.message
    assert verdict.share == 0.25


@pytest.mark.parametrize("spoil", [lambda W: W.append(1), lambda W: W[1].fill(0), list.clear])
def test_lists_changed_in_place(spoil):
    given = [{"W": [np.ones((2, 3)), np.ones((1, 2))]}]
    cases = make(given, ["n"], lambda W: 2.0, {})

    def answer(W):
        spoil(W)
        return 2.0

    assert judge(lambda W: 2.0, cases, ["n"], [])
    assert judge(answer, cases, ["n"], []).mistakes == (IN_PLACE,)


# Lists of arrays, as long as the network is deep

LAYERS = ["dW[]", "loss"]


def layers(W):
    return [2 * W_l for W_l in W], 1.0


DEEP = make(
    [{"W": [np.ones((2, 3)), np.full((1, 2), 3.0)]}, {"W": [np.eye(2)]}],
    LAYERS,
    layers,
    {"no two": lambda W: (W, 1.0), "reversed": lambda W: (layers(W)[0][::-1], 1.0)},
)
DEEP_MISTAKES = [Mistake("no two", "Why."), Mistake("reversed", "Why.")]


def judge_layers(answer):
    return judge(answer, DEEP, LAYERS, DEEP_MISTAKES)


def test_lists_of_arrays():
    assert judge_layers(layers)
    assert judge_layers(layers).right == ("dW[0]", "dW[1]", "loss")
    assert judge_layers(lambda W: (tuple(layers(W)[0]), [[1]]))
    assert judge_layers(lambda W: {"loss": 1, "dW": [part.tolist() for part in layers(W)[0]]})
    assert judge_layers(lambda W: (map(np.asarray, layers(W)[0]), 1))
    stack = make([{"W": [np.eye(2), np.ones((2, 2))]}], LAYERS, layers, {})
    assert judge(lambda W: (2 * np.array(W), 1), stack, LAYERS, [])


def test_one_layer_is_wrong():
    def answer(W):
        dW, loss = layers(W)
        return [dW[0] ** 2, *dW[1:]], loss

    verdict = judge_layers(answer)
    assert verdict.right == ("dW[1]", "loss")
    assert verdict.message.startswith("dW[0] is 2 times what was expected.")
    assert judge_layers(lambda W: (W, 1)).mistakes == ("no two",)
    assert judge_layers(lambda W: (layers(W)[0][::-1], 1)).mistakes == ("reversed",)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda W: ([W[0]], 1), "In case 1 of 2, dW has 1 array; expected 2."),
        (lambda W: ([*W, W[0]], 1), "In case 1 of 2, dW has 3 arrays; expected 2."),
        (lambda W: ([], 1), "In case 1 of 2, dW has 0 arrays; expected 2."),
        (lambda W: (1.0, 1), "dW is 1.0; expected a list of arrays."),
        (lambda W: (["a", "b"], 1), "dW[0] is a; expected real numbers."),
        (lambda W: ([[[1, 2], [3]], 1], 1), "dW[0] has rows of different lengths."),
        (lambda W: None, "The function returns nothing; expected dW, loss. Is there a return?"),
        (lambda W: W[:1], "The function returns 1 value; expected 2: dW, loss."),
    ],
)
def test_lists_that_are_none(answer, message):
    assert judge_layers(answer).message == message


# Fingerprints


def test_fingerprints_recognise():
    a = np.random.default_rng(1).normal(size=(4, 5))
    mark = Fingerprint.of("a", a)
    assert mark.matches(Fingerprint.of("a", a.astype(np.float32)))
    assert mark.matches(Fingerprint.of("a", a * (1 + 1e-7)))
    assert not mark.matches(Fingerprint.of("a", a * (1 + 1e-4)))
    assert not mark.matches(Fingerprint.of("a", a.ravel()))
    assert not mark.matches(Fingerprint.of("a", a[::-1]))
    swapped = a.copy()
    swapped[0, :2] = swapped[0, 1::-1]
    assert not mark.matches(Fingerprint.of("a", swapped))
    assert mark.factor(Fingerprint.of("a", -3 * a)) == pytest.approx(-3)
    assert mark.factor(Fingerprint.of("a", a + 1)) is None
    assert Fingerprint.of("a", np.zeros(3)).factor(mark) is None


def test_fingerprints_of_zeros_and_of_what_is_not_finite():
    zero = Fingerprint.of("a", np.zeros((2, 2)))
    assert zero.matches(Fingerprint.of("a", np.zeros((2, 2))))
    assert not zero.matches(Fingerprint.of("a", np.full((2, 2), 1e-9)))
    lost = Fingerprint.of("a", np.array([1.0, np.nan, np.inf]))
    assert lost.lost == 2
    assert not lost.matches(Fingerprint.of("a", np.array([1.0, 0, 0])))
    with np.errstate(all="raise"):
        huge = Fingerprint.of("a", np.array([1e308, 1e308, -1e308]))
        assert huge.lost == 3
        assert not huge.matches(Fingerprint.of("a", np.array([1.0, 2.0, 3.0])))
        large = Fingerprint.of("a", np.array([1e99, 1e99, -1e99]))
        assert not large.matches(Fingerprint.of("a", np.array([1.0, 2.0, 3.0])))


# To JSON and back


def test_cases_survive_json():
    packed = json.loads(json.dumps(pack(RETURNS, CASES, MISTAKES)))
    exercise = unpack(packed)
    assert exercise["returns"] == RETURNS
    assert exercise["mistakes"] == MISTAKES
    cases = exercise["cases"]
    for old, new in zip(CASES, cases, strict=True):
        assert old.inputs["c"] == new.inputs["c"]
        assert np.array_equal(old.inputs["x"], new.inputs["x"])
        assert new.slips.keys() == old.slips.keys()
        assert new.right.prints.keys() == old.right.prints.keys()
        for q, mark in old.right.prints.items():
            assert mark.matches(new.right.prints[q])
    assert judge(right, cases)
    for name, slip in SLIPS.items():
        assert judge(slip, cases).mistakes == (name,)


def test_lists_survive_json():
    packed = json.loads(json.dumps(pack(LAYERS, DEEP, DEEP_MISTAKES)))
    cases = unpack(packed)["cases"]
    assert judge(layers, cases, LAYERS, DEEP_MISTAKES)
    assert judge(lambda W: (W, 1), cases, LAYERS, DEEP_MISTAKES).mistakes == ("no two",)


def test_functions_survive_json():
    bowl, curve = Quadratic([[2, 1], [1, 3]], [[1], [-1]]), Polynomial([1, 0, 2])
    cases = make([{"f": bowl, "p": curve, "batch": [0, 2]}], ["r"], lambda f, p, batch: 1, {})
    (case,) = unpack(json.loads(json.dumps(pack(["r"], cases, []))))["cases"]
    theta = np.array([[1.0], [2.0]])
    assert case.inputs["f"](theta) == bowl(theta) == pytest.approx(0.5 * 18 - 1)
    assert np.array_equal(case.inputs["f"].gradient(theta), [[5], [6]])
    assert np.array_equal(case.inputs["p"](np.array([0, 2])), [1, 9])
    assert case.inputs["batch"] == [0, 2]
    assert decoded({"array": [[1, 2]]}).shape == (1, 2)


def test_json_does_not_hold_the_answer():
    packed = json.dumps(pack(RETURNS, CASES, MISTAKES))
    for case in CASES:
        for array in right(**case.inputs):
            for entry in array.flat:
                for digits in (6, 9, 12):
                    assert f"{entry:.{digits}g}" not in packed


# bplib.check


def test_check_is_offline_and_names_the_mistake():
    assert "backward-2-2-1" in names()
    verdict = bplib.check("backward-2-2-1", lambda x, y, W1, b1, W2, b2: (W1, b1, W2, b2))
    assert isinstance(verdict, Verdict)
    assert not verdict
    assert verdict.message


def test_unknown_name():
    with pytest.raises(ValueError, match=r"name is 'backwards'; expected one of .*backward-2-2-1"):
        bplib.check("backwards", right)


@pytest.mark.parametrize("function", [None, 3.0, right(**CASES[0].inputs)])
def test_not_callable(function):
    with pytest.raises(ValueError, match="expected the function itself, not its result"):
        bplib.check("backward-2-2-1", function)


def test_every_exercise_loads():
    for name in names():
        exercise = load(name)
        assert exercise["returns"]
        for case in exercise["cases"]:
            assert isinstance(case.right, Outcome)
            assert not case.right.problem
            assert set(case.slips) == {mistake.name for mistake in exercise["mistakes"]}


def test_a_salt_makes_other_fingerprints_of_the_same_result():
    inputs = {"x": np.arange(6.0)}
    plain = outcome(lambda x: 2 * x, inputs, ["y"])
    salted = outcome(lambda x: 2 * x, inputs, ["y"], "salt:")
    assert salted.prints["y"].size == plain.prints["y"].size
    assert not salted.prints["y"].matches(plain.prints["y"])
    assert salted == outcome(lambda x: x + x, inputs, ["y"], "salt:")
