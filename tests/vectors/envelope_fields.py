"""
Vector cases of single fields: receipts and their events, addresses, ids and versions, each with one rule broken.

Spec: schemas/envelope.md, "Forms", "Header" and "Receipts".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.vectors.envelope_case import Case
from tests.vectors.envelope_checks import acceptance, inside
from tests.vectors.envelope_forge import Forge, change, put
from tests.vectors.envelope_forms import ACCEPTED, APPROVAL, SEAL, Make, edited, field, malformed

EVENT, SUBJECT, SIGNER, AT, NUMBER, REASON, LOG, SALT = 0, 2, 3, 4, 5, 6, 7, 8
STATED_BY_RECIPIENTS = ("delivered", "opened", "destroyed")
STATED_BY_GATEWAYS = ("expired", "recalled", "held")


def stated(**fields: object) -> Make:
    """Return a setup with these fields of the receipt, as `held` by the gateway where nothing else is said."""
    return acceptance(**{"event": "held", "number": None, **fields})


def _receipt_field(place: int, value: object) -> Make:
    return edited("receipt", put(place, value))


def _longer(place: int) -> Callable[[list[Any]], object]:
    return change(place, lambda value: value + b"\0")


def _approved_without_signature(forge: Forge) -> None:
    forge.edit["common"] = put(APPROVAL, [bytes(16)])


def _inline(place: int, value: object) -> Make:
    """Return a setup that changes one element of the signed receipt, which stands inside the delivery."""
    return edited("delivery", lambda e: e[ACCEPTED][0].__setitem__(place, value))


FIELDS = [
    malformed("header-sealer-lower-case", "The sealer is not an address.", field(2, "ncb-qm@icn")),
    malformed("header-sender-of-five-parts", "A participant has four parts at most.", field(1, "NCB-QM-QN-QT-QX@icn")),
    malformed("header-sender-digits", "Its first part has letters alone.", field(1, "NCB1-QM@icn")),
    malformed("header-sender-network-digit", "A network begins with a letter.", field(1, "NCB-QM@1cn")),
    malformed("header-sender-network-long", "A network has 24 characters at most.", field(1, "NCB-QM@" + "a" * 25)),
    malformed("header-sender-other-digits", "Digits of another script.", field(1, "NCB-Q\u0661@icn")),
    malformed("header-kind-of-one-part", "A kind has two or three parts.", field(3, "cooperation")),
    malformed("header-kind-of-four-parts", "A kind has two or three parts.", field(3, "a.b.c.d")),
    malformed("header-kind-part-too-long", "A part of a kind has 32 characters at most.", field(3, "a." + "b" * 33)),
    malformed("header-schema-version-above-9999", "A number of the schema version has five digits.", field(4, "10000.0.0")),
    malformed("header-schema-version-of-four", "The schema version has four numbers.", field(4, "1.0.0.0")),
    malformed("header-expires-text", "A time is text.", field(6, "4073500800")),
    malformed("header-handling-turned", "The two parts of the marking are exchanged.", field(8, "restricted/amber")),
    malformed("header-conversation-id-of-17-bytes", "The conversation id is too long.", edited("header", _longer(9))),
    malformed("header-respond-by-float", "A time is a float.", field(11, 1.0)),
    malformed("header-addressees-of-33-bytes", "The root is too long.", edited("header", _longer(13))),
    malformed("header-blobs-nil", "No blobs are an empty array.", field(14, None)),
    malformed("stanza-recipient-lower-case", "The recipient is not an address.", edited("stanza", put(0, "trib-qx-otp@icn"))),
    malformed("stanza-recipient-without-network", "A participant is no address.", edited("stanza", put(0, "TRIB-QX-OTP"))),
    malformed("stanza-blind-of-17-bytes", "The blind is too long.", edited("stanza", _longer(1))),
    malformed("stanza-key-id-of-17-bytes", "The key id is too long.", edited("stanza", _longer(2))),
    malformed("stanzas-root-of-33-bytes", "The root is too long.", edited("common", _longer(2))),
    malformed(
        "seal-key-id-of-17-bytes", "The key id is too long.", edited("common", change(SEAL, lambda s: [s[0] + b"\0", s[1]]))
    ),
    malformed("seal-nil", "The seal is not optional.", edited("common", put(SEAL, None))),
    malformed("approval-without-signature", "The approval has a key id only.", _approved_without_signature),
    malformed("signed-receipt-key-id-of-15-bytes", "The key id is too short.", _inline(1, bytes(15))),
    malformed("signed-receipt-signature-of-63-bytes", "The signature is too short.", _inline(2, bytes(63))),
    malformed("receipt-hash-of-31-bytes", "The envelope hash is too short.", _receipt_field(1, bytes(31))),
    malformed("receipt-subject-without-network", "The subject is not an address.", _receipt_field(SUBJECT, "NCB-QM")),
    malformed("receipt-signer-lower-case", "The signer is not an address.", _receipt_field(SIGNER, "gw-icn@icn")),
    malformed("receipt-number-above-53-bits", "The number is 2^53.", _receipt_field(NUMBER, 2**53)),
    malformed("receipt-log-root-of-31-bytes", "The root of the log is too short.", _receipt_field(LOG, [1, bytes(31)])),
    malformed("receipt-salt-of-15-bytes", "The salt is too short.", _receipt_field(SALT, bytes(15))),
    malformed("receipt-held-with-number", "A number in a receipt that is not accepted.", stated(number=41)),
    malformed("receipt-held-reason-text", "A reason that is no code.", stated(reason="Not a code")),
    malformed("receipt-held-reason-long", "A reason of 65 characters.", stated(reason="a" * 65)),
    malformed("receipt-held-reason-empty", "A reason of no characters.", _receipt_field(REASON, "")),
    malformed("receipt-rejected-without-reason", "Rejected, and nobody knows why.", stated(event="rejected")),
    malformed(
        "receipt-rejected-with-number",
        "A number in a receipt of a recipient.",
        stated(event="rejected", number=1, reason="late"),
    ),
    malformed("receipt-delivered-with-reason", "Delivered needs no reason.", stated(event="delivered", reason="late")),
    malformed("receipt-opened-with-reason", "Opened needs no reason.", stated(event="opened", reason="late")),
    malformed("receipt-event-upper-case", "Events are spelled in lower case.", _receipt_field(EVENT, "Accepted")),
]


def _event(event: str, reason: str | None = None) -> Case:
    name = f"accepted-event-{event}" if reason is None else f"accepted-event-{event}-with-reason"
    about = f"A well-formed receipt that says {event}; the subject is not looked at."
    return inside("accepted-event", name, about, stated(event=event, reason=reason))


# Every event is known to a reader, and whose subject it has is asked when the receipt is to count, not when it is read.
EVENTS = [
    *(_event(event) for event in (*STATED_BY_RECIPIENTS, *STATED_BY_GATEWAYS) if event != "held"),
    *(_event(event, "a-" + "b" * 62) for event in (*STATED_BY_GATEWAYS, "destroyed", "rejected", "refused")),
]
