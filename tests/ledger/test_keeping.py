"""After their retention messages are erased from the ledger and its files; what proves the log stays."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from gateway.ids import Address, Kind
from gateway.ledger import Erasure, Ledger, State
from tests.ledger.samples import NOW, QM, QN, QX, Clock, accept, end, receipt, sample
from tests.support.ledger_dump import dump

if TYPE_CHECKING:
    from gateway.ledger import Acceptance, EventRow
    from tests.support.postgres import Cluster

DAY = 86_400
LEAF = b"l" * 32
CANARY = b"canary-in-the-ledger"


def erasure(ended_by: int = NOW + 10 * DAY, expired_by: int = NOW + 10 * DAY, **changes: Any) -> Erasure:
    """Erase requests that ended, and expired, by a time."""
    fields = {"kind": Kind("cooperation.request"), "limit_messages": 50, "limit_rows": 1000}
    return Erasure(**{**fields, "ended_by": ended_by, "expired_by": expired_by, **changes})


async def erase_all(ledger: Ledger, **changes: Any) -> list[int]:
    """Erase until nothing is left; return how many each time."""
    counts = [await ledger.kept.erase(erasure(**changes))]
    while counts[-1]:
        counts.append(await ledger.kept.erase(erasure(**changes)))
    return counts[:-1]


async def ended(ledger: Ledger, *messages: Acceptance) -> None:
    """Accept messages, and let all their deliveries end by an answer."""
    await accept(ledger, *messages)
    for one in messages:
        await ledger.record([receipt(one, "opened", row.recipient) for row in one.rows])


def placed(rows: list[EventRow]) -> list[tuple[int, int, str, bytes | None]]:
    """Return what the log needs of events."""
    return [(row.seq, row.at, row.event, row.leaf) for row in rows]


async def test_everything_but_ids_dates_and_leaves_goes(ledger: Ledger, ledger_url: str) -> None:
    """Receipts, addresses, kind and headers are erased; events keep place, time, name and leaf; a tombstone has the ids."""
    gone = sample(respond_by=NOW + 5, at_risk_at=NOW + 4)
    kept = sample([QX], kind="request.response")
    await accept(ledger, gone, kept)
    await ledger.record([receipt(gone, "opened"), receipt(gone, "rejected", QX)])
    await ledger.record([receipt(gone, "destroyed"), receipt(gone, "destroyed", QX)])
    before = await ledger.events(0, 99)
    assert await erase_all(ledger) == [1]
    after = await ledger.events(0, 99)
    assert placed(after) == placed(before)
    assert {(row.envelope_hash, row.subject, row.receipt) for row in after if row.envelope_hash != kept.envelope_hash} == {
        (None, "", None)
    }
    assert await ledger.find(QM, gone.message_id) is None
    assert await ledger.status(QM, gone.message_id) is None
    assert await ledger.outcomes(QM, 0, 9) == []
    assert await ledger.owed.answers() == {}
    assert {state: count for state, count in (await ledger.totals()).items() if count} == {State.ACCEPTED: 1}
    assert await ledger.find(QM, kept.message_id) is not None
    stone = f"  1 | {gone.message_id.hex()} | {gone.envelope_hash.hex()} | {NOW} | {gone.expires} | {NOW}"
    assert [line for line in dump(ledger_url).splitlines() if gone.envelope_hash.hex() in line] == [stone]


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({}, 1),
        ({"ended_by": NOW - 1}, 0),
        ({"expired_by": NOW + 999}, 0),
        ({"kind": Kind("request.response")}, 0),
    ],
)
async def test_retention_counts_from_the_end(ledger: Ledger, changes: dict[str, Any], count: int) -> None:
    """An answered message ended when it was answered, and its expiry is waited for all the same."""
    await ended(ledger, sample(expires=NOW + 1000))
    assert await ledger.kept.erase(erasure(**{"ended_by": NOW, "expired_by": NOW + 1000, **changes})) == count


async def test_what_was_delivered_and_never_opened_counts_from_its_expiry(ledger: Ledger) -> None:
    """Nobody waits for an application for ever."""
    message = sample([QN])
    await accept(ledger, message)
    await ledger.record([receipt(message, "delivered")])
    assert await erase_all(ledger, ended_by=message.expires - 1) == []
    assert await erase_all(ledger, ended_by=message.expires) == [1]


async def test_what_may_still_be_delivered_is_never_erased(ledger: Ledger) -> None:
    """Not even when it is past its expiry, and nobody has ended it yet."""
    message = sample()
    refs = await accept(ledger, message)
    await ledger.record([receipt(message, "opened", QX)])
    await ledger.unanswered(refs[:1], 1, end)
    assert await erase_all(ledger) == []
    await ledger.expire(message.expires, 10, end)
    assert await erase_all(ledger) == [1]


async def test_a_hold_stops_it_until_it_is_let_go(ledger: Ledger) -> None:
    """A message by its hash, a conversation by its id; each order leaves its leaf, and what is not there is told."""
    one, two, other = sample([QN]), sample([QN]), sample([QN])
    await ended(ledger, one, two, other)
    assert await ledger.kept.hold("message", one.envelope_hash, LEAF, "hold one")
    assert await ledger.kept.hold("message", one.envelope_hash, LEAF, "hold one")
    assert await ledger.kept.hold("conversation", two.conversation_id, LEAF, "hold two")
    assert not await ledger.kept.hold("message", bytes(32), LEAF, "hold nothing")
    assert not await ledger.kept.let_go("message", two.envelope_hash, LEAF, "nothing held")
    assert await erase_all(ledger) == [1]
    assert await ledger.find(QM, other.message_id) is None
    assert await ledger.kept.let_go("message", one.envelope_hash, LEAF, "let one go")
    assert await ledger.kept.let_go("conversation", two.conversation_id, LEAF, "let two go")
    assert await erase_all(ledger) == [2]
    actions = [row.subject for row in await ledger.events(0, 99) if row.event == "action"]
    assert actions == ["hold one", "hold one", "hold two", "let one go", "let two go"]


async def test_commits_are_bounded(ledger: Ledger) -> None:
    """By messages and by deliveries; a message with more of them than that goes alone."""
    crowd = [Address(f"NCB-X{number:02}@icn") for number in range(30)]
    await ended(ledger, *(sample([QN]) for _ in range(5)), sample(crowd), sample(crowd))
    assert await erase_all(ledger, limit_messages=2, limit_rows=10) == [2, 2, 1, 1, 1]


async def test_a_repeat_is_answered_as_long_as_it_is_kept(ledger: Ledger) -> None:
    """Promise 4: the first receipt comes again until the message is erased."""
    message = sample([QN])
    await ended(ledger, message)
    assert await erase_all(ledger, expired_by=message.expires - 1) == []
    assert (await ledger.accept(message)).repeated


async def test_two_erase_each_message_once(ledger: Ledger) -> None:
    """Whoever is quicker, a message is counted once."""
    await ended(ledger, *(sample([QN]) for _ in range(20)))
    counts = await asyncio.gather(*(ledger.kept.erase(erasure(limit_messages=6)) for _ in range(6)))
    assert sum(counts) == 20


def canaries(number: int) -> Acceptance:
    """Return a message with something to look for wherever bytes are kept."""
    who = Address(f"CANARY-N{number}@icn")
    return sample([who, QN], body=b"body " + CANARY * 30, sender=Address("CANARY-S@icn"), number=900_000 + number)


async def fill(ledger: Ledger) -> list[Acceptance]:
    """Let messages that go stand between messages that stay."""
    gone = [canaries(number) for number in range(40)]
    for one in gone:
        await ended(ledger, one, sample([QN], kind="request.response"))
        await ledger.record([receipt(one, "destroyed", row.recipient) for row in one.rows])
    return gone


def traces(files: list[Path], gone: list[Acceptance]) -> set[str]:
    """Return which of the things that must be gone are found in files."""
    data = b"".join(file.read_bytes() for file in files)
    found = {name for name, needle in (("canary", CANARY), ("address", b"CANARY-")) if needle in data}
    return found | {f"conversation {one.conversation_id.hex()}" for one in gone if bytes(one.conversation_id) in data}


async def test_nothing_is_left_in_the_files_of_sqlite(sqlite_url: str, clock: Clock) -> None:
    """The file is overwritten and its log of writes emptied, while the ledger is open."""
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    async with await Ledger.open(sqlite_url, migrate=True, clock=clock) as ledger:
        gone = await fill(ledger)
        files = [path for path in file.parent.glob(f"{file.name}*") if path.suffix != ".lock"]
        assert "address" in traces(files, gone)
        assert sum(await erase_all(ledger)) == 40
        assert await ledger.kept.tidy()
        assert traces(files, gone) == set()
        assert (await ledger.totals())[State.OPENED] == 40
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.postgres
async def test_nothing_is_left_in_the_tables_of_postgresql(postgres_url: str, postgres_cluster: Cluster, clock: Clock) -> None:
    """Dead rows are vacuumed while others work; rewriting the tables, in a quiet hour, leaves no byte in their files."""
    async with await Ledger.open(postgres_url, migrate=True, clock=clock) as ledger:
        gone = await fill(ledger)
        assert sum(await erase_all(ledger)) == 40
        assert await ledger.kept.tidy()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        found = connection.execute("SELECT pg_relation_filepath('message')").fetchone()
        assert found is not None
        connection.execute("CHECKPOINT")
        folder = (postgres_cluster.folder / "data" / found[0]).parent
        connection.execute("VACUUM FULL message, delivery, event, outcome, deadline")
        connection.execute("CHECKPOINT")
        assert traces([path for path in folder.iterdir() if path.is_file()], gone) == set()
