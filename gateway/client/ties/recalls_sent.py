"""
Recalls that this home sends: noted in the commit that keeps them, and answered by each holder.

A message of this home that is recalled to be deleted is erased here in that same commit, unless it is held; what proves it
stays. Answers are `destroyed` receipts for the target, from the feed of outcomes; a holder who deleted nothing has not
answered a deletion.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from functools import partial

from gateway.client.home.home import Home
from gateway.client.keeping.tombstones import Eraser
from gateway.client.keeping.trace import Said, Trace
from gateway.client.records import outgoing, recall_rows, retention_rows
from gateway.client.records.recall_rows import Destruction, SentRecall
from gateway.client.ties.corrections import Corrections
from gateway.client.writing.draft import draft_of
from gateway.envelope.header import Header
from gateway.ids import Address, EnvelopeHash, MessageId
from gateway.message import Content, unix_time
from gateway.message.system.recall import Recall

__all__ = ["SentRecalls", "answered_by", "answers_to", "obeys"]


class SentRecalls:
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
        """Note what is kept now: of a recall or correction its target, of others what they were made from; in a transaction."""
        self._corrections.note(connection, header, content)
        sources = [self._home.target(EnvelopeHash(bytes.fromhex(one))) for one in content.derived_from]
        recall_rows.note_made_from(connection, header.message_id, sources)
        if not isinstance(content, Recall):
            return
        body, target = content.body, EnvelopeHash(bytes.fromhex(content.body.target))
        recall = SentRecall(header.message_id, target, body.mode, int(unix_time(body.confirm_by)))
        recall_rows.note_sent(connection, recall)
        own, now = outgoing.find_sent(connection, target), int(self._clock())
        if own is None or body.mode != "delete":
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


def answered_by(home: Home, target: EnvelopeHash, recipient: Address) -> bytes:
    """Return the keyed hash under which the answer of a recipient stands."""
    return home.source(recipient, MessageId(target))  # an envelope hash is no message id: the two cannot meet


async def answers_to(home: Home, target: EnvelopeHash, recipients: Iterable[Address]) -> dict[Address, Destruction]:
    """Return how recipients answered the recall of a message; those alone who did."""
    found = await home.store.read(partial(recall_rows.destructions, envelope_hash=target))
    named = {one: found.get(answered_by(home, target, one)) for one in recipients}
    return {one: answer for one, answer in named.items() if answer is not None}


def obeys(mode: str, answer: Destruction | None) -> bool:
    """Tell whether an answer is one to a recall of this mode: who stopped using a message has not deleted it."""
    return answer is not None and (answer.reason in {"deleted", "never-had"} or mode == "stop-use")
