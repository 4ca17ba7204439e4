"""
The layers of deliveries and submissions and their fields: step 1 of opening, without the question about the directory.

Rules: a layer inside another one is bytes of that one, and is read after it. The version of common and the
suite of core are looked at first, before the limits and forms of their layers. Bytes that were read are kept as they came.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.second_opener.pack import (
    RefusedError,
    Shape,
    binary,
    first_element,
    number,
    optional,
    read_layer,
    record,
    sequence,
    text,
    utf8,
)
from tests.second_opener.primitives import padded

MAX_BODY = 1_081_360
MAX_CONTENT = 1_048_576
MAX_RECIPIENTS = 4096

_ADDRESS = text(r"[A-Z]{2,8}(-[A-Z0-9]{2,8}){0,3}@[a-z][a-z0-9-]{1,23}")
_COUNTED = r"(0|[1-9][0-9]{0,3})"
_SIGNED = record(binary(16), binary(64))
_HEADER = record(
    binary(16),
    _ADDRESS,
    _ADDRESS,
    text(r"[a-z][a-z0-9-]{0,31}(\.[a-z][a-z0-9-]{0,31}){1,2}"),
    text(rf"{_COUNTED}\.{_COUNTED}\.{_COUNTED}"),
    number(),
    number(),
    text("flash|urgent|normal|routine"),
    text(r"(clear|green|amber|amber\+strict|red)/(official-use-only|restricted|confidential)"),
    binary(16),
    optional(binary(32)),
    optional(number()),
    number(1, MAX_RECIPIENTS),
    binary(32),
    sequence(binary(32), 0, 1024),
)
_CORE = record(number(), number(), binary(32), binary())
_STANZA = record(_ADDRESS, binary(16), binary(16), binary(48))
_COMMON = record(text("E1"), binary(), binary(32), binary(32), binary(), _SIGNED, optional(_SIGNED))
_SIGNED_RECEIPT = record(binary(), binary(16), binary(64))
_DELIVERY = record(binary(), number(), binary(), sequence(binary(32), 0, 12), sequence(_SIGNED_RECEIPT, 1, 2))
_REASON = text(r"[a-z][a-z0-9-]{0,63}")
_RECEIPT = record(
    text("accepted|expired|recalled|held|delivered|opened|rejected|destroyed|refused"),
    binary(32),
    _ADDRESS,
    _ADDRESS,
    number(),
    optional(number()),
    optional(_REASON),
    optional(record(number(), binary(32))),
    binary(16),
)
_INNER = record(binary(16), binary(64), binary())
# layer -> (limit in bytes, shape)
LAYERS: dict[str, tuple[int, Shape]] = {
    "delivery": (1_085_096, _DELIVERY),
    "common": (1_083_152, _COMMON),
    "core": (1280, _CORE),
    "header": (1024, _HEADER),
    "stanza": (256, _STANZA),
    "receipt": (512, _RECEIPT),
    "signed receipt": (608, _SIGNED_RECEIPT),
    "inner": (MAX_BODY, _INNER),
    "submission": (2_144_032, record(binary(), sequence(binary(), 1, MAX_RECIPIENTS))),
    "clear text": (
        1_574_016,
        record(binary(), sequence(record(_ADDRESS, binary(16)), 1, MAX_RECIPIENTS), binary(16), binary(64), binary()),
    ),
}
_NO_REASON = ("accepted", "delivered", "opened")


class Header(NamedTuple):
    """What the author says about the message."""

    message_id: bytes
    sender: str
    sealer: str
    kind: str
    schema_version: str
    created: int
    expires: int
    urgency: str
    handling: str
    conversation_id: bytes
    in_reply_to: bytes | None
    respond_by: int | None
    recipients: int
    addressees: bytes
    blobs: list[bytes]


class Core(NamedTuple):
    """The header, and what its wraps are made for."""

    suite: int
    directory_version: int
    epk: bytes
    header: bytes


class Signed(NamedTuple):
    """A signature and the key that it names."""

    key_id: bytes
    signature: bytes


class Common(NamedTuple):
    """What all recipients of an envelope get."""

    core: bytes
    stanzas: bytes
    commit: bytes
    body: bytes
    seal: Signed
    approval: Signed | None


class Stanza(NamedTuple):
    """What one recipient gets."""

    recipient: str
    blind: bytes
    key_id: bytes
    wrap: bytes


class Receipt(NamedTuple):
    """What happened to an envelope, with the bytes that were signed."""

    event: str
    envelope_hash: bytes
    subject: str
    signer: str
    at: int
    acceptance: int | None
    reason: str | None
    log: list[Any] | None
    salt: bytes
    raw: bytes
    signed: Signed


class Inner(NamedTuple):
    """The content and its author's signature."""

    author: Signed
    content: bytes


