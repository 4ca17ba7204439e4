"""
What happens in an exercise, read from the homes of all who take part: what each sent, and what the trainer's messages became.

A message is kept here once it was seen: a home may erase what was recalled.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.errors import Rejected, Unavailable
from gateway.exercise.scoring import Record, Sent

if TYPE_CHECKING:
    from gateway.client import ContactPoint
    from gateway.ids import Address, EnvelopeHash, MessageId

__all__ = ["Watch"]


class Watch:
    """
    Looks into the homes of one exercise.

    Args:
        points: Every participant's open home.
    """

    def __init__(self, points: Mapping[str, ContactPoint]) -> None:
        self._points = points
        self._sent: dict[EnvelopeHash, Sent] = {}
        self._opened: dict[tuple[EnvelopeHash, Address], int] = {}
        self._asked: dict[EnvelopeHash, tuple[ContactPoint, MessageId]] = {}
        self._played: dict[str, EnvelopeHash] = {}
        self._looking = asyncio.Lock()

    def played(self, name: str, envelope_hash: EnvelopeHash, sender: ContactPoint, message_id: MessageId) -> None:
        """Remember what an inject became; who opens it is asked for from now on."""
        self._played[name] = envelope_hash
        self._asked[envelope_hash] = (sender, message_id)

    def hashes(self) -> dict[str, EnvelopeHash]:
        """Return what was played so far, by name of the inject."""
        return dict(self._played)

    async def look(self) -> Record:
        """Return what is known now."""
        async with self._looking:
            for point in self._points.values():
                await self._read(point)
            for envelope_hash, (sender, message_id) in tuple(self._asked.items()):  # more may be played meanwhile
                await self._ask(envelope_hash, sender, message_id)
        sent = sorted(self._sent.values(), key=lambda one: one.turn.number)
        return Record(time.time(), self.hashes(), sent, dict(self._opened))

    async def _read(self, point: ContactPoint) -> None:
        for case in await point.cases.all():
            for said in case.conversation.history:
                turn = said.turn
                if turn.sender == point.address and turn.envelope_hash not in self._sent:
                    self._sent[turn.envelope_hash] = Sent(turn, await _document(point, turn.envelope_hash))

    async def _ask(self, envelope_hash: EnvelopeHash, sender: ContactPoint, message_id: MessageId) -> None:
        with suppress(Unavailable):
            status = await sender.status(message_id)
            opened = [one for one in status.recipients if one.state == "opened" and one.proved]
            for one in opened:
                if one.at is not None:
                    self._opened.setdefault((envelope_hash, one.recipient), one.at)
            if len(opened) == len(status.recipients):
                del self._asked[envelope_hash]  # nothing more becomes of it


async def _document(point: ContactPoint, envelope_hash: EnvelopeHash) -> Any:
    try:
        return msgspec.json.decode(await point.cases.content(envelope_hash))
    except Rejected:
        return None  # erased before it was looked at
