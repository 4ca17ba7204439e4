"""
RFC 3161 time-stamp tokens, verified offline: bytes, roots and message in, a time or a refusal out.

A token is the ContentInfo of RFC 3161, 2.4.2, in DER, without the response around it. It counts when it is over SHA-256 of
the message, when its certificate is for time-stamping alone and leads to one of the roots, and was good at the time that the
token says. Nothing is asked of anybody: no revocation service, no clock.
Spec: schemas/audit.md, "Time-stamps".
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from cryptography import x509
from rfc3161_client import TimeStampResponse, VerificationError, VerifierBuilder, decode_timestamp_response

from gateway.errors import Rejected

__all__ = ["MAX_TOKEN_BYTES", "read_roots", "verify_token"]

MAX_TOKEN_BYTES: Final = 64 << 10  # with the certificates that stand in it
_SHA256: Final = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
_GRANTED: Final = bytes.fromhex("3003020100")  # PKIStatusInfo: SEQUENCE { INTEGER 0 }
_SEQUENCE: Final = 0x30


def read_roots(pem: bytes) -> list[x509.Certificate]:
    """
    Read the certificates that a time-stamp's own must lead to.

    Raises:
        Rejected: `timestamp-bad`: not PEM, or no certificate in it.
    """
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as exc:
        raise Rejected(f"no certificates of a time-stamp service: {str(exc)[:200]}", code="timestamp-bad") from None


def verify_token(token: bytes, message: bytes, roots: Sequence[x509.Certificate]) -> int:
    """
    Prove that a time-stamp service saw a message.

    Args:
        token: DER, at most `MAX_TOKEN_BYTES`.
        message: What was stamped: the text of a checkpoint.
        roots: At least one; the service's certificate leads to one of them, or is one of them.

    Returns:
        The time in the token, Unix seconds, rounded up: the message existed then.

    Raises:
        Rejected: `timestamp-bad`, whatever is wrong with it.
    """
    response = _response(token)
    builder = VerifierBuilder()
    for root in roots:
        builder = builder.add_root_certificate(root)
    try:
        if response.tst_info.message_imprint.hash_algorithm != _SHA256:
            raise _bad("not over SHA-256")
        builder.build().verify(response, sha256(message).digest())
        return -int(-response.tst_info.gen_time.timestamp() // 1)
    except (VerificationError, ValueError, x509.ExtensionNotFound) as exc:
        raise _bad(str(exc)[:200]) from None


def _response(token: bytes) -> TimeStampResponse:
    """Put the response around a token that the library wants to see."""
    if len(token) > MAX_TOKEN_BYTES:
        raise _bad(f"{len(token)} bytes, at most {MAX_TOKEN_BYTES}")
    try:
        return decode_timestamp_response(_der(_GRANTED + token))
    except ValueError as exc:
        raise _bad(str(exc)[:200]) from None


def _der(content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([_SEQUENCE, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([_SEQUENCE, 0x80 | len(length)]) + length + content


def _bad(detail: str) -> Rejected:
    return Rejected(f"time-stamp: {detail}", code="timestamp-bad")