class Envelope(NamedTuple):
    """The layers that all recipients share."""

    common: Common
    core: Core
    header: Header


class Delivery(NamedTuple):
    """All layers of a delivery."""

    envelope: Envelope
    place: int
    stanza: Stanza
    siblings: list[bytes]
    accepted: list[Receipt]


class Submission(NamedTuple):
    """All layers of a sealed submission, and the bytes of its stanzas."""

    envelope: Envelope
    stanza_bytes: list[bytes]
    stanzas: list[Stanza]


class Addressee(NamedTuple):
    """A recipient, and what hides it in the tree."""

    recipient: str
    blind: bytes


class Clear(NamedTuple):
    """Clear text, with the bytes of its header."""

    header_bytes: bytes
    header: Header
    addressees: list[Addressee]
    author: Signed
    content: bytes


def read(data: bytes, layer: str) -> list[Any]:
    """Return the elements of a layer, by its name."""
    return read_layer(data, *LAYERS[layer])


def read_delivery(data: bytes, suites: list[int]) -> Delivery:
    """Read all layers, in the order of the text."""
    common_bytes, index, stanza_bytes, siblings, accepted = read(data, "delivery")
    envelope = read_envelope(common_bytes, suites)
    stanza = Stanza(*read(stanza_bytes, "stanza"))
    receipts = [_receipt_of(*signed) for signed in accepted]
    return Delivery(envelope, index, stanza, siblings, receipts)


def read_envelope(data: bytes, suites: list[int]) -> Envelope:
    """Read common and the layers in it."""
    common = _read_common(data)
    _check_body(common.body)
    core = _read_core(common.core, suites)
    return Envelope(common, core, Header(*read(core.header, "header")))


def read_receipt(data: bytes) -> Receipt:
    """Read a signed receipt that stands alone."""
    return _receipt_of(*read(data, "signed receipt"))


def read_submission(data: bytes) -> Submission:
    """Read what a gateway is handed sealed; it has suite 1."""
    common, stanzas = read(data, "submission")
    envelope = read_envelope(common, [1])
    return Submission(envelope, stanzas, [Stanza(*read(stanza, "stanza")) for stanza in stanzas])


def read_clear(data: bytes) -> Clear:
    """Read what a gateway is handed in clear text."""
    header, pairs, key_id, signature, content = read(data, "clear text")
    if len(content) > MAX_CONTENT:
        raise RefusedError("too-large")
    addressees = [Addressee(*pair) for pair in pairs]
    return Clear(header, Header(*read(header, "header")), addressees, Signed(key_id, signature), content)


def read_inner(data: bytes) -> Inner:
    """Read what the padding was taken from."""
    try:
        key_id, signature, content = read(data, "inner")
    except RefusedError as refused:
        raise RefusedError("cannot-open", "inner") from refused
    if len(content) > MAX_CONTENT:
        raise RefusedError("cannot-open", "inner")
    return Inner(Signed(key_id, signature), content)


def _read_common(data: bytes) -> Common:
    version = first_element(data)
    if version.kind != "str":
        raise RefusedError("malformed")
    if utf8(version.payload) != "E1":
        raise RefusedError("unknown-version")
    _, core, stanzas, commit, body, seal, approval = read(data, "common")
    return Common(core, stanzas, commit, body, Signed(*seal), Signed(*approval) if approval else None)


def _check_body(body: bytes) -> None:
    if len(body) > MAX_BODY:
        raise RefusedError("too-large")
    if len(body) < 16 or padded(len(body) - 16) != len(body) - 16:
        raise RefusedError("malformed")


def _read_core(data: bytes, suites: list[int]) -> Core:
    suite = first_element(data)
    if suite.kind != "uint":
        raise RefusedError("malformed")
    if suite.number != 1 or suite.number not in suites:
        raise RefusedError("unknown-suite")
    return Core(*read(data, "core"))


def _receipt_of(data: bytes, key_id: bytes, signature: bytes) -> Receipt:
    """Read a receipt; once it is read, hold its number and reason against its event."""
    event, envelope_hash, subject, signer, at, count, reason, log, salt = read(data, "receipt")
    wrong_number = (count is not None) != (event == "accepted")
    wrong_reason = event in _NO_REASON if reason is not None else event in {"rejected", "refused"}
    if wrong_number or wrong_reason:
        raise RefusedError("malformed")
    return Receipt(event, envelope_hash, subject, signer, at, count, reason, log, salt, data, Signed(key_id, signature))
