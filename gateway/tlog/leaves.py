"""
Leaf data of the audit log: what is readable, and what is a hash.

A leaf about a message or an operator's action is 32 bytes and says nothing by itself. A readable leaf is the label of
`contexts.directory_leaf` and one MessagePack array, read as strictly as the envelope; no readable leaf has 32 bytes.
JSON and cards stand as the bytes that were published and are not looked into here: who reads them checks them.
What a peer's directory says stands inside a leaf that names the peer, so that nothing of it can pass for a word of our own.
Spec: schemas/audit.md, "Leaves".
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from gateway.envelope import contexts
from gateway.envelope.form import Form, encode
from gateway.envelope.wire import Bytes32, Uint
from gateway.errors import Rejected
from gateway.ids import NETWORK_PATTERN, PARTICIPANT_PATTERN
from gateway.merkle import HASH_BYTES
from gateway.tlog.tiles import MAX_ENTRY_BYTES

__all__ = [
    "CardLeaf",
    "EntryLeaf",
    "FarLeaf",
    "Leaf",
    "PeerLeaf",
    "PeerRemovedLeaf",
    "ReadableLeaf",
    "ReceiptLeaf",
    "RevocationLeaf",
    "RootLeaf",
    "VersionLeaf",
    "WrappedLeaf",
    "decode_leaf",
    "decode_wrapped",
    "encode_leaf",
]

_LABEL: Final = contexts.directory_leaf(b"")
# Shorter ones are no entry, revocation, peer or card, and could make a leaf of 32 bytes.
_Published = Annotated[bytes, Meta(min_length=32)]


class VersionLeaf(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="version"):
    """
    A directory version, so that a split view shows.

    Attributes:
        number: The version, that of the TUF snapshot.
        snapshot: SHA-256 of the snapshot metadata, which names all else of the version.
        directory: SHA-256 of `directory.json`.
        revocations: SHA-256 of `revocations.json`.
    """

    number: Uint
    snapshot: Bytes32
    directory: Bytes32
    revocations: Bytes32


class EntryLeaf(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="entry"):
    """A directory entry that is new or changed: its JSON."""

    entry: _Published


class CardLeaf(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="card"):
    """A card that was published: its path in the directory, `cards/NCB-QM/key`, and the signed card."""

    path: Annotated[str, Meta(pattern=rf"\Acards/{PARTICIPANT_PATTERN}/(key|delivery)\Z")]
    card: _Published


class RootLeaf(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="root"):
    """A TUF root that was published: its version and the SHA-256 of its metadata."""

    number: Uint
    root: Bytes32


class RevocationLeaf(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="revocation"):
    """A revocation of a key, new or changed: its JSON."""

    revocation: _Published


class PeerLeaf(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="peer"):
    """A peer of this network, new or changed: its JSON, the root of its directory included."""

    peer: _Published


class PeerRemovedLeaf(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="peer-removed"):
    """A network that is a peer no more: its name, and the SHA-256 of the JSON that stood last."""

    network: Annotated[str, Meta(pattern=rf"\A{NETWORK_PATTERN}\Z")]
    peer: Bytes32


class FarLeaf(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="far"):
    """What a peer's directory says, as this network verified it: its name, and the leaf data as it would stand there."""

    network: Annotated[str, Meta(pattern=rf"\A{NETWORK_PATTERN}\Z")]
    leaf: _Published


class ReceiptLeaf(Struct, frozen=True):
    """The hash of a receipt, or of an operator's action: which one, only who has it can tell."""

    hash: Bytes32


WrappedLeaf = VersionLeaf | EntryLeaf | CardLeaf | RevocationLeaf
ReadableLeaf = WrappedLeaf | RootLeaf | PeerLeaf | PeerRemovedLeaf | FarLeaf
Leaf = ReadableLeaf | ReceiptLeaf

_MAX_BYTES: Final = MAX_ENTRY_BYTES - len(_LABEL)
_FORM: Final[Form[ReadableLeaf]] = Form(ReadableLeaf, "leaf", _MAX_BYTES)  # type: ignore[arg-type]
_WRAPPED: Final[Form[WrappedLeaf]] = Form(WrappedLeaf, "leaf of a peer", _MAX_BYTES)  # type: ignore[arg-type]


def encode_leaf(leaf: Leaf) -> bytes:
    """
    Return the leaf data.

    Raises:
        Rejected: `too-large`, above 65,535 bytes; `malformed`, a field breaks its rule.
    """
    data = leaf.hash if isinstance(leaf, ReceiptLeaf) else contexts.directory_leaf(encode(leaf))
    decode_leaf(data)
    return data


def decode_leaf(data: bytes) -> Leaf:
    """
    Read leaf data.

    Raises:
        Rejected: `too-large`, `malformed` or `not-canonical`.
    """
    if len(data) == HASH_BYTES:
        return ReceiptLeaf(data)
    leaf = _FORM.decode(_labelled(data))
    if isinstance(leaf, FarLeaf):
        decode_wrapped(leaf)
    return leaf


def decode_wrapped(leaf: FarLeaf) -> WrappedLeaf:
    """Read what a peer's directory says; raise Rejected as `decode_leaf`."""
    return _WRAPPED.decode(_labelled(leaf.leaf))


def _labelled(data: bytes) -> bytes:
    if not data.startswith(_LABEL):
        raise Rejected(f"leaf of {len(data)} bytes without the label of a readable one", code="malformed")
    return data[len(_LABEL) :]
