"""Vector cases for opening step 1: sizes and forms, one defect each."""

from __future__ import annotations

from collections.abc import Callable

from gateway.ids import Network
from tests.envelope.world import NOW
from tests.vectors.envelope_case import Case
from tests.vectors.envelope_forge import Acceptance, Edit, Forge, Spoil, bin16, change, put, raw

Make = Callable[[Forge], object]

# Places of elements in their arrays.
DIRECTORY_VERSION, EPK, HEADER = 1, 2, 3
MESSAGE_ID, A_SENDER, KIND, SCHEMA, CREATED, URGENCY, HANDLING, REPLY, COUNT, BLOBS = 0, 1, 3, 4, 5, 7, 8, 10, 12, 14
STANZAS, COMMIT, BODY, SEAL, APPROVAL = 2, 3, 4, 5, 6
INDEX, STANZA, PROOF, ACCEPTED = 1, 2, 3, 4


def edited(layer: str, edit: Edit) -> Make:
    """Return a setup that changes the elements of a layer."""
    return lambda forge: forge.edit.update({layer: edit})


def spoiled(layer: str, spoil: Spoil) -> Make:
    """Return a setup that changes the bytes of a layer."""
    return lambda forge: forge.spoil.update({layer: spoil})


def refused(code: str, name: str, about: str, make: Make) -> Case:
    """Return a case whose reason is its code."""
    return Case(name, about, code, code, make)


def malformed(name: str, about: str, make: Make) -> Case:
    """Return a case of a form that is wrong."""
    return refused("malformed", name, about, make)


def respelled(name: str, about: str, make: Make) -> Case:
    """Return a case of a value that is right and spelled otherwise."""
    return refused("not-canonical", name, about, make)


def field(place: int, value: object) -> Make:
    """Return a setup that changes one field of the header, before the author signs it."""
    return edited("header", put(place, value))


def receipt(place: int, value: object) -> Make:
    """Return a setup that changes one field of the receipt, before the gateway signs it."""
    return edited("receipt", put(place, value))


def _accepted_thrice(forge: Forge) -> None:
    forge.acceptances = [Acceptance(), Acceptance(), Acceptance()]


def _newer_directory(forge: Forge) -> None:
    forge.world.versions[Network("icn")] = 6


