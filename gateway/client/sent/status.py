"""
What became of a message that this home sent, for each recipient.

The gateway says it; the recipients' signed receipts prove it. A receipt counts only if it verifies and names the envelope that
this home sealed: a state that needs one and has none that counts is shown as the gateway's word, `proved` false. What went to
another network is `outbound`, then `relayed` by the signed acceptance of the gateway there, or `refused` by its signed refusal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway.client.records import outgoing
from gateway.client.records.asked_rows import Answer
from gateway.client.records.outgoing import Outgoing, State
from gateway.client.sending.approvals import Decision
from gateway.client.sending.rows import evidence_of
from gateway.client.ties.asking import answers_to
from gateway.client.trust.statements import proved_statement, took_over
from gateway.envelope.receipt import Event, parse_receipt
from gateway.errors import Rejected, Unavailable
from gateway.ids import Address, EnvelopeHash, MessageId, format_id, parse_id
from gateway.protocol import media

if TYPE_CHECKING:
    from gateway.client.parts import Parts

__all__ = ["MessageStatus", "RecipientStatus", "ask_receipts", "ask_status"]

_RELAYED: Final = "relayed"
_WITH_RECEIPT: Final = frozenset({*Event, _RELAYED}) - {Event.ACCEPTED, Event.DESTROYED}
_IMPLIED: Final = {Event.OPENED: {"delivered", "opened"}, Event.REJECTED: {"delivered", "rejected"}}


class RecipientStatus(msgspec.Struct, frozen=True, kw_only=True):
    """
    How far the message came with one recipient.

    Args:
        recipient: Its address.
        state: `accepted`, `queued`, `delivered`, `opened`, `rejected`, `expired`, `recalled` or `held`; of another network
            also `outbound`, `relayed` or `refused`.
        at: When it came to this state, Unix seconds.
        reason: Why it was rejected, refused or held, a code.
        proved: Whether a signed receipt that names our envelope says so.
        anew: Id, as text, of the message that this home sent in its place, because the recipient's key was gone.
        destroyed: What became of its copy, in a receipt that was verified: `deleted`, `use-stopped`, `never-had` or `expired`.
        destroyed_at: When, Unix seconds.
    """

    recipient: Address
    state: str
    at: int | None = None
    reason: str | None = None
    proved: bool = False
    anew: str | None = None
    destroyed: str | None = None
    destroyed_at: int | None = None


class MessageStatus(msgspec.Struct, frozen=True, kw_only=True):
    """
    How far the message came.

    Args:
        message_id: As `send` returned it.
        state: `waiting` (for a second officer), `kept` (not sent yet), `accepted`, or `refused`.
        envelope_hash: What every receipt names; None while nobody has sealed it.
        number: The acceptance number.
        reason: Why it was refused, a code; of a message that is kept, what somebody said who signed nothing; of one that
            waits, why it needs another approval.
        refused_by: The gateway that signed the refusal; None where nobody did.
        decision: Who approved it in this home, or refused to; None where nobody had to, or has.
        corrected_by: Id of the message that this home named as the right one.
        recipients: One for each; empty until it is accepted.
    """

    message_id: MessageId
    state: State
    envelope_hash: EnvelopeHash | None = None
    number: int | None = None
    reason: str | None = None
    refused_by: Address | None = None
    decision: Decision | None = None
    corrected_by: MessageId | None = None
    recipients: tuple[RecipientStatus, ...] = ()

    def __repr__(self) -> str:
        return f"MessageStatus({', '.join(f'{name}={value!r}' for name, value in self.to_json().items())})"

    def count(self, state: str) -> int:
        """Return for how many recipients a state is proved."""
        return sum(one.proved and one.state == state for one in self.recipients)

    def to_json(self) -> dict[str, Any]:
        """Return the status for a JSON encoder, ids as text."""
        return {
            "message_id": format_id(self.message_id),
            "state": self.state,
            "envelope_hash": None if self.envelope_hash is None else format_id(self.envelope_hash),
            "number": self.number,
            "reason": self.reason,
            "refused_by": self.refused_by,
            "decision": None if self.decision is None else self.decision.to_json(),
            "corrected_by": None if self.corrected_by is None else format_id(self.corrected_by),
            "recipients": self.recipients,
        }


class _Row(msgspec.Struct, frozen=True):
    """One recipient in the gateway's answer."""

    recipient: Address
    state: str
    at: int | None = None
    reason: str | None = None
    receipt: bytes | None = None


