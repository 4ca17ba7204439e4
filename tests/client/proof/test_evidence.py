"""Evidence of real messages over a whole gateway: collected from homes, verified by whoever has the log's key and no more."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway import server
from gateway.client import ContactPoint
from gateway.client.proof.evidence import ProofWish
from gateway.config import load
from gateway.demo.stage import CAST, Services, Stage, build
from gateway.errors import EvidenceBad, Rejected
from gateway.evidence.anchors import Anchors, log_keys, read_log_key
from gateway.evidence.verify import verify
from gateway.ids import Address, MessageId
from gateway.protocol import media
from tests.client.examples import RESPONSE, content, drain
from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.evidence.statement import Statement
    from gateway.server import Gateway

SENDER, READER, THIRD = "NCB-QM", "GN-QN", "TRIB-QX-OTP"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Enrol three participants and a gateway."""
    cast = [member for member in CAST if member.participant in {SENDER, READER, THIRD}]
    services = Services(port=free_port(), operations_port=free_port())
    return build(tmp_path, services, cast, now=time.time())


@asynccontextmanager
async def running(stage: Stage) -> AsyncIterator[Gateway]:
    """Run the gateway."""
    config = load(stage.config)
    gateway = await server.compose(config, stage.passphrase, adapters=await server.open_adapters(config))
    try:
        yield gateway
    finally:
        await gateway.stop(1.0)


def home(stage: Stage, name: str) -> ContactPoint:
    """Name a participant's home to open."""
    return ContactPoint.open(stage.home(name), passphrase=stage.passphrase)


async def vkey(point: ContactPoint) -> str:
    """Return what an operator tells everybody: the key of the log."""
    directory = await point.directory()
    [key] = log_keys(directory, directory.gateways()[0])
    return str(key)


def judged(bundle: bytes, key: str) -> Statement:
    """Verify as an outsider, who has the file and the key of the log and nothing else."""
    return verify(bundle, Anchors([read_log_key(key)]))


async def make_reachable(stage: Stage, *names: str) -> None:
    """Let participants publish their delivery cards."""
    for name in names:
        async with home(stage, name) as point:
            await point.publish_card()


async def test_an_author_proves_what_a_recipient_opened(stage: Stage) -> None:
    """A bundle from the author's home proves to an outsider who wrote, when it was accepted, and who opened it."""
    async with running(stage), home(stage, SENDER) as sender:
        await make_reachable(stage, READER, THIRD)
        sent = await sender.send(content(), to=[READER, THIRD])
        async with home(stage, READER) as reader:
            await drain(reader)
        found = await sender.proof(sent.message_id, ProofWish(names=[READER]))
        statement = judged(found.bundle, await vkey(sender))
    assert statement.anchored
    assert (statement.header.sender, statement.number) == ("NCB-QM@icn", sent.number)
    assert [(one.recipient, one.event) for one in statement.acknowledgements] == [("GN-QN@icn", "opened")]
    assert statement.named == (Address("GN-QN@icn"),)
    assert statement.content is None
    assert "who 1 of 2 recipients are" in statement.not_proved
    assert b"TRIB-QX-OTP" not in found.bundle


async def test_a_recipient_proves_what_it_got(stage: Stage) -> None:
    """A bundle from a recipient's home shows what was said to it, and keeps the other recipient hidden."""
    async with running(stage), home(stage, SENDER) as sender:
        await make_reachable(stage, READER, THIRD)
        sent = await sender.send(content(), to=[READER, THIRD])
        async with home(stage, READER) as reader:
            [delivery] = await drain(reader)
            found = await reader.proof(delivery.message_id, ProofWish(with_content=True))
        statement = judged(found.bundle, await vkey(sender))
    assert [(one.recipient, one.event) for one in statement.acknowledgements] == [
        ("GN-QN@icn", "delivered"),
        ("GN-QN@icn", "opened"),
    ]
    assert statement.envelope_hash == sent.envelope_hash
    assert statement.content == delivery.opened.content
    assert b"TRIB-QX-OTP@" not in found.bundle.replace(delivery.opened.content, b"")


async def test_what_was_not_acknowledged_is_shown_as_it_is(stage: Stage) -> None:
    """A refusal is proved with its reason; of a recipient that was silent only that it was written to."""
    async with running(stage), home(stage, SENDER) as sender:
        await make_reachable(stage, READER, THIRD)
        sent = await sender.send(content(), to=[READER, THIRD])
        async with home(stage, READER) as reader:
            async for delivery in reader.inbox():
                await delivery.reject("not-for-us")
            proof_of_reader = await reader.proof(sent.message_id, ProofWish(with_content=True))
        found = await sender.proof(sent.message_id, ProofWish(names=["all"], with_content=True))
        statement = judged(found.bundle, await vkey(sender))
    assert [(one.recipient, one.event, one.reason) for one in statement.acknowledgements] == [
        ("GN-QN@icn", "rejected", "not-for-us")
    ]
    assert set(statement.named) == {"GN-QN@icn", "TRIB-QX-OTP@icn"}
    assert "whether TRIB-QX-OTP@icn received it" in statement.not_proved
    assert statement.content == proof_of_reader.statement.content


