"""An exercise: what its source says, and the key that grades it."""

import importlib.util
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from bplib.checks.causes import Mistake, distinct
from bplib.checks.outcome import Case, Outcome, outcome
from bplib.checks.verdict import Clue, Verdict, diagnose
from exercises.source import Source

ASSIGNMENTS = Path(__file__).parent / "assignments"
ASSIGNMENT = (
    r'---\ndescription: "(?P<description>[^"\n]+)"\n---\n\n'
    r"# (?P<title>[^\n]+)\n\n(?P<rest>.*?)\n?\Z"
)

Answer = Callable[..., Any]
Inputs = Mapping[str, Any]


@dataclass
class Key:
    """What grades an exercise: the quantities wanted, inputs, mistakes and right answers.

    Attributes:
        returns: the names of the quantities that the function returns, in order; "dW[]" is
            a list of arrays.
        visible: seed of the cases that a student can check against.
        draw: draws the inputs of all cases from a generator.
        own: draws the numbers of a student's own version, if every student has another one;
            then the function to be written takes no arguments.
        reference: the right answer to those numbers.
        lines: for mistakes of replaced lines, the answer that is built of lines, and what replaces
            some of them.
    """

    returns: list[str]
    visible: int = 0
    draw: Callable[[np.random.Generator], list[Inputs]] | None = None
    own: Callable[[np.random.Generator], Inputs] | None = None
    reference: Answer | None = None
    slips: dict[str, tuple[Mistake, Answer]] = field(default_factory=dict)
    lines: dict[str, tuple[Answer, Mapping[str, Any]]] = field(default_factory=dict)
    alternatives: dict[str, Answer] = field(default_factory=dict)
    clues: list[Clue] = field(default_factory=list)

    def cases(self, draw: Callable[[np.random.Generator], list[Inputs]]) -> None:
        """Register the function that draws the inputs of all cases from a generator."""
        self.draw = draw

    def numbers(self, draw: Callable[[np.random.Generator], Inputs]) -> None:
        """Register the function that draws a student's own numbers from a generator."""
        self.own = draw

    def answer(self, reference: Answer) -> None:
        """Register the reference of such an exercise: a function of the numbers."""
        self.reference = reference

    def mistake(
        self, name: str, why: str, read: str = "", credit: float = 0.0
    ) -> Callable[[Answer], Answer]:
        """Register a function that makes the mistake: "what comes out with <name>"."""

        def register(answer: Answer) -> Answer:
            if name in self.slips:
                raise ValueError(f"name is {name!r}, which is there already; expected another")
            self.slips[name] = (Mistake(name, why, read, credit), answer)
            return answer

        return register

    def built_of_lines(
        self, answer: Answer, read: str = "", credit: float = 0.0
    ) -> Callable[..., None]:
        """Return a function that registers the mistake of replacing lines of this answer.

        It takes name, why, read and credit, as `mistake` does, and the lines by their names. Two
        such mistakes that replace different lines are recognised together too.
        """
        usual_read, usual_credit = read, credit

        def register(
            name: str, why: str, read: str = usual_read, credit: float = usual_credit, **lines: Any
        ) -> None:
            self.mistake(name, why, read, credit)(partial(answer, **lines))
            self.lines[name] = answer, lines

        return register

    def pairs(self) -> Iterator[tuple[tuple[str, str], Answer]]:
        """Yield the names of two mistakes that can be made at once, and the answer with both."""
        for (one, (built, lines)), (other, (same, more)) in combinations(self.lines.items(), 2):
            if built is same and not lines.keys() & more.keys():
                yield (one, other), partial(built, **lines, **more)

    def clue(self, right: str, wrong: str, told: str) -> None:
        """Register where to look when some quantities are right and others wrong without a name.

        Both are names with spaces between them. The first clue that fits is told.
        """
        self.clues.append(Clue(tuple(right.split()), tuple(wrong.split()), told))

    def alternative(self, name: str) -> Callable[[Answer], Answer]:
        """Register a right answer in another style."""

        def register(answer: Answer) -> Answer:
            self.alternatives[name] = answer
            return answer

        return register


