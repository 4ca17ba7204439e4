"""
The kinds: everything about a kind hangs from one row.

Other packages ask `spec`; none holds a list of kinds. To add a kind: its module in a family, its row in
`gateway.message.rows`, `make schemas`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.errors import Rejected
from gateway.ids import Kind
from gateway.message.kind_spec import KindSpec
from gateway.message.rows import evidence_and_cases, information, operational, partnership, system, training

__all__ = ["FAMILIES", "KINDS", "spec"]

FAMILIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "operational": "Operational support",
        "training": "Training and development",
        "partnership": "Building partnerships",
        "information": "Information and coordination centre",
        "system": "About messages themselves",
    }
)
_ROWS: Final = (
    *operational.ROWS,
    *training.ROWS,
    *partnership.ROWS,
    *information.ROWS,
    *evidence_and_cases.ROWS,
    *system.ROWS,
)
KINDS: Final[Mapping[Kind, KindSpec]] = MappingProxyType({row.kind: row for row in _ROWS})


def spec(kind: str) -> KindSpec:
    """Return the row of a kind, or raise `kind-unknown`."""
    row = KINDS.get(Kind(kind))
    if row is None:
        hint = f"one of {', '.join(KINDS)}"
        raise Rejected(f"not a kind of the registry: {kind[:64]!r}", code="kind-unknown", hint=hint)
    return row
