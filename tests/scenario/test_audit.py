"""Promise 6: a participant proves that the log of a real gateway was never rewritten, or has the evidence that it was."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from gateway.client.log.evidence import FOLDER
from gateway.errors import GatewayError, Unavailable
from tests.client.examples import content, drain
from tests.scenario.process import serving
from tests.scenario.town import READER, SENDER, THIRD

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.client import ContactPoint
    from gateway.client.log.auditor import LogReport
    from tests.scenario.conftest import Setup
    from tests.scenario.process import serving
from tests.scenario.town import Town

LEAVES_OF_A_MESSAGE = 3  # accepted, delivered, opened
MEMORY = "audit-memory"


async def until_logged(point: ContactPoint, size: int) -> LogReport:
    """Verify the log again and again, until its checkpoint covers so many leaves."""
    async with asyncio.timeout(30):
        while True:
            try:
                report = await point.auditor.verify()
            except Unavailable:  # no checkpoint yet
                pass
            else:
                if report.size >= size:
                    return report
            await asyncio.sleep(0.2)


async def converse(sender: ContactPoint, reader: ContactPoint, messages: int) -> None:
    """Send messages, and acknowledge them."""
    for _ in range(messages):
        await sender.send(content(), to=[READER])
    assert len(await drain(reader)) == messages


async def test_promise_6_everything_that_happened_is_in_a_log_that_everybody_can_verify(setup: Setup) -> None:
    """Receipts and directory are leaves of one log; sender and recipient verify all of it, and name it in their receipts."""
    town = setup.town()
    async with town.served(), town.home(SENDER) as sender, town.home(READER) as reader:
        before = await until_logged(reader, 1)
        await converse(sender, reader, 4)
        report = await until_logged(sender, before.size + 4 * LEAVES_OF_A_MESSAGE)
        again = await until_logged(reader, report.size)
    assert (report.in_log, again.in_log) == (True, True)
    assert report.entries - report.readable >= 4 * LEAVES_OF_A_MESSAGE
    assert again.known is not None
    assert again.known >= before.size


def edit(ledger: Path) -> None:
    """Change one leaf of a message, as somebody with the database does."""
    with closing(sqlite3.connect(ledger)) as database, database:
        (seq,) = database.execute("SELECT min(seq) FROM event WHERE length(leaf) = 32").fetchone()
        assert database.execute("UPDATE event SET leaf = ? WHERE seq = ?", (bytes(32), seq)).rowcount == 1


async def test_a_row_that_was_edited_is_found(embedded: Setup) -> None:
    """Whoever edits the database while the gateway is down is found by the next participant who reads the log."""
    town = embedded.town()
    gateway = await town.prepare()
    async with serving(gateway), town.home(SENDER) as sender, town.home(READER) as reader:
        before = await until_logged(sender, 1)
        await converse(sender, reader, 2)
        await until_logged(sender, before.size + 2 * LEAVES_OF_A_MESSAGE)
    edit(town.folder / "gateway.db")
    async with serving(gateway), town.home(SENDER) as sender:
        with pytest.raises(GatewayError) as caught:
            await sender.auditor.verify()
    assert caught.value.code == "log-forked"


def restore(town: Town, backup: Path) -> None:
    """Put an old database back, and remove what the gateway remembers outside of it."""
    for name in ("gateway.db", "gateway.db-wal", "gateway.db-shm"):
        (town.folder / name).unlink(missing_ok=True)
    shutil.copyfile(backup, town.folder / "gateway.db")
    (town.folder / MEMORY).unlink()


async def test_a_log_that_was_restored_and_signed_anew_is_found_by_who_kept_a_checkpoint(embedded: Setup) -> None:
    """An operator who goes back to an old database and signs another history is found by one kept checkpoint."""
    town, backup = embedded.town(), embedded.folder / "backup.db"
    gateway = await town.prepare()
    async with serving(gateway), town.home(SENDER) as sender:
        before = await until_logged(sender, 1)
        await asyncio.to_thread(gateway.stop)
    shutil.copyfile(town.folder / "gateway.db", backup)
    async with serving(gateway), town.home(SENDER) as sender, town.home(READER) as reader:
        await converse(sender, reader, 2)
        kept = await until_logged(sender, before.size + 2 * LEAVES_OF_A_MESSAGE)
    restore(town, backup)
    async with serving(gateway), town.home(READER) as reader, town.home(SENDER) as sender, town.home(THIRD) as newcomer:
        for _ in range(9):
            await reader.send(content(), to=[SENDER])
        await until_logged(newcomer, kept.size + 1)
        with pytest.raises(GatewayError) as caught:
            await sender.auditor.verify(quick=True)
    assert caught.value.code == "log-forked"
    assert len(list((town.folder / "homes" / SENDER / FOLDER).glob("*-kept.note"))) == 1
