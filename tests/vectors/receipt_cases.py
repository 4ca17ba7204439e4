"""
Vector cases of receipts that stand alone: each event by whom it may be stated, and one file for each way not to count.

Spec: schemas/envelope.md, "Receipts".
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gateway.envelope import KeyRecord, SigningKey, Use, contexts, parse_receipt, receipt_leaf, verify_receipt
from gateway.errors import Rejected
from gateway.ids import Address
from tests.envelope.world import DAY, GATEWAY, NOW, SENDER, World, signing_key, stream
from tests.vectors.envelope_forge import ME, OTHER, flip, pack, raw

BY_GATEWAY = ("accepted", "expired", "recalled", "held", "refused")
BY_RECIPIENT = ("delivered", "opened", "rejected", "destroyed")
EVENT, SUBJECT, SIGNER, AT, NUMBER, REASON, LOG = 0, 2, 3, 4, 5, 6, 7


@dataclass
class Stated:
    """A receipt to be, and what the directory says."""

    event: str
    elements: list[Any] = field(init=False)
    key: SigningKey | None = None
    spoil: Callable[[list[Any]], object] = lambda _: None

    def __post_init__(self) -> None:
        self.world = World.of([SENDER, ME, OTHER])
        accepted, by_gateway = self.event == "accepted", self.event in BY_GATEWAY
        subject, signer = SENDER if accepted else ME, GATEWAY if by_gateway else ME
        number, reason = 41 if accepted else None, "content-schema" if self.event in {"rejected", "refused"} else None
        salt = stream(f"receipt {self.event}")(16)
        self.elements = [self.event, bytes(range(32)), subject, signer, NOW, number, reason, [5, b"\x05" * 32], salt]

    def data(self) -> bytes:
        """Return the signed receipt."""
        receipt = pack(self.elements)
        key = self.key or signing_key(Address(self.elements[SIGNER]), Use.AGENT)
        signed = [receipt, key.key_id, key.sign(contexts.receipt_message(receipt))]
        self.spoil(signed)
        return pack(signed)


Setup = Callable[[Stated], object]


@dataclass(frozen=True)
class ReceiptCase:
    """One file to be; `code` is "" for a receipt that counts."""

    name: str
    about: str
    code: str
    event: str
    make: Setup = lambda _: None


def fields(**changes: object) -> Setup:
    """Return a setup that changes fields before the receipt is signed."""
    places = {"event": EVENT, "subject": SUBJECT, "signer": SIGNER, "at": AT, "number": NUMBER, "reason": REASON, "log": LOG}

    def make(stated: Stated) -> None:
        for name, value in changes.items():
            stated.elements[places[name]] = value

    return make


def listed(not_before: int = NOW - DAY, not_after: int = NOW + DAY, revoked: int | None = None) -> Setup:
    """Return a setup in which the recipient's agent key has these times."""

    def make(stated: Stated) -> None:
        public = signing_key(ME, Use.AGENT).public
        stated.world.records[public.key_id] = KeyRecord.of(public, not_before, not_after, revoked)

    return make


def signed_by(address: Address, use: Use = Use.AGENT) -> Setup:
    """Return a setup in which this key signs."""
    return lambda stated: setattr(stated, "key", signing_key(address, use))


def spoiled(change: Callable[[list[Any]], object]) -> Setup:
    """Return a setup that changes the signed receipt."""
    return lambda stated: setattr(stated, "spoil", change)


