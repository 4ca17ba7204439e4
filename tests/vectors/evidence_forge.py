"""
What the vector cases of evidence are made with: a network, a message, a log, the bundle; each can be spoilt before it is built.

Nothing here refuses: the bundle is joined from lists, so that every defect can be written. The same bytes come out each time.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256, sha512
from typing import Any, Final

import msgspec

from gateway.directory.entries import Entry, KeyRevocation, Revocations, WhoIsWho, encode_revocations, encode_who
from gateway.directory.leaves import card_leaf, entry_leaf, revocation_leaf
from gateway.envelope import (
    SigningKey,
    Use,
    contexts,
    draw_addressees,
    encode_header,
    receipt_leaf,
)
from gateway.ids import Address, Network
from gateway.merkle import all_inclusion_proofs, inclusion_proof, leaf_hash, root_of
from gateway.resources import schemas_path
from gateway.tlog.checkpoint import Checkpoint, encode_checkpoint
from gateway.tlog.cosignature import cosign
from gateway.tlog.leaves import EntryLeaf, VersionLeaf, encode_leaf
from gateway.tlog.note import COSIGNATURE_V1, ED25519, Note, VerifierKey, encode_note, sign_note
from tests.envelope.world import make_header, stream
from tests.support.network import Member, make_member
from tests.vectors import evidence_token

__all__ = [
    "ANOTHER",
    "AT",
    "GATE",
    "ME",
    "OTHER",
    "SENDER",
    "Forge",
    "Spoil",
    "Stated",
    "address",
    "card_of",
    "key_of",
    "member",
    "pack",
    "witness_key",
]

AT: Final = 4_070_908_800  # 2099-01-01: when the message was accepted
DAY: Final = 86_400
SENDER, ME, OTHER, ANOTHER, GATE = "NCB-QM", "TRIB-QX-OTP", "GN-QN", "NCB-QT", "GW-ICN"
EXAMPLE: Final = "examples/cooperation.request/hear-a-witness.json"
# Places of a bundle's elements.
NETWORK, CORE, STANZAS, COMMIT, BODY_HASH, SEAL, APPROVAL, RECEIPTS = range(1, 9)
DIRECTORY, REVOCATIONS, CHECKPOINT, TOKEN, ADDRESSEES, OPENED = range(9, 15)

pack = msgspec.msgpack.Encoder().encode
Spoil = Callable[[list[Any]], object]


@cache
def member(name: str) -> Member:
    """Return a participant with all its keys; of this network where the name has none."""
    participant, _, network = name.partition("@")
    return make_member(participant, Network(network or "icn"), gateway=participant.startswith("GW-"))


@cache
def card_of(name: str) -> bytes:
    """Return the signed key card of a participant."""
    return member(name).key_card(AT - DAY)


@cache
def content() -> bytes:
    """Return a message of the published examples."""
    return (schemas_path() / EXAMPLE).read_bytes()


def address(name: str) -> Address:
    """Return an address; of this network where the name has none."""
    return Address(name if "@" in name else f"{name}@icn")


def key_of(name: str, use: Use = Use.AGENT) -> SigningKey:
    """Return a key of a participant."""
    return member(name).key(use)


def witness_key(name: str = "witness.example/ncb-qm") -> tuple[VerifierKey, SigningKey]:
    """Return the key of a witness."""
    key = SigningKey.from_seed(address(SENDER), Use.LOG, sha256(name.encode()).digest())
    return VerifierKey(name, COSIGNATURE_V1, key.public.key), key


def log_key(key: SigningKey | None = None, origin: str = "GW-ICN@icn/audit") -> tuple[VerifierKey, SigningKey]:
    """Return the key that signs the log, as a verifier names it."""
    held = key or key_of(GATE, Use.LOG)
    return VerifierKey(origin, ED25519, held.public.key), held


@dataclass
class Stated:
    """
    A receipt to be.

    Args:
        event: What it says.
        by: Who signs.
        about: The subject; the signer by default.
        at: Seconds after the acceptance.
        key: Signs; the signer's agent key by default.
        view: What was seen of the log: True for what there was, None for nothing, or size and root.
        hash: Of the envelope; this one by default.
    """

    event: str
    by: str
    about: str = ""
    at: int = 0
    reason: str | None = None
    key: SigningKey | None = None
    view: bool | tuple[int, bytes] | None = True
    hash: bytes = b""
    spoil: Spoil = lambda _: None
    logged: bool = True


def accepted() -> Stated:
    """Return the receipt of an acceptance."""
    return Stated("accepted", GATE, SENDER)


@dataclass
class Forge:
    """A bundle to be; change what it is made of, or its elements with `spoils`."""

    name: str
    recipients: list[str] = field(default_factory=lambda: [ME, OTHER, ANOTHER])
    named: list[str] = field(default_factory=list)
    receipts: list[Stated] = field(default_factory=lambda: [accepted()])
    header: dict[str, Any] = field(default_factory=dict)
    content: bytes = field(default_factory=content)
    author: SigningKey = field(default_factory=lambda: key_of(SENDER, Use.AUTHOR))
    sealer: SigningKey | None = field(default_factory=lambda: key_of(SENDER))
    approver: SigningKey | None = None
    version: int = 7
    sealed_with: int = 7
    entries: dict[str, Entry] = field(default_factory=dict)
    cards: dict[str, bytes] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)
    revoked: list[KeyRevocation] = field(default_factory=list)
    shown: list[KeyRevocation] = field(default_factory=list)
    late: bool = False
    more: list[bytes] = field(default_factory=list)
    signer: tuple[VerifierKey, SigningKey] = field(default_factory=log_key)
    cosigned: bool = False
    stamped: bool = False
    opened: bool = False
    spoils: list[Spoil] = field(default_factory=list)
    trust: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = stream(f"evidence {self.name}")
        self.log: list[bytes] = []

    def bundle(self) -> bytes:
        """Return the file."""
        self._noise(5)
        self.addressees = draw_addressees([address(one) for one in self.recipients], self.rng)
        core, hashes = self._core(), [self.rng(32) for _ in range(3)]
        self.hash = contexts.envelope_hash(contexts.core_hash(core), *hashes)
        before, after = self._leaves()
        self.log += before
        self._noise(3)
        receipts = [self._receipt(one) for one in self.receipts]
        self.log += after
        self._noise(4)
        note = self._note()
        elements: list[Any] = ["EV1", "icn", core, *hashes, self._seal(), self._approval()]
        elements += [[[signed, *self._place(receipt_leaf(signed[0]))] for signed in receipts]]
        elements += [[[leaf, *self._place(leaf)] for leaf in (*before, *after)], self._revocations(), note]
        elements += [self._token() if self.stamped else None, self._named(), self._opened()]
        self.finish(elements)
        for spoil in self.spoils:
            spoil(elements)
        return pack(elements)

    def finish(self, elements: list[Any]) -> None:
        """Add what another version of the format has more."""

    def signers(self) -> set[str]:
        """Return who must be listed."""
        return {SENDER, GATE, *(one.by for one in self.receipts), *self.listed}

    def trusted(self) -> dict[str, Any]:
        """Return what a verifier of this file is told to trust."""
        return {"logs": [str(log_key()[0])], "witnesses": [], "timestamp_roots": "", **self.trust}

    def _core(self) -> bytes:
        self.header_bytes = encode_header(make_header(self.addressees, **self.header))
        return pack([1, self.sealed_with, self.rng(32), self.header_bytes])

    def _receipt(self, stated: Stated) -> list[Any]:
        number = 41 if stated.event == "accepted" else None
        view: Any = stated.view
        if view is True:
            view = [len(self.log), root_of([leaf_hash(leaf) for leaf in self.log])]
        signer = address(stated.by)
        subject = address(stated.about or stated.by)
        told = [
            stated.event,
            stated.hash or self.hash,
            subject,
            signer,
            AT + stated.at,
            number,
            stated.reason,
            view,
            self.rng(16),
        ]
        receipt = pack(told)
        key = stated.key or key_of(stated.by)
        signed = [receipt, key.key_id, key.sign(contexts.receipt_message(receipt))]
        stated.spoil(signed)
        if stated.logged:
            self.log.append(receipt_leaf(signed[0]))
        return signed

    def _leaves(self) -> tuple[list[bytes], list[bytes]]:
        """Return the leaves of the directory that are there before the acceptance, and after the receipts."""
        names = self.signers() - self.left_out
        leaves: list[bytes] = []
        for name in sorted(names):
            entry = self.entries.get(name) or member(name).entry
            leaves += [entry_leaf(entry), card_leaf(f"cards/{name}/key", self.cards.get(name) or card_of(name))]
        revocations = [revocation_leaf(row) for row in self.shown]
        everybody = tuple(member(name).entry for name in (SENDER, ME, GATE))
        who = encode_who(WhoIsWho(network="icn", exercise=False, entries=everybody, groups={}))
        hashes = [sha256(data).digest() for data in (b"snapshot", who, self._revocations())]
        version = encode_leaf(VersionLeaf(self.version, *hashes))
        if self.late:
            return [*leaves, *self.more], [*revocations, version]
        return [*leaves, *self.more, *revocations, version], []

    def _revocations(self) -> bytes:
        return encode_revocations(Revocations(network="icn", keys=tuple(self.revoked)))

    def _seal(self) -> list[bytes] | None:
        return None if self.sealer is None else _signature(self.sealer, contexts.seal_message(self.hash))

    def _approval(self) -> list[bytes] | None:
        return None if self.approver is None else _signature(self.approver, contexts.approval_message(self.hash))

    def _note(self) -> bytes:
        key, held = self.signer
        hashes = [leaf_hash(leaf) for leaf in self.log]
        self.text = encode_checkpoint(Checkpoint(key.name, len(hashes), root_of(hashes)))
        lines = [sign_note(self.text, key, held.sign)]
        if self.cosigned:
            witness, secret = witness_key()
            lines.append(cosign(self.text, witness, secret.sign, AT + 120))
        return encode_note(Note(self.text, tuple(lines)))

    def _token(self) -> bytes:
        return evidence_token.token(self.text.encode(), AT + 600)

    def _named(self) -> list[list[Any]]:
        leaves = [leaf_hash(contexts.addressee_leaf(one.blind, one.recipient)) for one in self.addressees]
        _, proofs = all_inclusion_proofs(leaves)
        wanted = {address(name) for name in self.named}
        places = enumerate(zip(self.addressees, proofs, strict=True))
        return [[one.recipient, one.blind, index, list(proof)] for index, (one, proof) in places if one.recipient in wanted]

    def _opened(self) -> list[bytes] | None:
        if not self.opened:
            return None
        message = contexts.content_message(contexts.header_hash(self.header_bytes), sha512(self.content).digest())
        return [*_signature(self.author, message), self.content]

    def _place(self, leaf: bytes) -> list[Any]:
        hashes = [leaf_hash(one) for one in self.log]
        if leaf not in self.log:
            return [0, inclusion_proof(0, hashes)]
        index = self.log.index(leaf)
        return [index, inclusion_proof(index, hashes)]

    def _noise(self, count: int) -> None:
        self.log += [self.rng(32) for _ in range(count)]


def _signature(key: SigningKey, message: bytes) -> list[bytes]:
    return [key.key_id, key.sign(message)]


def damaged(note: bytes, place: int = -1) -> bytes:
    """Return a note with a bit changed in what its last line says."""
    before, coded = note[:-1].rsplit(b" ", 1)
    raw = bytearray(b64decode(coded))
    raw[place] ^= 1
    return before + b" " + b64encode(bytes(raw)) + b"\n"


def redated(note: bytes) -> bytes:
    """Return a note whose last line says another time than the one that was signed."""
    return damaged(note, 11)  # after 4 bytes of key hash the last of 8 bytes of time


def moved(receipts: list[list[Any]]) -> list[list[Any]]:
    """Put the acceptance at the place of the leaf before it."""
    return [[receipts[0][0], receipts[0][1] - 1, receipts[0][2]], *receipts[1:]]


def shortened(receipts: list[list[Any]]) -> list[list[Any]]:
    """Take a sibling of the acceptance away."""
    return [[*receipts[0][:2], receipts[0][2][:-1]], *receipts[1:]]


def flipped_leaf(leaves: list[list[Any]]) -> list[list[Any]]:
    """Change the last bit of the first leaf."""
    leaf = leaves[0][0]
    return [[leaf[:-1] + bytes([leaf[-1] ^ 1]), *leaves[0][1:]], *leaves[1:]]


def odd_entry() -> bytes:
    """Return an entry with a member that nobody knows."""
    data = msgspec.json.encode({**msgspec.to_builtins(member(OTHER).entry), "nickname": "none"})
    return encode_leaf(EntryLeaf(data))


def renamed_entry(name: str) -> bytes:
    """Return an entry of a participant under another name."""
    return entry_leaf(msgspec.structs.replace(member(name).entry, name="Fictional unit of another name"))


def delivery_card() -> bytes:
    """Return the leaf of the sender's delivery card."""
    return card_leaf(f"cards/{SENDER}/delivery", member(SENDER).delivery_card(AT - DAY))


def version_leaf(number: int) -> bytes:
    """Return the leaf of another version."""
    return encode_leaf(VersionLeaf(number, *(bytes([place] * 32) for place in range(3))))


def renamed(name: str) -> Spoil:
    """Return a spoil that names somebody else in the place of the first who is named."""

    def spoil(elements: list[Any]) -> None:
        elements[ADDRESSEES][0][0] = address(name)

    return spoil


def turned(elements: list[Any]) -> None:
    """Put the receipts in the order of a bundle, whatever order they have in the log."""
    elements[RECEIPTS].reverse()


def wide(text: str) -> msgspec.Raw:
    """Return a short text with its length in a byte of its own."""
    return msgspec.Raw(b"\xd9" + bytes([len(text)]) + text.encode())
