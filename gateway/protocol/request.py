"""
Signed requests: one narrow profile of RFC 9421, made and checked here for both sides.

Covered are exactly `@method @authority @path @query`, then `content-digest` (SHA-256) where there is a body; the
parameters are exactly created, keyid (hex key id of an `agent` key), alg "ed25519", nonce and tag "gateway-v1".
Nothing is read from the fields before `verify()` of the library has returned it; its clock and its defaults are not used.
This module knows no clock and no store: callers pass `now`, and remember nonces where a request must not come twice.
Spec: schemas/api.md, "Signed requests".
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    HTTPSignatureKeyResolver,
    VerifyResult,
)

from gateway.envelope import primitives
from gateway.envelope.keys import Keyring, Use
from gateway.envelope.trust import KeyRecord
from gateway.errors import GatewayError, Rejected
from gateway.ids import Address, KeyId

__all__ = [
    "MAX_SKEW_S",
    "NONCE_BYTES",
    "TAG",
    "Asker",
    "FindKey",
    "HttpRequest",
    "RequestSigner",
    "check_skew",
    "sign_request",
    "verify_request",
]

MAX_SKEW_S: Final = 300  # either way; clocks of partners drift by minutes, not more
NONCE_BYTES: Final = 16
TAG: Final = "gateway-v1"
_LABEL: Final = "gateway"
_COVERED: Final = ("@method", "@authority", "@path", "@query")
_COVERED_ALONE: Final = tuple(f'"{name}"' for name in _COVERED)  # as they stand in what verify() returns
_COVERED_WITH_BODY: Final = (*_COVERED_ALONE, '"content-digest"')
_PARAMETERS: Final = frozenset({"created", "keyid", "alg", "nonce", "tag"})

FindKey = Callable[[KeyId], KeyRecord | None]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """
    What of a request a signature speaks about.

    Args:
        method: Upper case.
        url: Absolute: the authority that the request names and the target exactly as it travels.
        headers: All fields; one that comes several times is given line by line by `items()`.
        body: The bytes that travel, before any decoding; empty for none.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""


class Asker(NamedTuple):
    """Who signed a request, proved: what `verify_request` returns."""

    address: Address
    key_id: KeyId
    nonce: bytes  # 16 bytes; the caller remembers it where the request must not be repeated
    created: int  # Unix seconds


class _Ed25519(HTTPSignatureAlgorithm):
    """Ed25519 by libsodium, the one verifier of the project; signing is done by a keyring, outside the library."""

    algorithm_id = "ed25519"

    def __init__(self, public_key: bytes = b"", private_key: None = None) -> None:
        del private_key  # the library's shape; secrets stay in the keyring
        self._key = public_key

    def verify(self, signature: bytes, message: bytes) -> None:
        if not primitives.verify(self._key, message, signature):
            raise Rejected(code="signature-bad")


class _AgentKeys(HTTPSignatureKeyResolver):
    """Answers with keys of use `agent` that are good now, and remembers whose key it gave."""

    def __init__(self, find_key: FindKey, now: float) -> None:
        self._find_key = find_key
        self._now = int(now)
        self.record: KeyRecord | None = None

    def resolve_public_key(self, key_id: str) -> bytes | None:
        raw = _unhex(key_id, 16)
        record = self._find_key(KeyId(raw)) if raw is not None else None
        if record is None or record.use is not Use.AGENT or not record.current(self._now):
            return None
        self.record = record
        return record.key


class _Verifier(HTTPMessageVerifier):
    """The library's verifier without its clock: times are checked after the signature, against the caller's `now`."""

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        """Do nothing: see `verify_request`."""


