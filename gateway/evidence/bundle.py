"""
The evidence bundle: its arrays, its limits, and how it is read and written.

Constructing a `Bundle` is parsing it: the forms of every layer are checked, nothing is proved (`gateway.evidence.verify`).
Each value stands in its shortest spelling; what was hashed and signed stands in it as the bytes that were hashed and signed.
A bundle holds no list: of the directory only the leaves of those who are named in it.
Spec: schemas/audit.md, "Evidence bundle".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from msgspec import Meta, Struct

from gateway.envelope import contexts
from gateway.envelope.common import read_core
from gateway.envelope.form import Form, encode, first_element
from gateway.envelope.header import Header
from gateway.envelope.keys import Signature
from gateway.envelope.payload import SUITES
from gateway.envelope.receipt import SignedReceipt, read_receipt
from gateway.envelope.wire import (
    MAX_RECIPIENTS,
    MAX_SIBLINGS,
    AddressField,
    Bytes16,
    Bytes32,
    CoreForm,
    InnerForm,
    SignedReceiptForm,
    Uint,
)
from gateway.errors import Rejected
from gateway.evidence.token import MAX_TOKEN_BYTES
from gateway.ids import NETWORK_PATTERN, EnvelopeHash
from gateway.tlog.note import MAX_NOTE_BYTES

__all__ = [
    "MAX_BUNDLE_BYTES",
    "VERSION",
    "Bundle",
    "BundleForm",
    "LoggedLeaf",
    "LoggedReceipt",
    "NamedRecipient",
    "encode_bundle",
]

VERSION: Final = "EV1"
MAX_BUNDLE_BYTES: Final = 32 << 20  # 4096 named recipients with their cards, revocations, and a content of 1 MiB
MAX_LEAF_BYTES: Final = 65_535  # of an entry in a C2SP bundle of entries
MAX_LOG_SIBLINGS: Final = 53  # sizes are below 2^53
MAX_RECEIPTS: Final = 1 + 8 * MAX_RECIPIENTS  # accepted, and every other event for every recipient
MAX_LEAVES: Final = 4 * MAX_RECIPIENTS
MAX_REVOCATIONS_BYTES: Final = 4 << 20

_Proof = Annotated[list[Bytes32], Meta(max_length=MAX_LOG_SIBLINGS)]


class LoggedReceipt(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A signed receipt, and where it stands in the log."""

    signed: SignedReceiptForm
    index: Uint
    proof: _Proof


class LoggedLeaf(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A readable leaf of the directory, and where it stands in the log."""

    leaf: Annotated[bytes, Meta(min_length=1, max_length=MAX_LEAF_BYTES)]
    index: Uint
    proof: _Proof


class NamedRecipient(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A recipient whom the author wrote to, and its place in the tree of addressees."""

    recipient: AddressField
    blind: Bytes16
    index: Uint
    proof: Annotated[list[Bytes32], Meta(max_length=MAX_SIBLINGS)]


class BundleForm(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, kw_only=True):
    """
    The fields in their order in the file.

    Attributes:
        network: Whose log this is; everybody in the bundle belongs to it.
        body_hash: SHA-256 of the sealed body, which is not part of the evidence.
        seal: The sealer's signature; nil where a gateway sealed clear text: its `accepted` says the same.
        receipts: The `accepted` one first.
        directory: Readable leaves: one version, and entry and key card of each who signed something here.
        revocations: `revocations.json`, which the version leaf pins.
        checkpoint: Signed note; every proof of a receipt or leaf is against it.
        token: RFC 3161 time-stamp token over the text of the checkpoint.
        addressees: The recipients who are named; the others stay hidden.
        opened: What the author signed; nil where its holder keeps it to himself.
    """

    version: str = VERSION
    network: Annotated[str, Meta(pattern=rf"\A{NETWORK_PATTERN}\Z")]
    core: bytes
    stanzas: Bytes32
    commit: Bytes32
    body_hash: Bytes32
    seal: Signature | None
    approval: Signature | None
    receipts: Annotated[list[LoggedReceipt], Meta(min_length=1, max_length=MAX_RECEIPTS)]
    directory: Annotated[list[LoggedLeaf], Meta(max_length=MAX_LEAVES)]
    revocations: Annotated[bytes, Meta(max_length=MAX_REVOCATIONS_BYTES)]
    checkpoint: Annotated[bytes, Meta(max_length=MAX_NOTE_BYTES)]
    token: Annotated[bytes, Meta(max_length=MAX_TOKEN_BYTES)] | None
    addressees: Annotated[list[NamedRecipient], Meta(max_length=MAX_RECIPIENTS)]
    opened: InnerForm | None


_FORM: Final = Form(BundleForm, "bundle", MAX_BUNDLE_BYTES)


class Bundle:
    """
    An evidence bundle as its bytes spell it.

    Args:
        data: The file.

    Raises:
        Rejected: `unknown-version` or `unknown-suite`, told before the rest is looked at; `too-large`, `malformed` or
            `not-canonical`.
    """

    __slots__ = ("core", "envelope_hash", "form", "header", "receipts")

    def __init__(self, data: bytes) -> None:
        if (version := first_element(data, "bundle")) != VERSION:
            raise Rejected(f"bundle of version {str(version)[:16]!r}, known here: {VERSION}", code="unknown-version")
        self.form: BundleForm = _FORM.decode(data)
        self.core: CoreForm
        self.header: Header
        self.core, self.header = read_core(self.form.core, SUITES)
        self.receipts: list[SignedReceipt] = [read_receipt(one.signed) for one in self.form.receipts]
        form = self.form
        self.envelope_hash: EnvelopeHash = contexts.envelope_hash(
            contexts.core_hash(form.core), form.stanzas, form.commit, form.body_hash
        )

    @property
    def accepted(self) -> SignedReceipt:
        """The receipt that stands first."""
        return self.receipts[0]

    @property
    def acknowledgements(self) -> Sequence[tuple[SignedReceipt, int]]:
        """Every other receipt with its place in the log."""
        return [(signed, one.index) for signed, one in zip(self.receipts[1:], self.form.receipts[1:], strict=True)]

    def __repr__(self) -> str:
        return f"Bundle({self.envelope_hash.hex()} from {self.header.sender})"


def encode_bundle(form: BundleForm) -> bytes:
    """
    Return the bytes of a bundle.

    Raises:
        Rejected: `malformed` or `too-large`: a field breaks its rule.
    """
    data = encode(form)
    Bundle(data)
    return data
