"""
The directory as everybody asks it: who is who, whose key is this, which key is sealed to now.

`build` makes an immutable view from verified files (TUF says that they are genuine; the cards say who has which key).
A card that does not verify is held back, not believed: its participant has no keys from it, and `held_back` says why. Keys of
a card whose signer was revoked stay listed as revoked. A key that stands in two places refuses the whole directory.
Expanded groups leave out who is not active.
What is asked by address or key id is answered from the directory of its own network, as far as that is a peer and at hand.
Spec: schemas/directory.md, "Reading"; schemas/relay.md, "Peering".
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from gateway.directory.cards import DeliveryCard, KeyCard
from gateway.directory.entries import Entry, RevocationReason, WhoIsWho, decode_who
from gateway.directory.peers import Peer
from gateway.directory.reading import CardReader, records_of
from gateway.directory.revoked import Revoked, read_revocations, with_revocation
from gateway.envelope.keys import Use
from gateway.envelope.trust import KeyRecord
from gateway.errors import Rejected
from gateway.ids import Address, KeyId, Kind, Network, Participant, make_address, network_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.directory.metadata import Contents

__all__ = ["Directory", "build", "build_from", "with_peers"]

_GROUP: Final = "group:"


@dataclass(frozen=True, slots=True)
class Directory:
    """
    One version of the directory of one network.

    Args:
        network: Name of the network.
        version: TUF snapshot version; envelopes name it as `directory_version`.
        exercise: True for a network for training.
        entries: By address; all that ever were.
        groups: Name to addresses.
        key_cards: By address, those that verified.
        delivery_cards: By address, those that verified.
        held_back: Path of a card that did not verify, and the code.
        revoked: By key id: the authority's revocations, and those that follow from them.
        snapshot_sha256: Of the snapshot metadata; empty where the view was not read from a repository.
        borders: By network: the peers that the authority names.
        peers: By network: those of their directories that are at hand and verified; see `with_peers`.

    Attributes:
        verdicts: What `gateway.policy` concluded from this view; a copy with other fields begins with nothing.
    """

    network: Network
    version: int
    exercise: bool
    entries: Mapping[Address, Entry]
    groups: Mapping[str, tuple[Address, ...]]
    key_cards: Mapping[Address, KeyCard]
    delivery_cards: Mapping[Address, DeliveryCard]
    held_back: Mapping[str, str] = field(default_factory=dict)
    revoked: Mapping[KeyId, Revoked] = field(default_factory=dict)
    snapshot_sha256: bytes = b""
    borders: Mapping[Network, Peer] = field(default_factory=dict)
    peers: Mapping[Network, Directory] = field(default_factory=dict)
    _keys: Mapping[KeyId, KeyRecord] = field(default_factory=dict, repr=False)
    _delivery: Mapping[Address, tuple[KeyRecord, ...]] = field(default_factory=dict, repr=False)
    verdicts: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def of(self, address: Address) -> Directory | None:
        """Return the directory that speaks for an address: this one, a peer's, or None."""
        network = network_of(address)
        return self if network == self.network else self.peers.get(network)

    def entry(self, address: Address) -> Entry | None:
        """Return the entry of a participant, or None; a peer's that is not known to this network does not exist."""
        found = self.entries.get(address)
        if found is not None or not self.peers:
            return found
        peer = self.peers.get(network_of(address))
        found = None if peer is None else peer.entries.get(address)
        return found if found is not None and found.is_known_to(self.network) else None

    def active(self, address: Address) -> Entry | None:
        """Return the entry of a participant that sends and receives now, or None."""
        entry = self.entry(address)
        return entry if entry is not None and entry.active else None

    def key(self, key_id: KeyId) -> KeyRecord | None:
        """Return a key by its id, closed and revoked ones too, or None."""
        found = self._keys.get(key_id)
        if found is not None or not self.peers:
            return found
        return next((record for peer in self.peers.values() if (record := peer.key(key_id))), None)

    def all_keys(self) -> Iterable[KeyRecord]:
        """Return every key on every card, closed and revoked ones too; identity keys stand in the entries."""
        return self._keys.values()

    def keys_of(self, address: Address, use: Use) -> list[KeyRecord]:
        """Return a participant's keys for one use, newest first."""
        home = self.of(address)
        records = () if home is None else home._keys.values()  # noqa: SLF001  a directory too
        found = [record for record in records if record.address == address and record.use is use]
        return sorted(found, key=lambda record: record.not_before, reverse=True)

    def stolen_keys(self) -> frozenset[KeyId]:
        """Return the ids of all keys that were revoked as stolen, those that stand on no card any more too."""
        return frozenset(key for key, revoked in self.revoked.items() if revoked.reason is RevocationReason.STOLEN)

    def is_gateway(self, address: Address) -> bool:
        """Say whether this participant is a gateway, whatever its status: what it signed before it was closed holds."""
        home = self.of(address)
        entry = None if home is None else home.entries.get(address)
        return entry is not None and entry.is_gateway

    def delivery_key(self, address: Address, now: float) -> KeyRecord | None:
        """Return the newest current delivery key of an active participant, or None when it cannot be sealed to."""
        home = self.of(address)
        if home is None or self.active(address) is None:
            return None
        current = [record for record in home._delivery.get(address, ()) if record.current(int(now))]  # noqa: SLF001
        return max(current, key=lambda record: (record.not_before, record.key_id), default=None)

    def delivery_key_ok(self, address: Address, key_id: KeyId, at: float) -> bool:
        """Say whether a key was a current delivery key of this participant at a time."""
        record = self.key(key_id)
        return record is not None and (record.address, record.use) == (address, Use.DELIVERY) and record.current(int(at))

    def suites(self, address: Address) -> tuple[int, ...]:
        """Return the envelope suites that a participant opens; empty without a delivery card."""
        card = self._delivery_card(address)
        return card.suites if card else ()

    def has_card(self, address: Address) -> bool:
        """Say whether a participant has a delivery card: what it reads is known then."""
        return self._delivery_card(address) is not None

    def readable(self, address: Address, kind: Kind) -> tuple[str, ...]:
        """Return the schema versions of a kind that a participant's software reads."""
        card = self._delivery_card(address)
        return next((reads.versions for reads in card.reads if reads.kind == kind), ()) if card else ()

    def _delivery_card(self, address: Address) -> DeliveryCard | None:
        home = self.of(address)
        return None if home is None else home.delivery_cards.get(address)

    def participants(self) -> list[Address]:
        """Return the active participants that are not gateways, in order."""
        return sorted(address for address, entry in self.entries.items() if entry.active and not entry.is_gateway)

    def gateways(self) -> list[Address]:
        """Return the active gateways, in order."""
        return sorted(address for address, entry in self.entries.items() if entry.active and entry.is_gateway)

    def expand(self, names: Iterable[str]) -> list[Address]:
        """
        Turn what a person writes into addresses, each once, in the order written.

        Args:
            names: Participants (`NCB-QM`), addresses (`NCB-QM@icn`), groups (`group:europe`, or `europe`); of a peer with its
                network (`GN-QN@eu-network`, `europe@eu-network`).

        Raises:
            Rejected: `recipient-unknown`, a name that the directory does not have.
        """
        return list(dict.fromkeys(address for name in names for address in self._expanded(name)))

    def _expanded(self, name: str) -> Sequence[Address]:
        local, _, network = name.removeprefix(_GROUP).partition("@")
        home = self if network in {"", self.network} else self.peers.get(Network(network))
        group = None if home is None else home.groups.get(local)
        if group is not None:
            return [address for address in group if self.active(address)]
        address = Address(name) if "@" in name else make_address(Participant(name), self.network)
        if self.entry(address) is None:
            raise Rejected(f"not a participant or group of {network or self.network}: {name[:80]!r}", code="recipient-unknown")
        return [address]