class _Answer(msgspec.Struct, frozen=True):
    """What is read of the gateway's answer."""

    recipients: list[_Row]


async def ask_status(parts: Parts, message_id: MessageId | str) -> MessageStatus:
    """
    Ask for a message of this home.

    Args:
        parts: Of the home.
        message_id: As `send` returned it, or as text.

    Raises:
        Rejected: `not-found`: this home did not send it.
        Unavailable: It was accepted, and no gateway can be asked now.
    """
    key = MessageId(parse_id(message_id)) if isinstance(message_id, str) else message_id
    await parts.approvals.settle()
    await parts.outbox.flush(look=True)
    row = await parts.home.store.read(lambda connection: outgoing.find(connection, key))
    if row is None:
        raise Rejected(f"this home did not send {format_id(key)}", code="not-found")
    recipients: tuple[RecipientStatus, ...] = ()
    if row.state is State.ACCEPTED:
        await parts.directory.current()
        answer = await parts.transport.get(f"{media.MESSAGES}/{format_id(key)}")
        await parts.outcomes.collect()
        anew = await parts.outcomes.sent_anew(row)
        told = _recipients(answer, row, parts)
        answers = await answers_to(parts.home, EnvelopeHash(row.envelope_hash), [one.recipient for one in told])
        recipients = tuple(_completed(one, anew.get(one.recipient), answers.get(one.recipient)) for one in told)
    evidence = evidence_of(parts.home, row)
    return MessageStatus(
        message_id=key,
        state=row.state,
        envelope_hash=EnvelopeHash(row.envelope_hash) if row.envelope_hash else None,
        number=row.number,
        reason=row.reason,
        refused_by=None if evidence is None else evidence.gateway,
        decision=parts.approvals.decision(row),
        corrected_by=await parts.corrections.of(EnvelopeHash(row.envelope_hash), parts.home.address),
        recipients=recipients,
    )


async def ask_receipts(parts: Parts, row: Outgoing) -> dict[Address, bytes]:
    """
    Ask for what the recipients of an accepted message have signed, and the gateway about them.

    Returns:
        The newest signed receipt by recipient; those alone that count and name our envelope.

    Raises:
        Unavailable: No gateway can be asked now.
    """
    await parts.directory.current()
    told = _read(await parts.transport.get(f"{media.MESSAGES}/{format_id(row.message_id)}"))
    return {one.recipient: one.receipt for one in told if one.receipt is not None and _proves(one, row, parts)}


def _completed(one: RecipientStatus, anew: str | None, answer: Answer | None) -> RecipientStatus:
    reason, at = (None, None) if answer is None else (answer.reason, answer.at)
    return msgspec.structs.replace(one, anew=anew, destroyed=reason, destroyed_at=at)


def _read(answer: bytes) -> list[_Row]:
    try:
        return msgspec.json.decode(answer, type=_Answer).recipients
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise Unavailable("a status that cannot be read") from exc


def _recipients(answer: bytes, row: Outgoing, parts: Parts) -> tuple[RecipientStatus, ...]:
    return tuple(_checked(one, row, parts) for one in _read(answer))


def _checked(told: _Row, row: Outgoing, parts: Parts) -> RecipientStatus:
    proved = told.state not in _WITH_RECEIPT or _proves(told, row, parts)
    return RecipientStatus(recipient=told.recipient, state=told.state, at=told.at, reason=told.reason, proved=proved)


def _proves(told: _Row, row: Outgoing, parts: Parts) -> bool:
    """Tell whether the receipt beside a state is that recipient's or a gateway's, for our envelope, and says that state."""
    if told.receipt is None:
        return False
    try:
        signed = parse_receipt(told.receipt)
        receipt = proved_statement(signed, parts.directory.answers(), parts.home.address)
    except Rejected:
        return False
    parts.monitor.saw(signed)
    if receipt.envelope_hash != row.envelope_hash:
        return False
    if told.state == _RELAYED:
        return took_over(receipt, parts.home.address, told.recipient)
    return receipt.subject == told.recipient and told.state in _IMPLIED.get(receipt.event, {str(receipt.event)})
