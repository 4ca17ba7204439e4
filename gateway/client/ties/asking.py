"""
What this home asks of the holders of a message: noted in the commit that keeps what asks it, and answered by each of them.

A message of this home that is recalled to be deleted is erased here in that same commit, unless it is held; what proves it
stays. Answers come from the feed of outcomes: to a recall `destroyed` for its target, and a holder who deleted nothing has not
answered a deletion; to a correction, or a step in the life of a notice, `opened` for that message itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from gateway.client.home.home import Home
from gateway.client.keeping.tombstones import Eraser
from gateway.client.keeping.trace import Said, Trace
from gateway.client.receiving.corrections import Corrections
from gateway.client.records import asked_rows, outgoing, recall_rows, retention_rows
from gateway.client.records.asked_rows import Answer, Asked, Because
from gateway.client.writing.draft import draft_of
from gateway.envelope.header import Header
from gateway.envelope.receipt import Event
from gateway.ids import Address, EnvelopeHash, MessageId
from gateway.message import Content, unix_time
from gateway.message.operational.notice_lifecycle import NoticeLifecycle
from gateway.message.system.correction import Correction
from gateway.message.system.recall import CONFIRM_WITHIN_S, Recall

__all__ = ["Asking", "answered_by", "answers_to", "obeys"]

_GONE: Final = frozenset({"deleted", "never-had", "expired"})  # reasons of `destroyed` that leave nothing


class Asking:
    """
    Notes what one open home says about messages.

    Args:
        home: Keeps it.
        eraser: Erases the home's own copy.
        corrections: Keeps corrections.
        clock: Unix seconds.
    """

    def __init__(self, home: Home, eraser: Eraser, corrections: Corrections, clock: Callable[[], float]) -> None:
        self._home = home
        self._eraser = eraser
        self._corrections = corrections
        self._clock = clock
        self._trace = Trace(home)

    def note(self, connection: sqlite3.Connection, header: Header, content: Content) -> None:
        """Note what is kept now: what it asks of holders, what it corrects, what it was made from; in a transaction."""
        self._corrections.note(connection, header, content)
        sources = [self._home.target(EnvelopeHash(bytes.fromhex(one))) for one in content.derived_from]
        recall_rows.note_made_from(connection, header.message_id, sources)
        asked = _asked(header, content)
        if asked is not None:
            asked_rows.note(connection, asked)
        if isinstance(content, Recall) and content.body.mode == "delete":
            self._erase_own(connection, content)

    def _erase_own(self, connection: sqlite3.Connection, recall: Recall) -> None:
        body, target = recall.body, EnvelopeHash(bytes.fromhex(recall.body.target))
        own, now = outgoing.find_sent(connection, target), int(self._clock())
        if own is None:
            return
        draft = draft_of(self._home, own)
        # Of the message, whatever conversation its recall stands in.
        if retention_rows.ordered(connection, own.message_id, self._home.conversation(draft.header.conversation_id)):
            return  # a hold of this home keeps its own copy
        if self._eraser.sent(connection, own, now):
            said = Said(envelope_hash=target, message_id=own.message_id, reason=body.reason)
            self._trace.add(connection, now, "recalled-deleted", said)

    async def scrub(self, content: Content) -> None:
        """Take what `note` erased out of the write-ahead file."""
        if isinstance(content, Recall) and content.body.mode == "delete":
            await self._eraser.scrub()


def answered_by(home: Home, envelope_hash: EnvelopeHash, recipient: Address) -> bytes:
    """Return the keyed hash under which the answer of a recipient stands."""
    return home.source(recipient, MessageId(envelope_hash))  # an envelope hash is no message id: the two cannot meet


async def answers_to(
    home: Home, envelope_hash: EnvelopeHash, recipients: Iterable[Address], event: Event = Event.DESTROYED
) -> dict[Address, Answer]:
    """Return how recipients answered, in receipts for this message; those alone who did."""
    found = await home.store.read(partial(asked_rows.answers, envelope_hash=envelope_hash, event=event))
    named = {one: found.get(answered_by(home, envelope_hash, one)) for one in recipients}
    return {one: answer for one, answer in named.items() if answer is not None}


def obeys(asked: Asked, answer: Answer | None) -> bool:
    """Tell whether an answer is one to what was asked: who stopped using a message has not deleted it."""
    if answer is None:
        return False
    return asked.because.by_opening or answer.reason in _GONE or asked.mode == "stop-use"


def _asked(header: Header, content: Content) -> Asked | None:
    """Return what a message asks of the holders of another."""
    match content:
        case Recall(body=body):
            target, confirm_by = bytes.fromhex(body.target), int(unix_time(body.confirm_by))
            return Asked(header.message_id, Because.RECALL, target, body.mode, confirm_by)
        case Correction(body=body):
            because, target = Because.CORRECTION, bytes.fromhex(body.target)
        case NoticeLifecycle(body=body):
            because, target = Because.LIFECYCLE, bytes.fromhex(body.notice_ref)
        case _:
            return None
    return Asked(header.message_id, because, target, None, header.created + CONFIRM_WITHIN_S)
