"""The directory at the gateway: taken in from the authority, shared by all processes, never older than it was."""

from __future__ import annotations

import asyncio
import io
import json
from typing import TYPE_CHECKING

import pytest

from gateway.directory.entries import Status
from gateway.directory.metadata import read_repository
from gateway.errors import Rejected, Unavailable
from gateway.exchange import Authority, DirectorySource
from gateway.exchange.publication import FolderPublication
from gateway.ops import Metrics
from tests.support.exchange import MemoryPublication, Stage, address, staged
from tests.support.network import make_world
from tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_publication_is_taken_in_within_seconds(stage: Stage) -> None:
    """A suspension that the authority publishes is in force at the gateway soon after."""
    version = stage.exchange.directory.version
    stage.world.change("GN-QN", status=Status.SUSPENDED)
    stage.publication.files = stage.world.publication()
    await until(lambda: stage.exchange.directory.version != version)
    assert stage.exchange.directory.active(address("GN-QN")) is None
    assert stage.publication.files is None


async def test_an_older_publication_is_refused(stage: Stage) -> None:
    """An authority's folder that was restored from a backup does not take the directory back."""
    old = stage.world.publication()
    stage.world.change("GN-QN", status=Status.SUSPENDED)
    stage.world.publish()
    stage.publication.files = stage.world.files
    await stage.parts.directory.renew()
    stage.publication.files = old
    with pytest.raises(Rejected) as caught:
        await stage.parts.directory.renew()
    assert caught.value.code in {"directory-rollback", "directory-untrusted"}
    assert stage.exchange.directory.active(address("GN-QN")) is None


async def test_a_publication_of_a_stranger_is_refused(stage: Stage) -> None:
    """What does not verify from the configured root changes nothing."""
    version = stage.exchange.directory.version
    stranger = make_world(["NCB-XZ"], stage.clock(), network="other")
    stage.publication.files = stranger.publication()
    with pytest.raises(Rejected):
        await stage.parts.directory.renew()
    stage.publication.files = None
    assert stage.exchange.directory.version == version


async def test_another_process_sees_what_this_one_published(stage: Stage) -> None:
    """Several gateways share one directory through the ledger."""
    authority = Authority(stage.world.root, MemoryPublication(), stage.world.online)
    other = DirectorySource(stage.ledger, authority, stage.clock, Metrics())
    await other.start()
    assert not await other.reload()
    stage.world.change("GN-QN", status=Status.SUSPENDED)
    stage.publication.files = stage.world.publication()
    await stage.parts.directory.renew()
    assert await other.reload()
    assert other.current().version == stage.exchange.directory.version


async def test_two_processes_that_publish_at_once_both_succeed(stage: Stage) -> None:
    """Who is overtaken tries again on what won: nothing is overwritten."""
    authority = Authority(stage.world.root, MemoryPublication(), stage.world.online)
    other = DirectorySource(stage.ledger, authority, stage.clock, Metrics())
    await other.start()
    now = int(stage.clock())
    cards = {name: stage.world.member(name).delivery_card(now, serial=2) for name in ("GN-QN", "NCB-XA")}

    async def put(source: DirectorySource, name: str) -> bool:
        path = f"cards/{name}/delivery"
        return await source.change(lambda files, _: stage.world.online.add_card(files, path, cards[name], now))

    assert all(await asyncio.gather(put(stage.parts.directory, "GN-QN"), put(other, "NCB-XA")))
    await stage.parts.directory.reload()
    found = stage.exchange.directory.delivery_cards
    assert [found[address(name)].serial for name in cards] == [2, 2]


async def test_metadata_is_signed_again_before_it_expires(stage: Stage) -> None:
    """Homes always find fresh timestamps, without anybody's hand."""
    before = stage.parts.directory.files(["metadata/timestamp.json"])
    stage.clock.jump(20 * 3600)
    await stage.parts.directory.renew()
    after = stage.parts.directory.files(["metadata/timestamp.json"])
    assert before != after
    _, files = await stage.ledger.directory.read()
    assert read_repository(files, stage.world.root, stage.clock()).version == stage.exchange.directory.version


