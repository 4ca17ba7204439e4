"""The relay's routes: who may ask what, forms and queries, and requests that wait."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.directory.entries import Status
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.protocol import media
from tests.support.waiting import until

if TYPE_CHECKING:
    from gateway.envelope.keys import Keyring
    from tests.support.http_stage import Answer, Stage

OURS, THEIRS, BRIDGE, QM = "RELAY-EU@icn", "RELAY-ICN@eu-network", "BRIDGE@icn", "NCB-QM@icn"
HOME = [
    ("POST", "lease/eu-network", msgspec.json.encode({"holder": "one", "epoch": None})),
    ("GET", "forwards/eu-network?epoch=1", b""),
    ("POST", "answers/eu-network?epoch=1", msgspec.msgpack.encode([[1, "", [b"accepted"]]])),
    ("POST", "receipts/eu-network?epoch=1", msgspec.msgpack.encode([7, [b"receipt"]])),
]
OTHER = [
    ("POST", "forwards", msgspec.msgpack.encode([b"good"])),
    ("GET", "receipts/eu-network", b""),
]
EVERYTHING_ELSE = [
    ("GET", media.INBOX),
    ("GET", media.OUTCOMES),
    ("GET", f"{media.DIRECTORY}metadata/timestamp.json"),
    ("GET", f"{media.PEERS}eu-network/metadata/timestamp.json"),
    ("GET", f"{media.MESSAGES}/00010203-0405-0607-0809-0a0b0c0d0e0f"),
    ("GET", f"{media.RELAY}forwards/icn?epoch=1"),
]


@pytest.fixture
def ours(stage: Stage) -> Keyring:
    """The relay of this network; the peer is named, and its own relay known."""
    stage.exchange.directory.name_peer("eu-network", "RELAY-EU")
    return stage.exchange.directory.join(OURS, role="relay")


@pytest.fixture
def theirs(stage: Stage, ours: Keyring) -> Keyring:
    """The relay of the peer."""
    return stage.exchange.directory.join(THEIRS, role="relay")


async def asked(stage: Stage, keyring: Keyring | None, method: str, path: str, body: bytes = b"") -> Answer:
    """Ask as a relay does."""
    kind = None if not body else media.JSON if path.startswith("lease") else media.MSGPACK
    return await stage.ask(method, media.RELAY + path, keyring, body=body, media=kind)


async def test_a_lane_from_its_lease_to_its_receipts(stage: Stage, ours: Keyring) -> None:
    """At home the relay leases, fetches, and brings answers and receipts; each arrives as it was sent."""
    stage.relay.waiting = [(4, b"forward")]
    got = [await asked(stage, ours, *one) for one in HOME]
    assert [one.status for one in got] == [200] * 4
    assert msgspec.json.decode(got[0].body) == {"epoch": 1, "until": 1_900_000_015, "after": 7}
    assert [msgspec.msgpack.decode(one.body) for one in got[1:]] == [[[4, b"forward"]], [""], [""]]
    assert stage.relay.calls == [
        ("lease", "eu-network", "one", None, False),
        ("forwards", "eu-network", 1, 0),
        ("answered", "eu-network", 1, [(1, "", [b"accepted"])]),
        ("receipts_from", "eu-network", 1, 7, [b"receipt"]),
    ]
    assert {one.headers["cache-control"] for one in got} == {"no-store"}


async def test_a_relay_of_a_peer_brings_forwards_and_fetches_receipts(stage: Stage, theirs: Keyring) -> None:
    """At the other side it is known by the directory of its own network."""
    stage.relay.told = [(3, b"delivered"), (9, b"opened")]
    body = msgspec.msgpack.encode([b"good", b"bad"])
    taken = await asked(stage, theirs, "POST", "forwards", body)
    receipts = await asked(stage, theirs, "GET", "receipts/eu-network?after=3&wait=0")
    assert msgspec.msgpack.decode(taken.body) == [["", [b"accepted"]], ["malformed", []]]
    assert msgspec.msgpack.decode(receipts.body) == [[9, b"opened"]]
    assert stage.relay.calls == [("take", [b"good", b"bad"], "eu-network"), ("receipts_for", "eu-network", 3, 0)]


async def test_a_bridge_is_a_relay_of_this_network(stage: Stage, ours: Keyring) -> None:
    """Where the other network has no line here, a relay of ours brings what lay in a folder: it carries for no network."""
    bridge = stage.exchange.directory.join(BRIDGE, role="relay")
    assert [(await asked(stage, bridge, *one)).status for one in OTHER] == [200, 200]
    assert stage.relay.calls[0] == ("take", [b"good"], None)
    assert [(await asked(stage, bridge, *one)).code for one in HOME] == ["peer-unknown"] * 4


@pytest.mark.parametrize("who", [QM, "RELAY-XX@icn"])
async def test_who_is_not_the_relay_of_a_network_sees_no_peer(stage: Stage, ours: Keyring, who: str) -> None:
    """Neither another participant nor the relay to another network learns anything, as where there is no peer at all."""
    keyring = stage.exchange.directory.join(who, role="ncb" if who == QM else "relay")
    theirs = [await asked(stage, keyring, *one) for one in HOME]
    stage.exchange.directory.borders.clear()
    missing = [await asked(stage, keyring, *one) for one in HOME]
    assert [one.code for one in theirs] == ["peer-unknown"] * 4
    assert [one.body for one in theirs] == [one.body for one in missing]


async def test_a_peers_participant_that_is_no_relay_is_a_stranger(stage: Stage, ours: Keyring) -> None:
    """It has nothing to ask here, on the relay's routes neither."""
    far = stage.exchange.directory.join("GN-QN@eu-network")
    for method, path, body in (*HOME, *OTHER):
        assert (await asked(stage, far, method, path, body)).code == "sender-unknown", path