FORMS = [
    malformed("delivery-empty", "Nothing at all.", spoiled("delivery", lambda _: b"")),
    malformed("delivery-truncated", "The last byte is missing.", spoiled("delivery", lambda data: data[:-1])),
    malformed("delivery-trailing-byte", "A byte follows the array.", spoiled("delivery", lambda data: data + b"\xc0")),
    malformed("delivery-element-missing", "The accepted receipts are missing.", edited("delivery", lambda e: e.pop())),
    malformed("delivery-element-extra", "A sixth element.", edited("delivery", lambda e: e.append(None))),
    malformed("delivery-map", "A map in the place of the array.", spoiled("delivery", lambda data: b"\x80" + data[1:])),
    respelled(
        "delivery-array16", "The array says its length in three bytes.", spoiled("delivery", lambda d: b"\xdc\0\x05" + d[1:])
    ),
    respelled(
        "index-in-two-bytes",
        "The index stands as cc XX.",
        edited("delivery", change(INDEX, lambda index: raw(f"cc{index:02x}"))),
    ),
    malformed("index-float", "The index is a float.", edited("delivery", put(INDEX, 0.0))),
    malformed("index-negative", "The index is below zero.", edited("delivery", put(INDEX, -1))),
    malformed("index-true", "The index is a truth value.", edited("delivery", put(INDEX, value=True))),
    malformed("index-nil", "The index is nil.", edited("delivery", put(INDEX, None))),
    malformed("index-above-53-bits", "The index is 2^53.", edited("delivery", put(INDEX, 2**53))),
    malformed("common-as-text", "The common part is str instead of bin.", edited("delivery", put(0, "common"))),
    respelled("stanza-bin16", "The stanza says its length in two bytes.", edited("delivery", change(STANZA, bin16))),
    malformed("sibling-of-31-bytes", "A sibling is too short.", edited("delivery", put(PROOF, [bytes(31)]))),
    malformed(
        "siblings-13", "More siblings than the largest tree has levels.", edited("delivery", put(PROOF, [bytes(32)] * 13))
    ),
    malformed("accepted-none", "No accepted receipt.", edited("delivery", put(ACCEPTED, []))),
    malformed("accepted-three", "Three accepted receipts.", _accepted_thrice),
    refused("unknown-version", "version-e2", "A later version of the envelope.", edited("common", put(0, "E2"))),
    malformed("version-number", "The version is a number.", edited("common", put(0, 1))),
    malformed("common-element-extra", "An eighth element in the common part.", edited("common", lambda e: e.append(None))),
    malformed(
        "commit-of-31-bytes", "The commitment is too short.", edited("common", change(COMMIT, lambda commit: commit[:31]))
    ),
    malformed("seal-without-signature", "The seal has a key id only.", edited("common", lambda e: e[SEAL].pop())),
    malformed("approval-false", "The approval is false instead of nil.", edited("common", put(APPROVAL, value=False))),
    malformed(
        "body-not-padded", "The body has a length that nothing is padded to.", spoiled("body", lambda body: body + b"\0")
    ),
    malformed("body-too-short", "The body is shorter than the smallest one.", spoiled("body", lambda body: body[:1000])),
    refused("unknown-suite", "suite-2", "A suite that my delivery card does not list.", edited("core", put(0, 2))),
    refused(
        "unknown-suite", "suite-not-mine", "Suite 1, but my delivery card lists 2 alone.", lambda f: setattr(f, "suites", (2,))
    ),
    malformed("suite-text", "The suite is text.", edited("core", put(0, "1"))),
    malformed("epk-of-33-bytes", "The ephemeral key is too long.", edited("core", change(EPK, lambda epk: epk + b"\0"))),
    respelled(
        "directory-version-in-three-bytes", "7 stands as cd 00 07.", edited("core", put(DIRECTORY_VERSION, raw("cd0007")))
    ),
    refused("directory-ahead", "directory-ahead", "Sealed with a directory that is newer than mine.", _newer_directory),
    refused("too-large", "core-too-large", "A core of more than 1280 bytes.", edited("core", put(HEADER, bytes(1281)))),
    refused("too-large", "header-too-large", "A header of more than 1024 bytes.", field(BLOBS, [bytes(32)] * 27)),
    malformed("header-element-missing", "The list of blobs is missing.", edited("header", lambda e: e.pop())),
    malformed("header-message-id-of-15-bytes", "The message id is too short.", field(MESSAGE_ID, bytes(15))),
    malformed("header-sender-lower-case", "The sender is not an address.", field(A_SENDER, "ncb-qm@icn")),
    malformed("header-sender-line-feed", "The sender ends with a line feed.", field(A_SENDER, "NCB-QM@icn\n")),
    malformed("header-sender-without-network", "The sender is a participant without network.", field(A_SENDER, "NCB-QM")),
    malformed("header-kind-upper-case", "The kind is not spelled as kinds are.", field(KIND, "Cooperation.Request")),
    malformed("header-schema-version-short", "The schema version has two numbers.", field(SCHEMA, "1.0")),
    malformed("header-schema-version-zero", "A number of the schema version begins with 0.", field(SCHEMA, "1.00.0")),
    malformed("header-created-float", "A time is a float.", field(CREATED, float(NOW))),
    respelled("header-created-in-nine-bytes", "A time stands as cf.", field(CREATED, raw(f"cf{NOW:016x}"))),
    respelled(
        "header-sender-str8", "The sender says its length in one byte more.", field(A_SENDER, raw("d90a4e43422d514d4069636e"))
    ),
    malformed("header-sender-not-utf8", "The sender is not UTF-8.", field(A_SENDER, raw("aaff43422d514d4069636e"))),
    malformed("header-urgency-unknown", "An urgency that does not exist.", field(URGENCY, "asap")),
    malformed("header-handling-unknown", "A marking that does not exist.", field(HANDLING, "white/restricted")),
    malformed("header-reply-of-16-bytes", "in_reply_to is no envelope hash.", field(REPLY, bytes(16))),
    malformed("header-recipients-zero", "No recipients.", field(COUNT, 0)),
    malformed("header-recipients-4097", "More recipients than an envelope has.", field(COUNT, 4097)),
    malformed("header-blob-of-31-bytes", "A blob id is too short.", field(BLOBS, [bytes(31)])),
    malformed("header-extension-type", "A MessagePack extension in the place of a time.", field(CREATED, raw("d6ff00000000"))),
    refused("too-large", "stanza-too-large", "A stanza of more than 256 bytes.", edited("stanza", put(0, "A" * 200))),
    malformed("stanza-wrap-of-47-bytes", "The wrap is too short.", edited("stanza", change(3, lambda wrap: wrap[:47]))),
    malformed("stanza-blind-missing", "The stanza has no blind.", edited("stanza", lambda e: e.pop(1))),
    respelled("receipt-at-in-nine-bytes", "A time stands as cf.", receipt(4, raw(f"cf{NOW + 60:016x}"))),
    malformed("receipt-event-unknown", "An event that does not exist.", receipt(0, "received")),
    malformed("receipt-number-missing", "Accepted without its number.", receipt(5, None)),
    malformed("receipt-reason", "Accepted with a reason.", receipt(6, "late")),
    malformed("receipt-log-size-missing", "The log view is a root alone.", receipt(7, [bytes(32)])),
    refused("too-large", "receipt-too-large", "A receipt of more than 512 bytes.", receipt(6, "a" * 512)),
]
