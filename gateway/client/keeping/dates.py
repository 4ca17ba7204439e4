"""
The date until which a message of a home is kept: read once from its content, and noted.

What the content says about itself counts, else the days that the registry gives its kind, from when a gateway accepted it. Of
what was refused unread nothing but the header is known, and its kind's days count. An author who names an early review date
does not decide that nobody is asked: that needs a last day, and the last day of what this home sent is asked of its holders.
Days are whole, in UTC, and count to their end. Calls with a connection belong into the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple

import msgspec

from gateway.client.home.home import Home
from gateway.client.keeping.tombstones import Eraser
from gateway.client.records import asked_rows, outgoing, recall_rows, retention_rows
from gateway.client.records.arrivals import Arrived
from gateway.client.records.asked_rows import Asked, Because
from gateway.client.records.retention_rows import HASH_BYTES, Kept
from gateway.client.records.sealed import content_of
from gateway.client.writing.draft import draft_of
from gateway.envelope.common import read_core
from gateway.envelope.header import Header
from gateway.envelope.payload import SUITES
from gateway.envelope.receipt import parse_receipt
from gateway.ids import ConversationId, EnvelopeHash
from gateway.message.content import Retention
from gateway.message.kind_spec import YEAR_DAYS
from gateway.message.registry import KINDS
from gateway.message.shared.times import day_ends
from gateway.message.system.recall import CONFIRM_WITHIN_S

__all__ = ["DAY_S", "Dated", "Dates"]

DAY_S: Final = 86_400
ASKED_DAYS: Final = 30  # at least, after it was accepted: a review date that is past or near leaves time to ask
UNKNOWN_DAYS: Final = 5 * YEAR_DAYS  # of a kind that this software does not know


class _Frame(msgspec.Struct):
    """What is read of a content."""

    retention: Retention | None = None


class Dated(NamedTuple):
    """What the date of a message comes from."""

    header: Header
    envelope_hash: EnvelopeHash | None
    accepted_at: int
    content: bytes | None  # None where it was never read
    erased: bool
    sent: bool = False  # by this home, and accepted: others have it


class Dates:
    """
    The dates of one open home.

    Args:
        home: Whose.
        eraser: Reads what arrived without opening it.
    """

    def __init__(self, home: Home, eraser: Eraser) -> None:
        self._home = home
        self._eraser = eraser

    def missing(self, connection: sqlite3.Connection, limit: int) -> bool:
        """Tell whether anything has no date yet."""
        rows = retention_rows.unscheduled_arrivals(connection, limit) or retention_rows.unscheduled_sent(connection, limit)
        return bool(rows)

    def give(self, connection: sqlite3.Connection, limit: int) -> None:
        """Note the dates of some that have none."""
        names = [row.envelope_hash for row in retention_rows.unscheduled_arrivals(connection, limit)]
        for name in [*names, *retention_rows.unscheduled_sent(connection, limit)]:
            dated = self.of(connection, name)
            if dated is not None and not dated.erased:
                kept = self._kept(name, dated)
                retention_rows.add(connection, kept)
                _ask(connection, kept, dated)
            retention_rows.scheduled(connection, name)

    def of(self, connection: sqlite3.Connection, name: bytes) -> Dated | None:
        """Return what is known of a message; None where it is not here, or was no delivery."""
        if len(name) != HASH_BYTES:
            return self._sent(outgoing.find(connection, name))
        target = recall_rows.target(connection, name)
        return None if target is None else self._arrived(target.row)

    def conversation(self, conversation_id: ConversationId) -> bytes:
        """Return what stands in clear for a conversation."""
        return self._home.conversation(conversation_id)

    def _arrived(self, row: Arrived) -> Dated | None:
        told = self._eraser.tombstone(row)
        if told is None:
            return None
        header, kept = read_core(told.head.core, SUITES)[1], content_of(self._home, row)
        content = None if kept is None else kept.content
        return Dated(header, EnvelopeHash(row.envelope_hash), told.accepted_at, content, not row.delivery)

    def _sent(self, row: outgoing.Outgoing | None) -> Dated | None:
        if row is None:
            return None
        draft = draft_of(self._home, row)
        accepted_at = row.created if row.answer is None else parse_receipt(row.answer).receipt.at
        name = EnvelopeHash(row.envelope_hash) if row.envelope_hash else None
        sent = row.state is outgoing.State.ACCEPTED
        return Dated(draft.header, name, accepted_at, draft.content, not draft.content, sent)

    def _kept(self, name: bytes, dated: Dated) -> Kept:
        kind, retention = KINDS.get(dated.header.kind), _retention(dated.content)
        days = UNKNOWN_DAYS if kind is None else kind.retention_days
        last_at = retention.last_at
        accepted = dated.accepted_at // DAY_S + 1
        named = None if retention.review_on is None else day_ends(retention.review_on)
        review_at = last_at or (accepted + days) * DAY_S if named is None else max(named, (accepted + ASKED_DAYS) * DAY_S)
        hold = "kind" if kind is not None and kind.on_hold else None
        return Kept(name, self.conversation(dated.header.conversation_id), min(review_at, last_at or review_at), last_at, hold)


def _retention(content: bytes | None) -> Retention:
    """Read what a content says about itself; nothing where it cannot be read: its kind decides then."""
    try:
        frame = msgspec.json.decode(content or b"{}", type=_Frame)
    except msgspec.MsgspecError:
        return Retention()
    return frame.retention or Retention()


def _ask(connection: sqlite3.Connection, kept: Kept, dated: Dated) -> None:
    """Note that the holders of what this home sent are to destroy it at its last day."""
    if dated.sent and dated.envelope_hash is not None and kept.last_at is not None:
        confirm_by = kept.last_at + CONFIRM_WITHIN_S
        asked_rows.note(connection, Asked(kept.id, Because.EXPIRY, dated.envelope_hash, None, confirm_by))
