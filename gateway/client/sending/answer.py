"""
The answer of a gateway to what this home sent: proved, and made ready to be kept.

It counts when a gateway of the home's own network signed it, to this home, for the envelope that has the author's own header.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.client.records import turn_rows
from gateway.client.records.heads import head_of_answer, head_of_submission
from gateway.client.records.outgoing import Answered, Outgoing
from gateway.client.sending.rows import sealed_head
from gateway.client.writing.draft import Draft, turn_of_draft
from gateway.envelope.clear import author_check, decode_sealed_answer
from gateway.envelope.receipt import Event, SignedReceipt, parse_receipt, verify_receipt
from gateway.errors import Rejected
from gateway.ids import EnvelopeHash, network_of
from gateway.protocol import media

if TYPE_CHECKING:
    from gateway.client.home.home import Home
    from gateway.envelope.trust import Answers

__all__ = ["proved"]


def proved(
    home: Home, answers: Answers, row: Outgoing, draft: Draft, body: bytes, answer: bytes
) -> tuple[SignedReceipt, Answered]:
    """
    Prove that a message was accepted.

    Args:
        home: Who sent it.
        answers: Of the directory: whose receipts count.
        row: The message, as it is kept.
        draft: The same, as its author signed it.
        body: The bytes that were sent.
        answer: What came back.

    Returns:
        The receipt, and what the row says from now on.

    Raises:
        Rejected: It proves nothing: `malformed`, `signature-bad`, or as `author_check`.
    """
    if row.media == media.SIGNED:
        sealed = decode_sealed_answer(answer)
        signed, envelope_hash = sealed.receipt, author_check(sealed, draft.header_bytes)
        head = head_of_answer(sealed)
    else:
        signed, envelope_hash = parse_receipt(answer), EnvelopeHash(row.envelope_hash)
        head = head_of_submission(body)
    receipt = verify_receipt(signed, answers)
    told = (receipt.event, receipt.subject, network_of(receipt.signer), receipt.envelope_hash)
    if told != (Event.ACCEPTED, home.address, home.network, envelope_hash):
        raise Rejected("a receipt for something else", code="signature-bad")
    assert receipt.number is not None  # every accepted receipt has one
    place = turn_rows.row_of(home, turn_of_draft(draft, envelope_hash, receipt.number, receipt.at))
    kept = sealed_head(home, row.message_id, head)
    return signed, Answered(row.message_id, envelope_hash, receipt.number, signed.data, receipt.at, kept, place)
