"""
Collecting an evidence bundle: what the home knows of a message, put together with what the audit log shows of it.

The directory facts are leaves of the log, made again from the verified directory of this home: the log is asked where they
stand, never what they say. Every proof is against one checkpoint. The bundle is verified before it is handed out: a gateway
that answers wrongly is found out here, and not by a judge.
Spec: schemas/audit.md, "Evidence bundle".
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.client.log.places import Chosen, LogPlaces, Place
from gateway.client.proof.provable import Provable, provable
from gateway.directory.entries import RevocationReason, decode_revocations
from gateway.directory.leaves import card_leaf, entry_leaf, revocation_leaf
from gateway.directory.metadata import read_repository
from gateway.directory.view import build_from
from gateway.envelope.common import read_core
from gateway.envelope.keys import PublicKey, Use
from gateway.envelope.payload import SUITES
from gateway.envelope.receipt import SignedReceipt, parse_receipt, receipt_leaf
from gateway.envelope.wire import SignedReceiptForm
from gateway.errors import Unavailable
from gateway.evidence.anchors import Anchors, gateway_of
from gateway.evidence.bundle import BundleForm, LoggedLeaf, LoggedReceipt, encode_bundle
from gateway.evidence.verify import verify
from gateway.ids import Address, MessageId, participant_of
from gateway.tlog.leaves import VersionLeaf, encode_leaf

if TYPE_CHECKING:
    from gateway.client.parts import Parts
    from gateway.directory.metadata import Contents
    from gateway.directory.view import Directory
    from gateway.evidence.statement import Statement

__all__ = ["PLAIN", "WAIT_S", "Collected", "ProofWish", "collect"]

WAIT_S: Final = 15.0  # a gateway signs a checkpoint within seconds
_log: Final = logging.getLogger(__name__)


class ProofWish(NamedTuple):
    """
    What a bundle is to show.

    Args:
        names: Recipients to name, by their author alone.
        with_content: Show what the author signed.
        cosigned: Wait for a checkpoint that a witness has cosigned.
        wait_s: For leaves and cosignatures, seconds.
    """

    names: Sequence[str] = ()
    with_content: bool = False
    cosigned: bool = False
    wait_s: float = WAIT_S


PLAIN: Final = ProofWish()


class Collected(NamedTuple):
    """A bundle, and what it proves to whoever trusts this home's directory."""

    bundle: bytes
    statement: Statement


async def collect(parts: Parts, message_id: MessageId, wish: ProofWish) -> Collected:
    """
    Collect the evidence for a message of this home.

    Args:
        parts: Of the home.
        message_id: As `send` returned it, or as the delivery says.
        wish: What the bundle is to show.

    Raises:
        Rejected: As `provable`; `evidence-bad`: what the gateway shows does not hold together.
        Unavailable: The log does not show what it must; a gateway cannot be reached; ask again later.
    """
    await parts.directory.current()
    known = await provable(parts, message_id, wish.names, with_content=wish.with_content)
    places = LogPlaces(parts.transport, wish.wait_s)
    origin = (await places.newest()).origin
    contents = await asyncio.to_thread(_contents, parts)
    accepted, others = parse_receipt(known.accepted), [parse_receipt(data) for data in known.receipts]
    logged = await _only_logged(places, others)
    leaves = _directory_leaves(contents, _signers(known, [accepted, *logged], gateway_of(origin)))
    data = [receipt_leaf(accepted.receipt_bytes), *(receipt_leaf(one.receipt_bytes) for one in logged), *leaves]
    chosen = await places.choose(await _last(places, data), cosigned=wish.cosigned)
    found = await places.places(data, chosen.size)
    receipts = _logged([accepted, *logged], found)
    directory = [LoggedLeaf(leaf, *place) for leaf, place in zip(leaves, found[len(receipts) :], strict=True)]
    bundle = encode_bundle(_form(parts, known, chosen, receipts, (directory, contents.revocations)))
    anchors = Anchors(directory=parts.directory.last())
    return Collected(bundle, await asyncio.to_thread(verify, bundle, anchors))


