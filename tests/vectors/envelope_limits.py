"""
Vector cases of sizes and versions: what is too large, and what is told of a layer that another version wrote.

Large parts are zero bytes, so that the files stay small: the content at the limit is what encrypts to zeros.
Spec: schemas/envelope.md, "Forms".
"""

from __future__ import annotations

from hashlib import sha512
from typing import Any

from gateway.envelope import Use, contexts, primitives
from gateway.envelope.primitives import SecretKey
from tests.envelope.world import signing_key
from tests.vectors.envelope_case import Case
from tests.vectors.envelope_forge import Edit, Forge, bin16, change, put, raw
from tests.vectors.envelope_forms import INDEX, Make, edited, malformed, receipt, refused, respelled, spoiled

MAX_CONTENT = 1 << 20
INNER_FRONT = 90  # bytes before a content of more than 65535 bytes
OVER_COMMON = bytes(1_082_500)  # makes common larger than its limit, and leaves delivery below its own


class Widest(Forge):
    """The largest content, or one byte more: what encrypts to zero bytes under its key."""

    size = MAX_CONTENT

    def body(self, key: SecretKey, aad: bytes) -> bytes:
        """Choose the content after the key, and let the author sign it."""
        stream = primitives.aead_seal(key, bytes(24), bytes(INNER_FRONT + self.size), b"")
        self.content = stream[INNER_FRONT : INNER_FRONT + self.size]
        message = contexts.content_message(contexts.header_hash(self.header_bytes), sha512(self.content).digest())
        self.author_signed = self._sign(signing_key(self.sender, Use.AUTHOR), message)
        return super().body(key, aad)


class TooWide(Widest):
    """A byte more than the limit, in a body that is within its own."""

    size = MAX_CONTENT + 1


def all_of(*makes: Make) -> Make:
    """Return a setup that does each of these."""

    def make(forge: Forge) -> None:
        for one in makes:
            one(forge)

    return make


def later(version: object, *rest: object) -> Edit:
    """Return a change of a layer to what another version may have made of it."""
    return lambda elements: elements.__setitem__(slice(None), [version, *rest])


def more(*elements: object) -> Edit:
    """Return a change that appends elements."""
    return lambda layer: layer.extend(elements)


def respelled_array(data: bytes) -> bytes:
    """Return an array of up to 15 elements that says its length in two bytes."""
    return b"\xdc\0" + bytes([data[0] & 0x0F]) + data[1:]


def _suite_2_listed(forge: Forge) -> None:
    forge.suites = (1, 2)
    forge.edit["core"] = put(0, 2)


def _version_of(elements: Any) -> None:
    elements[0] = raw("d9024532")


LIMITS = [
    refused("too-large", "body-too-large", "A body of 1081361 bytes.", spoiled("body", lambda _: bytes(1_081_361))),
    refused("too-large", "common-too-large", "An element too many, and too large.", edited("common", more(OVER_COMMON))),
    refused(
        "too-large", "delivery-too-large", "An element too many, and too large.", edited("delivery", more(bytes(1_090_000)))
    ),
    refused("too-large", "core-too-large-extra", "An element too many, and too large.", edited("core", more(bytes(1200)))),
    refused("too-large", "header-too-large-extra", "An element too many, and too large.", edited("header", more(bytes(900)))),
]

