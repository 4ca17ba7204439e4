"""
The directory of those who are named in a bundle, made of readable leaves of the log.

One version leaf pins the revocations; for each who signed something there is one entry and one key card, and nothing of anybody
else. From there on it is a directory like any other: cards verify under the identity key of their entry, a revoked identity key
takes its card's keys along, a key stands in one place. A signature by a key that was stolen counts only if it stands in the log
before the revocation does: who stole it can date it back, but not put it there.
Of two networks each has a directory of its own: that of the other one is made of what the gateway verified, and wrote down, of
it; nothing of it says anything of this one, nor the reverse.
Spec: schemas/audit.md, "Evidence bundle", step 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

from gateway.directory.entries import Entry, KeyRevocation, RevocationReason, WhoIsWho, decode_revocations, encode_who
from gateway.directory.revoked import Revoked
from gateway.directory.view import Directory, build
from gateway.envelope.keys import PublicKey, Use
from gateway.envelope.trust import KeyRecord
from gateway.errors import EvidenceBad, Rejected
from gateway.evidence.bundle import Bundle, LoggedLeaf
from gateway.ids import Address, KeyId, Network
from gateway.message.codec import decode
from gateway.policy.answers import DirectoryAnswers
from gateway.tlog.leaves import CardLeaf, EntryLeaf, FarLeaf, Leaf, RevocationLeaf, VersionLeaf, decode_leaf, decode_wrapped

__all__ = ["Listed", "read_listed"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listed:
    """
    What the leaves say.

    Args:
        directory: Of those who are named, of the network of the log.
        far: The same of the other network; None where there is none.
        stolen_index: For a key that was revoked as stolen the place of that revocation in the log; -1 where it is not shown.
        later: Revocations that the verifier knows from elsewhere.
        answers: The directory, as the envelope asks it.
    """

    directory: Directory
    far: Directory | None
    stolen_index: Mapping[KeyId, int]
    later: Mapping[KeyId, Revoked]
    answers: DirectoryAnswers

    @property
    def directories(self) -> Sequence[Directory]:
        """One for each network."""
        return [self.directory] if self.far is None else [self.directory, self.far]

    @property
    def entries(self) -> dict[Address, Entry]:
        """All who are listed, of either network."""
        return {address: entry for one in self.directories for address, entry in one.entries.items()}

    def key(self, key_id: KeyId, holder: tuple[Address, Use], span: tuple[int, int], index: int) -> KeyRecord | None:
        """
        Return a key if it is the holder's for this use, was good, and what it signed is not a thief's.

        Args:
            key_id: The key.
            holder: Who signs, and for what.
            span: When the author's network accepted it, and when that of the log did, Unix seconds; a receipt is of one second.
            index: Place of the receipt in the log by which the signature was there.
        """
        record = self.answers.key(key_id)
        if record is None or (record.address, record.use) != holder or not record.good_for_signing(*span):
            return None
        if key_id in self.later and self.later[key_id].at <= span[1]:
            return None
        return None if index > self.stolen_index.get(key_id, index) else record


def read_listed(bundle: Bundle, later: Mapping[KeyId, Revoked]) -> Listed:
    """
    Read the directory leaves of a bundle; that they are in the log is proved elsewhere.

    Args:
        bundle: Its leaves and revocations are read.
        later: Revocations that the verifier knows from elsewhere, of either network; none for none.

    Raises:
        EvidenceBad: `leaf-form`, `leaf-repeated`, `version-missing`, `revocations`, `card` (one does not verify), or
            `directory` for everything else that no directory may have.
    """
    form, far = bundle.form, bundle.far
    own, stolen = _read(Network(form.network), [(_leaf(one.leaf), one.index) for one in form.directory], form.revocations)
    if far is None:
        return Listed(own, None, stolen, later, DirectoryAnswers(own))
    network = Network(far.network)
    theirs, stolen_there = _read(network, [(_far_leaf(one, network), one.index) for one in far.directory], far.revocations)
    return Listed(own, theirs, {**stolen, **stolen_there}, later, DirectoryAnswers(own, theirs))


def _read(network: Network, read: Sequence[tuple[Leaf, int]], revocations: bytes) -> tuple[Directory, dict[KeyId, int]]:
    """Return the directory of one network, and since which place in the log its stolen keys are known as such."""
    version = _only_version(read)
    if sha256(revocations).digest() != version.revocations:
        raise EvidenceBad("revocations", "not those that the version leaf pins")
    entries = [_entry(leaf) for leaf, _ in read if isinstance(leaf, EntryLeaf)]
    cards = [(leaf.path, leaf.card) for leaf, _ in read if isinstance(leaf, CardLeaf)]
    _require_distinct([entry.participant for entry in entries])
    _require_distinct([path for path, _ in cards])
    directory = _directory(network, version.number, entries, dict(cards), revocations)
    shown = [(_revocation(leaf).id, index) for leaf, index in read if isinstance(leaf, RevocationLeaf)]
    return directory, _stolen(directory, revocations, shown)


def _leaf(data: bytes) -> Leaf:
    try:
        return decode_leaf(data)
    except Rejected as exc:
        raise EvidenceBad("leaf-form", exc.detail) from exc


def _far_leaf(logged: LoggedLeaf, network: Network) -> Leaf:
    leaf = _leaf(logged.leaf)
    if not isinstance(leaf, FarLeaf) or leaf.network != network:
        raise EvidenceBad("leaf-surplus", f"at {logged.index} stands nothing about {network}")
    return decode_wrapped(leaf)


def _only_version(read: Iterable[tuple[Leaf, int]]) -> VersionLeaf:
    """Find the version leaf, and refuse every leaf that tells of nobody in the bundle."""
    found: list[VersionLeaf] = []
    for leaf, index in read:
        if isinstance(leaf, VersionLeaf):
            found.append(leaf)
        elif not isinstance(leaf, EntryLeaf | CardLeaf | RevocationLeaf) or _is_delivery_card(leaf):
            raise EvidenceBad("leaf-surplus", f"a {type(leaf).__name__} at {index}")
    if len(found) != 1:
        raise EvidenceBad("version-missing" if not found else "leaf-repeated", f"{len(found)} versions of the directory")
    return found[0]


def _is_delivery_card(leaf: Leaf) -> bool:
    return isinstance(leaf, CardLeaf) and not leaf.path.endswith("/key")


def _entry(leaf: EntryLeaf) -> Entry:
    return _json(leaf.entry, Entry)


def _revocation(leaf: RevocationLeaf) -> KeyRevocation:
    return _json(leaf.revocation, KeyRevocation)


def _json(data: bytes, kind: type[T]) -> T:
    try:
        return decode(data, kind)
    except Rejected as exc:
        raise EvidenceBad("leaf-form", exc.detail) from exc


def _require_distinct(names: Sequence[str]) -> None:
    if len(set(names)) != len(names):
        raise EvidenceBad("leaf-repeated", "two entries or cards of one participant")


def _directory(
    network: Network, version: int, entries: Sequence[Entry], cards: Mapping[str, bytes], revocations: bytes
) -> Directory:
    """Build the directory of the leaves; a card that every home would hold back proves nothing here."""
    who = WhoIsWho(network=network, exercise=False, entries=tuple(entries), groups={})
    try:
        directory = build(network, version, encode_who(who), cards, revocations)
    except Rejected as exc:
        raise EvidenceBad("directory", f"{exc.code}, {exc.detail}") from exc
    if directory.held_back:
        raise EvidenceBad("card", ", ".join(f"{path}: {code}" for path, code in sorted(directory.held_back.items())))
    without = {f"cards/{entry.participant}/key" for entry in entries} ^ set(cards)
    if without:
        raise EvidenceBad("leaf-surplus", f"an entry or card without the other: {', '.join(sorted(without))}")
    return directory


def _stolen(directory: Directory, revocations: bytes, shown: Iterable[tuple[KeyId, int]]) -> dict[KeyId, int]:
    """Return since which place in the log each stolen key of the directory is known as such."""
    places = dict(sorted(shown, key=lambda one: -one[1]))  # of several the first counts
    rows = {row.id for row in decode_revocations(revocations).keys if row.reason is RevocationReason.STOLEN}
    if strangers := places.keys() - rows:
        raise EvidenceBad("leaf-surplus", f"a revocation as stolen that the version does not have: {min(strangers).hex()}")
    found: dict[KeyId, int] = {}
    for record in directory.all_keys():
        about = rows & {record.key_id, _identity(directory, record.address)}
        if about:
            found[record.key_id] = min(places.get(key_id, -1) for key_id in about)
    return found


def _identity(directory: Directory, address: Address) -> KeyId:
    key = bytes.fromhex(directory.entries[address].identity)
    return PublicKey(address, Use.IDENTITY, key).key_id