def _form(
    parts: Parts,
    known: Provable,
    chosen: Chosen,
    receipts: list[LoggedReceipt],
    listed: tuple[list[LoggedLeaf], bytes],
) -> BundleForm:
    head, (directory, revocations) = known.head, listed
    return BundleForm(
        network=parts.home.network,
        core=head.core,
        stanzas=head.stanzas,
        commit=head.commit,
        body_hash=head.body_hash,
        seal=head.seal,
        approval=head.approval,
        receipts=receipts,
        directory=directory,
        revocations=revocations,
        checkpoint=chosen.note,
        token=chosen.token,
        addressees=list(known.named),
        opened=known.opened,
    )


async def _only_logged(places: LogPlaces, receipts: Sequence[SignedReceipt]) -> list[SignedReceipt]:
    """Leave out receipts that the log does not show: a gateway has not taken them, and nothing rests on them."""
    indices = await places.indices([receipt_leaf(one.receipt_bytes) for one in receipts])
    for one, index in zip(receipts, indices, strict=True):
        if index is None:
            _log.warning("the receipt %s of %s is not in the log", one.receipt.event, one.receipt.subject)
    return [one for one, index in zip(receipts, indices, strict=True) if index is not None]


async def _last(places: LogPlaces, leaves: Sequence[bytes]) -> int:
    """Return the largest place of all; Unavailable where the log does not show one."""
    indices = await places.indices(leaves)
    missing = [leaf for leaf, index in zip(leaves, indices, strict=True) if index is None]
    if missing:
        raise Unavailable(f"the log does not show {len(missing)} of {len(leaves)} leaves yet; ask again later")
    return max(index for index in indices if index is not None)


def _contents(parts: Parts) -> Contents:
    """Read the files of the verified directory; in a thread."""
    return read_repository(parts.directory.files(), parts.home.root, None)


def _signers(known: Provable, receipts: Sequence[SignedReceipt], gateway: Address) -> set[Address]:
    header = read_core(known.head.core, SUITES)[1]
    return {header.sender, header.sealer, gateway, *(one.receipt.signer for one in receipts)}


def _directory_leaves(contents: Contents, names: set[Address]) -> list[bytes]:
    """Make the leaves again that tell of these participants, and of the version that they are taken from."""
    directory = build_from(contents)
    leaves: list[bytes] = []
    for address in sorted(names):
        path = f"cards/{participant_of(address)}/key"
        entry = directory.entry(address)
        if entry is None or path not in contents.cards:
            raise Unavailable(f"the directory has no entry or no key card of {address}")
        leaves += [entry_leaf(entry), card_leaf(path, contents.cards[path])]
    return [*leaves, *_stolen(contents, directory, names), _version_leaf(contents)]


def _stolen(contents: Contents, directory: Directory, names: set[Address]) -> list[bytes]:
    """Return the leaves that tell since when keys of these participants are known as stolen."""
    theirs = {record.key_id for record in directory.all_keys() if record.address in names}
    theirs |= {PublicKey(name, Use.IDENTITY, bytes.fromhex(directory.entries[name].identity)).key_id for name in names}
    rows = decode_revocations(contents.revocations).keys
    return [revocation_leaf(row) for row in rows if row.id in theirs and row.reason is RevocationReason.STOLEN]


def _version_leaf(contents: Contents) -> bytes:
    who, revocations = (sha256(data).digest() for data in (contents.who, contents.revocations))
    return encode_leaf(VersionLeaf(contents.version, contents.snapshot_sha256, who, revocations))


def _logged(receipts: Sequence[SignedReceipt], found: Sequence[Place]) -> list[LoggedReceipt]:
    return [
        LoggedReceipt(SignedReceiptForm(one.receipt_bytes, one.key_id, one.signature), *place)
        for one, place in zip(receipts, found, strict=False)
    ]