def build_from(contents: Contents) -> Directory:
    """Make the view of a verified repository."""
    who = decode_who(contents.who)
    directory = build(Network(who.network), contents.version, contents.who, contents.cards, contents.revocations)
    return replace(directory, snapshot_sha256=contents.snapshot_sha256)


def with_peers(directory: Directory, peers: Iterable[Directory]) -> Directory:
    """
    Return a directory that answers for its peers too.

    Args:
        directory: Whose authority names the peers.
        peers: Verified from the roots that it pins. One that it does not name, or that is an exercise where this is none, or
            the reverse, is left out: that is how a peer is removed.
    """
    kept = {one.network: one for one in peers if one.network in directory.borders and one.exercise == directory.exercise}
    return replace(directory, peers=MappingProxyType(kept))


def build(network: Network, version: int, who: bytes, cards: Mapping[str, bytes], revocations: bytes | None) -> Directory:
    """
    Make the view from verified files.

    Args:
        network: The network that is expected.
        version: TUF snapshot version.
        who: `directory.json`.
        cards: Path (`cards/NCB-QM/key`) to signed card.
        revocations: `revocations.json`, or None where nothing was ever revoked.

    Raises:
        Rejected: `network-differs`, `directory-untrusted`, `key-taken`.
    """
    listed = decode_who(who)
    revoked = read_revocations(revocations, network)
    if listed.network != network:
        raise Rejected(f"a directory of {listed.network}, expected {network}", code="network-differs")
    reader = CardReader(cards, revoked)
    for entry in listed.entries:
        reader.read(entry)
    keys = _records(listed, reader)
    return Directory(
        network=network,
        version=version,
        exercise=listed.exercise,
        entries=MappingProxyType({Address(entry.address): entry for entry in listed.entries}),
        groups=MappingProxyType({name: _addresses(members, network) for name, members in listed.groups.items()}),
        key_cards=MappingProxyType(reader.key_cards),
        delivery_cards=MappingProxyType(reader.delivery_cards),
        held_back=MappingProxyType(reader.held_back),
        revoked=MappingProxyType(reader.revoked),
        borders=MappingProxyType({Network(peer.network): peer for peer in listed.peers}),
        _keys=MappingProxyType(keys),
        _delivery=MappingProxyType(_delivery_records(keys)),
    )


