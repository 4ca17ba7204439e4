"""Nothing acknowledged is lost, whatever dies and whenever (promise 1)."""

from __future__ import annotations

import asyncio
import sys
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from gateway.errors import GatewayError, Rejected, Unavailable, Uncertain
from gateway.ids import EnvelopeHash
from gateway.ledger import Acceptance, Ledger, State, Stored, line, migrate
from gateway.ledger.engine import make_engine
from tests.ledger.samples import NOW, QM, QN, accept, receipt, sample
from tests.support.ledger_dump import dump
from tests.support.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.ledger.prepared import Transaction
    from tests.support.postgres import Cluster

KILLED_AFTER = (1, 60, 200)  # acknowledged messages, in each life of the process
COMMIT = b"COMMIT"


async def _acknowledged(url: str, first: int, count: int) -> dict[int, int]:
    """Run a process until it has acknowledged so many, kill it, and return all that it said it has."""
    args = ("-m", "tests.ledger.accept_forever", url, str(first))
    process = await asyncio.create_subprocess_exec(sys.executable, *args, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    lines = [await process.stdout.readline() for _ in range(count)]
    process.kill()
    lines += (await process.stdout.read()).splitlines(keepends=True)
    await process.wait()
    whole = [entry.split() for entry in lines if entry.endswith(b"\n")]  # the last line may have died with its writer
    return {int(number): int(accepted) for number, accepted in whole}


async def test_a_killed_process_loses_nothing_that_it_acknowledged(ledger_url: str) -> None:
    """After SIGKILL in the middle of accepting, everything that was answered is there, whole, under its number."""
    migrate(ledger_url)
    said: dict[int, int] = {}
    for life, count in enumerate(KILLED_AFTER):
        said |= await _acknowledged(ledger_url, 1 + 100_000 * life, count)
    async with await Ledger.open(ledger_url, migrate=False) as ledger:
        for number, accepted in said.items():
            stored = await ledger.find(QM, sample(number=number).message_id)
            assert stored is not None
            assert stored.number == accepted
        rows = (await ledger.totals())[State.ACCEPTED]
        events = await ledger.events(0, 100_000)
        assert rows == 2 * len(events)
        assert len(events) >= len(said) >= sum(KILLED_AFTER)
        assert await accept(ledger, sample()) == [(len(events) + 1, 0), (len(events) + 1, 1)]


async def _persist(ledger: Ledger, messages: Sequence[Acceptance]) -> list[Stored]:
    """Accept as a client does: again with the same id, until there is an answer."""

    async def one(message: Acceptance) -> Stored:
        while True:
            try:
                return await ledger.accept(message)
            except (Unavailable, Uncertain):
                await asyncio.sleep(0.05)

    return await asyncio.gather(*(one(message) for message in messages))


@pytest.mark.postgres
@pytest.mark.parametrize("crash", [False, True])
async def test_a_restarted_server_loses_nothing(postgres_url: str, postgres_cluster: Cluster, *, crash: bool) -> None:
    """PostgreSQL is stopped or crashes in mid-traffic; the ledger reconnects by itself and every message is kept once."""

    def restart() -> None:
        postgres_cluster.stop(crash=crash)
        postgres_cluster.start()

    messages = [sample() for _ in range(600)]
    async with await Ledger.open(postgres_url, migrate=False) as ledger:
        traffic = [asyncio.create_task(_persist(ledger, messages[start::6])) for start in range(6)]
        await asyncio.sleep(0.05)
        await asyncio.to_thread(restart)
        stored = [kept for part in await asyncio.gather(*traffic) for kept in part]
        assert sorted(one.number for one in stored) == list(range(1, 601))
        assert (await ledger.totals())[State.ACCEPTED] == 1200


@pytest.mark.postgres
async def test_an_absent_server_is_told_in_time_and_found_again(postgres_url: str, postgres_cluster: Cluster) -> None:
    """While the server is away calls fail as `unavailable`; when it is back they work, without a restart of the gateway."""
    message = sample()
    async with await Ledger.open(postgres_url, migrate=False) as ledger:
        await accept(ledger, message)
        await asyncio.to_thread(postgres_cluster.stop)
        try:
            with pytest.raises(Unavailable):
                await ledger.accept(sample())
            with pytest.raises(Unavailable):
                await ledger.totals()
        finally:
            await asyncio.to_thread(postgres_cluster.start)
        assert (await ledger.accept(sample())).number == 2
        assert await ledger.find(QM, message.message_id) is not None


class CommitProxy(Proxy):
    """Cuts every line around commits, so many times: before the server gets it, or after, when the answer is lost."""

    def __init__(self, target_port: int) -> None:
        super().__init__(target_port)
        self.cut_before = 0
        self.cut_after = 0
        self._swallowing = False

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while piece := await source.read(1 << 16):
            commit = piece.startswith(b"Q") and COMMIT in piece
            if commit and self.cut_before:
                self.cut_before -= 1
                self.cut()
            elif commit and self.cut_after:
                self.cut_after -= 1
                self._swallowing = True
                sink.write(piece)
                await asyncio.sleep(0.05)  # the server commits
                self._swallowing = False
                self.cut()
            elif not self._swallowing:
                sink.write(piece)
                await sink.drain()


def _through(proxy: Proxy, url: str) -> str:
    head, _, database = url.rpartition("/")
    return f"{head.rpartition(':')[0]}:{proxy.port}/{database}"


@pytest.mark.postgres
@pytest.mark.parametrize(("before", "after"), [(1, 0), (0, 1), (1, 1), (2, 2)])
async def test_a_commit_whose_answer_is_lost_is_repeated_and_counted_once(
    postgres_url: str, postgres_cluster: Cluster, before: int, after: int
) -> None:
    """Failed and stored nothing, or failed but stored: the caller gets one answer, and one message is there."""
    async with (
        CommitProxy(postgres_cluster.port) as proxy,
        await Ledger.open(_through(proxy, postgres_url), migrate=False) as ledger,
    ):
        messages = [sample() for _ in range(5)]
        await accept(ledger, messages[0])
        proxy.cut_before, proxy.cut_after = before, after
        stored = await asyncio.gather(*(ledger.accept(one) for one in messages[1:]))
        assert sorted(one.number for one in stored) == [2, 3, 4, 5]
        proxy.cut_after = 1
        assert await ledger.record([receipt(messages[0], "opened")]) == [""]
        assert [one.event for one in await ledger.events(0, 99)] == ["accepted"] * 5 + ["delivered", "opened"]


@pytest.mark.postgres
async def test_what_cannot_be_repeated_is_uncertain(postgres_url: str, postgres_cluster: Cluster) -> None:
    """A publication whose commit was not confirmed is not repeated, because its repeat would look like a conflict."""
    async with (
        CommitProxy(postgres_cluster.port) as proxy,
        await Ledger.open(_through(proxy, postgres_url), migrate=False) as ledger,
    ):
        await accept(ledger, sample())
        proxy.cut_after = 1
        with pytest.raises(Uncertain):
            await ledger.directory.publish(0, {"a": b"1"})
        assert await ledger.directory.read() == (1, {"a": b"1"})
        proxy.cut_before = 1
        with pytest.raises(Uncertain):
            await ledger.directory.publish(1, {"a": b"2"})
        assert await ledger.directory.read() == (1, {"a": b"1"})


@pytest.mark.postgres
async def test_a_line_that_falls_silent_is_cut(
    postgres_url: str, postgres_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that swallows everything cannot hang the ledger: the call ends, and the next line works."""
    monkeypatch.setattr(line, "WAIT_S", 1.0)
    async with Proxy(postgres_cluster.port) as proxy, await Ledger.open(_through(proxy, postgres_url), migrate=False) as ledger:
        message = sample()
        await accept(ledger, sample())
        proxy.freeze()
        pending = asyncio.create_task(ledger.accept(message))
        await asyncio.sleep(2.5)
        proxy.heal()
        with suppress(Unavailable, Uncertain):
            await pending
        assert (await ledger.accept(message)).number == 2


def _leave_pages(count: int, transaction: Transaction, _batch: Sequence[None]) -> list[None]:
    """Let the file grow by so many pages; runs as an operation of the ledger, because the limit belongs to its connection."""
    cursor = transaction._cursor
    cursor.execute("PRAGMA page_count")
    ((pages,),) = cursor.fetchall()
    cursor.execute(f"PRAGMA max_page_count = {pages + count}")
    cursor.fetchall()
    return [None]


async def test_a_full_disk_is_unavailable_and_stores_nothing_by_halves(sqlite_url: str) -> None:
    """What does not fit is refused whole, what is there stays, and with room again the gateway goes on."""

    def leave(pages: int) -> asyncio.Future[None]:
        return ledger._writer.submit(lambda transaction, batch: _leave_pages(pages, transaction, batch), None)

    async with await Ledger.open(sqlite_url, migrate=True) as ledger:
        await accept(ledger, sample())
        await leave(8)
        before = dump(sqlite_url)
        with pytest.raises(Unavailable, match="full"):
            await ledger.accept(sample(body=bytes(1 << 20)))
        assert dump(sqlite_url) == before
        large, small = sample(body=bytes(1 << 20)), sample()
        outcomes = await asyncio.gather(ledger.accept(large), ledger.accept(small), return_exceptions=True)
        assert [type(one) for one in outcomes] == [Unavailable, Stored]
        await leave(10_000)
        assert (await ledger.accept(large)).number == 3


async def test_a_cancelled_caller_changes_nothing_for_the_others(ledger: Ledger) -> None:
    """A client that hangs up in the middle of a commit leaves its message kept and the group whole."""
    gate = threading.Event()

    def slow(number: int) -> bytes:
        gate.wait(5)
        return b"%d" % number

    tasks = [asyncio.create_task(ledger.accept(replace(sample([QN]), sign=slow))) for _ in range(10)]
    await asyncio.sleep(0.05)
    tasks[3].cancel()
    await asyncio.sleep(0)
    gate.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(one, asyncio.CancelledError) for one in outcomes) == 1
    assert (await ledger.totals())[State.ACCEPTED] == 10


async def test_what_comes_while_another_process_commits_joins_the_group(ledger: Ledger, ledger_url: str) -> None:
    """One commit when the lock is free, for the one that waited for it and for those that came behind."""
    groups: list[int] = []
    ledger.on_group(groups.append)
    engine = make_engine(ledger_url, 1)
    with closing(engine.raw_connection()) as other:
        other.cursor().execute("BEGIN IMMEDIATE" if engine.dialect.name == "sqlite" else "BEGIN")
        other.cursor().execute("UPDATE counter SET number = number")
        tasks = [asyncio.create_task(ledger.accept(sample()))]
        await asyncio.sleep(0.2)
        tasks += [asyncio.create_task(ledger.accept(sample())) for _ in range(9)]
        await asyncio.sleep(0.2)
        assert not any(task.done() for task in tasks)
        other.rollback()
    stored = await asyncio.gather(*tasks)
    engine.dispose()
    assert sorted(one.number for one in stored) == list(range(1, 11))
    assert groups == [10]


async def test_stored_data_that_contradicts_itself_raises_the_alarm(ledger: Ledger) -> None:
    """Two messages with one envelope hash cannot be: it is no conflict of a client, and the group's others are kept."""
    first, twin, third = sample(), sample(), sample()
    await ledger.accept(first)
    twin = replace(twin, envelope_hash=EnvelopeHash(first.envelope_hash))
    outcomes = await asyncio.gather(ledger.accept(twin), ledger.accept(third), return_exceptions=True)
    assert isinstance(outcomes[0], GatewayError)
    assert outcomes[0].code == "corrupt"
    assert isinstance(outcomes[1], Stored)


async def test_too_much_work_is_refused_at_the_door(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the database cannot keep up, newcomers are told to come back instead of filling the memory."""
    monkeypatch.setattr("gateway.ledger.writer.MAX_PENDING", 0)
    with pytest.raises(Unavailable, match="busy"):
        await ledger.accept(sample())
    monkeypatch.undo()
    assert (await ledger.accept(sample(expires=NOW))).number == 1
    with pytest.raises(Rejected):
        await ledger.directory.publish(5, {})
