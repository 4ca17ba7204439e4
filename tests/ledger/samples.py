"""Messages for the ledger: it looks into nothing, so any bytes will do."""

from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING, Any, Final

from gateway.envelope import Row
from gateway.ids import Address, ConversationId, EnvelopeHash, Kind, MessageId
from gateway.ledger import Acceptance, Ledger, Record, Ref

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["NOW", "QM", "QN", "QX", "Clock", "accept", "end", "receipt", "sample", "sign", "signed"]

NOW: Final = 4_000_000_000
QM, QN, QX = Address("NCB-QM@icn"), Address("GN-QN@icn"), Address("TRIB-QX@icn")
SIBLING: Final = b"p" * 32
_numbers = itertools.count(1)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def sign(number: int) -> bytes:
    """Stand in for a signed `accepted` receipt."""
    return _framed(b"accepted %d" % number)


def end(envelope_hash: EnvelopeHash, recipient: Address) -> bytes:
    """Stand in for a signed `held` or `expired` receipt."""
    return _framed(b"ended " + envelope_hash[:4] + recipient.encode())


def sample(
    to: Sequence[Address] = (QN, QX),
    *,
    urgency: str = "normal",
    expires: int = NOW + 1000,
    body: bytes = b"sealed",
    kind: str = "cooperation.request",
    sender: Address = QM,
    number: int | None = None,
    **more: Any,
) -> Acceptance:
    """Make a message like no other, or again the one with that number; `more` are further facts of it."""
    seed = hashlib.sha512(b"%d" % (next(_numbers) if number is None else -number)).digest()
    return Acceptance(
        message_id=MessageId(seed[:16]),
        sender=sender,
        envelope_hash=EnvelopeHash(seed[32:]),
        submission_hash=None,
        kind=Kind(kind),
        urgency=urgency,
        handling="amber/restricted",
        conversation_id=ConversationId(seed[16:32]),
        created=NOW,
        expires=expires,
        head=b"head",
        body=body,
        rows=[Row(index, recipient, b"stanza %d" % index, (SIBLING,)) for index, recipient in enumerate(to)],
        sign=sign,
        sign_recalled=end,
        **more,
    )


async def accept(ledger: Ledger, *messages: Acceptance) -> list[Ref]:
    """Accept messages one after the other and return their deliveries."""
    stored = [await ledger.accept(one) for one in messages]
    return [Ref(kept.number, row.index) for kept, one in zip(stored, messages, strict=True) for row in one.rows]


def receipt(message: Acceptance, event: str, subject: Address = QN, *, reason: str | None = None) -> Record:
    """Make what a recipient says."""
    return Record(message.envelope_hash, event, subject, NOW + 5, reason, signed(event, subject))


def signed(event: str, subject: Address) -> bytes:
    """Stand in for a recipient's signed receipt."""
    return _framed(f"{event} by {subject}".encode())


def _framed(statement: bytes) -> bytes:
    """Return `[ receipt:bin, key_id:16, signature:64 ]`."""
    return b"\x93\xc4%c%b\xc4\x10%b\xc4\x40%b" % (len(statement), statement, bytes(16), bytes(64))