def _addresses(members: Iterable[str], network: Network) -> tuple[Address, ...]:
    return tuple(make_address(Participant(member), network) for member in members)


def _records(listed: WhoIsWho, reader: CardReader) -> dict[KeyId, KeyRecord]:
    """Return all keys by id; refuse a key or key id that stands anywhere else."""
    cards: list[KeyCard | DeliveryCard] = [*reader.key_cards.values(), *reader.delivery_cards.values()]
    records = [with_revocation(record, reader.revoked) for card in cards for record in records_of(card)]
    publics = [bytes.fromhex(entry.identity) for entry in listed.entries] + [record.key for record in records]
    keys = {record.key_id: record for record in records}
    if len(set(publics)) != len(publics) or len(keys) != len(records):
        raise Rejected("the directory has one key in two places", code="key-taken")
    # A thief may have listed others' keys on a card that is void now: those keys are where they were.
    void = (record for card in reader.void.values() for record in records_of(card))
    taken = set(publics)
    return keys | {record.key_id: with_revocation(record, reader.revoked) for record in void if record.key not in taken}


def _delivery_records(keys: Mapping[KeyId, KeyRecord]) -> dict[Address, tuple[KeyRecord, ...]]:
    found: dict[Address, list[KeyRecord]] = {}
    for record in keys.values():
        if record.use is Use.DELIVERY:
            found.setdefault(record.address, []).append(record)
    return {address: tuple(records) for address, records in found.items()}
