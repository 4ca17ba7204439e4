"""
A forge for envelopes: builds one delivery step by step, and lets a defect change any layer on the way.

A layer is a list of elements (`edit`) and then its bytes (`spoil`); whatever is computed after it uses what came out, so a
file has the one defect that its name says and all else about it is true. Nothing here is random.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256, sha512
from typing import Any

import msgspec

from gateway.envelope import (
    Addressee,
    DeliveryKey,
    KeyRecord,
    Signature,
    SigningKey,
    Use,
    contexts,
    draw_addressees,
    payload,
    primitives,
)
from gateway.envelope.keys import key_id
from gateway.envelope.primitives import SecretKey
from gateway.ids import Address
from gateway.merkle import leaf_hash, tree_hash
from gateway.merkle.proof import inclusion_proof
from tests.envelope.world import CONTENT, DAY, GATEWAY, NOW, SENDER, World, delivery_key, make_header, signing_key, stream

Elements = list[Any]
Edit = Callable[[Elements], object]
Spoil = Callable[[bytes], bytes]

ME = Address("TRIB-QX-OTP@icn")
OTHER = Address("GN-QN@icn")
THIRD = Address("NCB-QT@icn")
UNKNOWN_KIND = "unheard.of"  # in no vector's `kinds`
pack = msgspec.msgpack.Encoder().encode


def raw(hexadecimal: str) -> msgspec.Raw:
    """Return a spelling to put in the place of an element."""
    return msgspec.Raw(bytes.fromhex(hexadecimal))


def bin16(data: bytes) -> msgspec.Raw:
    """Return the spelling of short bytes that says their length in two bytes where one is enough."""
    return raw(f"c5{len(data):04x}{data.hex()}")


def flip(position: int) -> Spoil:
    """Return a change of one bit."""

    def spoil(data: bytes) -> bytes:
        changed = bytearray(data)
        changed[position] ^= 1
        return bytes(changed)

    return spoil


def put(position: int, value: object) -> Edit:
    """Return a change of one element."""
    return lambda elements: elements.__setitem__(position, value)


def change(position: int, make: Callable[[Any], object]) -> Edit:
    """Return a change of one element that depends on what stood there."""
    return lambda elements: elements.__setitem__(position, make(elements[position]))


@dataclass
class Acceptance:
    """One `accepted` receipt: what it says, and who signs it."""

    gateway: Address = GATEWAY
    at: int = NOW + 60
    number: int | None = 41
    event: str = "accepted"
    subject: Address | None = None
    envelope_hash: bytes | None = None
    signer: SigningKey | None = None
    reason: str | None = None


@dataclass
class Forge:
    """Everything about one delivery; a defect sets some of it before `delivery()` builds it."""

    name: str
    me: Address = ME
    recipients: list[Address] = field(default_factory=lambda: [ME, OTHER])
    sender: Address = SENDER
    sealer: Address | None = None
    header: dict[str, Any] = field(default_factory=dict)
    content: bytes = CONTENT
    author: SigningKey | None = None
    author_signature: Signature | None = None
    agent: SigningKey | None = None
    approver: SigningKey | None = None
    acceptances: list[Acceptance] = field(default_factory=lambda: [Acceptance()])
    keys: dict[Address, DeliveryKey] = field(default_factory=dict)
    edit: dict[str, Edit] = field(default_factory=dict)
    spoil: dict[str, Spoil] = field(default_factory=dict)
    now: int = NOW + 3600
    suites: tuple[int, ...] = (1,)
    directory_version: int = 7
    my_keys: list[DeliveryKey] | None = None
    index: int | None = None

    def __post_init__(self) -> None:
        self.rng = stream(self.name)
        self.world = World.of([SENDER, ME, OTHER, THIRD])
        self.world.gateways.add(Address("GW-XA@xnet"))
        self.world.approved.add(UNKNOWN_KIND)  # what is not known needs an approval
        self.world.versions["xnet"] = 3  # type: ignore[index]
        for address in (Address("GW-XA@xnet"), Address("NCB-XA@xnet")):
            self.list_all(address)

    def list_all(self, address: Address) -> None:
        """Put all keys of a participant into the directory."""
        for use in (Use.AUTHOR, Use.AGENT, Use.APPROVAL):
            self.world.add(signing_key(address, use).public)
        self.world.add(delivery_key(address).public)

    def relist(
        self, key: SigningKey, not_before: int = NOW - DAY, not_after: int = NOW + 30 * DAY, revoked: int | None = None
    ) -> None:
        """Give a listed key other times."""
        self.world.records[key.key_id] = KeyRecord.of(key.public, not_before, not_after, revoked)

    def layer(self, name: str, elements: Elements) -> bytes:
        """Encode one layer, with the change that this file makes in it."""
        if name in self.edit:
            self.edit[name](elements)
        return self.spoiled(name, pack(elements))

    def spoiled(self, name: str, data: bytes) -> bytes:
        """Return the bytes of a layer, with the change that this file makes in them."""
        return self.spoil[name](data) if name in self.spoil else data

    # --- the steps of sealing -----------------------------------------------------------------------------------

    def delivery(self) -> bytes:
        """Build the delivery."""
        header, content_hash = self.written()
        seed = sha512(contexts.seed_input(self.rng(32), contexts.header_hash(header), content_hash)).digest()
        self.cek, self.ephemeral = SecretKey(seed[:32]), SecretKey(seed[32:])
        core = self.layer("core", [1, self.directory_version, primitives.box_public(self.ephemeral), header])
        self.core_hash = contexts.core_hash(core)
        self.stanzas = [self._stanza(i, one) for i, one in enumerate(self.addressees)]
        common = self._common(core)
        return self.handed_over(common)

    def written(self) -> tuple[bytes, bytes]:
        """Draw the addressees, write the header, let the author sign; return the header and the hash of the content."""
        self.addressees = draw_addressees(list(dict.fromkeys(self.recipients)), self.rng)
        repeated = self.recipients[len(self.addressees) :]  # `draw_addressees` draws each one once
        self.addressees += [Addressee(recipient, self.rng(16)) for recipient in repeated]
        places = [one.recipient for one in self.addressees]
        self.place = places.index(self.me) if self.me in places else 0
        header = self._header()
        content_hash = sha512(self.content).digest()
        self.author_signed = self.author_signature or self._sign(
            self.author or signing_key(self.sender, Use.AUTHOR),
            contexts.content_message(contexts.header_hash(header), content_hash),
        )
        return header, content_hash

    def _header(self) -> bytes:
        sealer = self.sealer or self.sender
        fields = make_header(self.addressees, **{"sender": self.sender, "sealer": sealer, **self.header})
        self.header_bytes = self.layer("header", msgspec.msgpack.decode(pack(fields)))
        return self.header_bytes

    def _stanza(self, place: int, one: Addressee) -> bytes:
        key = self.keys.get(one.recipient) or delivery_key(one.recipient)
        nonce = contexts.wrap_nonce(contexts.wrap_nonce_prefix(self.core_hash), key.key_id)
        wrap = primitives.box(self.wrapped(place), nonce, key.public.key, self.ephemeral)
        elements = [one.recipient, one.blind, key.key_id, wrap]
        return self.layer("stanza", elements) if place == self.place else pack(elements)

    def wrapped(self, place: int) -> SecretKey:
        """Return what is wrapped for this place: the content key, unless a defect says otherwise."""
        return self.cek

    def _common(self, core: bytes) -> bytes:
        root = tree_hash(self.stanzas)
        key, commit = payload.derive(self.cek, self.core_hash, 1)
        commit = self.spoiled("commit", commit)
        body = self.spoiled("body", self.body(key, contexts.aad(self.core_hash, root, commit)))
        self.envelope_hash = contexts.envelope_hash(self.core_hash, root, commit, sha256(body).digest())
        sealer = self.sealer or self.sender
        seal = self._sign(self.agent or signing_key(sealer, Use.AGENT), contexts.seal_message(self.envelope_hash))
        approval = self.approver and self._sign(self.approver, contexts.approval_message(self.envelope_hash))
        return self.layer("common", ["E1", core, root, commit, body, list(seal), approval and list(approval)])

    def body(self, key: SecretKey, aad: bytes) -> bytes:
        """Return the encrypted body."""
        inner = self.layer("inner", [*self.author_signed, self.content])
        padded = inner + b"\x80"
        padded = self.spoiled("padded", padded.ljust(payload.padded_length(len(padded)), b"\x00"))
        return primitives.aead_seal(key, bytes(24), padded, self.spoiled("aad", aad))

    def handed_over(self, common: bytes) -> bytes:
        """Put together what the reader of this file gets: one recipient's delivery."""
        leaves = [leaf_hash(contexts.addressee_leaf(one.blind, one.recipient)) for one in self.addressees]
        proof = inclusion_proof(self.place, leaves)
        accepted = [self._accepted(one) for one in self.acceptances]
        return self.layer("delivery", [common, self.place, self.stanzas[self.place], proof, accepted])

    def _accepted(self, one: Acceptance) -> Elements:
        receipt = self.layer(
            "receipt",
            [
                one.event,
                one.envelope_hash or self.envelope_hash,
                one.subject or self.sender,
                one.gateway,
                one.at,
                one.number,
                one.reason,
                None,
                self.rng(16),
            ],
        )
        signature = self._sign(one.signer or signing_key(one.gateway, Use.AGENT), contexts.receipt_message(receipt))
        elements = [receipt, *signature]
        if "signed receipt" in self.edit:
            self.edit["signed receipt"](elements)
        return elements

    @staticmethod
    def _sign(key: SigningKey, message: bytes) -> Signature:
        return Signature(key.key_id, key.sign(message))


def record_of(use: Use, public_key: bytes, address: Address) -> KeyRecord:
    """Return a record of a key that no card would let in."""
    return KeyRecord(address, use, public_key, key_id(use, public_key, address), NOW - DAY, NOW + 30 * DAY)