@dataclass(frozen=True)
class Exercise:
    """One exercise, its source and its key.

    Attributes:
        following: the title of the exercise after it in its assignment, "" for the last one.
    """

    source: Source
    key: Key
    following: str = ""

    @property
    def name(self) -> str:
        """The name by which `bplib.check` knows it."""
        return self.source.name

    @cached_property
    def solution(self) -> Answer:
        """The reference: what stands in the source, or a function of a student's numbers."""
        return self.key.reference or run(self.source.solution, self.source.function)

    @cached_property
    def mistakes(self) -> list[Mistake]:
        """All mistakes that have a name."""
        return [mistake for mistake, _ in self.key.slips.values()]

    def numbers(self, seed: int | None = None) -> dict[str, Any]:
        """Draw the numbers of a version, the public one's if there is no seed."""
        if not self.key.own:
            return {}
        seed = self.key.visible if seed is None else seed
        return dict(self.key.own(np.random.default_rng(seed)))

    def inputs(self, seed: int | None = None) -> list[dict[str, Any]]:
        """Draw what the reference is called with, a dictionary for each case."""
        if self.key.own:
            return [self.numbers(seed)]
        seed = self.key.visible if seed is None else seed
        return [dict(inputs) for inputs in self.key.draw(np.random.default_rng(seed))]

    def given(self, seed: int | None = None) -> list[dict[str, Any]]:
        """Draw what a student's function is called with, a dictionary for each case.

        Numbers of a student's own stand in the statement; the function takes no arguments.
        """
        return [{}] if self.key.own else self.inputs(seed)

    def cases(self, seed: int | None = None, salt: str = "", at_once: int = 2) -> list[Case]:
        """Return the cases of a seed, the visible ones if there is none.

        With 0 mistakes at once they tell right from wrong only, with 1 no two together, and are
        quicker.
        """
        slips = self.key.slips.items() if at_once else ()
        pairs = list(self.key.pairs()) if at_once > 1 else []
        return distinct(
            [
                Case(
                    {} if self.key.own else inputs,  # what `given` says
                    self._run(self.solution, inputs, salt),
                    {name: self._run(slip, inputs, salt) for name, (_, slip) in slips},
                    {names: self._run(answer, inputs, salt) for names, answer in pairs},
                )
                for inputs in self.inputs(seed)
            ]
        )

    def handed_in(self, answer: Answer, seed: int | None = None) -> Answer:
        """Return an answer of the kind that the key has as a student hands it in."""
        numbers = self.numbers(seed)
        return partial(answer, **numbers) if numbers else answer

    def judge(self, answer: Answer, seed: int | None = None) -> Verdict:
        """Call what a student handed in, and trusted, on the cases of a seed; judge it."""
        outcomes = [self._run(answer, given) for given in self.given(seed)]
        return self.verdict(outcomes, seed)

    def verdict(self, outcomes: list[Outcome], seed: int | None = None, salt: str = "") -> Verdict:
        """Judge outcomes on the cases of a seed: by two mistakes at once only if one is too few."""
        for at_once in range(3):
            cases = self.cases(seed, salt, at_once)
            verdict = diagnose(cases, outcomes, self.mistakes if at_once else [], self.key.clues)
            if verdict.passed or (at_once and not verdict.unexplained):
                break
        return verdict

    def _run(self, answer: Answer, inputs: Inputs, salt: str = "") -> Outcome:
        return outcome(answer, inputs, self.key.returns, salt)


@dataclass(frozen=True)
class Assignment:
    """Exercises that are handed out together, as one notebook."""

    folder: Path
    description: str
    title: str
    introduction: str
    exercises: list[Exercise]

    @property
    def name(self) -> str:
        """The name of its folder, such as "3-backward-pass"."""
        return self.folder.name


def assignments(folder: Path = ASSIGNMENTS) -> list[Assignment]:
    """Read all assignments, in the order of their numbers."""
    return [assignment(path) for path in sorted(folder.iterdir()) if path.is_dir()]


def named(name: str) -> Assignment:
    """Read the assignment of that name.

    Raises:
        ValueError: there is none.
    """
    names = sorted(path.name for path in ASSIGNMENTS.iterdir() if path.is_dir())
    if name not in names:
        raise ValueError(f"assignment is {name!r}; expected one of {', '.join(names)}")
    return assignment(ASSIGNMENTS / name)


def assignment(folder: Path) -> Assignment:
    """Read one assignment: assignment.md, and a source and a key for each exercise.

    Raises:
        ValueError: assignment.md has no description or no title, or an exercise has no key.
    """
    text = (folder / "assignment.md").read_text(encoding="utf-8")
    found = re.match(ASSIGNMENT, text, re.DOTALL)
    if not found:
        came = f"{folder.name}/assignment.md begins with {text[:40]!r}"
        raise ValueError(f"{came}; expected a header with a description, then “# …”, a title")
    sources = [Source.read(path) for path in folder.glob("*.md") if path.stem != "assignment"]
    sources.sort(key=lambda source: source.number)
    following = [*(source.title for source in sources[1:]), ""]
    return Assignment(
        folder,
        found["description"],
        found["title"],
        found["rest"],
        [
            Exercise(source, _key(source.path.with_suffix(".py")), title)
            for source, title in zip(sources, following, strict=True)
        ],
    )


def exercises(folder: Path = ASSIGNMENTS) -> Iterator[Exercise]:
    """Yield the exercises of all assignments."""
    for part in assignments(folder):
        yield from part.exercises


def run(code: str, function: str) -> Answer:
    """Execute trusted code and return the function that it defines."""
    space: dict[str, Any] = {"np": np}
    exec(compile(code, f"<{function}>", "exec"), space)
    return space[function]


def _key(path: Path) -> Key:
    if not path.exists():
        raise ValueError(f"{path.parent.name}/{path.stem}.md has no key; expected {path.name}")
    spec = importlib.util.spec_from_file_location(path.stem.replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.key
