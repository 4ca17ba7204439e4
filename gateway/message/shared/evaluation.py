"""
Evaluation of information: who says it, and how sure is it.

Two systems, told apart by `scheme` and never converted on the wire: `admiralty_to_4x4` is for display alone, loses
much, and says nothing where a careful officer would not.
"""

from typing import Final, Literal

from gateway.message.shared.basics import Line, Wire
from gateway.message.shared.times import Day

__all__ = ["Admiralty", "Evaluation", "FourByFour", "admiralty_to_4x4"]


class FourByFour(Wire, frozen=True, kw_only=True, tag_field="scheme", tag="4x4"):
    """Source A, B, C or X; information 1 to 4."""

    source: Literal["A", "B", "C", "X"]
    information: Literal[1, 2, 3, 4]
    evaluated_by: Line | None = None
    on: Day | None = None


class Admiralty(Wire, frozen=True, kw_only=True, tag_field="scheme", tag="admiralty"):
    """Source A to G; information 1 to 6."""

    source: Literal["A", "B", "C", "D", "E", "F", "G"]
    information: Literal[1, 2, 3, 4, 5, 6]
    evaluated_by: Line | None = None
    on: Day | None = None


Evaluation = FourByFour | Admiralty

_SOURCES: Final[dict[str, Literal["A", "B", "C", "X"]]] = {
    "A": "A",
    "B": "B",
    "C": "C",
    "D": "C",
    "E": "C",
    "F": "X",
    "G": "C",  # known to deceive: the view adds a warning
}
_INFORMATION: Final[dict[int, int]] = {1: 1, 6: 4}  # 2 to 5 need evidence that a code does not carry


def admiralty_to_4x4(evaluation: Admiralty) -> tuple[Literal["A", "B", "C", "X"], int | None]:
    """Return the nearest codes for display; None where only the evidence could tell."""
    return _SOURCES[evaluation.source], _INFORMATION.get(evaluation.information)
