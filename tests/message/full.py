"""
Content of every kind with every member set, so that a campaign over a schema reaches all of it.

`MORE` has further content of a kind whose alternatives one content cannot reach.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.message import full_information, full_operational

if TYPE_CHECKING:
    from gateway.message import Content

__all__ = ["FULL", "MORE"]

FULL: dict[str, Content] = {**full_information.FULL, **full_operational.FULL}
MORE: dict[str, list[Content]] = {**full_operational.MORE}
