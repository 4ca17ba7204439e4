"""`gateway directory` shows who can be written to."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from tests.client.conftest import make_test_home
from tests.support.network import join, make_world

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Gateway
    from tests.support.fake_gateway import FakeGateway


async def test_participants_are_listed_with_who_can_be_reached(gateway: Gateway) -> None:
    """For people as a table, for scripts as JSON."""
    await gateway("inbox", name="GN-QN")
    shown = await gateway("directory", name="GN-QN")
    told = json.loads((await gateway("directory", "--json", name="GN-QN")).out)
    [me] = [one for one in told["participants"] if one["address"] == "GN-QN@icn"]
    assert (shown.code, "GN-QN@icn" in shown.out, "reachable" in shown.out) == (0, True, True)
    assert (me["reachable"], set(me)) == (True, {"address", "name", "country", "roles", "reachable"})
    assert told["network"] == "icn"


async def test_peers_are_listed_and_their_participants_shown(gateway: Gateway, gate: FakeGateway) -> None:
    """Under the names that are written to; who is known to its own network alone is not among them."""
    theirs = make_world(("GN-QN", "GN-QX"), time.time(), network="eu-network")
    theirs.change("GN-QX", known_to=("eu-network",))
    theirs.groups["units"] = ("GN-QN", "GN-QX")
    theirs.publish()
    join(gate.world, theirs, "TRIB-QX-OTP", ceiling="amber/restricted")
    gate.peer_files["eu-network"] = lambda: theirs.files
    shown = await gateway("directory", name="GN-QN")
    assert "peer eu-network" in shown.out
    assert "sends *, takes *, up to amber/restricted" in shown.out
    far = await gateway("directory", "--network", "eu-network", name="GN-QN")
    assert ("GN-QN@eu-network" in far.out, "group:units@eu-network  GN-QN@eu-network" in far.out) == (True, True)
    assert ("GN-QX" in far.out, "NCB-QM" in far.out) == (False, False)
    assert (await gateway("directory", "--network", "other", name="GN-QN")).code == 1


async def test_a_home_that_the_gateway_does_not_know_is_told_whom_to_ask(
    gateway: Gateway, gate: FakeGateway, tmp_path: Path
) -> None:
    """Its signature does not verify there: the hint names it and the authority."""
    elsewhere = make_world(("NCB-XA",), time.time())
    make_test_home(tmp_path / "NCB-XA", elsewhere, "NCB-XA", [gate.base])
    ran = await gateway("directory", name="NCB-XA")
    assert (ran.code, "this gateway may not know NCB-XA@icn" in ran.err) == (1, True)
