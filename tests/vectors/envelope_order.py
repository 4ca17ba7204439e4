"""
Vector cases with two defects: the one that stands first in the text is told.

Each name says what is told, and before what.
Spec: schemas/envelope.md, "Opening".
"""

from __future__ import annotations

from gateway.envelope import Use
from gateway.ids import Network
from tests.envelope.world import DAY, NOW, SENDER, delivery_key, signing_key
from tests.vectors.envelope_case import Case
from tests.vectors.envelope_checks import NEEDS_APPROVAL, acceptance, agent, approved, bad_signature, inside, relayed, times
from tests.vectors.envelope_forge import OTHER, Acceptance, Edit, Forge, change, flip, put, raw
from tests.vectors.envelope_forms import Make, edited, receipt, refused, spoiled
from tests.vectors.envelope_limits import all_of


def first_of(code: str, told: str, before: str, *makes: Make) -> Case:
    """Return a case of two defects, of which the first is told with a code of its own."""
    return refused(code, f"order-{told}-before-{before}", f"Two defects: {told} and {before}.", all_of(*makes))


def told(reason: str, before: str, *makes: Make) -> Case:
    """Return a case of two defects, of which the first is told as `cannot-open`."""
    return inside(reason, f"order-{reason}-before-{before}", f"Two defects: {reason} and {before}.", all_of(*makes))


def _in_turn(*edits: Edit) -> Edit:
    return lambda elements: [edit(elements) for edit in edits]


def _newer(forge: Forge) -> None:
    forge.world.versions[Network("icn")] = 6


def _twice(forge: Forge) -> None:
    forge.acceptances = [Acceptance(), Acceptance(number=42)]


def _second_held(forge: Forge) -> None:
    """The first receipt is spoiled at its end, the second at its beginning."""
    relayed(forge)
    forge.acceptances[1].event, forge.acceptances[1].number = "held", None
    forge.acceptances[0].signer = signing_key(OTHER, Use.AGENT)


def _spoiled_seal(forge: Forge) -> None:
    forge.edit["common"] = bad_signature(5)


def _in_my_future(forge: Forge) -> None:
    forge.now = NOW - 241


_BAD_RECEIPT: Make = edited("signed receipt", change(2, flip(63)))
_BAD_WRAP: Make = edited("stanza", change(3, flip(0)))
_BAD_PROOF: Make = edited("delivery", put(3, []))
_UNKNOWN_SUITE: Make = edited("core", put(0, 2))
_OTHER_STANZA: Make = edited("stanza", put(0, "NCB-QT@icn"))
_NO_NUMBER: Make = receipt(5, None)
_EXPIRED: Make = times(expires=NOW + 60)


def _to_a_key_of_another(forge: Forge) -> None:
    forge.keys[forge.me] = delivery_key(OTHER)


ORDER_1 = [
    first_of("malformed", "delivery", "version", edited("common", put(0, "E2")), edited("delivery", lambda e: e.append(None))),
    first_of("unknown-version", "version", "suite", edited("common", put(0, "E2")), _UNKNOWN_SUITE),
    first_of(
        "malformed", "signed-receipt", "version", edited("common", put(0, "E2")), edited("signed receipt", put(2, bytes(63)))
    ),
    first_of("malformed", "seal", "suite", edited("common", put(5, [bytes(16)])), _UNKNOWN_SUITE),
    first_of(
        "not-canonical", "common", "body-length", edited("common", put(0, raw("d9024531"))), spoiled("body", lambda b: b[:1000])
    ),
    first_of("malformed", "body-length", "suite", spoiled("body", lambda body: body[:1000]), _UNKNOWN_SUITE),
    first_of("not-canonical", "core", "header", edited("core", put(1, raw("cd0007"))), edited("header", lambda e: e.pop())),
    first_of("malformed", "header", "stanza", edited("header", lambda e: e.pop()), edited("stanza", put(0, "A" * 200))),
    first_of("too-large", "stanza", "receipt", edited("stanza", put(0, "A" * 200)), _NO_NUMBER),
    first_of("malformed", "receipt", "directory", _NO_NUMBER, _newer),
    first_of("directory-ahead", "directory", "accepted-count", _newer, _twice),
    first_of("malformed", "form", "spelling", edited("header", _in_turn(put(0, bytes(15)), put(12, raw("cc02"))))),
    first_of(
        "not-canonical",
        "spelling",
        "receipt-rules",
        edited("receipt", _in_turn(put(4, raw(f"cf{NOW + 60:016x}")), put(5, None))),
    ),
]