async def test_a_publication_that_is_refused_lets_nothing_expire(stage: Stage) -> None:
    """A spoilt folder of the authority does not keep the gateway from signing again what homes rely on."""
    before = stage.parts.directory.files(["metadata/timestamp.json"])
    stranger = make_world(["NCB-XZ"], stage.clock(), network="other")
    stage.publication.files = stranger.publication()
    stage.clock.jump(20 * 3600)
    with pytest.raises(Rejected):
        await stage.parts.directory.renew()
    assert before != stage.parts.directory.files(["metadata/timestamp.json"])


async def test_an_authority_that_is_away_does_not_stop_the_exchange(tmp_path: Path) -> None:
    """Promise 8: with outdated metadata the gateway starts and works on what it knows."""
    async with staged(tmp_path) as stage:
        world = stage.world
    async with staged(tmp_path) as stage:
        stage.clock.jump(10 * 86_400)
        authority = Authority(world.root, MemoryPublication(), world.online)
        source = DirectorySource(stage.ledger, authority, stage.clock, Metrics())
        await source.start()
        assert source.current().active(address("GN-QN")) is not None
        with pytest.raises(Rejected) as caught:
            source.check_fresh()
        assert caught.value.code == "directory-expired"


async def test_an_expired_directory_is_told_once_and_so_is_its_renewal(stage: Stage, quiet: io.BytesIO) -> None:
    """An operator reads in the log when homes begin to refuse the directory, and when they need not any more."""

    def told() -> list[str]:
        events = [json.loads(line)["event"] for line in quiet.getvalue().splitlines()]
        return [event for event in events if event in {"directory-expired", "directory-fresh"}]

    stage.clock.jump(4 * 86_400)
    for _ in range(3):
        await stage.parts.directory.renew()
    assert told() == ["directory-expired"]
    stage.world.now = int(stage.clock())
    stage.world.publish()
    stage.publication.files = stage.world.files
    await stage.parts.directory.renew()
    await asyncio.sleep(0)
    assert told() == ["directory-expired", "directory-fresh"]
    stage.parts.directory.check_fresh()


async def test_what_was_overtaken_while_it_was_read_is_not_used(stage: Stage) -> None:
    """A process that reads the directory slowly does not go back to what another one has replaced."""
    source = stage.parts.directory
    version, files = await stage.ledger.directory.read()
    stage.world.change("GN-QN", status=Status.SUSPENDED)
    stage.world.publish()
    stage.publication.files = stage.world.files
    await source.renew()
    await source._install(version, files)
    assert source.current().active(address("GN-QN")) is None


async def test_a_folder_that_cannot_be_read_stops_no_start(stage: Stage, tmp_path: Path) -> None:
    """A share that is away, or a file that vanishes while it is read, is waited out on what the ledger has."""
    folder = FolderPublication(tmp_path / ("x" * 300))  # longer than a name may be
    with pytest.raises(Unavailable):
        folder.read()
    authority = Authority(stage.world.root, folder, stage.world.online)
    source = DirectorySource(stage.ledger, authority, stage.clock, Metrics())
    await source.start()
    assert source.current().version == stage.exchange.directory.version


async def test_files_of_a_wrong_root_are_not_used(stage: Stage) -> None:
    """A ledger that somebody replaced does not tell who is who."""
    stranger = make_world(["NCB-XZ"], stage.clock(), network="other")
    authority = Authority(stranger.root, MemoryPublication(), stranger.online)
    with pytest.raises(Rejected):
        await DirectorySource(stage.ledger, authority, stage.clock, Metrics()).start()


async def test_before_the_first_publication_there_is_nothing(stage: Stage) -> None:
    """A gateway without a directory says so instead of guessing."""
    authority = Authority(stage.world.root, MemoryPublication(), stage.world.online)
    source = DirectorySource(stage.ledger, authority, stage.clock, Metrics())
    for ask in (source.current, source.answers):
        with pytest.raises(Unavailable):
            ask()


def test_a_folder_is_read_when_it_changed(tmp_path: Path) -> None:
    """An unchanged folder is not read again; one that changed is, until it was taken in."""
    folder = FolderPublication(tmp_path)
    assert folder.read() is None
    (tmp_path / "metadata").mkdir()
    (tmp_path / "metadata/1.root.json").write_bytes(b"{}")
    assert folder.read() == {"metadata/1.root.json": b"{}"}
    assert folder.read() is not None
    folder.taken()
    assert folder.read() is None
    (tmp_path / "metadata/2.root.json").write_bytes(b"{}")
    assert folder.read() is not None
