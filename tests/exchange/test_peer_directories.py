"""Peers' directories at the gateway: from anybody, never older, shared by all processes, gone with the peer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.directory.entries import Status
from gateway.directory.leaves import far_leaves
from gateway.directory.roles import TIMESTAMP_FILE
from gateway.envelope import Use
from gateway.errors import Rejected, Unavailable
from gateway.exchange import Authority, DirectorySource
from gateway.exchange.peer_directories import WAITING, PeerDirectories
from gateway.ids import Address, Network
from gateway.ops import Metrics
from tests.support.exchange import MemoryPublication, Stage
from tests.support.network import World, join, make_world

if TYPE_CHECKING:
    from collections.abc import Mapping

EU = Network("eu-network")
FAR = Address("GN-QN@eu-network")
DAY_S = 86_400


@pytest.fixture
async def theirs(stage: Stage) -> World:
    """A peer that our authority has just named."""
    world = make_world(["GN-QN", "RELAY-ICN"], stage.clock(), network=EU)
    join(stage.world, world, "NCB-XA")
    await published(stage)
    return world


async def published(stage: Stage) -> None:
    """Let the gateway take in what our authority says now."""
    stage.world.publish()
    stage.publication.files = stage.world.publication()
    await stage.parts.directory.renew()


def peers(stage: Stage) -> PeerDirectories:
    """Return what is tested."""
    return stage.parts.directory.peers


def another(stage: Stage) -> DirectorySource:
    """Return the directory of another process on the same ledger."""
    authority = Authority(stage.world.root, MemoryPublication(), stage.world.online)
    return DirectorySource(stage.ledger, authority, stage.clock, Metrics())


async def code_of(stage: Stage, files: Mapping[str, bytes], network: Network = EU) -> str:
    """Bring something that is refused, and return the code."""
    with pytest.raises(Rejected) as caught:
        await peers(stage).take(network, files)
    return caught.value.code


async def test_a_directory_that_was_brought_answers_at_once(stage: Stage, theirs: World) -> None:
    """After one publication a participant of the peer is asked for like a neighbour, and its files are served."""
    assert stage.parts.directory.current().active(FAR) is None
    taken = await peers(stage).take(EU, theirs.files)
    assert taken == (theirs.directory.version, 1, ())
    assert stage.parts.directory.current().active(FAR) is not None
    assert stage.parts.directory.answers().directory_version(EU) == theirs.directory.version
    assert peers(stage).files(EU, [TIMESTAMP_FILE, "x"]) == {TIMESTAMP_FILE: theirs.files[TIMESTAMP_FILE]}
    assert await peers(stage).take(EU, theirs.files) == taken
    shown = stage.parts.metrics.render().decode()
    assert f'gateway_peer_directory_version{{network="eu-network"}} {theirs.directory.version}.0' in shown


async def test_what_it_says_is_in_our_log(stage: Stage, theirs: World) -> None:
    """Each version that was taken is readable there with what changed, under the peer's name; a repeat adds nothing."""
    await peers(stage).take(EU, theirs.files)
    first = await far_logged(stage)
    assert first == far_leaves(EU, stage.world.network, {}, theirs.files)
    theirs.files |= theirs.online.refresh(theirs.files, stage.clock() + 43_200)
    old = dict(theirs.files)
    await peers(stage).take(EU, old)
    theirs.change("GN-QN", status=Status.SUSPENDED)
    theirs.publish()
    await peers(stage).take(EU, theirs.files)
    assert (await far_logged(stage))[len(first) :] == far_leaves(EU, stage.world.network, old, theirs.files)


async def far_logged(stage: Stage) -> list[bytes]:
    """Return the leaves of our log that tell of peers' directories."""
    return [row.leaf for row in await stage.ledger.events(0, 10_000) if row.event == "peer-directory" and row.leaf]


async def test_it_may_come_in_pieces(stage: Stage, theirs: World) -> None:
    """The timestamp first, then what the gateway says it needs; a look at the ledger loses no piece, and all come at last."""
    sent = {TIMESTAMP_FILE: theirs.files[TIMESTAMP_FILE]}
    steps = 0
    while (taken := await peers(stage).take(EU, sent)).missing:
        assert (taken.version, stage.parts.directory.current().active(FAR)) == (0, None)
        await peers(stage)._read(EU)
        sent = {name: theirs.files[name] for name in taken.missing}
        steps += 1
    assert (taken.version, steps) == (theirs.directory.version, 3)


async def test_what_is_refused_changes_nothing(stage: Stage, theirs: World) -> None:
    """A stranger's, an older and an expired directory are refused with their codes; what was in use stays."""
    old = dict(theirs.files)
    theirs.change("GN-QN", status=Status.SUSPENDED)
    theirs.publish()
    await peers(stage).take(EU, theirs.files)
    before = stage.parts.directory.current()
    stranger = make_world(["GN-QN"], stage.clock() + 1, network="other")
    assert await code_of(stage, {**stranger.files, TIMESTAMP_FILE: b"{}"}) == "directory-untrusted"
    assert await code_of(stage, old) == "directory-rollback"
    theirs.put_cards({})
    stage.clock.jump(2 * DAY_S)
    assert await code_of(stage, theirs.files) == "directory-expired"
    assert await code_of(stage, theirs.files, Network("nobody")) == "peer-unknown"
    assert stage.parts.directory.current() is before


