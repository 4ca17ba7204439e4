"""
Collecting an evidence bundle: what the home knows of a message, put together with what the audit log shows of it.

The directory facts are leaves of the log, made again from the verified directories of this home, its own and that of the other
network: the log is asked where they stand, never what they say. Every proof is against one checkpoint. The bundle is verified
before it is handed out: a gateway that answers wrongly is found out here, and not by a judge.
Spec: schemas/audit.md, "Evidence bundle".
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.client.log.places import Chosen, LogPlaces, Place
from gateway.client.proof.provable import Provable, provable
from gateway.directory.entries import RevocationReason, decode_revocations
from gateway.directory.leaves import card_leaf, entry_leaf, far_leaf, revocation_leaf, version_leaf
from gateway.directory.metadata import read_repository
from gateway.directory.view import build_from
from gateway.envelope.common import read_core
from gateway.envelope.keys import PublicKey, Use
from gateway.envelope.payload import SUITES
from gateway.envelope.receipt import SignedReceipt, parse_receipt, receipt_leaf
from gateway.envelope.wire import SignedReceiptForm
from gateway.errors import Rejected, Unavailable
from gateway.evidence.anchors import Anchors, gateway_of
from gateway.evidence.bundle import BundleForm, Far, LoggedLeaf, LoggedReceipt, RelayedForm, encode_bundle
from gateway.evidence.verify import verify
from gateway.ids import Address, MessageId, Network, network_of, participant_of

if TYPE_CHECKING:
    from gateway.client.parts import Parts
    from gateway.directory.metadata import Contents
    from gateway.directory.view import Directory
    from gateway.evidence.statement import Statement

__all__ = ["PLAIN", "WAIT_S", "Collected", "ProofWish", "collect"]

Shown = tuple[Network, list[LoggedLeaf], bytes]  # leaves with their places, and the revocations

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
        Rejected: As `provable`; `peer-unknown`: the other network is no peer any more, so that its directory is not at hand;
            `evidence-bad`: what the gateway shows does not hold together.
        Unavailable: The log does not show what it must; a gateway cannot be reached; ask again later.
    """
    await parts.directory.current()
    known = await provable(parts, message_id, wish.names, with_content=wish.with_content)
    places = LogPlaces(parts.transport, wish.wait_s)
    origin = (await places.newest()).origin
    accepted, others = parse_receipt(known.accepted), [parse_receipt(data) for data in known.receipts]
    receipts = [accepted, *await _only_logged(places, others)]
    signers = _signers(known, receipts, gateway_of(origin))
    networks = [parts.home.network] if known.far is None else [parts.home.network, known.far]
    facts = [await asyncio.to_thread(_facts, parts, network, signers) for network in networks]
    data = [*(receipt_leaf(one.receipt_bytes) for one in receipts), *(leaf for one in facts for leaf in one.leaves)]
    chosen = await places.choose(await _last(places, data), cosigned=wish.cosigned)
    found = dict(zip(data, await places.places(data, chosen.size), strict=True))
    bundle = encode_bundle(_form(known, chosen, [_logged(one, found) for one in receipts], _shown(facts, found)))
    anchors = Anchors(directory=parts.directory.last())
    return Collected(bundle, await asyncio.to_thread(verify, bundle, anchors))


class _Facts(NamedTuple):
    """What the log shows of one network's directory."""

    network: Network
    leaves: Sequence[bytes]
    revocations: bytes


def _form(known: Provable, chosen: Chosen, receipts: list[LoggedReceipt], shown: Sequence[Shown]) -> BundleForm:
    head, (network, directory, revocations), *others = known.head, *shown
    form = BundleForm(
        network=network,
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
    if not others:
        return form
    [(other, leaves, rows)] = others
    first = None if known.first is None else _signed(parse_receipt(known.first))
    fields = {name: getattr(form, name) for name in form.__struct_fields__ if name != "version"}
    return RelayedForm(**fields, far=Far(network=other, directory=leaves, revocations=rows, first=first))


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


def _facts(parts: Parts, network: Network, signers: set[Address]) -> _Facts:
    """Make the leaves again of who signed, from the files of the verified directory of a network; in a thread."""
    far = network != parts.home.network
    peer = parts.directory.last().borders.get(network) if far else None
    if far and peer is None:
        hint = "bundles that were made before are still good"
        raise Rejected(f"{network} is no peer any more: its directory is not at hand", code="peer-unknown", hint=hint)
    contents = read_repository(parts.directory.files(network), parts.home.root if peer is None else peer.root, None)
    leaves = _directory_leaves(contents, {name for name in signers if network_of(name) == network})
    return _Facts(network, [far_leaf(network, leaf) for leaf in leaves] if far else leaves, contents.revocations)


def _signers(known: Provable, receipts: Sequence[SignedReceipt], gateway: Address) -> set[Address]:
    header = read_core(known.head.core, SUITES)[1]
    first = [] if known.first is None else [parse_receipt(known.first)]
    return {header.sender, header.sealer, gateway, *(one.receipt.signer for one in (*first, *receipts))}


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
    version = version_leaf(contents.version, contents.snapshot_sha256, contents.who, contents.revocations)
    return [*leaves, *_stolen(contents, directory, names), version]


def _stolen(contents: Contents, directory: Directory, names: set[Address]) -> list[bytes]:
    """Return the leaves that tell since when keys of these participants are known as stolen."""
    theirs = {record.key_id for record in directory.all_keys() if record.address in names}
    theirs |= {PublicKey(name, Use.IDENTITY, bytes.fromhex(directory.entries[name].identity)).key_id for name in names}
    rows = decode_revocations(contents.revocations).keys
    return [revocation_leaf(row) for row in rows if row.id in theirs and row.reason is RevocationReason.STOLEN]


def _logged(one: SignedReceipt, found: Mapping[bytes, Place]) -> LoggedReceipt:
    return LoggedReceipt(_signed(one), *found[receipt_leaf(one.receipt_bytes)])


def _signed(one: SignedReceipt) -> SignedReceiptForm:
    return SignedReceiptForm(one.receipt_bytes, one.key_id, one.signature)


def _shown(facts: Sequence[_Facts], found: Mapping[bytes, Place]) -> list[Shown]:
    """Return of each network the leaves with their places, and the revocations."""
    return [(one.network, [LoggedLeaf(leaf, *found[leaf]) for leaf in one.leaves], one.revocations) for one in facts]
