"""
A small network for the tests of the envelope: participants with keys, and answers about them.

Everything is made of a seed, so that the same world comes out each time; misbehaviour is one line in a test.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256, shake_256
from typing import TYPE_CHECKING

from gateway.envelope import (
    Addressee,
    DeliveryKey,
    Event,
    Header,
    KeyRecord,
    MemoryKeyring,
    PublicKey,
    Receipt,
    Rng,
    Sealed,
    Signature,
    SigningKey,
    Use,
    addressees_hash,
    draw_addressees,
    encode_header,
    examine,
    make_delivery,
    make_receipt,
    rows,
    seal,
    sign_content,
)
from gateway.envelope.seal import Spread
from gateway.ids import Address, ConversationId, KeyId, Kind, MessageId, Network, network_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOW = 4_070_908_800  # 2099-01-01
DAY = 86_400
NETWORK = Network("icn")
GATEWAY = Address("GW-ICN@icn")
SENDER = Address("NCB-QM@icn")
SIGNING_USES = (Use.IDENTITY, Use.AUTHOR, Use.AGENT, Use.APPROVAL)
CONTENT = b'{"kind":"cooperation.request","body":{"facts":"fictional"}}'


def stream(seed: str) -> Rng:
    """Return a generator that gives the same bytes each time: for tests, never for messages."""
    drawn = 0

    def draw(count: int) -> bytes:
        nonlocal drawn
        drawn += 1
        return shake_256(f"{seed} {drawn}".encode()).digest(count)

    return draw


def seed_of(*parts: str) -> bytes:
    """Return 32 bytes that belong to these words."""
    return sha256(" ".join(parts).encode()).digest()


def signing_key(address: Address, use: Use, generation: int = 1) -> SigningKey:
    """Return a participant's signing key of this world."""
    return SigningKey.from_seed(address, use, seed_of("signing", address, use, str(generation)))


def delivery_key(address: Address, generation: int = 1) -> DeliveryKey:
    """Return a participant's delivery key of this world."""
    return DeliveryKey.from_seed(address, Use.DELIVERY, seed_of("delivery", address, str(generation)))


def keyring(address: Address) -> MemoryKeyring:
    """Return all keys of a participant."""
    return MemoryKeyring(address, [signing_key(address, use) for use in SIGNING_USES], [delivery_key(address)])


@dataclass
class World:
    """Directory and registry of the tests; implements `Answers`."""

    records: dict[KeyId, KeyRecord] = field(default_factory=dict)
    gateways: set[Address] = field(default_factory=set)
    sealed_by_gateway: set[str] = field(default_factory=lambda: {"request.response"})
    approved: set[str] = field(default_factory=lambda: {"protection.measure"})
    versions: dict[Network, int] = field(default_factory=lambda: {NETWORK: 7})

    @classmethod
    def of(cls, addresses: Sequence[Address], gateways: Sequence[Address] = (GATEWAY,)) -> World:
        """Make a world in which these participants have all their keys."""
        world = cls(gateways=set(gateways))
        for address in (*addresses, *gateways):
            for use in SIGNING_USES:
                world.add(signing_key(address, use).public)
            world.add(delivery_key(address).public)
        return world

    def add(self, key: PublicKey, not_before: int = NOW - DAY, not_after: int = NOW + 30 * DAY) -> None:
        """List a key."""
        self.records[key.key_id] = KeyRecord.of(key, not_before, not_after)

    def directory_version(self, network: Network) -> int:
        """Return the newest version of a network's directory."""
        return self.versions.get(network, 0)

    def key(self, key_id: KeyId) -> KeyRecord | None:
        """Return a listed key."""
        return self.records.get(key_id)

    def is_gateway(self, address: Address) -> bool:
        """Tell who is a gateway."""
        return address in self.gateways

    def gateway_may_seal(self, kind: Kind) -> bool:
        """Tell which kinds a gateway may seal."""
        return kind in self.sealed_by_gateway

    def needs_approval(self, kind: Kind) -> bool:
        """Tell which kinds need a second officer."""
        return kind in self.approved

    def delivery_key_ok(self, address: Address, key_id: KeyId, at: int) -> bool:
        """Tell whether this is a current delivery key of that participant."""
        record = self.records.get(key_id)
        return record is not None and (record.address, record.use) == (address, Use.DELIVERY) and record.current(at)


def make_header(addressees: Sequence[Addressee], **changes: object) -> Header:
    """Return a header that follows every rule, with changes."""
    fields: dict[str, object] = {
        "message_id": MessageId(seed_of("message")[:16]),
        "sender": SENDER,
        "sealer": SENDER,
        "kind": Kind("cooperation.request"),
        "schema_version": "1.0.0",
        "created": NOW,
        "expires": NOW + 30 * DAY,
        "urgency": "normal",
        "handling": "amber+strict/restricted",
        "conversation_id": ConversationId(seed_of("conversation")[:16]),
        "in_reply_to": None,
        "respond_by": None,
        "recipients": len(addressees),
        "addressees": addressees_hash(addressees),
        "blobs": (),
    }
    return Header(**{**fields, **changes})  # type: ignore[arg-type]


@dataclass
class Message:
    """A message on its way through the world: header and content signed, then sealed."""

    recipients: list[Address]
    changes: Mapping[str, object] = field(default_factory=dict)
    content: bytes = CONTENT
    approver: MemoryKeyring | None = None
    seed: str = "message"

    def __post_init__(self) -> None:
        self.rng = stream(self.seed)
        self.addressees = draw_addressees(self.recipients, self.rng)
        self.header = encode_header(make_header(self.addressees, **self.changes))
        self.sender = Address(str(self.changes.get("sender", SENDER)))
        self.sealer = Address(str(self.changes.get("sealer", self.sender)))
        self.author: Signature = sign_content(self.header, self.content, keyring(self.sender))
        self.keys = {address: delivery_key(address).public for address in self.recipients}

    def sealed(self, spread: Spread = map) -> Sealed:
        """Seal it as its sealer does."""
        return seal(
            self.header,
            self.content,
            author=self.author,
            addressees=self.addressees,
            keys=self.keys,
            keyring=keyring(self.sealer),
            directory_version=7,
            rng=self.rng,
            approver=self.approver,
            spread=spread,
        )

    def deliveries(self, at: int = NOW) -> dict[Address, bytes]:
        """Seal it, accept it, and return what each recipient gets."""
        examined = examine(self.sealed().submission)
        receipt = accepted(examined.envelope_hash, self.sender, at)
        return {
            row.recipient: make_delivery(examined.common_bytes, row.index, row.stanza, row.proof, [receipt])
            for row in rows(examined)
        }


def accepted(envelope_hash: bytes, sender: Address, at: int = NOW, gateway: Address = GATEWAY, number: int = 41) -> bytes:
    """Return the signed receipt with which a gateway accepts an envelope."""
    receipt = Receipt(
        event=Event.ACCEPTED,
        envelope_hash=envelope_hash,  # type: ignore[arg-type]
        subject=sender,
        signer=gateway,
        at=at,
        number=number,
        salt=seed_of("salt", network_of(gateway))[:16],
    )
    return make_receipt(receipt, keyring(gateway))
