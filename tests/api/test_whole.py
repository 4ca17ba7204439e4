"""The interface over the real exchange: a message from its author to its recipient and back, by HTTP alone."""

from __future__ import annotations

import base64
import os
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.api.app import HttpApi, Parts
from gateway.audit.reader import LogReader
from gateway.envelope import Event, parse_receipt
from gateway.envelope.accept import examine
from gateway.ids import format_id
from gateway.ops import Health
from gateway.protocol import frames, media
from gateway.protocol.refusal import sign_problem
from gateway.resources import schemas_path
from tests.support.exchange import Stage as Behind
from tests.support.exchange import staged as exchange_staged
from tests.support.fake_relay import FakeRelay
from tests.support.http_stage import QUICK, Client, connected
from tests.support.network import join, make_world
from tests.support.waiting import SOON_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.envelope import Keyring


class Whole(Client):
    """A gateway over HTTP, and what is behind it."""

    def __init__(self, behind: Behind) -> None:
        super().__init__(lambda: self.api.port, behind.clock)
        self.behind = behind
        self.relay = FakeRelay()
        self.api = HttpApi(
            Parts(
                exchange=behind.exchange,
                log=LogReader(behind.ledger.log),
                relay=self.relay,
                peers=behind.parts.directory.peers,
                directory=behind.parts.directory.known,
                health=Health({}),
                metrics=behind.parts.metrics,
                clock=behind.clock,
                rng=os.urandom,
                sign_problem=partial(sign_problem, keyring=behind.world.gateway),
                schemas=schemas_path(),
                limits=QUICK,
            )
        )

    def keyring(self, name: str) -> Keyring:
        """Return a participant's keys."""
        return self.behind.world.member(name).keyring


@asynccontextmanager
async def whole(folder: Path) -> AsyncIterator[Whole]:
    """Run a gateway."""
    async with exchange_staged(folder) as behind:
        one = Whole(behind)
        await one.api.start("127.0.0.1", 0)
        async with connected(one):
            try:
                yield one
            finally:
                await one.api.stop(1.0)


async def test_a_message_is_accepted_once_and_its_id_names_no_other(tmp_path: Path) -> None:
    """Promise 4: 202 with a signed receipt, 200 with the same receipt, 409 for another message under the same id."""
    async with whole(tmp_path) as gate:
        sealed = gate.behind.sealed("NCB-QM", ["GN-QN"])
        first = await gate.ask("POST", media.MESSAGES, body=sealed.submission, media=media.SEALED)
        again = await gate.ask("POST", media.MESSAGES, body=sealed.submission, media=media.SEALED)
        assert (first.status, again.status, first.body) == (202, 200, again.body)
        receipt = parse_receipt(first.body).receipt
        assert (receipt.event, receipt.envelope_hash) == (Event.ACCEPTED, sealed.envelope_hash)
        message_id = examine(sealed.submission).header.message_id
        other = gate.behind.sealed("NCB-QM", ["GN-QN"], b'{"other": 1}', message_id=message_id)
        refused = await gate.ask("POST", media.MESSAGES, body=other.submission, media=media.SEALED)
        assert (refused.status, refused.code) == (409, "conflict")


@pytest.mark.parametrize("kind", [media.SEALED, media.SIGNED])
async def test_bytes_that_are_no_submission_are_refused(tmp_path: Path, kind: str) -> None:
    """Promise 7: what is no submission is refused with a code and changes nothing."""
    async with whole(tmp_path) as gate:
        for body in (b"", b"\x90", b"\xc1", b"\x92\xc4\x01a\x90", os.urandom(3000)):
            got = await gate.ask("POST", media.MESSAGES, body=body, media=kind)
            assert (got.status, got.code) in {(400, "malformed"), (400, "not-canonical"), (415, "unsupported-media")}


async def test_a_thin_client_reads_answers_and_its_sender_sees_it(tmp_path: Path) -> None:
    """A recipient without a session reads from the ledger and hands in its receipt; the sender sees the state and the proof."""
    async with whole(tmp_path) as gate:
        sealed = gate.behind.sealed("NCB-QM", ["GN-QN"])
        await gate.ask("POST", media.MESSAGES, body=sealed.submission, media=media.SEALED)
        got = await gate.ask("GET", media.INBOX, gate.keyring("GN-QN"))
        deliveries, _ = msgspec.msgpack.decode(got.body)
        assert len(deliveries) == 1
        receipt = gate.behind.receipt("GN-QN", sealed.envelope_hash, Event.OPENED)
        body = msgspec.msgpack.encode([receipt, b"none"])
        outcomes = await gate.ask("POST", media.RECEIPTS, gate.keyring("GN-QN"), body=body, media=media.MSGPACK)
        assert msgspec.json.decode(outcomes.body) == {"outcomes": ["", "malformed"]}
        path = f"{media.MESSAGES}/{format_id(examine(sealed.submission).header.message_id)}"
        status = msgspec.json.decode((await gate.ask("GET", path, gate.keyring("NCB-QM"))).body)
        assert [(one["recipient"], one["state"]) for one in status["recipients"]] == [("GN-QN@icn", "opened")]
        assert base64.b64decode(status["recipients"][0]["receipt"]) == receipt


