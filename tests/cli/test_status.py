"""`gateway status` and `gateway send`: whose word a refusal is, and what becomes of the message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.errors import Rejected
from gateway.resources import schemas_path

if TYPE_CHECKING:
    from tests.cli.conftest import Gateway
    from tests.support.fake_gateway import FakeGateway
    from tests.support.network import World
    from tests.support.zygote import Ran

EXAMPLE = schemas_path() / "examples" / "cooperation.request" / "hear-a-witness.json"


async def sent(gateway: Gateway) -> Ran:
    """Send the example."""
    return await gateway("send", str(EXAMPLE), "--to", "GN-QN", "--json", name="NCB-QM")


@pytest.fixture
async def ready(gateway: Gateway) -> Gateway:
    """Two homes that have been in contact."""
    for name in ("GN-QN", "NCB-QM"):
        assert (await gateway("inbox", name=name)).code == 0
    return gateway


async def test_a_refusal_names_the_gateway_that_signed_it(ready: Gateway, gate: FakeGateway, world: World) -> None:
    """What ended the message is told with its code and its signer."""
    gate.down = True
    message_id = msgspec.json.decode((await sent(ready)).out)["message_id"]
    gate.down = False
    world.change("GN-QN", clearance="official-use-only")
    world.publish()
    told = await ready("status", message_id, name="NCB-QM")
    assert told.out == f"{message_id}: refused (signed by GW-ICN@icn), clearance\n"
    as_json = msgspec.json.decode((await ready("status", message_id, "--json", name="NCB-QM")).out)
    assert (as_json["state"], as_json["reason"], as_json["refused_by"]) == ("refused", "clearance", "GW-ICN@icn")


async def test_a_refusal_that_nobody_signed_leaves_the_message_kept(ready: Gateway, gate: FakeGateway) -> None:
    """The sender hears what was said and that it counts for nothing; scripts get the exit code of what is kept."""
    gate.stranger = Rejected(code="kind-not-allowed")
    ran = await sent(ready)
    message_id = msgspec.json.decode(ran.out)["message_id"]
    told = await ready("status", message_id, name="NCB-QM")
    gate.stranger = None
    later = await ready("status", message_id, "--json", name="NCB-QM")
    assert (ran.code, "which no gateway signed" in ran.err) == (3, True)
    assert told.out == f"{message_id}: kept, told kind-not-allowed (signed by nobody)\n"
    assert msgspec.json.decode(later.out)["state"] == "accepted"


async def test_what_was_sent_is_found_by_its_acceptance_number(ready: Gateway, gate: FakeGateway) -> None:
    """A gateway that came back from a backup says between which numbers it knows nothing: each home lists its own, offline."""
    accepted = msgspec.json.decode((await sent(ready)).out)
    gate.down = True
    number = accepted["number"]
    listed = await ready("sent", str(number), str(number + 9), "--json", name="NCB-QM")
    shown = await ready("sent", str(number), str(number), name="NCB-QM")
    none = await ready("sent", str(number + 1), str(number + 9), name="NCB-QM")
    (found,) = msgspec.json.decode(listed.out)
    assert (found["message_id"], found["number"]) == (accepted["message_id"], number)
    assert (found["kind"], found["recipients"]) == ("cooperation.request", ["GN-QN@icn"])
    assert "cooperation.request" in shown.out
    assert (none.out, none.err) == ("", "nothing that this home sent has such a number\n")
