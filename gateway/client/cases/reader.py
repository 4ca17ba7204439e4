"""
Reads a home's conversations for applications: all of them, one with its open questions, what is due, and the desk.

    for owed in await point.cases.due():
        print(owed.standing.side.due, owed.mine)

Asks nobody: everything comes from the home.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from gateway.client.cases.case import Case, Owed, board
from gateway.client.cases.channels import Channel, request_of, with_channels
from gateway.client.cases.desk import Item, desk_items
from gateway.client.records import outgoing
from gateway.client.writing.draft import draft_of
from gateway.errors import Rejected
from gateway.ids import ConversationId, format_id, parse_id
from gateway.message import wishes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.client.home.home import Home
    from gateway.client.receiving.twins import Twins
    from gateway.client.sending.approvals import Approvals
    from gateway.client.ties.conversations import Conversations
    from gateway.client.ties.lineage import Lineage
    from gateway.ids import EnvelopeHash
    from gateway.message import Content
    from gateway.message.flows import Conversation

__all__ = ["CaseReader"]

_ASKS: Final = "clarify"  # the state in every table in which questions wait


class _Body(msgspec.Struct):
    questions: list[str] = []


class _Asking(msgspec.Struct):
    body: _Body


class CaseReader:
    """
    The conversations of one open home.

    Args:
        home: Whose view it is.
        conversations: Where they stand.
        lineage: Reads what arrived.
        approvals: What waits for a second officer.
        twins: Knows which messages are the same request.
        clock: Unix seconds.
    """

    def __init__(  # parts of a home, made once
        self,
        home: Home,
        conversations: Conversations,
        lineage: Lineage,
        approvals: Approvals,
        twins: Twins,
        clock: Callable[[], float],
    ) -> None:
        self._home = home
        self._conversations = conversations
        self._lineage = lineage
        self._approvals = approvals
        self._twins = twins
        self._clock = clock

    async def all(self, *, open_only: bool = False) -> list[Case]:
        """Return the conversations of this home, the oldest first; `open_only` those in which something is expected."""
        cases = [self._case(one, {}) for one in await self._conversations.all()]
        found = with_channels(cases, await self._twins.all())
        return [case for case in found if case.is_open or not open_only]

    async def one(self, conversation_id: ConversationId | str) -> Case:
        """
        Return a conversation with the questions that were asked in it.

        Raises:
            Rejected: `not-found`: this home has no message of it that it sent or acknowledged.
        """
        key = ConversationId(parse_id(conversation_id)) if isinstance(conversation_id, str) else conversation_id
        found = await self._conversations.one(key)
        if found is None:
            raise Rejected(f"no conversation {format_id(key)} in this home", code="not-found", hint="see gateway cases")
        asking = [said.turn.envelope_hash for said in found.history if _ASKS in said.led.values()]
        case = self._case(found, {one: await self._questions(one) for one in asking})
        twins = await self._twins.all()
        others = {twin.conversation_id for standing in case.standings for twin in twins.get(request_of(standing), ())}
        beside = [await self._conversations.one(other) for other in others - {case.id}]
        return with_channels([case, *(self._case(one, {}) for one in beside if one is not None)], twins)[0]

    async def due(self) -> list[Owed]:
        """
        Return what this participant owes and is owed, what is late first.

        A request that came another way too is owed once, with its `channels`; one that was answered there stands at the end, as
        nobody's, with `answered_in`: the clock of the gateway that carried it runs on.
        """
        return board(await self.all(open_only=True))

    async def also_asked(self, answer: Content, in_reply_to: EnvelopeHash | None = None) -> list[Channel]:
        """Return where else the request that content answers is, and waits for an answer; nothing is sent there by itself."""
        target = in_reply_to or wishes(answer).in_reply_to
        return [] if target is None else await self.unanswered(target)

    async def unanswered(self, envelope_hash: EnvelopeHash) -> list[Channel]:
        """Return where else the same request as a message is and was not answered, in order of acceptance."""
        twins = await self._twins.of(envelope_hash)
        if not twins:
            return []
        stands = [await self._conversations.one(conversation_id) for conversation_id in {one.conversation_id for one in twins}]
        cases = with_channels([self._case(one, {}) for one in stands if one is not None], {envelope_hash: twins})
        found = cases[0].channels[envelope_hash] if cases else tuple(Channel(one, None) for one in twins)
        return [one for one in found if not one.is_answered and one.is_open]

    async def desk(self, part: str | None = None) -> list[Item]:
        """Return what waits on the desk of the coordination centre: `reviews`, `objections`, `diffusions`, `asked`, or all."""
        return desk_items(await self.all(), await self._approvals.waiting(), part)

    async def content(self, envelope_hash: EnvelopeHash) -> bytes:
        """
        Return the content of a message of this home, sent or arrived, as it was signed.

        Raises:
            Rejected: `not-found`: it is not here; `content-deleted`, `recalled`: not any more, or not to be used.
        """
        ancestor = await self._lineage.find(envelope_hash)
        if ancestor is not None:
            return ancestor.content.raw
        row = await self._home.store.read(partial(outgoing.find_sent, envelope_hash=envelope_hash))
        if row is None:
            raise Rejected(f"no message {format_id(envelope_hash)} in this home", code="not-found")
        content = draft_of(self._home, row).content
        if not content:
            raise Rejected(f"{format_id(envelope_hash)} was recalled, or kept until its review date", code="content-deleted")
        return content

    def _case(self, conversation: Conversation, questions: dict[bytes, Sequence[str]]) -> Case:
        return Case(conversation, self._home.address, self._clock(), questions)

    async def _questions(self, envelope_hash: EnvelopeHash) -> Sequence[str]:
        with suppress(Rejected):
            return _questions_of(await self.content(envelope_hash))
        return ()


def _questions_of(content: bytes) -> Sequence[str]:
    try:
        return tuple(msgspec.json.decode(content, type=_Asking).body.questions)
    except msgspec.ValidationError:
        return ()  # of a kind that has no questions: nobody checked what stands under that name
