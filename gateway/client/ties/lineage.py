"""
Where content comes from: the messages that it answers or was made from, and what their originators allow.

A message that arrived here binds what is made from it: the marking is inherited, and passing it on needs leave. One that this
home sent itself binds nothing. Whatever was acknowledged is known; what was not is opened for this look alone.
Spec: schemas/messages.md, "Handling", "Passing on".
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from gateway.client.receiving.opening import Refused
from gateway.client.records import arrivals, outgoing
from gateway.client.records.sealed import content_of, delivery_of
from gateway.client.ties.consents import consents_of
from gateway.envelope.header import decode_header
from gateway.errors import Rejected
from gateway.ids import EnvelopeHash, KeyId
from gateway.message import read, spec
from gateway.message.handling import Handling, as_strict, parse_handling, raised
from gateway.message.information.request_response import RequestResponse
from gateway.message.inheritance import Parent, forwarded, marked, require_inherited
from gateway.message.system.recall import Recall
from gateway.policy.onward import Consent, Source, lowered, require_onward

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.client.home.home import Home
    from gateway.client.receiving.corrections import Corrections
    from gateway.client.receiving.opening import Opener
    from gateway.client.records.arrivals import Arrived
    from gateway.envelope.header import Header
    from gateway.ids import Address, MessageId
    from gateway.message import Content

__all__ = ["Ancestor", "Lineage", "inheriting", "passed_on", "require_usable"]

_kept: Final = msgspec.msgpack.Decoder(tuple[bytes, bytes, KeyId, bytes])


class Ancestor(NamedTuple):
    """A message of somebody else that new content answers or was made from."""

    header: Header
    content: Content
    envelope_hash: EnvelopeHash
    consents: tuple[Consent, ...]  # of its originators, in force or ended
    handled_as: str  # by which code it is handled here
    corrected_by: MessageId | None = None  # the message in which its sender has it right
    answered: bool = False  # the header of an answer is no laxer than its own code, whoever the originators are

    @property
    def marking(self) -> Handling:
        """By what it is handled here: its content's marking, as strict as its code."""
        return raised(self.content.handling, self.handled_as)

    @property
    def parent(self) -> Parent:
        """What of it is inherited."""
        return Parent(self.envelope_hash.hex(), self.header.sender, self.marking)

    @property
    def source(self) -> Source:
        """What of it decides where it may go."""
        disclosed = frozenset(self.content.disclosed_recipients)
        return Source(self.header.sender, self.marking, self.parent.originators, disclosed)

    def binding(self, me: Address, now: float) -> Parent | None:
        """Return what binds the marking of what I make from it; None where nothing does."""
        marking = lowered(self.source, me, self.consents, now)
        return None if marking is None else self.parent._replace(marking=marking)

    def code_binding(self, me: Address) -> Parent:
        """Return what its code alone binds: a gateway knows nothing else of it."""
        tlp, confidentiality = parse_handling(self.handled_as)
        laxest = {"evidential_use": "unrestricted", "onward": "group", "verify_before_action": False}
        code = msgspec.convert({"tlp": tlp, "confidentiality": confidentiality, **laxest}, Handling)
        return Parent(self.envelope_hash.hex(), me, code)


