"""
The directory as everybody asks it: who is who, whose key is this, which key is sealed to now.

`build` makes an immutable view from verified files (TUF says that they are genuine; the cards say who has which key).
A card that does not verify is held back, not believed: its participant has no keys from it, and `held_back` says why. Keys of
a card whose signer was revoked stay listed as revoked. A key that stands in two places refuses the whole directory.
Expanded groups leave out who is not active.
Spec: schemas/directory.md, "Reading".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gateway.directory.cards import DeliveryCard, KeyCard
from gateway.directory.entries import Entry, RevocationReason, WhoIsWho, decode_who
from gateway.directory.reading import CardReader, records_of
from gateway.directory.revoked import Revoked, read_revocations, with_revocation
from gateway.envelope.keys import Use
from gateway.envelope.trust import KeyRecord
from gateway.errors import Rejected
from gateway.ids import Address, KeyId, Kind, Network, Participant, make_address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.directory.metadata import Contents

__all__ = ["Directory", "build", "build_from"]

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
    _keys: Mapping[KeyId, KeyRecord] = field(default_factory=dict, repr=False)
    _delivery: Mapping[Address, tuple[KeyRecord, ...]] = field(default_factory=dict, repr=False)

    def entry(self, address: Address) -> Entry | None:
        """Return the entry of a participant, or None."""
        return self.entries.get(address)

    def active(self, address: Address) -> Entry | None:
        """Return the entry of a participant that sends and receives now, or None."""
        entry = self.entries.get(address)
        return entry if entry is not None and entry.active else None

    def key(self, key_id: KeyId) -> KeyRecord | None:
        """Return a key by its id, closed and revoked ones too, or None."""
        return self._keys.get(key_id)

    def all_keys(self) -> Iterable[KeyRecord]:
        """Return every key on every card, closed and revoked ones too; identity keys stand in the entries."""
        return self._keys.values()

    def keys_of(self, address: Address, use: Use) -> list[KeyRecord]:
        """Return a participant's keys for one use, newest first."""
        found = [record for record in self._keys.values() if record.address == address and record.use is use]
        return sorted(found, key=lambda record: record.not_before, reverse=True)

    def stolen_keys(self) -> frozenset[KeyId]:
        """Return the ids of all keys that were revoked as stolen, those that stand on no card any more too."""
        return frozenset(key for key, revoked in self.revoked.items() if revoked.reason is RevocationReason.STOLEN)

    def is_gateway(self, address: Address) -> bool:
        """Say whether this participant is a gateway, whatever its status: what it signed before it was closed holds."""
        entry = self.entries.get(address)
        return entry is not None and entry.is_gateway

    def delivery_key(self, address: Address, now: float) -> KeyRecord | None:
        """Return the newest current delivery key of an active participant, or None when it cannot be sealed to."""
        if self.active(address) is None:
            return None
        current = [record for record in self._delivery.get(address, ()) if record.current(int(now))]
        return max(current, key=lambda record: (record.not_before, record.key_id), default=None)

    def delivery_key_ok(self, address: Address, key_id: KeyId, at: float) -> bool:
        """Say whether a key was a current delivery key of this participant at a time."""
        record = self._keys.get(key_id)
        return record is not None and (record.address, record.use) == (address, Use.DELIVERY) and record.current(int(at))

    def suites(self, address: Address) -> tuple[int, ...]:
        """Return the envelope suites that a participant opens; empty without a delivery card."""
        card = self.delivery_cards.get(address)
        return card.suites if card else ()

    def has_card(self, address: Address) -> bool:
        """Say whether a participant has a delivery card: what it reads is known then."""
        return address in self.delivery_cards

    def readable(self, address: Address, kind: Kind) -> tuple[str, ...]:
        """Return the schema versions of a kind that a participant's software reads."""
        card = self.delivery_cards.get(address)
        return next((reads.versions for reads in card.reads if reads.kind == kind), ()) if card else ()

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
            names: Participants (`NCB-QM`), addresses (`NCB-QM@icn`), groups (`group:europe`, or `europe`).

        Raises:
            Rejected: `recipient-unknown`, a name that the directory does not have.
        """
        return list(dict.fromkeys(address for name in names for address in self._expanded(name)))

    def _expanded(self, name: str) -> Sequence[Address]:
        group = self.groups.get(name.removeprefix(_GROUP))
        if group is not None:
            return [address for address in group if self.active(address)]
        address = Address(name) if "@" in name else make_address(Participant(name), self.network)
        if address not in self.entries:
            raise Rejected(f"not a participant or group of {self.network}: {name[:80]!r}", code="recipient-unknown")
        return [address]


def build_from(contents: Contents) -> Directory:
    """Make the view of a verified repository."""
    who = decode_who(contents.who)
    directory = build(Network(who.network), contents.version, contents.who, contents.cards, contents.revocations)
    return replace(directory, snapshot_sha256=contents.snapshot_sha256)


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
