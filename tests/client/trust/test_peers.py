"""A home knows the peers that its own directory names: verified from the pinned roots, and gone when they are removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.directory.publication import make_root
from gateway.directory.roles import RoleKey, TufRole
from gateway.errors import Rejected
from tests.client.examples import content
from tests.client.pair import EU, FAR, NEAR, Pair, serve_pair
from tests.support.network import World, counter_rng, join, make_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.client.conftest import Clock

DAY_S = 86_400


@pytest.fixture
async def pair(tmp_path: Path, clock: Clock) -> AsyncIterator[Pair]:
    """Serve two networks."""
    async with serve_pair(tmp_path, clock) as pair:
        yield pair


async def test_a_peers_participants_and_groups_are_known(pair: Pair) -> None:
    """They come from the peer's own directory, whose copy stays in the home for when no gateway can be reached."""
    pair.theirs.groups["units"] = ("GN-QN", "GN-QX")
    pair.theirs.publish()
    async with pair.home(NEAR) as qm:
        directory = await qm.directory()
        assert directory.active(FAR) is not None
        assert directory.expand(["group:units@eu-network"]) == [FAR, "GN-QX@eu-network"]
        assert await qm.key_card(FAR) == pair.theirs.files[_card(pair.theirs.files, "GN-QN")]
    pair.here.down = True
    async with pair.home(NEAR) as qm:
        assert (await qm.directory()).active(FAR) is not None


async def test_a_peer_that_fails_disturbs_nobody(pair: Pair, clock: Clock) -> None:
    """What does not verify from the pinned root leaves the own directory and the last good copy as they were."""
    async with pair.home(NEAR) as qm:
        version = (await qm.directory()).peers[EU].version
        pair.here.peer_files[EU] = lambda: make_world(["GN-QN"], clock(), network="other-network").files
        pair.ours.change("NCB-QN", country="QX")
        pair.ours.publish()
        clock.ahead_s += 400
        directory = await qm.directory()
        assert directory.entries[pair.ours.member("NCB-QN").address].country == "QX"
        assert directory.peers[EU].version == version


async def test_a_home_without_a_good_copy_of_a_peer_works_all_the_same(pair: Pair) -> None:
    """Only what goes to that network is refused, and with the reason."""
    del pair.here.peer_files[EU]
    async with pair.home(NEAR) as qm:
        assert (await qm.directory()).peers == {}
        await qm.send(content(), to=["NCB-QN"])
        with pytest.raises(Rejected) as refused:
            await qm.send(content(), to=[FAR])
    assert refused.value.code == "directory-stale"


async def test_a_peer_that_nobody_vouched_for_is_not_sealed_to(pair: Pair, clock: Clock) -> None:
    """After seven days without a fresh copy nothing is sealed for it; neighbours are not concerned."""
    async with pair.home(NEAR) as qm:
        await qm.directory()
        del pair.here.peer_files[EU]
        clock.ahead_s += 7 * DAY_S + 600
        pair.ours.now = int(clock())
        pair.ours.publish()
        with pytest.raises(Rejected) as refused:
            await qm.send(content(), to=["NCB-QN", FAR])
        assert refused.value.code == "directory-stale"
        assert (await qm.directory()).entry(FAR) is not None
        assert (await qm.send(content(), to=["NCB-QN"])).number


async def test_a_removed_peer_is_gone_at_the_next_refresh(pair: Pair, clock: Clock) -> None:
    """Whatever the home still has of it on disk."""
    async with pair.home(NEAR) as qm:
        assert EU in (await qm.directory()).peers
        pair.ours.peers = ()
        pair.ours.publish()
        clock.ahead_s += 400
        assert (await qm.directory()).peers == {}
        with pytest.raises(Rejected) as refused:
            await qm.send(content(), to=[FAR])
    assert refused.value.code == "recipient-unknown"


async def test_another_root_begins_another_directory(pair: Pair, clock: Clock) -> None:
    """The authority pins a new root: what the old one led to is not believed any more."""
    async with pair.home(NEAR) as qm:
        await qm.directory()
        anew = _begun_anew(EU, int(clock()))
        join(pair.ours, anew, "RELAY-EU")
        pair.here.peer_files[EU] = lambda: anew.files
        clock.ahead_s += 400
        directory = await qm.directory()
        assert (directory.active(FAR), directory.peers[EU].participants()) == (None, ["GN-QZ@eu-network"])


def _begun_anew(network: str, now: int) -> World:
    """Make a network of this name whose authority has other keys."""
    world = make_world(["GN-QZ"], now, network=network)
    rng = counter_rng("other officers")
    world.officers = [{role: RoleKey.generate(rng) for role in TufRole} for _ in range(2)]
    world.root, world.files = make_root(1, world.holders, world.officer_keys(TufRole.ROOT), now), {}
    world.publish()
    world.put_cards()
    return world


def _card(files: dict[str, bytes], name: str) -> str:
    """Return the newest key card's file name of a participant."""
    return max((one for one in files if f"/cards/{name}/" in one and one.endswith(".key")), key=lambda one: len(files[one]))
