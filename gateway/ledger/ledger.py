"""
The ledger: the record of everything accepted, and of what became of it.

One process (SQLite) or many (PostgreSQL) may have it open. What is written is on disk when a call returns, and every change
of a state has an event row in the same commit. Calls of one event loop are committed in groups by one thread; reads run in a
few threads, each on one state of the ledger. What stands behind it is trusted to be available and nothing else: contents
are sealed, and whoever reads verifies.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Self

from gateway.ledger.engine import Lock, lock_of, make_engine
from gateway.ledger.kept import Kept
from gateway.ledger.line import Line
from gateway.ledger.log_table import LogTable
from gateway.ledger.looks import Looks
from gateway.ledger.migrate import bring_up_to_date, check_version
from gateway.ledger.owed import Owed
from gateway.ledger.peers import PeerFiles
from gateway.ledger.published import Published
from gateway.ledger.readers import Readers
from gateway.ledger.relay import Relay
from gateway.ledger.standing import Standing
from gateway.ledger.statements import (
    accepting,
    conveying,
    directory,
    operating,
    outcomes,
    reading,
    receipts,
    sessions,
    waiting,
)
from gateway.ledger.writer import Writer

if TYPE_CHECKING:
    from types import TracebackType

    import sqlalchemy as sa

    from gateway.ids import Address, EnvelopeHash, KeyId, MessageId
    from gateway.ledger.facts import (
        Acceptance,
        Answered,
        EventRow,
        MessageStatus,
        Page,
        Record,
        Ref,
        SignEnd,
        Stored,
        Waiting,
    )
    from gateway.ledger.states import State

__all__ = ["Ledger"]

WATCH_S: Final = 1.0  # between two looks for silent lines
READERS: Final = 3  # threads; a read takes about a millisecond
FEW: Final = 4  # rows that are looked for in one statement
HOLD_AT_ONCE: Final = 200  # rows in one commit: some 15 ms of signatures in the writer


class Ledger:
    """
    An open ledger; `Ledger.open` makes it. All times are Unix seconds.

    Unless said otherwise, a write raises `Unavailable` when nothing was stored, and `Uncertain` when it may have been: the
    same call again is then answered like the first time. A read raises `Unavailable`.

    Attributes:
        kept: The end of retention, and holds.
        log: The rows of the audit log.
        looks: What operators see of the record.
        owed: What recipients owe: answers, and the destruction of copies.
        directory: Its files.
        relay: What goes to other networks, and comes from them.
        peers: Those of other networks.
        standing: Whom an operator suspended, and how much of each sender waits.
    """

    def __init__(
        self, engine: sa.Engine, lock: Lock | None, clock: Callable[[], float], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._engine = engine
        self._lock = lock
        self._loop = loop
        self._lines = [Line(engine, clock) for _ in range(READERS + 2)]
        self._writer = Writer(self._lines[0], loop)
        here = self._lines[1] if engine.dialect.name == "sqlite" else None
        self._readers = Readers(self._lines[2:], loop, here)
        self._read = self._readers.run
        self.kept = Kept(self._readers, self._writer)
        self.log = LogTable(self._readers, self._writer)
        self.looks = Looks(self._readers)
        self.owed = Owed(self._readers, self._writer)
        self.directory = Published(self._readers, self._writer)
        self.relay = Relay(self._readers, self._writer)
        self.peers = PeerFiles(self._readers, self._writer)
        self.standing = Standing(self._readers, self._writer)
        self._watching = loop.call_later(WATCH_S, self._watch)

    @classmethod
    async def open(cls, url: str, *, migrate: bool, clock: Callable[[], float] = time.time) -> Self:
        """
        Open a ledger, and lock it when it is a file.

        Args:
            url: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`.
            migrate: Bring an older schema up to date first; False refuses it.
            clock: Unix seconds.

        Raises:
            Corrupt: `schema-version`; nothing was changed.
            Unavailable: `ledger-locked`, or the database does not answer; nothing was changed.
            Rejected: `config`; not such an address.
        """
        engine = make_engine(url, READERS + 2)
        lock = lock_of(url)
        try:
            await asyncio.to_thread(bring_up_to_date if migrate else check_version, engine)
        except BaseException:
            engine.dispose()
            if lock is not None:
                lock.release()
            raise
        return cls(engine, lock, clock, asyncio.get_running_loop())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Commit what was handed over, end the threads and let go of the file. A second call does nothing."""
        await asyncio.to_thread(self._close)
        self._watching.cancel()

    def _close(self) -> None:
        self._writer.close()
        self._readers.close()
        for line in self._lines:
            line.close()
        self._engine.dispose()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _watch(self) -> None:
        """Look for silent lines, and look again."""
        for line in self._lines:
            line.cut_if_silent()
        self._watching = self._loop.call_later(WATCH_S, self._watch)

    def on_group(self, tell: Callable[[int], object]) -> None:
        """Let one more know of each group of changes that was tried, and how many it had."""
        self._writer.on_group.append(tell)

    def on_commit(self, tell: Callable[[float], object]) -> None:
        """Let one more know how many seconds each group took, tried again or not."""
        self._writer.on_commit.append(tell)

    def on_told(self, tell: Callable[[], object]) -> None:
        """Let one more know when something was written here that an author is told: see `outcomes`."""
        self._writer.on_told.append(tell)

    # --- accepting -----------------------------------------------------------------------------------------------

    async def accept(self, acceptance: Acceptance) -> Stored:
        """
        Keep a message: its row, a row for each recipient, an event, in one commit (promise 1).

        A recall takes effect in it: what is undelivered of its target to its own recipients is `recalled`, and so is a target
        that comes after its author recalled it. An answer ends what its sender owed. Numbers grow in the order of commits, over
        all processes. The same message again is answered with what is stored.

        Raises:
            Rejected: `conflict`; this sender used this id for another message (promise 4).
        """
        return await self._writer.submit(accepting.accept, acceptance)

    async def find(self, sender: Address, message_id: MessageId) -> Stored | None:
        """Return what is stored under a sender's id."""
        found = await self._readers.look(accepting.find, [(sender, message_id)])
        return found.get((sender, message_id))

    async def answered(self, envelope_hash: EnvelopeHash, asker: Address) -> Answered | None:
        """Return a message that a participant sent or got; None for any other, as for one that is not here (promise 9)."""
        return await self._readers.look(reading.answered, envelope_hash, asker)

    # --- conveying -----------------------------------------------------------------------------------------------

    async def waiting(self, limit_bytes: int, limit_rows: int, skip: Collection[Address] = ()) -> Page:
        """
        Return rows in state `accepted`, with their messages: urgent first, then in order of acceptance (promise 11).

        Args:
            limit_bytes: Of heads and bodies; the first message comes even when it is larger.
            limit_rows: A message with more rows comes in several pages.
            skip: Recipients to pass over; of them nothing is said.
        """
        return await self._read(waiting.waiting, limit_bytes, limit_rows, frozenset(skip))

    async def mark_queued(self, refs: Sequence[Ref]) -> None:
        """Note that the broker has these rows; those that are no longer `accepted` stay as they are."""
        await self._writer.submit(conveying.mark_queued, refs)

    async def wanted(self, refs: Collection[Ref]) -> set[Ref]:
        """Return those of `refs` that are still to be conveyed (`accepted` or `queued`)."""
        if len(refs) <= FEW:
            return await self._readers.look(waiting.wanted, refs)
        return await self._read(waiting.wanted, refs)

    async def requeue(self, recipient: Address, older_than: int) -> int:
        """Send back to `accepted` what has been `queued` for a recipient since the time `older_than`; return how many."""
        return await self._writer.submit(conveying.requeue, (recipient, older_than))

    async def requeue_all(self) -> int:
        """Send all `queued` rows back to `accepted`, when the broker has lost them; return how many."""
        return await self._writer.submit(conveying.requeue_all, None)

    async def waiting_count(self, recipient: Address) -> int:
        """Count the rows of a recipient that are still to be conveyed."""
        return await self._read(waiting.waiting_count, recipient)

    async def unanswered(self, refs: Sequence[Ref], limit: int, sign: SignEnd) -> list[Ref]:
        """
        Count a session that ended without an answer for these rows.

        Args:
            refs: Rows that were handed over.
            limit: So many such sessions, and the row is held.
            sign: Makes the `held` receipt; runs in the writer thread, inside the commit.

        Returns:
            The rows that are held now.
        """
        return await self._writer.submit(conveying.unanswered, (refs, limit, sign))

    async def release(self, refs: Sequence[Ref]) -> None:
        """Let held rows be conveyed again, with all their attempts before them."""
        await self._writer.submit(conveying.release, refs)

    async def hold_sealed_to(self, key_ids: Collection[KeyId], sign: SignEnd, reason: str) -> int:
        """
        Hold what is still to be conveyed and is sealed to keys that are not safe any more.

        Args:
            key_ids: Of delivery keys.
            sign: Makes the `held` receipt, inside the commit; its author is told by it.
            reason: A code; stands with the row.

        Returns:
            How many rows.

        Raises:
            Unavailable: Some may be held; call again.
        """
        count = 0
        for key_id in key_ids:
            while refs := await self._read(waiting.sealed_to, key_id, HOLD_AT_ONCE):
                count += await self._writer.submit(conveying.hold, (refs, sign, reason))
        return count

    async def expire(self, now: int, limit: int, sign: SignEnd) -> int:
        """
        End at most `limit` rows whose message expired at `now` or before, and forget nonces of that age.

        Args:
            now: The time to compare with.
            limit: Of rows; each costs a signature in the writer thread.
            sign: Makes the `expired` receipt, inside the commit.

        Returns:
            How many rows; fewer than `limit` means that none is left.
        """
        return await self._writer.submit(conveying.expire, (now, limit, sign))

    # --- what recipients say -------------------------------------------------------------------------------------

    async def record(self, records: Sequence[Record]) -> list[str]:
        """
        Record verified receipts of recipients.

        Idempotent. `opened` and `rejected` imply `delivered`; after an expiry or a recall the receipt is kept as an event
        and the state stays. When every delivery of a message has ended, its body is deleted.

        Returns:
            For each: empty when it stands, `not-found` when there is no such delivery of its subject, `conflict` when it
            contradicts what stands.
        """
        return await self._writer.submit(receipts.record, records)

    async def inbox(self, recipient: Address, after_number: int, limit_bytes: int) -> list[Waiting]:
        """Return what a recipient has not answered, after a number, in order of acceptance: for thin clients."""
        return await self._read(waiting.inbox, recipient, after_number, limit_bytes)

    async def status(self, sender: Address, message_id: MessageId) -> MessageStatus | None:
        """Return how a sender's own message stands with each recipient."""
        return await self._read(reading.status, sender, message_id)

    async def outcomes(self, sender: Address, after: int, limit: int) -> list[tuple[int, bytes]]:
        """
        Return what a sender is told of its own messages: signed receipts rejected, held, expired, recalled and destroyed.

        Args:
            sender: Who asks.
            after: The number that came with the last one that he saw; 0 for all.
            limit: Of receipts.

        Returns:
            Each with its number, in the order of commits.
        """
        return await self._read(outcomes.read, sender, after, limit)

    # --- sessions, nonces, operators -----------------------------------------------------------------------------

    async def begin_session(self, participant: Address, process: str) -> int:
        """Raise a participant's epoch and return it: older sessions are replaced."""
        return await self._writer.submit(sessions.begin, (participant, process))

    async def epoch(self, participant: Address) -> int:
        """Return a participant's epoch; 0 before its first session."""
        return await self._read(sessions.epoch, participant)

    async def remember_nonce(self, scope: str, nonce: bytes, expires: int) -> bool:
        """
        Keep a nonce until it expires; False when it was used before.

        Raises:
            Uncertain: It may be kept; the asker signs anew with another one.
        """
        return await self._writer.submit(sessions.remember, (scope, nonce, expires), repeatable=False)

    async def record_action(self, leaf: bytes, summary: str) -> None:
        """
        Keep what an operator did as an event with a leaf of the audit log.

        Args:
            leaf: 32 bytes.
            summary: One line for people, without secrets.

        Raises:
            Uncertain: It may be kept.
        """
        await self._writer.submit(directory.record_action, (leaf, summary), repeatable=False)

    async def release_held(self, ref: Ref, leaf: bytes, summary: str) -> bool:
        """
        Let one held row be conveyed again because an operator orders it; the act and its leaf stand in one commit.

        Args:
            ref: The row.
            leaf: As for `record_action`, like `summary`.
            summary: One line for people.

        Returns:
            False when there is no such row, or it is not held; then nothing was written.

        Raises:
            Uncertain: It may be released.
        """
        return await self._writer.submit(operating.release, (ref, leaf, summary), repeatable=False)

    # --- looking at the record -----------------------------------------------------------------------------------

    async def events(self, after: int, limit: int) -> list[EventRow]:
        """Return the history after an event, in the order of commits."""
        return await self._read(reading.events, after, limit)

    async def totals(self) -> Mapping[State, int]:
        """Return how many deliveries are in each state."""
        return await self._read(reading.totals)

    async def oldest_waiting(self) -> int | None:
        """Return when the oldest message that is still to be conveyed was accepted."""
        return await self._read(reading.oldest_waiting)
