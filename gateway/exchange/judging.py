"""
Judging a submission: steps 1 and 2 of submit, and what is ready for the ledger when they are made.

Everything is judged by one view: a directory and one `now`, so that keys that are good for the gateway are good for every
recipient. Nothing is stored here, and nothing is asked of the ledger.
Spec: schemas/envelope.md, "Accepting", "Clear text".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gateway.envelope import (
    Examined,
    ExaminedClear,
    PublicKey,
    Row,
    Use,
    check_clear,
    check_clear_author,
    check_submission,
    examine,
    head,
    rows,
    seal_clear,
)
from gateway.errors import Rejected
from gateway.message import check_repeats, read
from gateway.policy import admit

if TYPE_CHECKING:
    from gateway.directory.view import Directory
    from gateway.envelope import Answers
    from gateway.envelope.common import Envelope
    from gateway.exchange.parts import Parts
    from gateway.ids import Address, Kind

__all__ = ["Ready", "View", "judge", "prove_author", "proved", "seal_for"]


class View(NamedTuple):
    """What one submission is judged by."""

    directory: Directory
    answers: Answers
    now: int


class Ready(NamedTuple):
    """
    What passed, cut for the ledger.

    Args:
        envelope: A submission, or a forward.
        handling: The code by which it is handled here, where that is not the header's.
        first_receipt: Of a forward: the `accepted` receipt of the sender's network.
    """

    envelope: Envelope
    head: bytes
    rows: list[Row]
    submission_hash: bytes | None
    answers: bool = False
    may_recall: frozenset[Kind] = frozenset()
    handling: str | None = None
    first_receipt: bytes | None = None


def judge(body: bytes, view: View) -> tuple[Examined, Ready | Rejected]:
    """Make steps 1 and 2; a refusal of step 2 comes back, because it may be the repeat of what was accepted."""
    examined = examine(body)
    try:
        check_submission(examined, view.answers, view.now, view.directory.delivery_key_ok)
        recipients = [stanza.recipient for stanza in examined.stanzas]
        admit(examined.header, recipients, view.directory, view.now)
    except Rejected as refusal:
        return examined, refusal
    return examined, Ready(examined, head(examined), rows(examined), None)


def seal_for(clear: ExaminedClear, view: View, parts: Parts) -> Ready:
    """
    Check clear text as each recipient would, and seal it.

    Raises:
        Rejected: It is not good, or a recipient has no key.
    """
    header = clear.header
    check_clear(clear, view.answers, view.now, parts.address)
    recipients = [addressee.recipient for addressee in clear.addressees]
    admit(header, recipients, view.directory, view.now)
    check_repeats(header, read(header.kind, header.schema_version, clear.content))
    keys = {recipient: _delivery_key(view, recipient) for recipient in recipients}
    sealed = seal_clear(clear, keys, parts.keyring, view.directory.version, parts.rng)
    examined = examine(sealed.submission)
    return Ready(examined, head(examined), rows(examined), clear.submission_hash)


def prove_author(clear: ExaminedClear, view: View, refusal: Rejected) -> None:
    """Prove the author of what is refused; raise where that fails: a refusal of the author's own fault is told as it is."""
    try:
        check_clear_author(clear, view.answers, view.now)
    except Rejected as exc:
        raise (exc if refusal.code == "conflict" else refusal) from None


def proved(refusal: Rejected) -> Rejected:
    """Mark the refusal of a submission whose own signature is good; nothing else may be marked."""
    refusal.proved = True
    return refusal


def _delivery_key(view: View, recipient: Address) -> PublicKey:
    record = view.directory.delivery_key(recipient, view.now)
    if record is None:
        raise Rejected(f"{recipient} has no current delivery key", code="recipient-key")
    return PublicKey(recipient, Use.DELIVERY, record.key)
