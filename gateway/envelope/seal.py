"""
Sealing: steps 1 to 6 of the specification, numbered there and here.

The author signs what is said; the sealer packs it for each addressee and signs how. Secrets of a sealing are fresh and are
dropped when it returns; the sealed bytes are stored before they are sent, and a retry sends the same ones.
This module checks what a mistake could break; it does not ask whether the recipients may read it (policy does).
Spec: schemas/envelope.md, "Sealing".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256, sha512
from typing import Final, NamedTuple, NotRequired, TypedDict, Unpack

from gateway.envelope import contexts, payload, primitives
from gateway.envelope.common import VERSION
from gateway.envelope.form import encode, limit
from gateway.envelope.header import Header, decode_header
from gateway.envelope.keys import Keyring, PublicKey, Signature, Use
from gateway.envelope.primitives import Rng, SecretKey
from gateway.envelope.wire import MAX_CONTENT_BYTES, ClearForm, CommonForm, CoreForm, StanzaForm, SubmissionForm
from gateway.errors import Rejected
from gateway.ids import Address, EnvelopeHash
from gateway.merkle import leaf_hash, root_of, tree_hash

__all__ = [
    "Addressee",
    "Sealed",
    "Sealing",
    "Spread",
    "addressee_leaves",
    "addressees_hash",
    "check_addressee_leaves",
    "check_addressees",
    "draw_addressees",
    "encode_clear",
    "seal",
    "sign_content",
]

# `map`, or the `map` of a pool: the curve runs outside the interpreter's lock, so threads share a long list of recipients.
Spread = Callable[[Callable[[Sequence["Addressee"]], list[bytes]], Iterable[Sequence["Addressee"]]], Iterable[list[bytes]]]

BLIND_BYTES: Final = 16
SEED_BYTES: Final = 32
SUITE: Final = 1
WRAPS_AT_ONCE: Final = 50  # 2 ms of work: enough to be worth handing to another thread


class Addressee(NamedTuple):
    """One recipient and the random bytes that hide it from the others."""

    recipient: Address
    blind: bytes


@dataclass(frozen=True, slots=True)
class Sealed:
    """
    A sealed message.

    Attributes:
        submission: What is posted to the gateway.
        common: What all recipients share.
    """

    submission: bytes
    envelope_hash: EnvelopeHash
    common: bytes


class Sealing(TypedDict):
    """
    Who seals, and with what.

    Attributes:
        keyring: Of the sealer: its agent key signs.
        directory_version: Snapshot version of the sealer's network that the keys were taken from.
        approver: Keyring of the second officer, for kinds that need one.
        spread: How the wraps are worked through, in parts; `map` unless told otherwise. The result is the same.
    """

    keyring: Keyring
    directory_version: int
    rng: Rng
    approver: NotRequired[Keyring | None]
    spread: NotRequired[Spread]


def draw_addressees(recipients: Iterable[Address], rng: Rng) -> list[Addressee]:
    """
    Give each recipient a blind, in a random order, so that a place in the list tells nothing.

    Raises:
        Rejected: `recipient-repeated`.
    """
    drawn = sorted((rng(BLIND_BYTES), recipient) for recipient in recipients)
    if len({recipient for _, recipient in drawn}) != len(drawn):
        raise Rejected(code="recipient-repeated")
    return [Addressee(recipient, blind) for blind, recipient in drawn]


def addressees_hash(addressees: Sequence[Addressee]) -> bytes:
    """Return what the header says of the addressees: the root of the tree over them."""
    return root_of(addressee_leaves(addressees))


def addressee_leaves(addressees: Iterable[tuple[Address, bytes]]) -> list[bytes]:
    """Return the leaf hashes of the tree over recipients and their blinds."""
    return [leaf_hash(contexts.addressee_leaf(blind, recipient)) for recipient, blind in addressees]


def sign_content(header: bytes, content: bytes, keyring: Keyring) -> Signature:
    """Step 1: the author signs header and content, and so fixes addressees, sealer, kind and times."""
    limit("content", len(content), MAX_CONTENT_BYTES)
    return keyring.sign(Use.AUTHOR, contexts.content_message(contexts.header_hash(header), sha512(content).digest()))


def encode_clear(header: bytes, addressees: Sequence[Addressee], author: Signature, content: bytes) -> bytes:
    """Return what a thin client posts for the gateway to seal."""
    pairs = [(one.recipient, one.blind) for one in addressees]
    return encode(ClearForm(header, pairs, author.key_id, author.signature, content))


def check_addressees(header: Header, addressees: Sequence[Addressee]) -> None:
    """Refuse addressees that the header does not name: `recipient-repeated` or `addressees-differ`."""
    check_addressee_leaves(header, [one.recipient for one in addressees], addressee_leaves(addressees))


def check_addressee_leaves(header: Header, recipients: Sequence[Address], leaves: Sequence[bytes]) -> None:
    """Check addressees as `check_addressees` does, where the hashes of their leaves are at hand."""
    if len(set(recipients)) != len(recipients):
        raise Rejected(code="recipient-repeated")
    if len(recipients) != header.recipients:
        raise Rejected(f"{len(recipients)} addressees, the header says {header.recipients}", code="addressees-differ")
    if root_of(leaves) != header.addressees:
        raise Rejected("not the addressees that the author signed", code="addressees-differ")


def seal(
    header: bytes,
    content: bytes,
    *,
    author: Signature,
    addressees: Sequence[Addressee],
    keys: Mapping[Address, PublicKey],
    **sealing: Unpack[Sealing],
) -> Sealed:
    """
    Seal a signed message for its addressees.

    Args:
        header: As the author signed it.
        content: As the author signed it, at most 1 MiB.
        author: What `sign_content` returned; not verified again here.
        addressees: The list that `header.addressees` is the hash of, in the same order.
        keys: A delivery key for each recipient.
        sealing: As `Sealing` says: the sealer's keyring, directory version and generator, and what else is needed.

    Raises:
        Rejected: `too-large`, `recipient-repeated`, `addressees-differ` or `recipient-key`; nothing was sealed.
    """
    limit("content", len(content), MAX_CONTENT_BYTES)
    check_addressees(decode_header(header), addressees)
    # 2. A fresh content key and ephemeral key.
    cek, ephemeral = _fresh(sealing["rng"], contexts.header_hash(header), sha512(content).digest())
    core = encode(CoreForm(SUITE, sealing["directory_version"], primitives.box_public(ephemeral), header))
    core_hash = contexts.core_hash(core)
    # 3. The content key for each recipient.
    wrapper = _Wrapper(keys, contexts.wrap_nonce_prefix(core_hash), cek, ephemeral)
    parts = [addressees[i : i + WRAPS_AT_ONCE] for i in range(0, len(addressees), WRAPS_AT_ONCE)]
    stanzas = [stanza for part in sealing.get("spread", map)(wrapper.stanzas, parts) for stanza in part]
    stanzas_root = tree_hash(stanzas)
    # 4. The payload key and the commitment to it.
    key, commit = payload.derive(cek, core_hash, SUITE)
    # 5. The body.
    body = payload.seal_body(key, contexts.aad(core_hash, stanzas_root, commit), author, content)
    envelope_hash = contexts.envelope_hash(core_hash, stanzas_root, commit, sha256(body).digest())
    # 6. The sealer's signature, and a second officer's.
    signature = sealing["keyring"].sign(Use.AGENT, contexts.seal_message(envelope_hash))
    approver = sealing.get("approver")
    approval = None if approver is None else approver.sign(Use.APPROVAL, contexts.approval_message(envelope_hash))
    common = encode(CommonForm(VERSION, core, stanzas_root, commit, body, signature, approval))
    return Sealed(encode(SubmissionForm(common, stanzas)), envelope_hash, common)


def _fresh(rng: Rng, header_hash: bytes, content_hash: bytes) -> tuple[SecretKey, SecretKey]:
    seed = SecretKey(sha512(contexts.seed_input(rng(SEED_BYTES), header_hash, content_hash)).digest())
    return SecretKey(seed.unsafe_bytes[:SEED_BYTES]), SecretKey(seed.unsafe_bytes[SEED_BYTES:])


@dataclass(frozen=True, slots=True)
class _Wrapper:
    """Step 3 for one envelope."""

    keys: Mapping[Address, PublicKey]
    nonce_prefix: bytes
    cek: SecretKey
    ephemeral: SecretKey

    def stanzas(self, addressees: Sequence[Addressee]) -> list[bytes]:
        """Return the stanzas of some of the addressees, in their order."""
        return [self._stanza(recipient, blind) for recipient, blind in addressees]

    def _stanza(self, recipient: Address, blind: bytes) -> bytes:
        key = self.keys.get(recipient)
        if key is None or key.address != recipient or key.use is not Use.DELIVERY:
            raise Rejected(f"no delivery key of {recipient}", code="recipient-key")
        wrap = primitives.box(self.cek, contexts.wrap_nonce(self.nonce_prefix, key.key_id), key.key, self.ephemeral)
        return encode(StanzaForm(recipient, blind, key.key_id, wrap))
