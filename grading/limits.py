"""What a student's code may use of time, memory and disk."""

from dataclasses import dataclass

LARGEST = 20 << 20  # bytes of a file that a student sends


@dataclass(frozen=True)
class Limits:
    """What one exercise of one student may use.

    Attributes:
        seconds: processor time of one attempt; twice that on the clock.
        memory, files, output: address space, size of a file and of the answer, in bytes.
    """

    seconds: float = 5.0
    memory: int = 2 << 30
    files: int = 16 << 20
    output: int = 1 << 20
