"""
Header and content: what content may repeat, and what it wishes.

A gateway sees the header, a reader trusts the content; so wherever content repeats the header, both must say the same.
The same members, in content that is not sent yet, are wishes: the SDK writes the header from them. Times in content
are RFC 3339 text, ids are UUIDs, `in_reply_to` is hex. Spec: schemas/messages.md, "Header fields in content".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gateway.errors import Rejected
from gateway.ids import Address, ConversationId, EnvelopeHash, MessageId, format_id, parse_id
from gateway.message.handling import handling_code
from gateway.message.shared.refuse import refuse, require
from gateway.message.shared.times import unix_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.message.content import Content, Urgency

__all__ = ["HeaderFields", "HeaderWishes", "check_repeats", "require_listed", "wishes"]


class HeaderFields(Protocol):
    """The fields of a header that content may repeat."""

    @property
    def message_id(self) -> bytes: ...  # noqa: D102 - named after the field
    @property
    def sender(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def schema_version(self) -> str: ...  # noqa: D102
    @property
    def created(self) -> int: ...  # noqa: D102
    @property
    def expires(self) -> int: ...  # noqa: D102
    @property
    def urgency(self) -> str: ...  # noqa: D102
    @property
    def handling(self) -> str: ...  # noqa: D102
    @property
    def conversation_id(self) -> bytes: ...  # noqa: D102
    @property
    def in_reply_to(self) -> bytes | None: ...  # noqa: D102
    @property
    def respond_by(self) -> int | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class HeaderWishes:
    """What a content says about the header that it should get; None where it says nothing."""

    handling: str
    schema_version: str | None
    message_id: MessageId | None
    sender: str | None
    created: int | None
    expires: int | None
    urgency: Urgency | None
    respond_by: int | None
    conversation_id: ConversationId | None
    in_reply_to: EnvelopeHash | None


def wishes(content: Content) -> HeaderWishes:
    """
    Read the wishes of a content; what its body answers counts as `in_reply_to`.

    Raises:
        Rejected: `content-header`: a time that a header cannot carry (whole seconds).
    """
    answered = content.in_reply_to or (content.body.answers[1] if content.body.answers else None)
    return HeaderWishes(
        handling=handling_code(content.handling),
        schema_version=content.schema_version,
        message_id=MessageId(parse_id(content.message_id)) if content.message_id else None,
        sender=content.sender,
        created=_seconds(content.created, "/created"),
        expires=_seconds(content.expires, "/expires"),
        urgency=content.urgency,
        respond_by=_seconds(content.respond_by, "/respond_by"),
        conversation_id=ConversationId(parse_id(content.conversation_id)) if content.conversation_id else None,
        in_reply_to=EnvelopeHash(bytes.fromhex(answered)) if answered else None,
    )


def check_repeats(header: HeaderFields, content: Content) -> None:
    """
    Refuse content that contradicts its header.

    Raises:
        Rejected: `content-header` with the pointer of the member; `content-rule` for a time that `created` limits.
    """
    wished = wishes(content)
    _same(content.kind, header.kind, "/kind")
    _same(wished.handling, header.handling, "/handling")
    for member in ("schema_version", "message_id", "sender", "created", "expires", "urgency", "respond_by", "conversation_id"):
        if (value := getattr(wished, member)) is not None:
            _same(value, getattr(header, member), f"/{member}")
    answered = None if header.in_reply_to is None else format_id(header.in_reply_to)
    if content.in_reply_to is not None:
        _same(content.in_reply_to, answered, "/in_reply_to")
    if content.body.answers is not None:
        pointer, hash_ = content.body.answers
        _same(hash_, answered, pointer)
    if content.body.is_answer and answered is None:
        raise Rejected("an answer, and the header names nothing that it answers", code="content-header", pointer="/body")
    if content.body.limit is not None:
        pointer, at, within_s = content.body.limit
        later_s = unix_time(at) - header.created
        require(0 < later_s <= within_s, pointer, f"after `created`, and at most {within_s} s later")


def require_listed(content: Content, recipients: Iterable[Address]) -> None:
    """
    Refuse recipients that content which must list all of them leaves out: each reader finds himself there, or refuses it.

    Raises:
        Rejected: `content-rule`.
    """
    listed = set(content.disclosed_recipients)
    missing = sorted(set(recipients) - listed) if content.body.lists_recipients else []
    if missing:
        raise Rejected(f"{missing[0]} gets it and is not listed", code="content-rule", pointer="/disclosed_recipients")


def _same(said: object, header: object, pointer: str) -> None:
    if said != header:
        raise Rejected("not what the header says", code="content-header", pointer=pointer)


def _seconds(text: str | None, pointer: str) -> int | None:
    if text is None:
        return None
    at = unix_time(text)
    if not at.is_integer():
        refuse(Rejected("header times are whole seconds", code="content-header", pointer=pointer))
    return int(at)
