"""A backup of the keys makes a home that goes on, however old it is; what it cannot open any more is told."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING

import pytest

from gateway.client.home.backup import backup_home, restore_home
from gateway.client.home.home import Home
from gateway.client.home.store import FILE
from gateway.client.trust.key_status import Stage
from gateway.envelope.keys import Use
from gateway.errors import Rejected, Unavailable
from tests.client.conftest import CHEAP, PASSPHRASE
from tests.client.examples import content, drain
from tests.client.sending.test_sending import pass_time

if TYPE_CHECKING:
    from pathlib import Path

    from tests.client.conftest import Clock, Homes
    from tests.support.fake_gateway import FakeGateway
    from tests.support.network import World

SECRET = b"other words for the backup"
DAY_S = 86_400


async def saved(folder: Path, now: float = 0) -> bytes:
    """Return a backup of a home that is cheap to open."""
    home = await asyncio.to_thread(Home.unlock, folder, PASSPHRASE)
    data = await backup_home(home, SECRET, now, CHEAP)
    await home.close()
    return data


def restored(data: bytes, folder: Path) -> None:
    """Put a home from a backup in the place of one that is lost."""
    shutil.rmtree(folder, ignore_errors=True)
    restore_home(data, SECRET, folder, PASSPHRASE, CHEAP)


async def test_a_restored_home_reads_and_writes_on(homes: Homes, gate: FakeGateway, tmp_path: Path) -> None:
    """Mail that came meanwhile opens, for the keys are the same; no new card is needed."""
    async with homes("NCB-QM") as qm:
        async with homes("GN-QN") as gn:
            await gn.publish_card()
        data = await saved(tmp_path / "GN-QN")
        await qm.publish_card()
        await qm.send(content(), to=["GN-QN"])
        restored(data, tmp_path / "GN-QN")
        cards = len(gate.events)
        async with homes("GN-QN") as gn:
            assert len(await drain(gn)) == 1
            await gn.send(content(), to=["NCB-QM"])
        assert len(await drain(qm)) == 1
    assert [event for event, *_ in gate.events[cards:] if event == "card"] == []


async def test_an_old_backup_continues_the_card_that_the_directory_shows(
    homes: Homes, world: World, gate: FakeGateway, clock: Clock, tmp_path: Path
) -> None:
    """A serial above, every key still listed, a new one to seal to; what was sealed to a lost key comes anew."""
    async with homes("GN-QN") as gn:
        await gn.publish_card()
    data = await saved(tmp_path / "GN-QN")
    pass_time(world, clock, 25 * DAY_S)
    async with homes("GN-QN") as gn:
        await drain(gn)
    lost = world.directory.delivery_cards[world.member("GN-QN").address]
    async with homes("NCB-QM") as qm:
        await qm.send(content(), to=["GN-QN"])
        restored(data, tmp_path / "GN-QN")
        async with homes("GN-QN") as gn:
            assert await drain(gn) == []
            found = await gn.keys()
        await drain(qm)
        async with homes("GN-QN") as gn:
            assert len(await drain(gn)) == 1
    card = world.directory.delivery_cards[lost.address]
    assert card.serial > lost.serial
    assert {key.key for key in lost.keys} < {key.key for key in card.keys}
    assert len([one for one in found if (one.use, one.state) == (Use.DELIVERY, Stage.IN_USE)]) == 1
    assert gate.states() == {"rejected": 1, "opened": 1}


async def test_a_rotation_that_waits_is_in_the_backup(homes: Homes, world: World, gate: FakeGateway, tmp_path: Path) -> None:
    """The restored home finishes it."""
    async with homes("GN-QN") as gn:
        await gn.publish_card()
        gate.no_cards = True
        with pytest.raises(Unavailable):
            await gn.rotate([Use.AUTHOR], identity=world.member("GN-QN").identity)
    data = await saved(tmp_path / "GN-QN")
    gate.no_cards = False
    restored(data, tmp_path / "GN-QN")
    async with homes("GN-QN") as gn:
        await drain(gn)
        found = [one for one in await gn.keys() if one.use is Use.AUTHOR]
    assert sorted(one.state for one in found) == [Stage.DESTROYED, Stage.IN_USE]


async def test_wrong_words_and_damage_make_nothing(homes: Homes, tmp_path: Path) -> None:
    """Another passphrase, one changed byte, or another file: no folder is made."""
    async with homes("GN-QN"):
        pass
    data = await saved(tmp_path / "GN-QN")
    damaged = data[:-1] + bytes([data[-1] ^ 1])
    for file, words, code in [
        (data, b"wrong", "passphrase"),
        (damaged, SECRET, "passphrase"),
        (b"something else", SECRET, "malformed"),
    ]:
        with pytest.raises(Rejected) as refused:
            restore_home(file, words, tmp_path / "NEW", PASSPHRASE, CHEAP)
        assert refused.value.code == code
    assert not (tmp_path / "NEW").exists()


async def test_a_backup_is_not_restored_over_a_home(homes: Homes, tmp_path: Path) -> None:
    """What is there stays what it is."""
    async with homes("GN-QN"):
        pass
    data = await saved(tmp_path / "GN-QN")
    before = (tmp_path / "GN-QN" / FILE).read_bytes()
    with pytest.raises(Rejected) as refused:
        restore_home(data, SECRET, tmp_path / "GN-QN", PASSPHRASE, CHEAP)
    assert refused.value.code == "home-exists"
    assert (tmp_path / "GN-QN" / FILE).read_bytes() == before


async def test_a_backup_shows_nothing_without_its_passphrase(homes: Homes, world: World, tmp_path: Path) -> None:
    """No secret, no address, and no mail stand in it."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.send(content(), to=["GN-QN"])
        await drain(gn)
    data = await saved(tmp_path / "GN-QN")
    secrets = [key.unsafe_export() for key in world.member("GN-QN").signing]
    assert [secret for secret in (*secrets, b"GN-QN", b"http://") if secret in data] == []
    assert len(data) < 16_384
