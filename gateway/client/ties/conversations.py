"""
The conversations of a home, from what it sent and acknowledged; and the refusal of a move that is not open, before it is sent.

Asks nobody. What waits to be acknowledged is looked at where an answer to it is written.
Spec: schemas/conversations.md.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from gateway.client.home import facts
from gateway.client.receiving.delivery import turn_of
from gateway.client.receiving.opening import Refused
from gateway.client.records import arrivals, outgoing, turn_rows
from gateway.client.records.sealed import content_of, delivery_of
from gateway.client.writing.draft import draft_of, turn_of_draft
from gateway.envelope.header import decode_header
from gateway.envelope.receipt import parse_receipt, read_receipt
from gateway.envelope.wire import DELIVERY
from gateway.errors import Rejected
from gateway.ids import EnvelopeHash
from gateway.message import wishes
from gateway.message.flows import Turn, converse, flows, require_move

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable

    from gateway.client.home.home import Home
    from gateway.client.receiving.opening import Opener
    from gateway.client.trust.directory import HomeDirectory
    from gateway.client.writing.compose import Wish
    from gateway.client.writing.draft import Draft
    from gateway.ids import Address, ConversationId
    from gateway.message import Content
    from gateway.message.flows import Conversation

__all__ = ["Conversations"]

_INDEXED: Final = "turns"  # the fact that says that all messages of older formats have their turns
_DESK_ROLE: Final = "coordination"
_NOT_YET: Final = EnvelopeHash(b"\xff" * 32)  # of a draft that nobody has sealed


class Conversations:
    """
    Reads the conversations of one open home.

    Args:
        home: What it sent and acknowledged.
        directory: Says who the coordination centre is.
        opener: For what was not acknowledged yet.
        clock: Unix seconds.
    """

    def __init__(self, home: Home, directory: HomeDirectory, opener: Opener, clock: Callable[[], float]) -> None:
        self._home = home
        self._directory = directory
        self._opener = opener
        self._clock = clock

    async def all(self) -> list[Conversation]:
        """Return every conversation as it stands now, by its first message."""
        rows, desk = await self._home.store.read(turn_rows.everything), await self.desk()

        def work() -> list[Conversation]:
            return converse((turn_rows.opened(self._home, row) for row in rows), desk, self._clock(), flows())

        return await asyncio.to_thread(work)  # 50 us for each message that the home ever had, while an inbox is followed

    async def one(self, conversation_id: ConversationId) -> Conversation | None:
        """Return a conversation as it stands now, or None where this home has no message of it."""
        found = await self._conversations(await self._turns(conversation_id))
        return found[0] if found else None

    async def require(self, draft: Draft) -> None:
        """
        Refuse a draft that leads nowhere from where its conversation stands.

        Raises:
            Rejected: `conversation-state`, with the moves that are open.
        """
        header, now = draft.header, self._clock()
        turns = await self._turns(header.conversation_id)
        if header.in_reply_to is not None and all(turn.envelope_hash != header.in_reply_to for turn in turns):
            turns += await self._waiting(header.in_reply_to)
        if not turns:
            return
        (stands,) = await self._conversations(turns)
        number = 1 + max(turn.number for turn in turns)
        require_move(stands, turn_of_draft(draft, _NOT_YET, number, int(now)), now)

    async def answering(self, content: Content, wish: Wish) -> Wish:
        """Return a wish that answers within the conversation of what is answered, unless it or the content names another."""
        wished = wishes(content)
        target = wish.get("in_reply_to") or wished.in_reply_to
        if target is None or wish.get("conversation_id") or wished.conversation_id:
            return wish
        row = await self._home.store.read(partial(turn_rows.by_hash, envelope_hash=target))
        turns = await self._waiting(target) if row is None else [turn_rows.opened(self._home, row)]
        return {**wish, "conversation_id": turns[0].conversation_id} if turns else wish

    async def index(self) -> None:
        """Give messages that a home of an older format kept their turns; once."""
        if await self._home.store.read(lambda connection: facts.find(connection, _INDEXED)) is not None:
            return
        arrived, sent = await self._home.store.read(turn_rows.without_turn)
        found = [turn for one in arrived if (turn := await self._of_arrival(one))]
        found += [turn for one in sent if (turn := await self._of_sent(one))]
        rows = [turn_rows.row_of(self._home, turn) for turn in found]

        def keep(connection: sqlite3.Connection) -> None:
            turn_rows.add(connection, rows)
            facts.put(connection, _INDEXED, b"1")

        await self._home.store.write(keep)

    async def desk(self) -> frozenset[Address]:
        """Return who the coordination centre is; empty before there is a directory."""
        directory = await self._directory.read_copy()
        if directory is None:
            return frozenset()
        return frozenset(address for address, entry in directory.entries.items() if _DESK_ROLE in entry.roles)

    async def _conversations(self, turns: Iterable[Turn]) -> list[Conversation]:
        return converse(turns, await self.desk(), self._clock(), flows())

    async def _turns(self, conversation_id: ConversationId) -> list[Turn]:
        key = self._home.conversation(conversation_id)
        rows = await self._home.store.read(partial(turn_rows.of_conversation, conversation=key))
        return [turn_rows.opened(self._home, row) for row in rows]

    async def _waiting(self, envelope_hash: EnvelopeHash) -> list[Turn]:
        """Return the turn of what arrived and was not acknowledged; none where there is no such thing."""
        row = await self._home.store.read(partial(arrivals.by_hash, envelope_hash=envelope_hash))
        if row is None or row.content is not None:
            return []
        try:
            found = await self._opener.read_current(delivery_of(self._home, row))
        except (Rejected, Refused):
            return []  # it is refused elsewhere, with its reason
        return [turn_of(found.opened, self._home.address)]

    async def _of_arrival(self, envelope_hash: bytes) -> Turn | None:
        row = await self._home.store.read(partial(arrivals.by_hash, envelope_hash=envelope_hash))
        kept = None if row is None else content_of(self._home, row)
        if row is None or kept is None:
            return None
        receipt = read_receipt(DELIVERY.decode(delivery_of(self._home, row)).accepted[-1]).receipt
        assert receipt.number is not None  # it was checked when the delivery was kept
        return Turn.of(
            decode_header(kept.header),
            kept.content,
            flows().pointers,
            recipients=(self._home.address,),
            envelope_hash=receipt.envelope_hash,
            number=receipt.number,
            at=receipt.at,
        )

    async def _of_sent(self, message_id: bytes) -> Turn | None:
        row = await self._home.store.read(partial(outgoing.find, message_id=message_id))
        if row is None or row.answer is None or row.number is None:
            return None
        draft = draft_of(self._home, row)
        return turn_of_draft(draft, EnvelopeHash(row.envelope_hash), row.number, parse_receipt(row.answer).receipt.at)
