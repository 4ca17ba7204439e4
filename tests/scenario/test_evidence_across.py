"""Evidence of what crossed a border: made in a home of either network, judged by whoever has the key of one log."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from gateway.client import ContactPoint
from gateway.client.proof.evidence import ProofWish
from gateway.demo.stage import CAST
from gateway.errors import EvidenceBad, GatewayError
from gateway.evidence.anchors import Anchors, log_keys
from gateway.evidence.verify import verify
from gateway.ids import MessageId, Network, Participant
from gateway.staging.pair import Border, Side, join, relay_member, relaying
from gateway.staging.running import free_port, serving
from gateway.staging.stage import Member, Place, Services, build
from tests.client.examples import content
from tests.scenario.test_evidence import second_verifier
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.client import Delivery
    from gateway.directory.view import Directory
    from gateway.tlog.note import VerifierKey

NEAR, NEIGHBOUR, FAR = "NCB-QM@icn", "TRIB-QX-OTP@icn", "GN-QN@eu-network"
WAIT_S = 60.0


@dataclass
class Homes:
    """An open home in each network, and a neighbour of the first."""

    near: ContactPoint
    neighbour: ContactPoint
    far: ContactPoint


def side(folder: Path, network: str, gate: str, relay: str, cast: list[Member], other: str) -> Side:
    """Set the stage of one network."""
    services = Services(port=free_port(), operations_port=free_port())
    members = [*cast, relay_member(relay, other)]
    stage = build(folder / network, services, members, Place(Network(network), Participant(gate)), now=time.time())
    return Side(stage, f"http://127.0.0.1:{services.port}", relay)


@pytest.fixture
async def homes(tmp_path: Path) -> AsyncIterator[Homes]:
    """Run two networks that are each other's peers, with their relays."""
    cast = [member for member in CAST if member.participant in {"NCB-QM", "TRIB-QX-OTP"}]
    there = [Member(Participant("GN-QN"), "Fictional contact point", "QN", "contact-point", "contact-point")]
    ours = side(tmp_path, "icn", "GW-ICN", "RELAY-EU", cast, "eu-network")
    theirs = side(tmp_path, "eu-network", "GW-EU", "RELAY-ICN", there, "icn")
    join(ours, theirs, Border(), now=time.time())
    async with AsyncExitStack() as stack:
        for one in (ours, theirs):
            await stack.enter_async_context(serving(one.stage))
        points = [
            await stack.enter_async_context(ContactPoint.open(one.stage.home(name), passphrase=one.stage.passphrase))
            for one, name in ((ours, "NCB-QM"), (ours, "TRIB-QX-OTP"), (theirs, "GN-QN"))
        ]
        for point in points:
            await point.publish_card()
        async with relaying(ours, theirs), relaying(theirs, ours):
            yield Homes(*points)


async def sent_across(homes: Homes) -> tuple[bytes, Delivery]:
    """Send to a neighbour and to the other network as soon as its directory is here; return the id and what arrived there."""
    async with asyncio.timeout(WAIT_S):
        while True:
            try:
                receipt = await homes.near.send(content(), to=[FAR, NEIGHBOUR])
                break
            except GatewayError:
                await asyncio.sleep(0.5)
                await homes.near._parts.directory.refresh()
        return receipt.message_id, await next_of(homes.far)


async def next_of(point: ContactPoint) -> Delivery:
    """Wait for a delivery and acknowledge it."""
    async for delivery in point.inbox(follow=True):
        await delivery.acknowledge()
        return delivery
    raise AssertionError("the inbox ended")


async def opened_there(homes: Homes, message_id: bytes) -> None:
    """Wait until the author knows that the recipient there opened it."""

    async def opened() -> bool:
        return any(one.state == "opened" for one in (await homes.near.status(MessageId(message_id))).recipients)

    await until(opened)


def key_of(directory: Directory) -> VerifierKey:
    """Return what the operator of a network tells everybody."""
    [key] = log_keys(directory, directory.gateways()[0])
    return key


async def test_both_sides_of_the_border_prove_the_same_message(homes: Homes, tmp_path: Path) -> None:
    """Author and recipient each prove by the log of their own network what the other one did; an auditor says the same."""
    message_id, delivery = await sent_across(homes)
    await opened_there(homes, message_id)
    keys = [key_of(await point.directory()) for point in (homes.near, homes.far)]
    sent = await homes.near.proof(MessageId(message_id), ProofWish(["all"], with_content=True))
    got = await homes.far.proof(delivery.message_id, ProofWish(with_content=True))
    judged = [verify(one.bundle, Anchors([key])) for one, key in zip((sent, got), keys, strict=True)]
    assert [one.anchored for one in judged] == [True, True]
    assert judged[0].envelope_hash == judged[1].envelope_hash
    assert judged[0].content == judged[1].content == delivery.opened.content
    assert ("opened", FAR) in {(one.event, one.signer) for one in judged[0].acknowledgements}
    assert [one.signer for one in judged[1].acknowledgements] == [FAR, FAR]
    assert NEIGHBOUR in judged[0].named
    assert NEIGHBOUR.encode() not in got.bundle
    assert (judged[1].accepted_by, judged[1].relayed.accepted_by) == ("GW-EU@eu-network", "GW-ICN@icn")  # type: ignore[union-attr]
    assert judged[1].relayed.accepted_at == judged[0].accepted_at  # type: ignore[union-attr]
    for one, key in zip((sent, got), keys, strict=True):
        told = second_verifier(one.bundle, tmp_path, ["--log", str(key)])
        assert (told["proved"], told["acknowledged"]) == (True, [each.event for each in one.statement.acknowledgements])


async def test_a_home_of_either_network_judges_a_bundle_of_the_other(homes: Homes) -> None:
    """The keys of the other log come with its directory; a key of the wrong log proves nothing."""
    message_id, delivery = await sent_across(homes)
    got = await homes.far.proof(delivery.message_id)
    early = await homes.near.proof(MessageId(message_id), ProofWish([FAR]))
    directory = await homes.near.directory()
    assert verify(got.bundle, Anchors(directory=directory)).anchored
    assert verify(early.bundle, Anchors(directory=await homes.far.directory())).anchored
    with pytest.raises(EvidenceBad, match="log-signature"):
        verify(got.bundle, Anchors([key_of(directory)]))


async def test_what_a_peer_says_is_readable_in_the_log_and_no_word_of_our_own(homes: Homes) -> None:
    """The whole log is audited with the other directory's leaves in it, and holds against the own one."""
    await sent_across(homes)
    report = await homes.near.auditor.verify()
    assert report.in_log
    assert report.directory == (await homes.near.known_directory()).version
