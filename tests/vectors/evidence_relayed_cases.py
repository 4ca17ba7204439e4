"""
Vector cases of evidence between two networks, by step: both directions, and what neither network may say for the other.

Spec: schemas/audit.md, "Evidence between two networks".
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from gateway.directory.leaves import entry_leaf, far_leaf
from gateway.ids import Network
from tests.vectors.evidence_forge import AT, DAY, GATE, ME, OTHER, SENDER, Stated, key_of, member
from tests.vectors.evidence_relayed import (
    EU,
    FAR,
    FAR_GATE,
    FAR_OTHER,
    THERE,
    Relayed,
    first_of,
    inwards,
    outwards,
    said,
    taken_over,
)
from tests.vectors.evidence_setups import OPENED, STOLEN, EvidenceCase, flipped, forged_card, revoked, spoilt, stranger

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["RELAYED"]

Case = partial(EvidenceCase, forge=Relayed)
TAKEN, OPENED_THERE = taken_over(), said("opened")


def there(place: int, spoil: Callable[[Any], Any]) -> Callable[[list[Any]], list[Any]]:
    """Return a spoil of one element of what there is of the other network."""
    return lambda far: [*far[:place], spoil(far[place]), *far[place + 1 :]]


def without_card(leaves: list[Any]) -> list[Any]:
    """Take the first card away."""
    return [leaves[0], *leaves[2:]]


def replaced(leaves: list[Any]) -> list[Any]:
    """Show a key card that is in no log, at the place of the one that is."""
    card = leaves[1][0]
    return [leaves[0], [card[:-1] + bytes([card[-1] ^ 1]), *leaves[1][1:]], *leaves[2:]]


STOLEN_THERE = revoked(key_of(FAR), AT + 10, STOLEN)
VALID = [
    Case("valid-relayed-taken-over", "The other network accepted it; nobody has answered.", "", outwards(TAKEN)),
    Case("valid-relayed-opened", "A recipient there opened it.", "", outwards(TAKEN, OPENED_THERE)),
    Case(
        "valid-relayed-both",
        "A neighbour and a recipient there are named.",
        "",
        outwards(OPENED, OPENED_THERE, named=(ME, FAR)),
    ),
    Case(
        "valid-relayed-refused",
        "The other network refused it for one recipient.",
        "",
        outwards(said("refused", FAR_GATE, about=FAR, reason="border-kind")),
    ),
    Case(
        "valid-relayed-unanswered",
        "The author's own gateway says that nobody answered.",
        "",
        outwards(Stated("expired", GATE, FAR, at=30 * DAY, reason="unanswered")),
    ),
    Case("valid-relayed-recipient", "What came from there, as its recipient here shows it.", "", inwards(OPENED)),
    Case("valid-relayed-content", "The same with what it says.", "", inwards(OPENED, opened=True)),
    Case(
        "valid-relayed-sealed-by-gateway",
        "Clear text that the gateway there sealed: the first acceptance stands for its seal.",
        "",
        inwards(sealer=None, header={"sender": FAR, "sealer": FAR_GATE, "kind": "request.response"}),
    ),
    Case(
        "valid-relayed-stolen-later",
        "A key there was stolen later: the receipt stands in the log before the revocation does.",
        "",
        outwards(OPENED_THERE, far_revoked=[STOLEN_THERE], far_shown=[STOLEN_THERE], late_far=True),
    ),
]
STEP_1 = [
    Case("relayed-element-missing", "Without the other network.", "malformed", outwards(spoils=[lambda one: one.pop()])),
    Case("relayed-network-same", "The other network is this one.", "network", spoilt(THERE, there(0, lambda _: "icn"))),
    Case("relayed-nobody-there", "Nobody in it is of the other network.", "network", outwards(OPENED, named=(ME,))),
    Case(
        "relayed-third-network", "Somebody of a third network is named.", "network", spoilt(THERE, there(0, lambda _: "eucn"))
    ),
    Case(
        "relayed-first-missing",
        "What came from there, without its acceptance there.",
        "network",
        spoilt(THERE, there(3, lambda _: None), inwards(OPENED)),
    ),
    Case("relayed-first-surplus", "An acceptance there of what was written here.", "network", outwards(first=first_of())),
]
STEP_3 = [
    Case(
        "relayed-card-not-in-log",
        "A key card of a recipient there that the log does not have.",
        "inclusion",
        spoilt(THERE, there(1, replaced), outwards(OPENED_THERE)),
    ),
]
STEP_4 = [
    Case(
        "relayed-leaf-not-wrapped",
        "A word of the own directory among those of the other one.",
        "leaf-surplus",
        outwards(far_more=[entry_leaf(member(OTHER).entry)]),
    ),
    Case(
        "relayed-leaf-of-a-third-network",
        "A leaf about another network.",
        "leaf-surplus",
        outwards(far_more=[far_leaf(Network("eucn"), entry_leaf(member(FAR).entry))]),
    ),
    Case(
        "relayed-leaf-among-own",
        "A word of the other directory among those of the own one.",
        "leaf-surplus",
        outwards(more=[far_leaf(EU, entry_leaf(member(FAR_OTHER).entry))]),
    ),
    Case(
        "relayed-entry-of-this-network",
        "The other directory lists somebody of this network.",
        "directory",
        outwards(far_more=[far_leaf(EU, entry_leaf(member(OTHER).entry))]),
    ),
    Case(
        "relayed-version-none",
        "No version of the other directory.",
        "version-missing",
        spoilt(THERE, there(1, lambda leaves: leaves[:-1]), outwards(OPENED_THERE)),
    ),
    Case(
        "relayed-revocations-other",
        "A revocation there is hidden.",
        "revocations",
        spoilt(THERE, there(2, lambda _: b'{"network":"eu-network","keys":[]}'), outwards(far_revoked=[STOLEN_THERE])),
    ),
    Case(
        "relayed-card-missing",
        "An entry there without its card.",
        "leaf-surplus",
        spoilt(THERE, there(1, without_card), outwards(OPENED_THERE)),
    ),
    Case(
        "relayed-card-of-another-identity",
        "A key card there is signed by another one's identity key.",
        "card",
        outwards(OPENED_THERE, far_cards={FAR: forged_card(FAR, FAR_OTHER)}),
    ),
    Case(
        "relayed-signer-not-listed",
        "Whoever acknowledged there is not listed.",
        "leaf-missing",
        outwards(OPENED_THERE, left_out={FAR}),
    ),
    Case(
        "relayed-stranger-listed", "Somebody there is listed who signed nothing.", "leaf-surplus", outwards(listed={FAR_OTHER})
    ),
    Case(
        "relayed-directory-older-than-sealed-with",
        "Sealed with a later directory there than the one that is shown.",
        "directory-old",
        inwards(OPENED, far_version=2),
    ),
]
STEP_6 = [
    Case(
        "relayed-accepted-there-alone",
        "The gateway there accepts for this network.",
        "accepted-signer",
        inwards(receipts=[Stated("accepted", FAR_GATE, FAR)]),
    ),
    Case(
        "relayed-first-by-this-network",
        "This network's gateway accepts for the author's.",
        "accepted-signer",
        inwards(first=first_of(by=GATE)),
    ),
    Case(
        "relayed-first-of-another-envelope",
        "The first acceptance is of another envelope.",
        "accepted-hash",
        inwards(OPENED, first=first_of(hash=bytes(range(32)))),
    ),
    Case(
        "relayed-first-of-another-sender",
        "The first acceptance is of another's.",
        "accepted-subject",
        inwards(first=first_of(about=FAR_OTHER)),
    ),
    Case(
        "relayed-first-held",
        "The gateway there held it, and did not accept.",
        "accepted-event",
        inwards(first=first_of(event="held")),
    ),
    Case(
        "relayed-first-swapped",
        "The first acceptance with the signature of another one.",
        "accepted-signature",
        inwards(first=first_of(spoil=lambda one: one.__setitem__(2, flipped(one[2])))),
    ),
    Case(
        "relayed-first-key-revoked",
        "The key of the gateway there was revoked before it was accepted here.",
        "accepted-key",
        inwards(far_revoked=[revoked(key_of(FAR_GATE), AT)]),
    ),
]
STEP_7 = [
    Case("relayed-first-later", "Accepted there long after it was here.", "out-of-time", inwards(first=first_of(at=301))),
    Case(
        "relayed-first-too-late",
        "Accepted there eight days after it was written.",
        "out-of-time",
        inwards(header={"sender": FAR, "sealer": FAR, "created": AT - 8 * DAY, "expires": AT + DAY}),
    ),
    Case(
        "relayed-expired",
        "It crossed the border after its end.",
        "expired",
        inwards(header={"sender": FAR, "sealer": FAR, "created": AT - DAY, "expires": AT}, first=first_of(at=-DAY)),
    ),
]
STEP_8 = [
    Case(
        "relayed-seal-missing",
        "No seal, and the gateway that sealed did not accept first.",
        "seal-missing",
        inwards(sealer=None, header={"sender": FAR, "sealer": FAR, "kind": "request.response"}),
    ),
    Case(
        "relayed-seal-key-revoked",
        "The author's key was revoked after it was accepted there, and before it was here.",
        "seal-key",
        inwards(far_revoked=[revoked(key_of(FAR), AT - 10)]),
    ),
]
STEP_10 = [
    Case("relayed-taken-over-twice", "Two acceptances there.", "receipt-event", outwards(TAKEN, taken_over(at=6))),
    Case(
        "relayed-accepted-again",
        "What came from there is accepted there again.",
        "receipt-event",
        inwards(taken_over(about=FAR)),
    ),
    Case("relayed-taken-over-from-another", "Taken over from another.", "receipt-stranger", outwards(taken_over(about=ME))),
    Case(
        "relayed-receipt-of-another-envelope",
        "A receipt from there about another envelope.",
        "receipt-hash",
        outwards(said("opened", hash=bytes(range(32)))),
    ),
    Case(
        "relayed-receipt-of-a-stranger",
        "A receipt of somebody there who is not named.",
        "receipt-stranger",
        outwards(said("opened", FAR_OTHER)),
    ),
    Case(
        "relayed-refused-here",
        "The author's gateway refuses for the other network.",
        "receipt-signer",
        outwards(Stated("refused", GATE, FAR, at=9, reason="border-kind")),
    ),
    Case(
        "relayed-expired-there-of-a-neighbour",
        "The gateway there speaks of a neighbour.",
        "receipt-signer",
        outwards(said("expired", FAR_GATE, about=ME), named=(ME, FAR)),
    ),
    Case(
        "relayed-receipt-key",
        "Signed with a key that no card there lists.",
        "receipt-key",
        outwards(said("opened", key=stranger(FAR))),
    ),
    Case(
        "relayed-receipt-dated-back",
        "A key there was stolen, and the receipt came into the log after the revocation.",
        "receipt-key",
        outwards(OPENED_THERE, far_revoked=[STOLEN_THERE], far_shown=[STOLEN_THERE]),
    ),
    Case(
        "relayed-log-view-forked",
        "Two signers there saw two trees of one size.",
        "log-view",
        outwards(taken_over(view=(1 << 40, bytes(32))), said("opened", view=(1 << 40, bytes(range(32))))),
    ),
]
STEP_11 = [
    Case(
        "relayed-author-key-of-this-network",
        "The content is signed by somebody of this network.",
        "author-key",
        inwards(opened=True, author=key_of(SENDER)),
    ),
]
RELAYED = {
    "0": VALID,
    "1": STEP_1,
    "3": STEP_3,
    "4": STEP_4,
    "6": STEP_6,
    "7": STEP_7,
    "8": STEP_8,
    "10": STEP_10,
    "11": STEP_11,
}
