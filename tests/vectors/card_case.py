"""
One vector file of the directory: what stands in it, and what a reader must find.

`outcome` runs a file from what stands in it alone; the generator uses it to make sure that each file does what it says.
Spec: schemas/directory.md, "Vectors".
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gateway.directory.cards import (
    CARD_USES,
    GATEWAY_USES,
    DeliveryCard,
    KeyCard,
    verify_delivery_card,
    verify_key_card,
)
from gateway.directory.registrar import accept_card
from gateway.directory.view import Directory, build
from gateway.envelope.keys import PublicKey, Use
from gateway.errors import Rejected
from gateway.ids import Address, KeyId, Network

__all__ = ["CardCase", "build_case", "outcome"]

Vector = dict[str, Any]


@dataclass(frozen=True)
class CardCase:
    """
    One file to be.

    Attributes:
        form: What is read: `key-card`, `delivery-card`, `publish` or `view`; begins the file's name.
        name: The defect, or `valid-...`.
        about: One sentence for a reader.
        code: "" for what is accepted.
        given: What the reader gets, as it stands in the file.
    """

    form: str
    name: str
    about: str
    code: str
    given: Vector

    @property
    def file_name(self) -> str:
        """Name of the file."""
        return f"{self.form}-{self.name}.json"


def build_case(case: CardCase) -> Vector:
    """Build the file of a case, and make sure that it does what it says."""
    vector = {"name": case.name, "about": case.about, "form": case.form, **case.given}
    expected = outcome(vector)
    if expected.get("code", "") != case.code:
        raise AssertionError(f"{case.file_name}: {expected}, not {case.code!r}")
    return {**vector, "expected": expected}


def outcome(vector: Vector) -> Vector:
    """Return what came of an input in the words of the file."""
    try:
        return _READERS[vector["form"]](vector)
    except Rejected as refused:
        return {"code": refused.code}


def _key_card(vector: Vector) -> Vector:
    return _told(_verified(vector))


def _verified(vector: Vector) -> KeyCard:
    identity = PublicKey(Address(vector["address"]), Use.IDENTITY, bytes.fromhex(vector["identity"]))
    return verify_key_card(b64decode(vector["key_card"]), identity, GATEWAY_USES if vector["gateway"] else CARD_USES)


def _delivery_card(vector: Vector) -> Vector:
    revoked = {KeyId(bytes.fromhex(key)) for key in vector["revoked"]}
    card = verify_delivery_card(b64decode(vector["delivery_card"]), _verified(vector), revoked)
    reads = [[reads.kind, list(reads.versions)] for reads in card.reads]
    return {**_told(card), "suites": list(card.suites), "reads": reads}


def _publish(vector: Vector) -> Vector:
    directory = _directory(vector)
    return {"path": accept_card(directory, Address(vector["sender"]), b64decode(vector["card"]), vector["now"])}


def _view(vector: Vector) -> Vector:
    directory = _directory(vector)
    revoked = {record.key_id.hex(): record.revoked_at for record in directory.all_keys() if record.revoked_at is not None}
    return {
        "active": [entry.address for entry in directory.entries.values() if entry.active],
        "held_back": dict(directory.held_back),
        "revoked": revoked,
        "stolen": sorted(key.hex() for key in directory.stolen_keys()),
    }


def _directory(vector: Vector) -> Directory:
    cards = {path: b64decode(card) for path, card in vector["cards"].items()}
    return build(Network(vector["network"]), 1, vector["who"].encode(), cards, vector["revocations"].encode())


def _told(card: KeyCard | DeliveryCard) -> Vector:
    keys = [[record.use, record.key_id.hex(), record.not_before, record.not_after] for record in card.records()]
    return {"address": card.address, "serial": card.serial, "issued": card.issued, "expires": card.expires, "keys": keys}


_READERS: dict[str, Callable[[Vector], Vector]] = {
    "key-card": _key_card,
    "delivery-card": _delivery_card,
    "publish": _publish,
    "view": _view,
}