class Lineage:
    """
    Looks up ancestors in a home.

    Args:
        home: What arrived there counts.
        opener: For what was not acknowledged yet.
        clock: Unix seconds.
        corrections: Knows which messages are wrong.
    """

    def __init__(self, home: Home, opener: Opener, clock: Callable[[], float], corrections: Corrections) -> None:
        self._corrections = corrections
        self._home = home
        self._opener = opener
        self._clock = clock

    async def of(self, content: Content, in_reply_to: EnvelopeHash | None) -> list[Ancestor]:
        """
        Return the ancestors of content that is about to be sent.

        Raises:
            Rejected: `not-found`: it says that it was made from a message that is not here; `recalled`, `content-deleted`: from
                one that may not be used, or says nothing any more; or one cannot be opened.
        """
        found = []
        for index, text in enumerate(content.derived_from):
            envelope_hash = EnvelopeHash(bytes.fromhex(text))
            ancestor = await self.find(envelope_hash)
            if ancestor is None and not await self._own(envelope_hash):
                raise Rejected("no such message in this home", code="not-found", pointer=f"/derived_from/{index}")
            found.append(ancestor)
        if in_reply_to is not None and in_reply_to.hex() not in content.derived_from:
            found.append(await self._answered(content, in_reply_to))
        return [ancestor for ancestor in found if ancestor is not None]

    def require(self, content: Content, ancestors: Sequence[Ancestor], recipients: Sequence[Address]) -> None:
        """
        Refuse content that is marked more laxly than its ancestors, or passes one on without leave.

        Raises:
            Rejected: `handling-laxer`, `consent-missing`.
        """
        me, now = self._home.address, self._clock()
        require_inherited(content.handling, [parent for one in ancestors if (parent := one.binding(me, now))])
        for ancestor in ancestors:
            if ancestor.answered and not as_strict(content.handling.code, ancestor.handled_as):
                detail = f"an answer is marked no more laxly than what it answers: {ancestor.handled_as}"
                raise Rejected(detail, code="handling-laxer", pointer="/handling/tlp")
            if ancestor.envelope_hash.hex() in content.derived_from:
                require_onward(ancestor.source, me, recipients, ancestor.consents, now)

    async def _answered(self, content: Content, envelope_hash: EnvelopeHash) -> Ancestor | None:
        try:
            found = await self.find(envelope_hash)
            return None if found is None else found._replace(answered=True)
        except Rejected as exc:
            # What was recalled may be recalled again, and its withdrawal acknowledged; nothing of it goes into that.
            if exc.code in {"recalled", "content-deleted"} and content.kind in {Recall.kind, RequestResponse.kind}:
                return None
            raise

    async def find(self, envelope_hash: EnvelopeHash) -> Ancestor | None:
        """
        Return a message that arrived here and was not refused, or None.

        Raises:
            Rejected: `recalled`, `content-deleted`, or it cannot be opened.
        """
        row = await self._home.store.read(partial(arrivals.by_hash, envelope_hash=envelope_hash))
        if row is None:
            return None
        require_usable(row)
        header, content, handled_as = await self._read(row)
        if content.last_at is not None and self._clock() >= content.last_at:
            raise Rejected(f"nobody may use {envelope_hash.hex()} after its last day", code="content-deleted")
        answers = await self._home.store.read(partial(arrivals.answers_to, target=self._home.target(envelope_hash)))
        said = [(answer.envelope_hash.hex(), *(await self._read(answer))[:2]) for answer in answers]
        corrected_by = await self._corrections.of(envelope_hash, header.sender)
        return Ancestor(header, content, envelope_hash, consents_of(said), handled_as, corrected_by)

    async def _read(self, row: Arrived) -> tuple[Header, Content, str]:
        kept = content_of(self._home, row)
        if kept is not None:
            header = decode_header(kept.header)
            handled_as = self._opener.still_handled_as(header, kept.handled_as)
            return header, read(header.kind, header.schema_version, kept.content), handled_as
        try:
            found = await self._opener.read_current(delivery_of(self._home, row))
        except Refused as exc:
            raise Rejected(exc.reason, code=exc.code) from exc
        return found.opened.header, found.content, found.handled_as

    async def _own(self, envelope_hash: EnvelopeHash) -> bool:
        return await self._home.store.read(partial(outgoing.sent_as, envelope_hash=envelope_hash))


def require_usable(row: Arrived) -> None:
    """Refuse what was recalled, and what was erased when its time was over."""
    if row.recalled is not None:
        detail = f"the message {row.envelope_hash.hex()} was recalled, or its last day is over: {row.recalled}"
        raise Rejected(detail, code="recalled")
    if not row.delivery:
        raise Rejected(f"the message {row.envelope_hash.hex()} was kept until its review date", code="content-deleted")


def inheriting(content: Content, ancestors: Sequence[Ancestor], me: Address, now: float) -> Content:
    """Return content with the marking that it inherits; itself where its own is strict enough."""
    version = content.schema_version or spec(content.kind).version
    data = marked(content.raw, [parent for one in ancestors if (parent := one.binding(me, now))])
    found = content if data is content.raw else read(content.kind, version, data)
    laxer = [one for one in ancestors if one.answered and not as_strict(found.handling.code, one.handled_as)]
    if not laxer:
        return found
    return read(content.kind, version, marked(data, [one.code_binding(me) for one in laxer]))


def passed_on(ancestor: Ancestor) -> Content:
    """Return content that passes a message on; see `forwarded`."""
    kind = ancestor.content.kind
    return read(kind, spec(kind).version, forwarded(ancestor.content.raw, ancestor.parent))