@pytest.mark.parametrize(("method", "path"), EVERYTHING_ELSE)
async def test_a_peers_relay_may_ask_for_nothing_else(stage: Stage, theirs: Keyring, method: str, path: str) -> None:
    """To every other route it is a stranger, whatever is there."""
    stage.peers.copies["eu-network"] = {"metadata/timestamp.json": b"{}"}
    assert (await stage.ask(method, path, theirs)).code == "sender-unknown"


async def test_a_relay_fetches_the_receipts_of_its_own_network(stage: Stage, theirs: Keyring) -> None:
    """Those about another peer's mail are not there for it."""
    stage.exchange.directory.name_peer("third", "RELAY-EU")
    for network in ("third", "icn", "nobody"):
        assert (await asked(stage, theirs, "GET", f"receipts/{network}")).code == "peer-unknown"


async def test_a_removed_peer_is_a_stranger(stage: Stage, theirs: Keyring, ours: Keyring) -> None:
    """Both relays are told so at once, by the code that says it."""
    stage.exchange.directory.borders.clear()
    stage.exchange.directory.entries.pop(THEIRS)  # type: ignore[call-overload]
    for record in [one for one in stage.exchange.directory.keys.values() if one.address == THEIRS]:
        del stage.exchange.directory.keys[record.key_id]
    assert {(await asked(stage, theirs, *one)).code for one in OTHER} == {"peer-unknown"}
    assert {(await asked(stage, ours, *one)).code for one in HOME} == {"peer-unknown"}


async def test_a_peer_whose_directory_is_stale_brings_nothing(stage: Stage, theirs: Keyring) -> None:
    """Who may sign for it now is not known any more: its directory comes first."""
    stage.peers.stale_ones.add("eu-network")
    assert {(await asked(stage, theirs, *one)).code for one in OTHER} == {"directory-stale"}
    assert stage.relay.calls == []


async def test_a_suspended_relay_carries_nothing(stage: Stage, theirs: Keyring, ours: Keyring) -> None:
    """An authority that suspends its relay stops it at both gateways."""
    for address in (OURS, THEIRS):
        stage.exchange.directory.set_status(address, Status.SUSPENDED)
    assert {(await asked(stage, theirs, *one)).code for one in OTHER} == {"sender-unknown"}
    assert {(await asked(stage, ours, *one)).code for one in HOME} == {"sender-unknown"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("lease/eu-network", b"{}"),
        ("lease/eu-network", b'{"holder": "", "epoch": null}'),
        ("lease/eu-network", b'{"holder": "x", "epoch": "1"}'),
        ("lease/eu-network", b'{"holder": "x", "epoch": null, "more": 1}'),
        ("answers/eu-network?epoch=1", b"\x91\x93\x01\xa3A b\x90"),
        ("answers/eu-network?epoch=1", b"\xc1"),
        ("answers/eu-network?epoch=1", msgspec.msgpack.encode([[1, "", []]] * 65)),
        ("receipts/eu-network?epoch=1", msgspec.msgpack.encode([b"r"])),
        ("receipts/eu-network?epoch=1", msgspec.msgpack.encode([1, [b"r"] * 513])),
        ("receipts/eu-network?epoch=1", b"\x91" * 5000),
    ],
)
async def test_a_body_of_another_form_is_refused(stage: Stage, ours: Keyring, path: str, body: bytes) -> None:
    """What has not the form of the specification is malformed, and reaches nobody."""
    assert (await asked(stage, ours, "POST", path, body)).code == "malformed"
    assert stage.relay.calls == []


