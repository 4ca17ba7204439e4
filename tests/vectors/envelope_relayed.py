"""
Vector cases that tell `first` from `last`: mail from another network, and keys that change between its two acceptances.

The first gateway accepts at FIRST, mine at LAST; keys start, end and are revoked at BETWEEN. A key is good when it was valid
at `first` and not revoked by `last`; the key of a receipt when it was valid at its own time and not revoked by `last`.
Spec: schemas/envelope.md, "Keys".
"""

from __future__ import annotations

from gateway.envelope import SigningKey, Use
from gateway.ids import Address, Network
from tests.envelope.world import GATEWAY, NOW, signing_key
from tests.vectors.envelope_case import Case
from tests.vectors.envelope_checks import GATEWAY_XA, NCB_XA, inside, relayed
from tests.vectors.envelope_forge import Forge
from tests.vectors.envelope_forms import Make, refused

FIRST, BETWEEN, LAST = NOW + 60, NOW + 75, NOW + 90
USES = {Use.AGENT: "seal-key", Use.APPROVAL: "approval-key", Use.AUTHOR: "author-key"}
STEPS = {Use.AGENT: "4", Use.APPROVAL: "4", Use.AUTHOR: "7"}
XNET = Network("xnet")


def with_key(key: SigningKey, first: int = FIRST, last: int = LAST, **times: int) -> Make:
    """Return a setup of relayed mail, approved by a second officer, in which one key has other times."""

    def make(forge: Forge) -> None:
        relayed(forge, first, last)
        forge.approver = signing_key(NCB_XA, Use.APPROVAL)
        forge.relist(key, **times)

    return make


def _of_sender(use: Use) -> SigningKey:
    return signing_key(NCB_XA, use)


def _opens(name: str, about: str, make: Make) -> Case:
    return Case(f"valid-relayed-{name}", about, "", "", make)


def _stranger(version: int) -> Make:
    """The directory of the sender's network is one that I never got."""

    def make(forge: Forge) -> None:
        relayed(forge)
        forge.world.versions.pop(XNET)
        forge.directory_version = version

    return make


def _sealed_by(sealer: Address, sender: Address, version: int) -> Make:
    """Sender and sealer are of two networks: which directory counts shows before that is refused."""

    def make(forge: Forge) -> None:
        relayed(forge)
        forge.sender, forge.sealer, forge.directory_version = sender, sealer, version

    return make


def _relayed_with_mine(forge: Forge) -> None:
    relayed(forge)
    forge.directory_version = 5


VALID_RELAYED = [
    *(
        _opens(f"{use}-key-ends-between", f"The {use} key ended before my gateway accepted.", make)
        for use in USES
        for make in [with_key(_of_sender(use), not_after=BETWEEN)]
    ),
    *(
        _opens(
            f"{use}-key-revoked-after-last", f"The {use} key was revoked before the later time, after the one of mine.", make
        )
        for use in USES
        for make in [with_key(_of_sender(use), first=LAST, last=FIRST, revoked=BETWEEN)]
    ),
    _opens(
        "first-gateway-key-ends-between",
        "The first gateway's key ended before mine accepted.",
        with_key(signing_key(GATEWAY_XA, Use.AGENT), not_after=BETWEEN),
    ),
    _opens(
        "my-gateway-key-starts-between",
        "My gateway's key started after the first acceptance.",
        with_key(signing_key(GATEWAY, Use.AGENT), not_before=BETWEEN),
    ),
    _opens("directory-0", "A network that my directory versions do not list has 0.", _stranger(0)),
]

RELAYED: dict[str, list[Case]] = {
    "1": [
        refused(
            "directory-ahead",
            "directory-ahead-of-the-sender",
            "Newer than what I have of the sender's network, older than mine.",
            _relayed_with_mine,
        ),
        refused(
            "directory-ahead",
            "directory-ahead-of-the-sealer",
            "Newer than what I have of the sealer's network, older than the sender's and mine.",
            _sealed_by(GATEWAY_XA, Address("NCB-QM@icn"), 5),
        ),
        refused("directory-ahead", "directory-not-listed", "Version 1 of a network of which I have none.", _stranger(1)),
    ],
    "2": [
        inside(
            "accepted-key",
            "accepted-first-key-revoked-between",
            "The first gateway's key was revoked before mine accepted.",
            with_key(signing_key(GATEWAY_XA, Use.AGENT), revoked=BETWEEN),
        ),
        inside(
            "accepted-key",
            "accepted-first-key-starts-between",
            "The first gateway's key started after its acceptance, before mine.",
            with_key(signing_key(GATEWAY_XA, Use.AGENT), not_before=BETWEEN),
        ),
        inside(
            "accepted-key",
            "accepted-second-key-ends-between",
            "My gateway's key ended after the first acceptance, before its own.",
            with_key(signing_key(GATEWAY, Use.AGENT), not_after=BETWEEN),
        ),
    ],
    "3": [
        refused(
            "sealer-not-allowed",
            "sealer-directory-known",
            "Newer than the sender's directory, not than the sealer's: refused as sealed by another network.",
            _sealed_by(GATEWAY, NCB_XA, 5),
        ),
    ],
}
for _use, _reason in USES.items():
    RELAYED.setdefault(STEPS[_use], []).extend(
        [
            inside(
                _reason,
                f"{_reason}-starts-between",
                "The key started after the first acceptance, before mine.",
                with_key(_of_sender(_use), not_before=BETWEEN),
            ),
            inside(
                _reason,
                f"{_reason}-revoked-between",
                "The key was revoked after the first acceptance, before mine.",
                with_key(_of_sender(_use), revoked=BETWEEN),
            ),
        ]
    )
