"""
Clear text: what a thin client hands over for the gateway to seal, and the answer that lets its author check the sealing.

The gateway checks the author as a recipient would. The header that the author signed names the gateway as sealer, so a
message that its author sealed can not be turned into clear text by a recipient. The content is never printed.
Spec: schemas/envelope.md, "Clear text".
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.envelope import checks, contexts
from gateway.envelope.common import read_core
from gateway.envelope.form import encode, limit
from gateway.envelope.header import decode_header
from gateway.envelope.keys import Keyring, PublicKey, Signature
from gateway.envelope.payload import SUITES
from gateway.envelope.primitives import Rng
from gateway.envelope.receipt import SignedReceipt, read_receipt
from gateway.envelope.seal import Addressee, Sealed, check_addressees, seal
from gateway.envelope.trust import Answers
from gateway.envelope.wire import ACCEPTED, CLEAR, HEAD, MAX_CONTENT_BYTES, SEALED_ANSWER, SealedAnswerForm
from gateway.errors import Rejected
from gateway.ids import Address, EnvelopeHash

__all__ = [
    "ExaminedClear",
    "SealedAnswer",
    "author_check",
    "check_clear",
    "check_clear_author",
    "decode_sealed_answer",
    "encode_sealed_answer",
    "examine_clear",
    "seal_clear",
]


class ExaminedClear:
    """
    A clear-text submission whose forms were checked.

    Raises:
        Rejected: `too-large`, `malformed` or `not-canonical`.
    """

    __slots__ = ("addressees", "author", "content", "header", "header_bytes", "proved_at", "submission_hash")

    def __init__(self, body: bytes) -> None:
        form = CLEAR.decode(body)
        limit("content", len(form.content), MAX_CONTENT_BYTES)
        self.header = decode_header(form.header)
        self.header_bytes = form.header
        self.addressees = [Addressee(recipient, blind) for recipient, blind in form.addressees]
        self.author = Signature(form.author_key_id, form.author_signature)
        self.content = form.content
        self.submission_hash = contexts.submission_hash(contexts.header_hash(form.header), form.author_signature)
        self.proved_at: int | None = None  # when the author was proved: not needed twice in the same second

    def __repr__(self) -> str:
        return f"ExaminedClear({self.submission_hash.hex()} from {self.header.sender})"


class SealedAnswer:
    """The answer to clear text: the receipt, and what its envelope hash is made of."""

    __slots__ = ("form", "receipt")

    def __init__(self, data: bytes) -> None:
        self.form: SealedAnswerForm = SEALED_ANSWER.decode(data)
        self.receipt: SignedReceipt = read_receipt(self.form.receipt)


def examine_clear(body: bytes) -> ExaminedClear:
    """Check forms and sizes of a clear-text submission; raise Rejected with the code of what is wrong."""
    return ExaminedClear(body)


def check_clear_author(examined: ExaminedClear, answers: Answers, now: int) -> None:
    """
    Prove the author; only then may an answer depend on what the gateway knows of the sender.

    Raises:
        CannotOpen: `author-key` or `author-signature`.
    """
    if examined.proved_at != now:
        header = examined.header, examined.header_bytes
        checks.check_author(header, examined.content, examined.author, answers, (now, now))
        examined.proved_at = now


def check_clear(examined: ExaminedClear, answers: Answers, now: int, me: Address) -> None:
    """
    Make every check that the sealing gateway owes the recipients.

    Args:
        examined: The submission.
        answers: Directory and registry.
        now: Unix seconds.
        me: The address of this gateway: the author must have named it as sealer.

    Raises:
        Rejected: `out-of-time`, `expired`, `sealer-not-allowed`, `approval-missing`, `recipient-repeated` or
            `addressees-differ`.
        CannotOpen: The author is not who the header says.
    """
    header = examined.header
    checks.check_times(header, (now, now))
    checks.check_sealer(header, answers)
    if header.sealer != me:
        raise Rejected(f"the author named {header.sealer} as sealer, not {me}", code="sealer-not-allowed")
    if answers.needs_approval(header.kind):
        raise Rejected(f"{header.kind} needs an approval, which clear text cannot carry", code="approval-missing")
    check_clear_author(examined, answers, now)
    check_addressees(header, examined.addressees)


def seal_clear(
    examined: ExaminedClear, keys: Mapping[Address, PublicKey], keyring: Keyring, directory_version: int, rng: Rng
) -> Sealed:
    """Seal what `check_clear` passed, with the gateway's agent key; raise as `seal` does."""
    return seal(
        examined.header_bytes,
        examined.content,
        author=examined.author,
        addressees=examined.addressees,
        keys=keys,
        keyring=keyring,
        directory_version=directory_version,
        rng=rng,
    )


def encode_sealed_answer(signed_receipt: bytes, head: bytes) -> bytes:
    """Return the answer to clear text, from the receipt and the head of the envelope."""
    form = HEAD.decode(head)
    receipt = ACCEPTED.decode(signed_receipt)
    return encode(SealedAnswerForm(receipt, form.core, form.stanzas, form.commit, form.body_hash))


def decode_sealed_answer(data: bytes) -> SealedAnswer:
    """Read the answer to clear text; raise Rejected `too-large`, `malformed` or `not-canonical`."""
    return SealedAnswer(data)


def author_check(answer: SealedAnswer, header: bytes) -> EnvelopeHash:
    """
    Show the author that his header stands in the hash that the receipt names.

    Returns:
        The envelope hash.

    Raises:
        Rejected: `addressees-differ`, the gateway sealed another header; `signature-bad`, the receipt names another envelope.
    """
    form = answer.form
    core, _ = read_core(form.core, SUITES)
    if core.header != header:
        raise Rejected("the gateway sealed another header", code="addressees-differ")
    computed = contexts.envelope_hash(contexts.core_hash(form.core), form.stanzas, form.commit, form.body_hash)
    if answer.receipt.receipt.envelope_hash != computed:
        raise Rejected("the receipt names another envelope", code="signature-bad")
    return computed
