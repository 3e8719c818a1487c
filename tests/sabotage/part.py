"""A part of bplib, the bugs that are planted in it, and the judges that know better."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

Plant = Callable[[pytest.MonkeyPatch], None]
Judge = Callable[[], None]


@dataclass
class Part:
    """Bugs and judges by name.

    A judge asserts, by means that are not bplib's, what that part of bplib does. A control
    plants the right lines by the same means as the bugs: nothing may catch it.
    """

    name: str
    mutants: dict[str, Plant] = field(default_factory=dict)
    controls: dict[str, Plant] = field(default_factory=dict)
    judges: dict[str, Judge] = field(default_factory=dict)

    def mutant(self, name: str) -> Callable[[Plant], Plant]:
        return self._add(self.mutants, name)

    def control(self, name: str) -> Callable[[Plant], Plant]:
        return self._add(self.controls, name)

    def judge(self, name: str) -> Callable[[Judge], Judge]:
        return self._add(self.judges, name)

    def complaints(self) -> dict[str, str]:
        """The judges that find something wrong -> how: "a wrong result" or "a crash"."""
        found = {}
        with np.errstate(all="ignore"):
            for name, judge in self.judges.items():
                try:
                    judge()
                except AssertionError:
                    found[name] = "a wrong result"
                except (ValueError, ArithmeticError, LookupError):
                    found[name] = "a crash"
        return found

    @staticmethod
    def _add(table, name):
        def add(function):
            assert name not in table, name
            table[name] = function
            return function

        return add
