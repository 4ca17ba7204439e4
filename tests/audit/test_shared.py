"""Several processes share one log: whoever dies or sleeps, whenever, the log never contradicts itself."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.audit.log import PATIENCE_S
from gateway.ledger import Ledger
from gateway.merkle import root_of
from gateway.tlog.checkpoint import open_checkpoint
from gateway.tlog.frontier import leaf_hashes
from tests.audit.backups import restore, run_sql, save
from tests.audit.given import VERIFIER, all_leaves, fill, log_over, say, tree_of
from tests.ledger.samples import Clock
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.postgres


async def check_history(url: str, ledger: Ledger) -> None:
    """Hold every checkpoint that was ever signed against the leaves."""
    hashes = leaf_hashes(await all_leaves(ledger))
    rows = run_sql(url, "SELECT size, root, note FROM checkpoint WHERE note IS NOT NULL ORDER BY size")
    assert rows
    for size, root, note in rows:
        checkpoint = open_checkpoint(bytes(note), [VERIFIER])
        assert (checkpoint.size, checkpoint.root) == (size, bytes(root))
        assert checkpoint.root == root_of(hashes[:size])


async def test_processes_that_race_build_one_tree(postgres_url: str, tmp_path: Path) -> None:
    """Three processes sequence at once, without turns: every leaf has one place, and every signature is of one history."""
    async with AsyncExitStack() as stack:
        ledgers = [await stack.enter_async_context(await Ledger.open(postgres_url, migrate=False)) for _ in range(3)]
        logs = [log_over(ledger, tmp_path, name=f"memory-{number}") for number, ledger in enumerate(ledgers)]
        for _ in range(15):
            await asyncio.gather(*(say(ledger, 5) for ledger in ledgers), *(log.advance() for log in logs))
        for log in logs:
            await log.advance()
        assert {log.view() for log in logs} == {await tree_of(ledgers[0])}
        assert not any(log.halted for log in logs)
        assert (await ledgers[0].log.state()).size == 15 * 15
        await check_history(postgres_url, ledgers[0])


async def test_turns_save_work(postgres_url: str, tmp_path: Path) -> None:
    """Who let the log grow goes on with it; another process follows, and takes over when that one is silent."""
    clock = Clock()
    async with await Ledger.open(postgres_url, migrate=False, clock=clock) as ledger:
        first, second = (
            log_over(ledger, tmp_path, name=name, patience_s=PATIENCE_S, clock=clock) for name in ("memory-1", "memory-2")
        )
        await fill(ledger, 3)
        await first.advance()
        await fill(ledger, 3, first=3)
        await second.advance()
        assert second.view() == await tree_of(ledger, 3)
        clock.now += PATIENCE_S
        await second.advance()
        assert second.view() == await tree_of(ledger, 6)
        await fill(ledger, 1, first=6)
        await first.advance()
        assert first.view() == await tree_of(ledger, 6)
        await second.advance()
        assert second.view() == await tree_of(ledger, 7)


class Sleeper:
    """A process that was stopped between its commit and its signature."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def said(self) -> str:
        """Return the next line that it says."""
        assert self._process.stdout is not None
        return (await self._process.stdout.readline()).decode().strip()

    async def stopped(self) -> None:
        """Wait until it sleeps."""
        status = Path(f"/proc/{self._process.pid}/stat")

        async def asleep() -> bool:
            return (await asyncio.to_thread(status.read_text)).rpartition(")")[2].split()[0] == "T"

        await until(asleep)

    def wake(self) -> None:
        """Let it go on."""
        os.kill(self._process.pid, signal.SIGCONT)


@asynccontextmanager
async def sleeper(url: str, memory: Path) -> AsyncIterator[Sleeper]:
    """Run `tests.audit.stop_before_signing` up to where it sleeps."""
    program = ("-m", "tests.audit.stop_before_signing", url, str(memory))
    process = await asyncio.create_subprocess_exec(sys.executable, *program, stdout=asyncio.subprocess.PIPE)
    try:
        one = Sleeper(process)
        assert await one.said() == "committed 5"
        await one.stopped()
        yield one
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.parametrize("more", [0, 7])
async def test_a_process_that_slept_before_signing_changes_nothing(postgres_url: str, tmp_path: Path, more: int) -> None:
    """SIGSTOP between commit and signature, another process takes over, SIGCONT: one history, whoever signs what."""
    async with await Ledger.open(postgres_url, migrate=False) as ledger:
        await fill(ledger, 5)
        async with sleeper(postgres_url, tmp_path / "sleepers") as one:
            assert await ledger.log.newest_checkpoint() is None
            await fill(ledger, more, first=5)
            log = log_over(ledger, tmp_path)
            await log.advance()
            assert log.view() == await tree_of(ledger)
            one.wake()
            assert (await one.said()).startswith("signed 5")
            assert await one.said() == f"view {5 + more} good"
        await check_history(postgres_url, ledger)


async def test_a_process_that_slept_through_a_restore_signs_nothing(postgres_url: str, tmp_path: Path) -> None:
    """While it sleeps the ledger is restored and grows to the same size with other leaves: its signature is thrown away."""
    async with await Ledger.open(postgres_url, migrate=False) as ledger:
        backup = save(postgres_url)
        await fill(ledger, 5)
        async with sleeper(postgres_url, tmp_path / "sleepers") as one:
            restore(postgres_url, backup)
            await fill(ledger, 5, first=100)
            log = log_over(ledger, tmp_path)
            await log.advance()
            assert log.view() == await tree_of(ledger)
            one.wake()
            assert await one.said() == "signed 5 False"
            assert await one.said() == "view 0 halted"
        await check_history(postgres_url, ledger)
