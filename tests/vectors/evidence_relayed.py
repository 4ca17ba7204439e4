"""
What the vector cases of evidence between two networks are made with: the same bundle, and what there is of the other network.

By default NCB-QM writes to a neighbour and to GN-QN of `eu-network`; `inwards` is what a recipient here has of a message from
there. Participants of the other network are named with it.
Spec: schemas/audit.md, "Evidence between two networks".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from gateway.directory.entries import KeyRevocation, Revocations, encode_revocations
from gateway.directory.leaves import card_leaf, entry_leaf, far_leaf, revocation_leaf, version_leaf
from gateway.envelope import Use
from gateway.ids import Network
from tests.vectors.evidence_forge import DIRECTORY, GATE, ME, SENDER, Forge, Stated, accepted, card_of, member
from tests.vectors.evidence_setups import Setup, change

__all__ = ["EU", "FAR", "FAR_GATE", "FAR_OTHER", "THERE", "Relayed", "first_of", "inwards", "outwards", "said", "taken_over"]

EU: Final = Network("eu-network")
FAR, FAR_OTHER, FAR_GATE = (f"{name}@{EU}" for name in ("GN-QN", "GN-QX", "GW-EU"))
THERE: Final = 15  # place of what there is of the other network


@dataclass
class Relayed(Forge):
    """A bundle of a message that crossed a border; `first` makes it one that came from there."""

    recipients: list[str] = field(default_factory=lambda: [ME, FAR, FAR_OTHER])
    first: Stated | None = None
    far_version: int = 3
    far_cards: dict[str, bytes] = field(default_factory=dict)
    far_revoked: list[KeyRevocation] = field(default_factory=list)
    far_shown: list[KeyRevocation] = field(default_factory=list)
    far_more: list[bytes] = field(default_factory=list)  # already wrapped
    far_network: Network = EU
    late_far: bool = False  # what tells of it stands after the receipts

    def signers(self) -> set[str]:
        """Return who must be listed of this network: the log's gateway, and whoever signed something."""
        return {name for name in self._signed() | {GATE} if "@" not in name}

    def finish(self, elements: list[Any]) -> None:
        """Let what tells of the other network stand in its own element."""
        far = [one for one in elements[DIRECTORY] if one[0] in self.far_leaves]
        elements[DIRECTORY] = [one for one in elements[DIRECTORY] if one not in far]
        first = None if self.first is None else self._receipt(self.first)
        elements[0] = "EV2"
        elements.append([self.far_network, far, self._far_revocations(), first])

    def _signed(self) -> set[str]:
        more = {self.first.by} if self.first is not None else set()
        writer = self.header.get("sender", SENDER)
        return {writer, self.header.get("sealer", writer), *(one.by for one in self.receipts), *more, *self.listed}

    def _leaves(self) -> tuple[list[bytes], list[bytes]]:
        before, after = super()._leaves()
        names = {name for name in self._signed() if "@" in name} - self.left_out
        told: list[bytes] = []
        for name in sorted(names):
            path = f"cards/{name.partition('@')[0]}/key"
            told += [entry_leaf(member(name).entry), card_leaf(path, self.far_cards.get(name) or card_of(name))]
        told += map(revocation_leaf, self.far_shown)
        told.append(version_leaf(self.far_version, bytes(32), b"who", self._far_revocations()))
        self.far_leaves = [*(far_leaf(EU, leaf) for leaf in told), *self.far_more]
        return (before, [*self.far_leaves, *after]) if self.late_far else ([*before, *self.far_leaves], after)

    def _far_revocations(self) -> bytes:
        return encode_revocations(Revocations(network=self.far_network, keys=tuple(self.far_revoked)))


def taken_over(**changes: Any) -> Stated:
    """Return the acceptance of the other network's gateway."""
    return Stated(**{"event": "accepted", "by": FAR_GATE, "about": SENDER, "at": 5, "view": None, **changes})


def said(event: str, by: str = FAR, **changes: Any) -> Stated:
    """Return a receipt that was signed there."""
    return Stated(**{"event": event, "by": by, "at": 9, "view": None, **changes})


def first_of(**changes: Any) -> Stated:
    """Return the acceptance of the author's network, which is in no log of ours."""
    return Stated(**{"event": "accepted", "by": FAR_GATE, "about": FAR, "at": -20, "view": None, "logged": False, **changes})


def outwards(*events: Stated, named: tuple[str, ...] = (FAR,), **changes: Any) -> Setup:
    """Return a setup of a message to the other network, with these receipts after the acceptance."""

    def make(one: Forge) -> None:
        one.receipts = [accepted(), *events]
        one.named = list(named)
        change(one, changes)

    return make


def inwards(*events: Stated, first: Stated | None = None, **changes: Any) -> Setup:
    """Return a setup of a message from the other network, as its recipient here shows it."""

    def make(one: Forge) -> None:
        one.receipts = [Stated("accepted", GATE, FAR), *events]
        one.named, one.sealed_with = [ME], 3
        one.header = {"sender": FAR, "sealer": FAR}
        one.author, one.sealer = member(FAR).key(Use.AUTHOR), member(FAR).key(Use.AGENT)
        change(one, {"first": first or first_of(), **changes})

    return make