CASES = [
    *(ReceiptCase(f"valid-{event}", f"{event.capitalize()}, stated by the gateway.", "", event) for event in BY_GATEWAY),
    *(ReceiptCase(f"valid-{event}", f"{event.capitalize()}, stated by the recipient.", "", event) for event in BY_RECIPIENT),
    ReceiptCase("valid-without-log", "No log was verified yet.", "", "opened", fields(log=None)),
    ReceiptCase("valid-expired-with-reason", "A reason where one may stand.", "", "expired", fields(reason="late")),
    ReceiptCase("valid-destroyed-with-reason", "A reason where one may stand.", "", "destroyed", fields(reason="late")),
    ReceiptCase("valid-key-first-second", "The key is good from this second on.", "", "opened", listed(NOW)),
    ReceiptCase("valid-key-last-second", "The key is good until the next second.", "", "opened", listed(not_after=NOW + 1)),
    ReceiptCase("valid-key-revoked-later", "The key was revoked in the next second.", "", "opened", listed(revoked=NOW + 1)),
    *(
        ReceiptCase(f"{event}-by-another", "Stated by another participant.", "signature-bad", event, fields(signer=OTHER))
        for event in (*BY_GATEWAY, *BY_RECIPIENT)
    ),
    *(
        ReceiptCase(
            f"{event}-by-the-gateway", "The gateway answers for a recipient.", "signature-bad", event, fields(signer=GATEWAY)
        )
        for event in BY_RECIPIENT
    ),
    ReceiptCase(
        "key-unknown", "A key that is not in the directory.", "signature-bad", "opened", signed_by(Address("NCB-QT@icn"))
    ),
    ReceiptCase("key-of-another", "Signed with another one's key.", "signature-bad", "opened", signed_by(OTHER)),
    ReceiptCase("key-author", "Signed with a key for another use.", "signature-bad", "opened", signed_by(ME, Use.AUTHOR)),
    ReceiptCase("key-not-yet", "The key is good from the next second on.", "signature-bad", "opened", listed(NOW + 1)),
    ReceiptCase("key-closed", "The key was good until this second.", "signature-bad", "opened", listed(not_after=NOW)),
    ReceiptCase("key-revoked", "The key was revoked in this second.", "signature-bad", "opened", listed(revoked=NOW)),
    ReceiptCase(
        "signature-bad",
        "A bit of the signature.",
        "signature-bad",
        "opened",
        spoiled(lambda s: s.__setitem__(2, flip(0)(s[2]))),
    ),
    ReceiptCase(
        "too-large", "An element too many, and too large.", "too-large", "opened", spoiled(lambda s: s.append(bytes(500)))
    ),
    ReceiptCase("element-extra", "A fourth element.", "malformed", "opened", spoiled(lambda s: s.append(None))),
    ReceiptCase(
        "key-id-bin16",
        "The key id says its length in two bytes.",
        "not-canonical",
        "opened",
        spoiled(lambda s: s.__setitem__(1, raw("c50010" + s[1].hex()))),
    ),
    ReceiptCase("refused-without-reason", "The author would not know why.", "malformed", "refused", fields(reason=None)),
    ReceiptCase("rejected-without-reason", "Nobody knows why.", "malformed", "rejected", fields(reason=None)),
    ReceiptCase("opened-with-reason", "Opened needs no reason.", "malformed", "opened", fields(reason="late")),
    ReceiptCase("opened-with-number", "A number stands in accepted alone.", "malformed", "opened", fields(number=1)),
    ReceiptCase("event-unknown", "An event that does not exist.", "malformed", "opened", fields(event="read")),
]


def build(case: ReceiptCase) -> dict[str, Any]:
    """Build the file of a case, and make sure that it does what it says."""
    stated = Stated(case.event)
    case.make(stated)
    data = stated.data()
    expected = _judge(data, stated.world)
    if expected.get("code", "") != case.code:
        raise AssertionError(f"{case.name}: {expected}, not {case.code}")
    return {
        "name": case.name,
        "about": case.about,
        "gateways": sorted(stated.world.gateways),
        "keys": [_record(record) for record in stated.world.records.values() if record.use in {Use.AGENT, Use.AUTHOR}],
        "receipt": b64encode(data).decode(),
        "expected": expected,
    }


def _judge(data: bytes, world: World) -> dict[str, Any]:
    try:
        signed = parse_receipt(data)
        receipt = verify_receipt(signed, world)
    except Rejected as refused:
        return {"code": refused.code}
    return {
        "event": str(receipt.event),
        "envelope_hash": receipt.envelope_hash.hex(),
        "subject": receipt.subject,
        "signer": receipt.signer,
        "at": receipt.at,
        "number": receipt.number,
        "reason": receipt.reason,
        "leaf": receipt_leaf(signed.receipt_bytes).hex(),
    }


def _record(record: KeyRecord) -> dict[str, Any]:
    times = {"not_before": record.not_before, "not_after": record.not_after, "revoked_at": record.revoked_at}
    return {"address": record.address, "use": str(record.use), "key": record.key.hex(), **times}
