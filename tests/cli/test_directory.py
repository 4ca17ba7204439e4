"""`gateway directory` shows who can be written to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Gateway


async def test_participants_are_listed_with_who_can_be_reached(gateway: Gateway) -> None:
    """For people as a table, for scripts as JSON."""
    await gateway("inbox", name="GN-QN")
    shown = await gateway("directory", name="GN-QN")
    told = json.loads((await gateway("directory", "--json", name="GN-QN")).out)
    [me] = [one for one in told["participants"] if one["address"] == "GN-QN@icn"]
    assert (shown.code, "GN-QN@icn" in shown.out, "reachable" in shown.out) == (0, True, True)
    assert (me["reachable"], set(me)) == (True, {"address", "name", "country", "roles", "reachable"})
    assert told["network"] == "icn"
