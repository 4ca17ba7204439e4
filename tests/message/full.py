"""
Content of every kind with every member set, so that a campaign over a schema reaches all of it.

`MORE` has further content of a kind whose alternatives one content cannot reach.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.message import (
    full_evidence,
    full_information,
    full_operational,
    full_partnership,
    full_system,
    full_training,
)

if TYPE_CHECKING:
    from gateway.message import Content

__all__ = ["CANNOT_STAND", "FULL", "MORE"]

FULL: dict[str, Content] = {
    **full_information.FULL,
    **full_evidence.FULL,
    **full_operational.FULL,
    **full_training.FULL,
    **full_partnership.FULL,
    **full_system.FULL,
}
MORE: dict[str, list[Content]] = {**full_operational.MORE, **full_training.MORE, **full_partnership.MORE}
# Members and types that a rule refuses in a kind, so that no content of it reaches them.
CANNOT_STAND: dict[str, frozenset[str]] = {**full_evidence.CANNOT_STAND}