async def test_a_message_that_the_gateway_sealed_is_proved_too(stage: Stage) -> None:
    """A thin client has no seal to show: the acceptance of the gateway that sealed stands for it."""
    async with running(stage), home(stage, SENDER) as sender:
        await make_reachable(stage, READER)
        sent = await sender.send(content(RESPONSE), to=READER, sealed_by_gateway=True)
        found = await sender.proof(sent.message_id, ProofWish(names=[READER], with_content=True))
        statement = judged(found.bundle, await vkey(sender))
    assert statement.header.sealer == statement.accepted_by
    assert statement.envelope_hash == sent.envelope_hash
    assert statement.content is not None


async def test_a_bundle_counts_under_its_own_log_alone(stage: Stage) -> None:
    """Under another key nothing is proved; without one the bundle is consistent, and its verdict says no more."""
    stranger = "GW-ICN@icn/audit+b8d4416e+Aav5KTfcko1+5x3RcwbzM/wxRdykhEVoAwnMIcaFvhT8"
    async with running(stage), home(stage, SENDER) as sender:
        await make_reachable(stage, READER)
        sent = await sender.send(content(), to=READER)
        found = await sender.proof(sent.message_id)
        listed = verify(found.bundle, Anchors(directory=await sender.known_directory()))
    with pytest.raises(EvidenceBad, match="log-signature"):
        judged(found.bundle, stranger)
    assert verify(found.bundle, Anchors()).verdict == "consistent, not anchored"
    assert listed.anchored
    assert not any("authority" in line for line in listed.not_proved)


async def test_only_what_this_home_has_can_be_proved(stage: Stage) -> None:
    """An unknown id, a name that was not written to, and a recipient who names others are refused."""
    async with running(stage), home(stage, SENDER) as sender:
        await make_reachable(stage, READER)
        sent = await sender.send(content(), to=READER)
        async with home(stage, READER) as reader:
            await drain(reader)
            codes = [
                await refusal(sender, sent.message_id[::-1], ()),
                await refusal(sender, sent.message_id, (THIRD,)),
                await refusal(reader, sent.message_id, (SENDER,)),
            ]
    assert codes == ["not-found", "recipient-unknown", "bad-request"]


async def test_a_gateway_that_shows_a_wrong_place_is_found_out(stage: Stage) -> None:
    """A bundle is verified before it is handed out: a proof that does not hold is no file."""
    async with running(stage), home(stage, SENDER) as sender:
        await make_reachable(stage, READER)
        sent = await sender.send(content(), to=READER)
        transport = sender._parts.transport
        honest = transport.get

        async def lying(path: str, **limits: int) -> bytes:
            answer = await honest(path, **limits)
            if media.LOG_PROOFS not in path:
                return answer
            index, size, siblings = msgspec.msgpack.decode(answer)
            return msgspec.msgpack.encode([index, size, [bytes(32), *siblings[1:]]])

        transport.get = lying  # type: ignore[method-assign]
        with pytest.raises(EvidenceBad, match="inclusion"):
            await sender.proof(sent.message_id)


async def test_a_delivery_that_waits_is_proved_as_delivered(stage: Stage) -> None:
    """What nobody has acknowledged yet can be proved as far as it came, by its message id."""
    async with running(stage), home(stage, SENDER) as sender:
        await make_reachable(stage, READER)
        sent = await sender.send(content(), to=READER)
        async with home(stage, READER) as reader:
            async for delivery in reader.inbox():
                await delivery.leave()
                break
            found = await reader.proof(sent.message_id, ProofWish(with_content=True))
    assert [one.event for one in found.statement.acknowledgements] == ["delivered"]
    assert found.statement.content is not None


async def test_an_older_home_says_what_it_did_not_keep(stage: Stage) -> None:
    """A message that an older version sent cannot be proved by its author, and its recipient still can."""
    async with running(stage), home(stage, SENDER) as sender:
        await make_reachable(stage, READER)
        sent = await sender.send(content(), to=READER)
        forget = "UPDATE outgoing SET evidence = NULL"
        await sender._parts.home.store.write(lambda connection: connection.execute(forget))
        assert await refusal(sender, sent.message_id, ()) == "not-found"
        async with home(stage, READER) as reader:
            await drain(reader)
            assert (await reader.proof(sent.message_id)).statement.number == sent.number


async def refusal(point: ContactPoint, message_id: bytes, names: tuple[str, ...]) -> str:
    """Return the code with which a home refuses to prove a message."""
    with pytest.raises(Rejected) as refused:
        await point.proof(MessageId(message_id), ProofWish(names=names))
    return refused.value.code
