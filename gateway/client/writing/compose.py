"""
From content to a draft: what a message says is fixed here, before anything is signed.

Policy is asked here too, so that a refusal comes early and with a hint. A draft can be written anew when it waited too long:
the same message id and conversation, a new time, new blinds, new signatures; and for one of its recipients, under another id.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NamedTuple, TypedDict

import msgspec

from gateway.client.writing.draft import Draft
from gateway.envelope.header import Header, encode_header
from gateway.envelope.seal import Addressee, addressees_hash, draw_addressees
from gateway.errors import Rejected
from gateway.ids import ConversationId, EnvelopeHash, Kind, MessageId, new_uuid7, participant_of
from gateway.message import check_repeats, encode, read, require_listed, spec, wishes
from gateway.message.handling import require_readers
from gateway.message.versions import choose
from gateway.policy import admit

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gateway.client.home.home import Home
    from gateway.directory.view import Directory
    from gateway.ids import Address
    from gateway.message import Content

__all__ = ["DEFAULT_EXPIRES_IN_S", "Composer", "Wish", "compose", "for_one", "rewritten"]

DEFAULT_EXPIRES_IN_S: Final = 30 * 86_400
DEFAULT_URGENCY: Final = "normal"


class Wish(TypedDict, total=False):
    """
    What may be asked for beside content and recipients; what is left out is what the content says, else the default.

    Attributes:
        urgency: `flash`, `urgent`, `normal` (default) or `routine`.
        respond_by: When an answer is needed, Unix seconds; none by default.
        in_reply_to: Envelope hash of the message that is answered.
        conversation_id: 16 bytes; a new conversation by default.
        expires_in_s: How long it may be delivered, at most 90 days after it is created; 30 days by default.
        sealed_by_gateway: Hand it over signed and in clear, for the gateway to seal; kinds that allow it alone.
        inherit: Raise the marking to what the content inherits from the messages that it answers or was made from, in place of
            a refusal.
    """

    urgency: str
    respond_by: int
    in_reply_to: EnvelopeHash
    conversation_id: ConversationId
    expires_in_s: int
    sealed_by_gateway: bool
    inherit: bool


class Composer(NamedTuple):
    """Who writes, to whom the directory says, and when."""

    home: Home
    directory: Directory
    now: float


def compose(by: Composer, content: Content, to: Sequence[str], wish: Wish) -> Draft:
    """
    Write the header for a content and draw the addressees.

    Raises:
        Rejected: The content, a recipient, a time or the policy does not allow it; nothing was signed.
    """
    data = encode(content)
    recipients = _recipients(by, to)
    require_readers(content.handling, recipients)
    addressees = tuple(draw_addressees(recipients, os.urandom))
    header = _header(by, content, addressees, wish)
    header_bytes = encode_header(header)
    check_repeats(header, content)
    require_listed(content, recipients)
    admit(header, recipients, by.directory, by.now)
    return Draft(header_bytes, addressees, data)


def rewritten(draft: Draft, now: float) -> Draft:
    """
    Write a draft anew at another time; everything else that it says stays.

    Raises:
        Rejected: It is past its expiry, or its content repeats the time of the first writing.
    """
    old = draft.header
    if now >= old.expires:
        raise Rejected(f"expired at {old.expires} before a gateway took it", code="expired")
    addressees = tuple(draw_addressees([one.recipient for one in draft.addressees], os.urandom))
    changed = msgspec.structs.replace(old, created=int(now), addressees=addressees_hash(addressees))
    check_repeats(changed, read(changed.kind, changed.schema_version, draft.content))
    return Draft(encode_header(changed), addressees, draft.content)


def for_one(draft: Draft, recipient: Address, message_id: MessageId, now: float) -> Draft:
    """
    Write a draft anew for one of its recipients, under another id; content, conversation and end stay.

    Raises:
        Rejected: It is past its expiry, or its content repeats the id or the time of the first writing.
    """
    old = draft.header
    if now >= old.expires:
        raise Rejected(f"expired at {old.expires}", code="expired")
    addressees = tuple(draw_addressees([recipient], os.urandom))
    changed = msgspec.structs.replace(
        old, message_id=message_id, created=int(now), recipients=1, addressees=addressees_hash(addressees)
    )
    check_repeats(changed, read(changed.kind, changed.schema_version, draft.content))
    return Draft(encode_header(changed), addressees, draft.content)


def _recipients(by: Composer, to: Sequence[str]) -> list[Address]:
    """Expand names; a group that I am in means the others, unless I name myself."""
    me = by.home.address
    named = {me, participant_of(me)} & set(to)
    recipients = [address for address in by.directory.expand(to) if named or address != me]
    if not recipients:
        raise Rejected("no recipient: name at least one active participant", code="recipient-unknown")
    return recipients


def _header(by: Composer, content: Content, addressees: tuple[Addressee, ...], wish: Wish) -> Header:
    wished = wishes(content)
    created = int(by.now) if wished.created is None else wished.created
    return Header(
        message_id=wished.message_id or MessageId(_new_id(by.now)),
        sender=by.home.address,
        sealer=_sealer(by, content.kind) if wish.get("sealed_by_gateway") else by.home.address,
        kind=content.kind,
        schema_version=_version(by, content, addressees),
        created=created,
        expires=_expires(created, wish.get("expires_in_s"), wished.expires),
        urgency=wish.get("urgency") or wished.urgency or DEFAULT_URGENCY,
        handling=wished.handling,
        conversation_id=wish.get("conversation_id") or wished.conversation_id or ConversationId(_new_id(by.now)),
        in_reply_to=wish.get("in_reply_to") or wished.in_reply_to,
        respond_by=_respond_by(by.now, wish.get("respond_by", wished.respond_by)),
        recipients=len(addressees),
        addressees=addressees_hash(addressees),
        blobs=(),
    )


def _version(by: Composer, content: Content, addressees: tuple[Addressee, ...]) -> str:
    """Choose the newest version that all recipients read, or see that they read the one that the author wishes."""
    cards = {one.recipient: by.directory.readable(one.recipient, content.kind) for one in addressees}
    readers: dict[str, Collection[str]] = {name: reads for name, reads in cards.items() if by.directory.has_card(name)}
    if content.schema_version is not None:
        readers[by.home.address] = (content.schema_version,)
    return choose(spec(content.kind), content.raw, readers)


def _expires(created: int, in_s: int | None, wished: int | None) -> int:
    if in_s is None and wished is not None:
        return wished
    return created + (DEFAULT_EXPIRES_IN_S if in_s is None else in_s)


def _respond_by(now: float, wished: int | None) -> int | None:
    if wished is not None and wished < now:
        raise Rejected(
            "an answer is asked for by a time that is past",
            code="out-of-time",
            pointer="/respond_by",
            hint="give a later time, or leave it out",
        )
    return wished


def _sealer(by: Composer, kind: Kind) -> Address:
    if not spec(kind).gateway_may_seal:
        raise Rejected(f"{kind} is sealed by its author alone", code="sealer-not-allowed", hint="leave out --sealed-by-gateway")
    gateways = by.directory.gateways()
    if not gateways:
        raise Rejected(f"no active gateway in {by.directory.network}", code="sealer-not-allowed")
    return gateways[0]


def _new_id(now: float) -> bytes:
    return new_uuid7(int(now * 1000), os.urandom(10))