async def test_another_process_reads_what_this_one_took(stage: Stage, theirs: World) -> None:
    """Several gateways share peers' directories through the ledger, also after a restart."""
    other = another(stage)
    await other.start()
    assert other.current().active(FAR) is None
    await peers(stage).take(EU, theirs.files)
    assert await other.reload()
    assert other.current().active(FAR) is not None
    assert not await other.reload()
    late = another(stage)
    await late.start()
    assert late.current().active(FAR) is not None


async def test_two_processes_that_take_at_once_both_succeed(stage: Stage, theirs: World) -> None:
    """Who is overtaken reads what won, and finds its own there or puts it on top."""
    other = another(stage)
    await other.start()
    older = dict(theirs.files)
    theirs.put_cards({})
    results = await asyncio.gather(peers(stage).take(EU, older), other.peers.take(EU, theirs.files), return_exceptions=True)
    assert results[1] == (theirs.directory.version, 1, ())
    await stage.parts.directory.reload()
    assert stage.parts.directory.known().peers[EU].version == theirs.directory.version


async def test_a_removed_peer_is_nobody_at_once(stage: Stage, theirs: World) -> None:
    """With the publication that names it no more: no participant, no file served or kept, no word of it in the metrics."""
    await peers(stage).take(EU, theirs.files)
    other = another(stage)
    await other.start()
    stage.world.peers = ()
    await published(stage)
    assert stage.parts.directory.current().active(FAR) is None
    assert stage.parts.directory.answers().key(theirs.member("GN-QN").key(Use.AGENT).key_id) is None
    assert (await stage.ledger.peers.read(EU))[1] == {}
    assert await code_of(stage, theirs.files) == "peer-unknown"
    with pytest.raises(Rejected):
        peers(stage).files(EU, [TIMESTAMP_FILE])
    assert "eu-network" not in stage.parts.metrics.render().decode()
    await other.reload()
    assert other.current().active(FAR) is None


async def test_a_peer_that_comes_back_is_brought_anew(stage: Stage, theirs: World) -> None:
    """Nothing of the time before its removal is left, and nothing of it is in the way."""
    await peers(stage).take(EU, theirs.files)
    named, stage.world.peers = stage.world.peers, ()
    await published(stage)
    stage.world.peers = named
    await published(stage)
    assert stage.parts.directory.current().peers == {}
    assert (await peers(stage).take(EU, theirs.files)).version == theirs.directory.version
    assert stage.parts.directory.current().active(FAR) is not None


async def test_another_pinned_root_begins_anew(stage: Stage, theirs: World) -> None:
    """What verified from the root of before is not used under the new one."""
    await peers(stage).take(EU, theirs.files)
    new = make_world(["GN-QX"], stage.clock() - 5, network=EU)
    new.officers.reverse()
    new.rotate_online()
    fresh_root = next(data for name, data in new.files.items() if name.endswith("2.root.json"))
    new.root = fresh_root
    join(stage.world, new, "NCB-XA")
    await published(stage)
    assert stage.parts.directory.current().active(FAR) is None
    assert (await peers(stage).take(EU, new.files)).version == new.directory.version
    assert stage.parts.directory.current().active(Address("GN-QX@eu-network")) is not None


async def test_a_stale_peer_is_known_and_not_accepted_from(stage: Stage, theirs: World) -> None:
    """Seven days after its timestamp expired nothing is sealed to it; receipts of before still verify."""
    await peers(stage).take(EU, theirs.files)
    stage.clock.jump(7 * DAY_S)
    assert not peers(stage).stale(EU, stage.clock())
    assert stage.parts.directory.current().active(FAR) is not None
    stage.clock.jump(1 * DAY_S)
    assert peers(stage).stale(EU, stage.clock())
    assert stage.parts.directory.current().active(FAR) is None
    assert stage.parts.directory.known().active(FAR) is not None
    assert stage.parts.directory.answers().directory_version(EU) == theirs.directory.version
    theirs.files |= theirs.online.refresh(theirs.files, stage.clock())
    await peers(stage).take(EU, theirs.files)
    assert stage.parts.directory.current().active(FAR) is not None


async def test_files_that_were_spoilt_in_the_ledger_are_replaced(stage: Stage, theirs: World) -> None:
    """A ledger that somebody changed tells nothing of a peer; the next publication mends it."""
    await peers(stage).take(EU, theirs.files)
    await stage.ledger.peers.publish(EU, 1, {TIMESTAMP_FILE: b"{}"})
    other = another(stage)
    await other.start()
    assert other.current().active(FAR) is None
    assert (await other.peers.take(EU, theirs.files)).version == theirs.directory.version
    assert other.current().active(FAR) is not None


async def test_strangers_cannot_queue_without_end(stage: Stage, theirs: World) -> None:
    """One publication is judged at a time and a few wait; more are `busy`, and those that waited are answered."""
    results = await asyncio.gather(
        *(peers(stage).take(EU, {TIMESTAMP_FILE: theirs.files[TIMESTAMP_FILE]}) for _ in range(WAITING + 4)),
        return_exceptions=True,
    )
    refused = [one for one in results if isinstance(one, Unavailable)]
    assert [one.code for one in refused] == ["busy"] * 3
    assert (await peers(stage).take(EU, theirs.files)).missing == ()
