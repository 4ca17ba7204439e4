"""
Code lists: tables of codes with labels, versioned apart from the schemas that refer to them.

A *closed* list decides how content is handled: an unknown code fails. An *open* list grows by new versions; a schema
version pins one version of each, so an unknown code fails there too, until the schema moves on. Codes are never
reused: one that ends keeps its row, with `until` and `replaced_by`. Labels are ours. Spec: schemas/messages.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["CodeList", "Row", "rows"]


@dataclass(frozen=True, slots=True)
class Row:
    """
    One code.

    Args:
        code: What stands in content.
        label: Our short wording, for people.
        since: Version of the list that first had it.
        until: Version of the list that ended it, or None.
        replaced_by: The code to use instead, or None.
    """

    code: str
    label: str
    since: str
    until: str | None = None
    replaced_by: str | None = None


@dataclass(frozen=True, slots=True)
class CodeList:
    """
    One version of a list.

    Args:
        id: Name of the list.
        version: Version of the list; never changed once released.
        title: What the codes say.
        source: The text that the list is modelled on, or "gateway" for one of our own.
        closed: True when an unknown code must fail in every version.
        rows: In the order of the source.
    """

    id: str
    version: str
    title: str
    source: str
    closed: bool
    rows: tuple[Row, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code that may be written."""
        return tuple(row.code for row in self.rows if row.until is None)

    @property
    def file_name(self) -> str:
        """Name of the file under `schemas/codes/`."""
        return f"{self.id}-{self.version}.json"

    def label(self, code: str) -> str:
        """Return our wording for a code, or "" when the list has it not."""
        return next((row.label for row in self.rows if row.code == code), "")


def rows(labels: Mapping[str, str], since: str = "1", later: Mapping[str, Iterable[str]] | None = None) -> tuple[Row, ...]:
    """
    Make the rows of a list.

    Args:
        labels: Code to label, in order.
        since: Version that first had them.
        later: For codes that came later: version to codes.
    """
    came = {code: version for version, codes in (later or {}).items() for code in codes}
    return tuple(Row(code, label, came.get(code, since)) for code, label in labels.items())
