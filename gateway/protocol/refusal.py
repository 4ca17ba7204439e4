"""
Signed refusals: a problem document that a gateway signs together with the submission that it refuses.

The field `Problem-Signature` is the standard base64 of key id (16 bytes) and signature (64), made by the gateway's `agent` key
over hashes of both bodies as they travel. Whoever holds the two bodies and the field can show who refused what, and when:
1. the field   2. the key: of use agent, of a gateway of my network   3. the signature   4. the document, read strictly
5. its `server_time`: the key was good then, and was not revoked when the refusal was received.
Spec: schemas/api.md, "Signed problems".
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta, Struct

from gateway.envelope import contexts, primitives
from gateway.envelope.keys import KEY_ID_BYTES, Keyring, Signature, Use
from gateway.envelope.trust import Answers, KeyRecord
from gateway.errors import Rejected
from gateway.ids import Address, KeyId, Network, network_of
from gateway.message.strict import check_strict

__all__ = ["FIELD", "MAX_PROBLEM_BYTES", "Refusal", "sign_problem", "verify_problem"]

FIELD: Final = "Problem-Signature"
MAX_PROBLEM_BYTES: Final = 64 << 10
_RAW_BYTES: Final = KEY_ID_BYTES + 64
_TEXT_CHARACTERS: Final = 108  # of the base64 of so many bytes


class Refusal(NamedTuple):
    """
    A refusal that a gateway signed.

    Args:
        gateway: Who signed it.
        code: Why, as in the table of codes.
        server_time: When, by the gateway's clock, Unix seconds.
    """

    gateway: Address
    code: str
    server_time: int


class _Problem(Struct, frozen=True):
    """What is read of the document."""

    code: Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9-]{0,63}\Z")]
    server_time: Annotated[int, Meta(ge=0)]


_problem: Final = msgspec.json.Decoder(_Problem)


def sign_problem(request_body: bytes, problem: bytes, keyring: Keyring) -> str:
    """
    Return the field that signs a refusal.

    Args:
        request_body: The submission, as it was received.
        problem: The document, exactly as it is sent.
        keyring: Of the gateway.
    """
    made = keyring.sign(Use.AGENT, contexts.problem_message(request_body, problem))
    return b64encode(made.key_id + made.signature).decode()


def verify_problem(
    field: str, *, request_body: bytes, problem: bytes, answers: Answers, network: Network, received_at: int
) -> Refusal:
    """
    Find out which gateway refused a submission.

    Args:
        field: The value of `Problem-Signature`.
        request_body: The submission, as it was sent.
        problem: The document, as it was received.
        answers: The reader's directory.
        network: The reader's own; gateways of others refuse nothing of it.
        received_at: When the reader got it, Unix seconds: nothing counts of a key that was revoked then.

    Raises:
        Rejected: `signature-bad`, or `malformed` or `too-large` for the document; then the refusal is nobody's word.
    """
    signature = _read_field(field)
    record = answers.key(signature.key_id)
    if record is None or record.use is not Use.AGENT or not _is_gateway(record, answers, network):
        raise Rejected("the key of a refusal is not a gateway's", code="signature-bad")
    if not primitives.verify(record.key, contexts.problem_message(request_body, problem), signature.signature):
        raise Rejected("the signature of a refusal does not verify", code="signature-bad")
    found = _read_problem(problem)
    if not record.good_for_signing(found.server_time, received_at):
        raise Rejected(f"the key of a refusal was not good at {found.server_time}", code="signature-bad")
    return Refusal(record.address, found.code, found.server_time)


def _is_gateway(record: KeyRecord, answers: Answers, network: Network) -> bool:
    return network_of(record.address) == network and answers.is_gateway(record.address)


def _read_field(field: str) -> Signature:
    """Read base64 of one spelling: the standard alphabet, padded, with no bit left over."""
    try:
        raw = b64decode(field, validate=True) if len(field) == _TEXT_CHARACTERS else b""
    except ValueError:
        raw = b""
    if len(raw) != _RAW_BYTES or b64encode(raw).decode() != field:
        raise Rejected("the signature of a refusal is not base64 of 80 bytes", code="signature-bad")
    return Signature(KeyId(raw[:KEY_ID_BYTES]), raw[KEY_ID_BYTES:])


def _read_problem(problem: bytes) -> _Problem:
    if len(problem) > MAX_PROBLEM_BYTES:
        raise Rejected(f"a problem of {len(problem)} bytes, limit {MAX_PROBLEM_BYTES}", code="too-large")
    try:
        check_strict(problem)
        return _problem.decode(problem)
    except (Rejected, msgspec.MsgspecError) as exc:
        raise Rejected("a signed problem that is no problem document with a time", code="malformed") from exc
