"""Finds the mistakes, one or two at once, that give what came out wrong."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bplib.checks.differences import Pairs, common_factor, of
from bplib.checks.fingerprint import Fingerprint
from bplib.checks.outcome import Case, Outcome
from bplib.checks.text import signed


@dataclass(frozen=True)
class Mistake:
    """A mistake that has a name: "this is what comes out with <name>", why, where to read.

    `credit` is the share of the points that an otherwise right answer keeps.
    """

    name: str
    why: str
    read: str = ""
    credit: float = 0.0


@dataclass(frozen=True)
class Cause:
    """What explains a wrong quantity: a mistake, a multiple of it, or two mistakes at once."""

    mistakes: tuple[Mistake, ...]
    times: str = ""


def whole(known: Sequence[Mistake], pairs: Pairs, returns: Sequence[str]) -> Cause | None:
    """Return the mistake, or the two at once, that give everything as it came out, or None."""
    one = (m for m in known if _made(_slips(m, pairs), pairs, returns))
    cause = next((Cause((m,)) for m in one), None)
    two = (two for two, slips in _two(known, pairs).items() if _made(slips, pairs, returns))
    return cause or next((Cause(mistakes) for mistakes in two), None)


def causes(known: Sequence[Mistake], pairs: Pairs, wrong: Sequence[str]) -> dict[Cause, list[str]]:
    """Explain wrong quantities, as many as can be: by few mistakes, then by two at once.

    Returns:
        The quantities by their cause, in the order of the quantities.
    """
    fits = {Cause((m,)): [q for q in wrong if _made(_slips(m, pairs), pairs, [q])] for m in known}
    alone = {cause for cause, explained in fits.items() if _spoils(cause, pairs) <= {*explained}}
    found = _fewest(fits, wrong, lambda cause, covered: (covered, cause in alone))
    named = {m for cause in found for m in cause.mistakes}
    left = _left(found, wrong)
    both = {
        Cause(two): [q for q in left if _made(slips, pairs, [q])]
        for two, slips in _two(known, pairs).items()
    }
    found |= _fewest(both, left, lambda cause, n: (not named.isdisjoint(cause.mistakes), n))
    left = _left(found, wrong)
    multiples: dict[Cause, list[str]] = {}
    for q in left:
        times = ((m, _times(m, pairs, q)) for m in known)
        cause = next((Cause((m,), c) for m, c in times if c), None)
        if cause:
            multiples.setdefault(cause, []).append(q)
    found |= multiples
    return dict(sorted(found.items(), key=lambda item: wrong.index(item[1][0])))


def distinct(cases: Sequence[Case]) -> list[Case]:
    """Return the cases with that part of two mistakes alone that no single one explains.

    Where the two together fail, as with shapes that do not fit, all is kept of the other cases.
    """
    kept = {two: _distinct(two, cases) for two in (cases[0].pairs if cases else ())}
    return [
        replace(
            case,
            pairs={
                two: Outcome(
                    {q: mark for q, mark in case.pairs[two].prints.items() if q in names},
                    "fails" if case.pairs[two].problem else "",
                )
                for two, names in kept.items()
                if names
            },
        )
        for case in cases
    ]


def _distinct(two: tuple[str, str], cases: Sequence[Case]) -> set[str]:
    """The quantities of two mistakes at once that neither gives alone, nor a right answer."""
    both = [case.pairs[two] for case in cases]
    single = list(zip(*([case.right, *case.slips.values()] for case in cases), strict=True))
    quantities = list(dict.fromkeys(q for outcome in both for q in outcome.prints))
    if any(outcome.problem for outcome in both):
        alone = any(all(map(_alike, one, both, [quantities] * len(both))) for one in single)
        return set() if alone else set(quantities)
    return {
        q
        for q in quantities
        if not any(all(map(_alike, one, both, [[q]] * len(both))) for one in single)
    }


def _same(one: Fingerprint, other: Fingerprint | None) -> bool:
    return other is not None and other.matches(one)


def _left(found: Mapping[Cause, list[str]], wrong: Sequence[str]) -> list[str]:
    return [q for q in wrong if not any(q in explained for explained in found.values())]


def _fewest(
    fits: Mapping[Cause, list[str]], wrong: Sequence[str], rank: Callable[[Cause, int], Any]
) -> dict[Cause, list[str]]:
    """Choose causes until no more can be explained, by rank: of a cause and of how much it does."""
    found: dict[Cause, list[str]] = {}
    while left := _left(found, wrong):
        now = {cause: [q for q in explained if q in left] for cause, explained in fits.items()}
        now = {cause: explained for cause, explained in now.items() if explained}
        if not now:
            break
        best = max(now, key=lambda cause: rank(cause, len(now[cause])))
        found[best] = now[best]
    return found


def _spoils(cause: Cause, pairs: Pairs) -> set[str]:
    """The quantities that a single mistake makes wrong."""
    return {
        q
        for case, _ in pairs
        for q, right in case.right.prints.items()
        if not _same(right, case.slips[cause.mistakes[0].name].prints.get(q))
    }


def _slips(mistake: Mistake, pairs: Pairs) -> list[Outcome]:
    return [case.slips[mistake.name] for case, _ in pairs]


def _two(known: Sequence[Mistake], pairs: Pairs) -> dict[tuple[Mistake, ...], list[Outcome]]:
    """The outcomes of two mistakes at once, case by case."""
    by_name = {mistake.name: mistake for mistake in known}
    return {
        tuple(by_name[name] for name in two): [case.pairs.get(two, Outcome()) for case, _ in pairs]
        for two in pairs[0][0].pairs
        if set(two) <= by_name.keys()
    }


def _made(slips: Sequence[Outcome], pairs: Pairs, returns: Sequence[str]) -> bool:
    """Say whether every case came out as with the mistake, and not all of them as errors."""
    return not all(slip.problem for slip in slips) and all(
        _alike(slip, got, returns) for slip, (_, got) in zip(slips, pairs, strict=True)
    )


def _alike(slip: Outcome, got: Outcome, returns: Sequence[str]) -> bool:
    if slip.problem or got.problem:
        return bool(slip.problem and got.problem)
    there = [q for q in returns if q in slip.prints or q in got.prints]
    return all(
        q in slip.prints and q in got.prints and slip.prints[q].matches(got.prints[q])
        for q in there
    )


def _times(mistake: Mistake, pairs: Pairs, quantity: str) -> str:
    """Say which multiple of what the mistake gives a quantity is, but of nothing right."""
    there = list(of(quantity, pairs))
    found = [mark for _, mark in there]
    right = [case.right.prints[quantity] for case, _ in there]
    slips = [case.slips[mistake.name].prints.get(quantity) for case, _ in there]
    if None in slips or all(r.matches(slip) for r, slip in zip(right, slips, strict=True)):
        return ""
    c = common_factor(list(zip(slips, found, strict=True)))
    if c is None or abs(c - 1) < 1e-3 or common_factor(list(zip(right, found, strict=True))):
        return ""
    return f"{signed(c)} times "