@pytest.mark.parametrize("value", [[], [b"x"] * 65, ["text"], {"a": 1}, b"x", [None]])
async def test_forwards_of_another_form_are_refused(stage: Stage, theirs: Keyring, value: object) -> None:
    """At most 64, each in bytes, and at least one."""
    assert (await asked(stage, theirs, "POST", "forwards", msgspec.msgpack.encode(value))).code == "malformed"


@pytest.mark.parametrize(
    "path",
    [
        "forwards/eu-network",
        "forwards/eu-network?epoch=1&wait=21",
        "forwards/eu-network?epoch=1&epoch=1",
        "forwards/eu-network?epoch=01",
        "forwards/eu-network?epoch=-1",
        "forwards/eu-network?epoch=1&more=1",
        "forwards/eu-network?epoch=1&",
        "forwards/eu-network?epoch=9223372036854775808",
    ],
)
async def test_another_query_is_refused(stage: Stage, ours: Keyring, path: str) -> None:
    """Each parameter has one spelling and stands once; nobody waits for more than 20 s."""
    assert (await asked(stage, ours, "GET", path)).code == "bad-request"


async def test_a_request_that_waits_is_answered_when_something_comes(stage: Stage, ours: Keyring) -> None:
    """It may wait longer than other requests take, and ends as soon as there is something."""
    waiting = asyncio.create_task(asked(stage, ours, "GET", "forwards/eu-network?epoch=1&wait=20"))
    await until(lambda: stage.relay.waits == 1)
    await asyncio.sleep(stage.limits.request_time_s + 0.2)
    stage.relay.waiting = [(4, b"forward")]
    stage.relay.arrived.set()
    assert msgspec.msgpack.decode((await waiting).body) == [[4, b"forward"]]
    assert msgspec.msgpack.decode((await asked(stage, ours, "GET", "receipts/eu-network?wait=1")).body) == []


@pytest.mark.parametrize("side", ["home", "other"])
async def test_who_waits_is_told_within_a_second_that_it_is_no_peer_any_more(
    stage: Stage, ours: Keyring, theirs: Keyring, side: str
) -> None:
    """Removing a peer ends what its relays wait for, and nothing is left waiting behind."""
    request = (ours, "GET", "forwards/eu-network?epoch=1&wait=20")
    if side == "other":
        request = (theirs, "GET", "receipts/eu-network?wait=20")
    waiting = asyncio.create_task(asked(stage, *request))
    await until(lambda: stage.relay.waits == 1)
    stage.exchange.directory.borders.clear()
    async with asyncio.timeout(1.0):
        assert (await waiting).code == "peer-unknown"
    assert stage.relay.waits == 0


async def test_a_revoked_key_waits_no_longer(stage: Stage, ours: Keyring) -> None:
    """A relay whose key was revoked meanwhile gets nothing of what comes."""
    waiting = asyncio.create_task(asked(stage, ours, "GET", "forwards/eu-network?epoch=1&wait=20"))
    await until(lambda: stage.relay.waits == 1)
    stage.exchange.directory.revoke_keys(OURS, int(stage.now) - 1)
    assert (await waiting).code == "signature-bad"


async def test_a_gateway_that_stops_keeps_nobody_waiting(stage: Stage, ours: Keyring) -> None:
    """Who waits is answered with nothing, and comes back to another gateway."""
    waiting = asyncio.create_task(asked(stage, ours, "GET", "forwards/eu-network?epoch=1&wait=20"))
    await until(lambda: stage.relay.waits == 1)
    await stage.api.stop(2.0)
    assert msgspec.msgpack.decode((await waiting).body) == []


@pytest.mark.parametrize(
    "error", [Rejected(code="session-replaced"), Unavailable(), Uncertain(), Rejected(code="peer-unknown")]
)
async def test_what_fails_behind_is_told_by_its_code(stage: Stage, ours: Keyring, error: Rejected) -> None:
    """A relay reads from the code whether to go on, to stand by or to come again."""
    stage.relay.fail = error
    assert {(await asked(stage, ours, *one)).code for one in HOME} == {error.code}
