"""The life of keys over a real gateway process: rotated, lost, restored from an old backup; nothing is lost in silence."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING

import pytest

from gateway.client.home.backup import backup_home, restore_home
from gateway.client.home.home import Home
from gateway.client.trust.key_status import Stage
from gateway.envelope.keyfile import Cost
from gateway.envelope.keys import Use
from tests.client.examples import content, drain
from tests.scenario.town import PASSPHRASE, READER, SENDER, Town
from tests.support.waiting import SOON_S

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.client import ContactPoint, MessageStatus
    from gateway.ids import MessageId
    from tests.scenario.conftest import Setup

_QUICK = Cost(1, 8 << 20)
SIGNING = (Use.AUTHOR, Use.AGENT)


async def saved(town: Town, name: str) -> bytes:
    """Return a backup of a home's keys."""
    home = await asyncio.to_thread(Home.unlock, town.folder / "homes" / name, PASSPHRASE)
    data = await backup_home(home, PASSPHRASE, town.now, _QUICK)
    await home.close()
    return data


def replace(folder: Path, data: bytes) -> None:
    """Put a home from a backup in the place of one that is lost."""
    shutil.rmtree(folder)
    restore_home(data, PASSPHRASE, folder, PASSPHRASE, _QUICK)


async def sent_anew(sender: ContactPoint, message_id: MessageId) -> MessageStatus:
    """Wait until another message goes out in the place of one, and return how that one stands."""
    async with asyncio.timeout(SOON_S):
        while not (status := await sender.status(message_id)).recipients[0].anew:  # noqa: ASYNC110  another process decides it
            await asyncio.sleep(0.1)
        return status


@pytest.mark.parametrize("lost", [False, True])
async def test_all_keys_are_rotated_while_mail_goes_on(embedded: Setup, *, lost: bool) -> None:
    """Promises 1 and 3: mail of before, of between and of after arrives once, whoever signed it with what."""
    town = embedded.town()
    async with town.served(), town.home(SENDER) as sender, town.home(READER) as reader:
        await sender.send(content(), to=[READER])
        await reader.rotate([*SIGNING, Use.DELIVERY], identity=town.member(READER).identity, lost=lost)
        await sender.send(content(), to=[READER])
        await sender.rotate(SIGNING, identity=town.member(SENDER).identity, lost=lost)
        last = await sender.send(content(), to=[READER])
        assert len(await drain(reader)) == 3
        assert (await sender.status(last.message_id)).count("opened") == 1
        found = await reader.keys()
    for use in (*SIGNING, Use.DELIVERY):
        [one] = [one for one in found if (one.use, one.state) == (use, Stage.IN_USE)]
        assert one.published


async def test_a_home_from_an_old_backup_comes_back_to_life(embedded: Setup) -> None:
    """Promise 1: what was sealed to a key that is not in the backup is refused in writing, and sent anew by itself."""
    town = embedded.town()
    async with town.served(), town.home(SENDER) as sender:
        async with town.home(READER) as reader:
            await drain(reader)
        data = await saved(town, READER)
        async with town.home(READER) as reader:
            await reader.rotate([Use.DELIVERY])
        await sender.directory()
        await sender._parts.directory.refresh()
        first = await sender.send(content(), to=[READER])
        replace(town.folder / "homes" / READER, data)
        async with town.home(READER) as reader:
            came = await drain(reader)  # the sender's software may be faster than the end of this session
        status = await sent_anew(sender, first.message_id)
        async with town.home(READER) as reader:
            [delivery] = came + await drain(reader)
        again = await sender.status(status.recipients[0].anew or "")
    assert [(one.state, one.reason, one.proved) for one in status.recipients] == [("rejected", "key-gone", True)]
    assert delivery.content.raw == content().raw
    assert again.count("opened") == 1
