"""
The evidence bundle: its arrays, its limits, and how it is read and written.

Constructing a `Bundle` is parsing it: the forms of every layer are checked, nothing is proved (`gateway.evidence.verify`).
Each value stands in its shortest spelling; what was hashed and signed stands in it as the bytes that were hashed and signed.
A bundle holds no list: of the directory only the leaves of those who are named in it. `EV1` speaks of one network, `EV2` of a
message between two: every place in it is still in one log, that of the network whose gateway signed the first receipt.
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
from gateway.ids import NETWORK_PATTERN, EnvelopeHash, Network
from gateway.tlog.note import MAX_NOTE_BYTES

__all__ = [
    "MAX_BUNDLE_BYTES",
    "RELAYED",
    "VERSION",
    "Bundle",
    "BundleForm",
    "Far",
    "LoggedLeaf",
    "LoggedReceipt",
    "NamedRecipient",
    "RelayedForm",
    "encode_bundle",
]

VERSION: Final = "EV1"
RELAYED: Final = "EV2"
MAX_BUNDLE_BYTES: Final = 32 << 20  # 4096 named recipients with their cards, revocations, and a content of 1 MiB
MAX_LEAF_BYTES: Final = 65_535  # of an entry in a C2SP bundle of entries
MAX_LOG_SIBLINGS: Final = 53  # sizes are below 2^53
MAX_RECEIPTS: Final = 1 + 8 * MAX_RECIPIENTS  # accepted, and every other event for every recipient
MAX_LEAVES: Final = 4 * MAX_RECIPIENTS
MAX_REVOCATIONS_BYTES: Final = 4 << 20

_Proof = Annotated[list[Bytes32], Meta(max_length=MAX_LOG_SIBLINGS)]
_Network = Annotated[str, Meta(pattern=rf"\A{NETWORK_PATTERN}\Z")]
_Revocations = Annotated[bytes, Meta(max_length=MAX_REVOCATIONS_BYTES)]


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


class Far(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, kw_only=True):
    """
    What a bundle shows of the other network.

    Attributes:
        network: Its name.
        directory: Leaves of its directory, as the log of this network has them.
        revocations: Its `revocations.json`, which its version leaf pins.
        first: The `accepted` of that network, where the message came from there; nil where it went there.
    """

    network: _Network
    directory: Annotated[list[LoggedLeaf], Meta(max_length=MAX_LEAVES)]
    revocations: _Revocations
    first: SignedReceiptForm | None


class BundleForm(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, kw_only=True):
    """
    The fields in their order in the file.

    Attributes:
        network: Whose log this is; everybody in the bundle belongs to it, or to the other network of an `EV2`.
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
    network: _Network
    core: bytes
    stanzas: Bytes32
    commit: Bytes32
    body_hash: Bytes32
    seal: Signature | None
    approval: Signature | None
    receipts: Annotated[list[LoggedReceipt], Meta(min_length=1, max_length=MAX_RECEIPTS)]
    directory: Annotated[list[LoggedLeaf], Meta(max_length=MAX_LEAVES)]
    revocations: _Revocations
    checkpoint: Annotated[bytes, Meta(max_length=MAX_NOTE_BYTES)]
    token: Annotated[bytes, Meta(max_length=MAX_TOKEN_BYTES)] | None
    addressees: Annotated[list[NamedRecipient], Meta(max_length=MAX_RECIPIENTS)]
    opened: InnerForm | None


class RelayedForm(BundleForm, frozen=True, array_like=True, forbid_unknown_fields=True, kw_only=True):
    """The same of a message between two networks, and what there is of the other one."""

    version: str = RELAYED
    far: Far


_FORMS: Final[dict[object, Form[BundleForm] | Form[RelayedForm]]] = {
    VERSION: Form(BundleForm, "bundle", MAX_BUNDLE_BYTES),
    RELAYED: Form(RelayedForm, "bundle", MAX_BUNDLE_BYTES),
}


class Bundle:
    """
    An evidence bundle as its bytes spell it.

    Args:
        data: The file.

    Raises:
        Rejected: `unknown-version` or `unknown-suite`, told before the rest is looked at; `too-large`, `malformed` or
            `not-canonical`.
    """

    __slots__ = ("core", "envelope_hash", "far", "first", "form", "header", "receipts")

    def __init__(self, data: bytes) -> None:
        if (form_of := _FORMS.get(version := first_element(data, "bundle"))) is None:
            raise Rejected(f"bundle of version {str(version)[:16]!r}, known here: {VERSION}, {RELAYED}", code="unknown-version")
        self.form: BundleForm = form_of.decode(data)
        self.far: Far | None = self.form.far if isinstance(self.form, RelayedForm) else None
        self.core: CoreForm
        self.header: Header
        self.core, self.header = read_core(self.form.core, SUITES)
        self.receipts: list[SignedReceipt] = [read_receipt(one.signed) for one in self.form.receipts]
        # What the author's network signed: it stands apart where this is the log of another one.
        other = None if self.far is None else self.far.first
        self.first: SignedReceipt = self.receipts[0] if other is None else read_receipt(other)
        form = self.form
        self.envelope_hash: EnvelopeHash = contexts.envelope_hash(
            contexts.core_hash(form.core), form.stanzas, form.commit, form.body_hash
        )

    @property
    def accepted(self) -> SignedReceipt:
        """The receipt that stands first: of the network whose log this is."""
        return self.receipts[0]

    @property
    def came_from_far(self) -> bool:
        """Tell whether the message was first accepted by the other network."""
        return self.first is not self.accepted

    @property
    def span(self) -> tuple[int, int]:
        """When the author's network accepted it, and when the one of this log did: Unix seconds."""
        return self.first.receipt.at, self.accepted.receipt.at

    @property
    def networks(self) -> tuple[Network, ...]:
        """The network of this log, and the other one."""
        return tuple(Network(one.network) for one in (self.form, self.far) if one is not None)

    @property
    def leaves(self) -> Sequence[LoggedLeaf]:
        """Every leaf about a directory."""
        return self.form.directory if self.far is None else [*self.form.directory, *self.far.directory]

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