async def test_anothers_message_is_not_there(tmp_path: Path) -> None:
    """Promise 9: neither a recipient nor a stranger can tell a message that is not theirs from one that never was."""
    async with whole(tmp_path) as gate:
        sealed = gate.behind.sealed("NCB-QM", ["GN-QN"])
        await gate.ask("POST", media.MESSAGES, body=sealed.submission, media=media.SEALED)
        path = f"{media.MESSAGES}/{format_id(examine(sealed.submission).header.message_id)}"
        missing = await gate.ask("GET", f"{media.MESSAGES}/{format_id(os.urandom(16))}", gate.keyring("NCB-XA"))
        for name in ("GN-QN", "NCB-XA"):
            theirs = await gate.ask("GET", path, gate.keyring(name))
            assert (theirs.status, theirs.body) == (404, missing.body)
        receipt = gate.behind.receipt("NCB-XA", sealed.envelope_hash)
        absent = gate.behind.receipt("NCB-XA", type(sealed.envelope_hash)(os.urandom(32)))
        body = msgspec.msgpack.encode([receipt, absent])
        got = await gate.ask("POST", media.RECEIPTS, gate.keyring("NCB-XA"), body=body, media=media.MSGPACK)
        assert msgspec.json.decode(got.body)["outcomes"] == ["not-found", "not-found"]


async def test_a_session_brings_what_was_accepted_and_takes_its_receipt(tmp_path: Path) -> None:
    """A session gets its delivery, answers with a receipt, and hears when nothing is left; a newer one replaces it."""
    async with whole(tmp_path) as gate:
        sealed = gate.behind.sealed("NCB-QM", ["GN-QN"])
        await gate.ask("POST", media.MESSAGES, body=sealed.submission, media=media.SEALED)

        def upgrade() -> dict[str, str]:
            return gate.signed("GET", media.INBOX, gate.keyring("GN-QN"))

        async with gate.session.ws_connect(gate.base + media.INBOX, headers=upgrade()) as socket:
            await socket.send_bytes(frames.encode(frames.Credit(10, 1 << 20)))
            hello, delivery = [frames.read_gateway_frame(await socket.receive_bytes(timeout=SOON_S)) for _ in range(2)]
            assert isinstance(hello, frames.Hello)
            assert isinstance(delivery, frames.Delivery)
            receipt = gate.behind.receipt("GN-QN", sealed.envelope_hash)
            await socket.send_bytes(frames.encode(frames.Receipts(1, [receipt])))
            rest = [frames.read_gateway_frame(await socket.receive_bytes(timeout=SOON_S)) for _ in range(2)]
            assert frames.Recorded(1, [""]) in rest
            assert frames.Empty() in rest
            async with gate.session.ws_connect(gate.base + media.INBOX, headers=upgrade()):
                last = frames.read_gateway_frame(await socket.receive_bytes(timeout=SOON_S))
                await socket.receive(timeout=SOON_S)
                assert (last, socket.close_code) == (frames.Replaced(), frames.CLOSE_REPLACED)


async def test_a_refresh_of_the_directory_goes_through(tmp_path: Path) -> None:
    """A participant reads the timestamp and bundles the rest; a stranger reads nothing."""
    async with whole(tmp_path) as gate:
        qm = gate.keyring("NCB-QM")
        got = await gate.ask("GET", f"{media.DIRECTORY}metadata/timestamp.json", qm)
        assert (got.status, msgspec.json.decode(got.body)["signed"]["_type"]) == (200, "timestamp")
        names = ["metadata/timestamp.json", "metadata/1.root.json", "metadata/nothing"]
        bundle = await gate.ask("POST", media.DIRECTORY_BUNDLE, qm, body=msgspec.json.encode(names), media=media.JSON)
        assert [name for name, _ in msgspec.msgpack.decode(bundle.body)] == names[:2]


async def test_a_peers_relay_is_known_by_the_directory_that_anybody_brought(tmp_path: Path) -> None:
    """Before its directory is here a relay is a stranger; then it brings forwards, and its neighbours may ask for nothing."""
    async with whole(tmp_path) as gate:
        world = gate.behind.world
        theirs = make_world(["GN-QN", "RELAY-ICN"], gate.behind.clock(), network="eu-network")
        theirs.change("RELAY-ICN", roles=("relay",), kinds_accepted=())
        theirs.publish()
        join(world, theirs, "NCB-XA")
        gate.behind.publication.files = world.publication()
        await gate.behind.parts.directory.renew()
        relay, neighbour = theirs.member("RELAY-ICN").keyring, theirs.member("GN-QN").keyring
        bring = partial(gate.ask, "POST", f"{media.RELAY}forwards", body=b"\x91\xc4\x04good", media=media.MSGPACK)
        assert (await bring(relay)).code == "peer-unknown"
        body = msgspec.msgpack.encode(list(theirs.files.items()))
        taken = await gate.ask("POST", f"{media.PEERS_PUBLISH}eu-network", body=body, media=media.MSGPACK)
        assert msgspec.json.decode(taken.body) == {"version": theirs.directory.version, "root": 1, "missing": []}
        assert msgspec.msgpack.decode((await bring(relay)).body) == [["", [b"accepted"]]]
        assert (await bring(neighbour)).code == "sender-unknown"
        assert (await gate.ask("GET", media.INBOX, relay)).code == "sender-unknown"
        path = f"{media.PEERS}eu-network/metadata/timestamp.json"
        assert (await gate.ask("GET", path, gate.keyring("NCB-QM"))).body == theirs.files["metadata/timestamp.json"]
        gate.behind.clock.jump(9 * 86_400)
        assert (await bring(relay)).code == "directory-stale"
