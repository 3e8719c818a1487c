"""Cases of an exercise as plain data: what goes into JSON, and what comes out again."""

import base64
import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from bplib.checks.causes import Mistake
from bplib.checks.fingerprint import Fingerprint
from bplib.checks.lock import Lock
from bplib.checks.outcome import Case, Outcome
from bplib.checks.verdict import Clue

LARGEST = 1 << 20  # bytes of what is sealed


def pack(
    returns: list[str], cases: list[Case], mistakes: list[Mistake], clues: Iterable[Clue] = ()
) -> dict[str, Any]:
    """Return what `unpack` takes, made of dictionaries, lists, numbers and text alone."""
    number = {mistake.name: place for place, mistake in enumerate(mistakes)}
    return {
        "returns": list(returns),
        "mistakes": [vars(mistake) for mistake in mistakes],
        "clues": [[list(clue.right), list(clue.wrong), clue.told] for clue in clues],
        "cases": [
            {
                "inputs": {key: _encoded(value) for key, value in case.inputs.items()},
                "right": _outcome_packed(case.right),
                "slips": {key: _outcome_packed(slip) for key, slip in case.slips.items()},
                "pairs": [
                    [number[one], number[other], _outcome_packed(both, digits=6)]
                    for (one, other), both in case.pairs.items()
                ],
            }
            for case in cases
        ],
    }


def unpack(packed: Mapping[str, Any]) -> dict[str, Any]:
    """Undo `pack`."""
    mistakes = [Mistake(**mistake) for mistake in packed["mistakes"]]
    return {
        "returns": packed["returns"],
        "next": packed.get("next", ""),
        "mistakes": mistakes,
        "clues": [Clue(tuple(r), tuple(w), told) for r, w, told in packed.get("clues", ())],
        "cases": [
            Case(
                {key: decoded(value) for key, value in case["inputs"].items()},
                _outcome(case["right"]),
                {key: _outcome(slip) for key, slip in case["slips"].items()},
                {
                    (mistakes[one].name, mistakes[other].name): _outcome(both)
                    for one, other, both in case.get("pairs", ())
                },
            )
            for case in packed["cases"]
        ],
    }


def seal(packed: Mapping[str, Any]) -> str:
    """Return packed cases as one line of text that `unseal` takes."""
    raw = json.dumps(packed, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.b85encode(zlib.compress(raw, 9)).decode()


def unseal(text: str) -> dict[str, Any]:
    """Undo `seal`.

    Raises:
        ValueError: the text is not complete.
    """
    try:
        unpacker = zlib.decompressobj()
        raw = unpacker.decompress(base64.b85decode(text), LARGEST)
        if not unpacker.eof:
            raise ValueError(f"text ends early or holds more than {LARGEST} bytes")
        return json.loads(raw)
    except (ValueError, RecursionError, zlib.error) as error:
        raise ValueError(
            f"version is a text of {len(text)} characters that cannot be read; "
            "expected the one that stands in your notebook, complete"
        ) from error


class Quadratic:
    """The function θ -> ½ θᵀHθ + bᵀθ of a column θ, (P, 1); `gradient` is its gradient."""

    def __init__(self, H: Any, b: Any) -> None:
        self.H, self.b = np.asarray(H, float), np.asarray(b, float)

    def __call__(self, theta: Any) -> float:
        """Return the value at theta."""
        theta = np.asarray(theta)
        return (0.5 * theta.T @ self.H @ theta + self.b.T @ theta).item()

    def gradient(self, theta: Any) -> np.ndarray:
        """Return H θ + b, (P, 1)."""
        return self.H @ np.asarray(theta) + self.b


class Polynomial:
    """The function x -> Σ cₖ xᵏ, entry by entry."""

    def __init__(self, c: Any) -> None:
        self.c = np.asarray(c, float)

    def __call__(self, x: Any) -> Any:
        """Return the value at each entry of x."""
        return np.polynomial.polynomial.polyval(x, self.c)


def _encoded(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return {"array": value.tolist()}
    if isinstance(value, Quadratic):
        return {"quadratic": [value.H.tolist(), value.b.tolist()]}
    if isinstance(value, Polynomial):
        return {"polynomial": value.c.tolist()}
    if isinstance(value, (list, tuple)):
        return [_encoded(item) for item in value]
    return value


def decoded(value: Any) -> Any:
    """Turn an input as it stands in JSON into what a function is given."""
    if isinstance(value, list):
        return [decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "array":
        return np.array(content)
    if kind == "quadratic":
        return Quadratic(*content)
    return Polynomial(content)


def _outcome_packed(result: Outcome, digits: int = 9) -> dict[str, Any]:
    if result.problem:
        return {"problem": result.problem}
    return {
        q: [
            list(p.shape),
            _rounded(p.size, digits),
            [_rounded(mark, digits) for mark in p.marks],
            p.lost,
        ]
        for q, p in result.prints.items()
    }


def _outcome(packed: Mapping[str, Any]) -> Outcome:
    if "problem" in packed:
        return Outcome(problem=packed["problem"])
    return Outcome(
        {
            q: Lock(tuple(shape), size, marks, lost)
            if isinstance(marks, str)
            else Fingerprint(tuple(shape), size, tuple(marks), lost)
            for q, (shape, size, marks, lost) in packed.items()
        }
    )


def _rounded(number: float, digits: int) -> float:
    return float(f"{number:.{digits}g}")