class RequestSigner:
    """
    Signs requests with a keyring's `agent` key.

    The key id stands in what is signed, and only the keyring knows which key it will take: the last one is tried first,
    and when the keyring took another (the first time, after a rotation) the request is signed once more.

    Args:
        keyring: Of the participant that asks.
    """

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._key_id = KeyId(bytes(16))

    def sign(self, request: HttpRequest, now: float, nonce: bytes) -> dict[str, str]:
        """
        Return the request's headers with the fields that sign it.

        Args:
            request: Nothing of it may be rewritten after signing.
            now: Unix seconds.
            nonce: `NONCE_BYTES` fresh random bytes.
        """
        message = replace(request, headers=dict(request.headers))
        signer = HTTPMessageSigner(signature_algorithm=_Ed25519)
        while True:
            prepared = signer.prepare(
                message,
                key_id=self._key_id.hex(),
                created=datetime.fromtimestamp(int(now), UTC),
                nonce=nonce.hex(),
                tag=TAG,
                label=_LABEL,
                covered_component_ids=_COVERED,
                body=request.body or None,
                use_existing_digest="Content-Digest" in message.headers,
            )
            made = self._keyring.sign(Use.AGENT, prepared.signature_base)
            if made.key_id == self._key_id:
                return {**message.headers, **_fields(prepared.signature_params, made.signature)}
            self._key_id = made.key_id


def _fields(parameters: str, signature: bytes) -> dict[str, str]:
    """
    Write the fields of a signature.

    The library's own `apply` resolves the message once more, in case it changed while somebody far away signed: that doubles
    the cost of a request, and here nothing can come between.
    """
    return {"Signature-Input": f"{_LABEL}={parameters}", "Signature": f"{_LABEL}=:{b64encode(signature).decode()}:"}


def sign_request(request: HttpRequest, keyring: Keyring, now: float, nonce: bytes) -> dict[str, str]:
    """Sign one request; see `RequestSigner.sign`, which is faster for many."""
    return RequestSigner(keyring).sign(request, now, nonce)


def verify_request(request: HttpRequest, find_key: FindKey, now: float) -> Asker:
    """
    Find out who signed a request.

    Args:
        request: As it was received.
        find_key: The directory's `key`.
        now: Unix seconds.

    Raises:
        Rejected: `signature-missing` (no signature fields), `signature-bad` (whatever is wrong with them),
            `clock-skew` (a good signature of another time). Nothing is known of the asker then.
    """
    if "Signature" not in request.headers or "Signature-Input" not in request.headers:
        raise Rejected("no signature fields", code="signature-missing")
    keys = _AgentKeys(find_key, now)
    result = _verified(request, keys)
    covered = tuple(result.covered_components)[:-1]  # the last one is always @signature-params
    if covered != (_COVERED_WITH_BODY if request.body else _COVERED_ALONE):
        raise Rejected("other components are covered than the profile names", code="signature-bad")
    nonce = _unhex(str(result.nonce), NONCE_BYTES)
    if result.parameters.keys() != _PARAMETERS or nonce is None or keys.record is None:
        raise Rejected("other parameters than the profile names", code="signature-bad")
    created = int(result.parameters["created"])
    check_skew(created, now)
    return Asker(keys.record.address, keys.record.key_id, nonce, created)


def check_skew(created: int, now: float) -> None:
    """Raise `clock-skew` when a signed time is more than `MAX_SKEW_S` off."""
    if abs(created - now) > MAX_SKEW_S:
        raise Rejected(f"signed at {created}, received at {int(now)}, limit {MAX_SKEW_S} s", code="clock-skew")


def _verified(request: HttpRequest, keys: _AgentKeys) -> VerifyResult:
    """Let the library verify; its exceptions and those of hostile input become one code."""
    verifier = _Verifier(signature_algorithm=_Ed25519, key_resolver=keys)
    try:
        results = verifier.verify(request, max_age=None, expect_tag=TAG, body=request.body)
    except (HTTPMessageSignaturesException, GatewayError, ValueError, RecursionError) as exc:
        raise Rejected("the request's signature does not verify", code="signature-bad") from exc
    if len(results) != 1:
        raise Rejected(f"{len(results)} signatures with the tag {TAG!r}, wanted one", code="signature-bad")
    return results[0]


def _unhex(text: str, size: int) -> bytes | None:
    """Read lower-case hex of exactly `size` bytes; None for any other spelling."""
    try:
        value = bytes.fromhex(text)
    except ValueError:
        return None
    return value if len(value) == size and value.hex() == text else None
