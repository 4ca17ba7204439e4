"""
Corrections: that a message is wrong, and which one of the same sender has it right.

The word of the target's sender counts alone, and the newest of it; whoever else says so changes nothing. Nothing is destroyed:
the wrong message keeps its place, and whoever reads it is told. A correction counts whichever of the two comes first, and from
when it came: before anything else is handed over. Its own `opened` proves that its holder has it and applies it.
Spec: schemas/messages.md, "Recall, correction and last day".
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable
from functools import partial
from typing import Final

import msgspec

from gateway.client.home.home import Home
from gateway.client.records import recall_rows
from gateway.client.records.recall_rows import Noted
from gateway.envelope.header import Header
from gateway.ids import Address, EnvelopeHash, MessageId, parse_id
from gateway.message import Content
from gateway.message.system.correction import Correction

__all__ = ["Corrections"]

_CONTEXT: Final = b"correction/said"
_said: Final = msgspec.msgpack.Decoder(tuple[Address, MessageId])
_log: Final = logging.getLogger(__name__)


class Corrections:
    """
    The corrections that one open home knows.

    Args:
        home: Keeps them.
    """

    def __init__(self, home: Home) -> None:
        self._home = home

    def note(self, connection: sqlite3.Connection, header: Header, content: Content) -> bool:
        """Note what was sent or opened, if it is a correction; within the caller's transaction. False: nothing new was said."""
        if not isinstance(content, Correction):
            return False
        source = self._home.source(header.sender, header.message_id)
        said = msgspec.msgpack.encode((header.sender, parse_id(content.body.new_message_id)))
        noted = Noted(source, self._home.seal(said, _CONTEXT + source))
        target = self._home.target(EnvelopeHash(bytes.fromhex(content.body.target)))
        return recall_rows.note_correction(connection, noted, target, header.created)

    async def of(self, envelope_hash: EnvelopeHash, sender: Address) -> MessageId | None:
        """Return the message that corrects one; None where its sender said nothing of the kind."""
        find = partial(recall_rows.corrections, target=self._home.target(envelope_hash))
        return self.newest(await self._home.store.read(find), sender)

    def newest(self, noted: Iterable[Noted], sender: Address) -> MessageId | None:
        """Return the message that the last correction of this sender names."""
        found = None
        for one in noted:
            by, new = _said.decode(self._home.open(one.said, _CONTEXT + one.name))
            if by == sender:
                found = new
            else:
                _log.warning("a correction by %s of a message of %s counts for nothing", by, sender)
        return found