VERSIONS = [
    malformed("common-empty", "No byte at all in the place of common.", spoiled("common", lambda _: b"")),
    malformed("common-empty-array", "An array of no elements.", spoiled("common", lambda _: b"\x90")),
    malformed("common-map", "A map whose first key is E1.", spoiled("common", lambda data: b"\x87" + data[1:])),
    malformed("version-not-utf8", "A version that is not UTF-8.", edited("common", put(0, raw("a245ff")))),
    malformed("version-cut", "The bytes end within the version.", spoiled("common", lambda _: b"\x97\xa2E")),
    malformed("version-nil", "No version.", edited("common", put(0, None))),
    malformed("version-bin", "The version is bin.", edited("common", put(0, b"E1"))),
    respelled("version-str8", "E1 says its length in one byte more.", edited("common", put(0, raw("d9024531")))),
    refused("unknown-version", "version-empty", "The version is text of no bytes.", edited("common", put(0, ""))),
    refused("unknown-version", "version-lower-case", "Versions are compared byte by byte.", edited("common", put(0, "e1"))),
    refused("unknown-version", "version-e2-str8", "A later version in a longer spelling.", edited("common", _version_of)),
    refused("unknown-version", "version-e2-short", "A later version with two elements.", edited("common", later("E2", 1.5))),
    refused(
        "unknown-version",
        "version-e2-not-utf8",
        "A later version with an element that is not UTF-8.",
        edited("common", later("E2", raw("a1ff"))),
    ),
    refused(
        "unknown-version",
        "version-e2-cut",
        "A later version whose rest is missing.",
        spoiled("common", lambda _: b"\x97\xa2E2"),
    ),
    refused(
        "unknown-version",
        "version-e2-nested",
        "A later version with arrays in arrays, five thousand deep.",
        spoiled("common", lambda _: b"\x92\xa2E2" + b"\x91" * 5000),
    ),
    refused(
        "unknown-version",
        "version-e2-too-large",
        "A later version beyond the limit of this one.",
        edited("common", later("E2", OVER_COMMON, bytes(1500))),
    ),
    malformed("core-empty-array", "An array of no elements.", spoiled("core", lambda _: b"\x90")),
    malformed("suite-nil", "No suite.", edited("core", put(0, None))),
    malformed("suite-float", "The suite is a float.", edited("core", put(0, 1.0))),
    malformed("suite-negative", "The suite is below zero.", edited("core", put(0, -1))),
    malformed("suite-negative-signed", "The suite is below zero, in a byte of its own.", edited("core", put(0, raw("d0ff")))),
    respelled("suite-signed", "Suite 1 in a signed form.", edited("core", put(0, raw("d001")))),
    respelled("core-array16", "The array says its length in three bytes.", spoiled("core", respelled_array)),
    refused("unknown-suite", "suite-0", "There is no suite 0.", edited("core", put(0, 0))),
    refused(
        "unknown-suite", "suite-2-listed", "A suite that my card lists, and that this version does not have.", _suite_2_listed
    ),
    refused("unknown-suite", "suite-2-signed", "Another suite in a signed form.", edited("core", put(0, raw("d002")))),
    refused("unknown-suite", "suite-of-64-bits", "A suite above 2^53.", edited("core", put(0, 2**64 - 1))),
    refused("unknown-suite", "suite-2-short", "Another suite with one more element.", edited("core", later(2, 1.5))),
    refused(
        "unknown-suite", "suite-2-too-large", "Another suite beyond the limit of core.", edited("core", later(2, bytes(1300)))
    ),
]

SPELLINGS = [
    respelled(
        "index-signed", "The index in a signed form.", edited("delivery", change(INDEX, lambda index: raw(f"d0{index:02x}")))
    ),
    respelled(
        "delivery-siblings-array16",
        "The siblings say their number in two bytes.",
        edited("delivery", change(3, lambda s: raw("dc0001c420" + s[0].hex()))),
    ),
    respelled("common-commit-bin16", "The commitment says its length in two bytes.", edited("common", change(3, bin16))),
    respelled("common-array16", "The array says its length in three bytes.", spoiled("common", respelled_array)),
    respelled("stanza-array16", "The array says its length in three bytes.", spoiled("stanza", respelled_array)),
    respelled("receipt-array16", "The array says its length in three bytes.", spoiled("receipt", respelled_array)),
    respelled("receipt-number-signed", "The number in a signed form.", receipt(5, raw("d029"))),
    malformed("receipt-negative-time", "A time below zero.", receipt(4, -1)),
]

VALID_LIMITS = [
    Case("valid-content-of-1-mib", "The largest content; it is not text.", "", "", lambda _: None, Widest),
]
TOO_WIDE = Case("content-too-large", "A content of 1 MiB and one byte.", "cannot-open", "inner", lambda _: None, TooWide)
