"""The rehearsal of a loss: a backup under load, more traffic, the ledger gone, a restore."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

import pytest

from gateway.audit.memory import Memory
from gateway.envelope import LogView, Use
from gateway.errors import GatewayError, Rejected
from tests.audit.given import ORIGIN
from tests.client.examples import content, drain
from tests.scenario.process import run, serving
from tests.scenario.town import READER, SENDER, THIRD, address
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gateway.client import ContactPoint, SendReceipt
    from gateway.directory.view import Directory
    from gateway.ids import KeyId
    from tests.scenario.conftest import Setup
    from tests.scenario.town import Town

PAUSE_S = 0.03  # between two messages: the commands need the machine too
EMPTY = LogView(0, bytes(32))


async def pour(sender: ContactPoint, until: asyncio.Event) -> list[SendReceipt]:
    """Send one message after the other until told to stop."""
    sent = []
    while not until.is_set():
        sent.append(await sender.send(content(), to=[READER, THIRD]))
        await asyncio.sleep(PAUSE_S)
    return sent


async def ran(*words: str | Path) -> dict[str, object]:
    """Run a command that must succeed, and return what it prints."""
    done = await asyncio.to_thread(run, *words, "--json")
    assert done.code == 0, done.err
    told: dict[str, object] = json.loads(done.out)
    return told


def lose_ledger(town: Town, setup: Setup, request: pytest.FixtureRequest) -> None:
    """Destroy the ledger; a database is made anew, empty."""
    if setup.ledger is None:
        for file in town.folder.glob("gateway.db*"):
            file.unlink()
        return
    cluster = request.getfixturevalue("postgres_cluster")
    name = setup.ledger.rpartition("/")[2]
    cluster.drop(name)
    cluster.execute(f"CREATE DATABASE {name} TEMPLATE template0")


@pytest.mark.slow
async def test_what_was_accepted_before_the_backup_is_delivered_and_the_rest_is_named(
    setup: Setup, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Nothing comes twice, no number is given twice, homes go on; each sender can tell what was lost by its number."""
    town = setup.town()
    served, config, folder = await town.prepare(), town.folder / "gateway.toml", tmp_path / "backup"
    async with serving(served), town.home(SENDER) as sender, town.home(READER) as reader:
        sent = [await sender.send(content(), to=[READER, THIRD]) for _ in range(2)]
        done = asyncio.Event()
        pouring = asyncio.create_task(pour(sender, done))
        made = await ran("backup", config, folder)
        done.set()
        sent += await pouring
        sent += [await sender.send(content(), to=[READER, THIRD]) for _ in range(3)]
        assert len(await drain(reader)) == len(sent)  # THIRD is away
        await reader.rotate([Use.DELIVERY])  # the backup has not that key either
        seen = await sender._parts.directory.refresh()
        await until_signed(town, number_in(made, "log_size") + 1)
        served.kill()
    lose_ledger(town, setup, request)
    proved = await ran("restore", "--verify", config, folder)
    told = await ran("restore", config, folder, "--passphrase-file", town.folder / "passphrase")
    last, first_new = number_in(made, "number"), number_in(told, "next_number")
    kept = [one for one in sent if (one.number or 0) <= last]
    gone = [one for one in sent if last < (one.number or 0) < first_new]
    assert len(kept) + len(gone) == len(sent)
    assert len(kept) >= 2
    assert len(gone) >= 3
    async with serving(served), town.home(SENDER) as sender, town.home(READER) as reader, town.home(THIRD) as third:
        with pytest.raises(Rejected, match="card-serial"):  # a card that everybody saw is gone: each home brings its own again
            await reader._parts.directory.refresh()
        await reader.publish_card()
        now = await sender._parts.directory.refresh()
        assert now.version > seen.version
        assert key_of(now) == key_of(seen)
        new = await sender.send(content(), to=[READER, THIRD])
        assert new.number == first_new
        assert [one.number for one in await drain(reader)] == [first_new]
        assert [one.number for one in await drain(third)] == [*(one.number for one in kept), first_new]
        await check_gone(sender, gone)
        for one in (kept[0], kept[-1], new):
            assert {of.state for of in (await sender.status(one.message_id)).recipients} == {"opened"}
    assert proved["lost_leaves"] == told["lost_leaves"]
    assert number_in(told, "lost_leaves") > 0
    assert "log-forked" in town.log.read_text()


async def until_signed(town: Town, size: int) -> None:
    """Wait until the gateway has signed so many leaves."""
    memory = Memory(town.folder / "audit-memory", ORIGIN)
    await until(lambda: asyncio.to_thread(lambda: (memory.read() or EMPTY).size >= size))


async def check_gone(sender: ContactPoint, gone: Sequence[SendReceipt]) -> None:
    """Find what was lost by its numbers, in the sender's home; the gateway knows nothing of it."""
    named = await sender.sent(gone[0].number or 0, gone[-1].number or 0)
    assert [one.message_id for one in named] == [one.message_id for one in gone]
    for one in gone[-2:]:
        with pytest.raises(GatewayError, match="not-found"):
            await sender.status(one.message_id)


def key_of(directory: Directory) -> KeyId | None:
    """Return the key that the reader is sealed to."""
    found = directory.delivery_key(address(READER), time.time())
    return None if found is None else found.key_id


def number_in(told: object, name: str) -> int:
    """Return a number that a command printed."""
    assert isinstance(told, dict)
    found = told[name]
    assert isinstance(found, int)
    return found