ORDER_2 = [
    told("accepted-count", "accepted-event", lambda f: setattr(f, "acceptances", [Acceptance(event="held", number=None)] * 2)),
    told("accepted-event", "accepted-subject", acceptance(event="held", number=None, subject=OTHER)),
    told("accepted-subject", "accepted-hash", acceptance(subject=OTHER, envelope_hash=bytes(32))),
    told("accepted-hash", "accepted-signer", acceptance(gateway=OTHER, envelope_hash=bytes(32))),
    told("accepted-signer", "accepted-key", acceptance(gateway=OTHER, signer=signing_key(OTHER, Use.AUTHOR))),
    told("accepted-key", "accepted-signature", acceptance(signer=signing_key(OTHER, Use.AGENT)), _BAD_RECEIPT),
    told("accepted-key", "second-accepted-event", _second_held),
    told("accepted-signature", "clock-skew", _BAD_RECEIPT, _in_my_future),
]

ORDER_3 = [
    first_of("clock-skew", "clock-skew", "expired", _in_my_future, _EXPIRED),
    first_of("expired", "expired", "created", times(expires=NOW + 60, created=NOW - 8 * DAY)),
    first_of("out-of-time", "created", "sealer", times(created=NOW - 8 * DAY), lambda f: setattr(f, "sealer", OTHER)),
    first_of("sealer-not-allowed", "sealer", "seal-key", lambda f: setattr(f, "sealer", OTHER), agent(SENDER, Use.AUTHOR)),
]

ORDER_4 = [
    told("seal-key", "seal-signature", agent(OTHER), _spoiled_seal),
    told("seal-signature", "approval-missing", times(kind=NEEDS_APPROVAL), _spoiled_seal),
    told("approval-missing", "stanza-recipient", times(kind=NEEDS_APPROVAL), _OTHER_STANZA),
    told("approval-key", "approval-signature", approved(OTHER), edited("common", bad_signature(6))),
    told("approval-signature", "stanza-recipient", approved(), edited("common", bad_signature(6)), _OTHER_STANZA),
]

ORDER_5 = [
    told("stanza-recipient", "addressee-proof", _OTHER_STANZA, _BAD_PROOF),
    told("addressee-proof", "stanza-key", _BAD_PROOF, _to_a_key_of_another),
]

ORDER_6 = [
    told("stanza-key", "wrap", _to_a_key_of_another, _BAD_WRAP),
    told("wrap", "commit", _BAD_WRAP, spoiled("commit", flip(0))),
    told("commit", "body", spoiled("commit", flip(0)), spoiled("body", flip(0))),
    told("body", "padding", spoiled("body", flip(0)), spoiled("padded", lambda p: bytes(len(p)))),
    told("padding", "inner", spoiled("padded", lambda p: p[:-1] + b"\1"), edited("inner", lambda e: e.append(None))),
    told(
        "inner",
        "author-key",
        edited("inner", lambda e: e.append(None)),
        lambda f: setattr(f, "author", signing_key(OTHER, Use.AUTHOR)),
    ),
]

ORDER_7 = [
    told(
        "author-key",
        "author-signature",
        lambda f: setattr(f, "author", signing_key(OTHER, Use.AUTHOR)),
        edited("inner", change(1, flip(0))),
    ),
]
