"""
Steps 2, 3 and 5, and the log views of step 10: the checkpoint, the places in its tree, and whose log it is.

A checkpoint counts by a key of the log that the verifier named; without one by a key that the bundle itself lists, which shows
no more than that the bundle fits together. A line of a key that is known and does not verify refuses the note.
Spec: schemas/audit.md, "Evidence bundle".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.envelope.receipt import receipt_leaf
from gateway.errors import EvidenceBad, Rejected
from gateway.evidence.anchors import Anchors, gateway_of, log_keys
from gateway.evidence.bundle import Bundle
from gateway.evidence.listed import Listed
from gateway.evidence.statement import Witness
from gateway.ids import Address, network_of
from gateway.merkle import leaf_hash, verify_inclusion
from gateway.tlog.checkpoint import Checkpoint, parse_checkpoint
from gateway.tlog.cosignature import cosigned_at
from gateway.tlog.note import Note, VerifierKey, parse_note, verified

__all__ = ["Logged", "check_inclusion", "check_log_key", "check_views", "read_logged"]


@dataclass(frozen=True, slots=True)
class Logged:
    """
    The checkpoint of a bundle.

    Args:
        note: As it stands in the bundle.
        checkpoint: What it says.
        gateway: Whose log the origin names.
        signers: Named keys that signed it; empty where none was named.
        witnesses: Named witnesses; each has cosigned.
    """

    note: Note
    checkpoint: Checkpoint
    gateway: Address
    signers: tuple[VerifierKey, ...]
    witnesses: tuple[Witness, ...]

    @property
    def text(self) -> bytes:
        """What is signed, cosigned and stamped."""
        return self.note.text.encode()


def read_logged(bundle: Bundle, anchors: Anchors) -> Logged:
    """
    Step 2.

    Raises:
        EvidenceBad: `checkpoint` (form, or a bad signature of a named key), `origin`, `log-signature` or `witness`.
    """
    try:
        note = parse_note(bundle.form.checkpoint)
        checkpoint = parse_checkpoint(note.text)
        signers = verified(note, anchors.keys_of(checkpoint.origin))
    except Rejected as exc:
        raise EvidenceBad("checkpoint", exc.detail) from exc
    gateway = gateway_of(checkpoint.origin)
    if network_of(gateway) != bundle.form.network:
        raise EvidenceBad("origin", f"{checkpoint.origin[:80]!r} is no log of {bundle.form.network}")
    if anchors.anchored and not signers:
        raise EvidenceBad("log-signature", f"no key of {checkpoint.origin} that was named has signed")
    return Logged(note, checkpoint, gateway, tuple(signers), _witnesses(note, anchors.witnesses))


def check_inclusion(bundle: Bundle, checkpoint: Checkpoint) -> None:
    """
    Step 3.

    Raises:
        EvidenceBad: `inclusion`, or `index-repeated`: two leaves at one place.
    """
    form = bundle.form
    leaves = [(receipt_leaf(one.signed.receipt), one.index, one.proof) for one in form.receipts]
    leaves += [(one.leaf, one.index, one.proof) for one in bundle.leaves]
    for data, index, proof in leaves:
        if not verify_inclusion(index, checkpoint.size, leaf_hash(data), proof, checkpoint.root):
            raise EvidenceBad("inclusion", f"a leaf that is not at {index} of {checkpoint.size}")
    if len({index for _, index, _ in leaves}) != len(leaves):
        raise EvidenceBad("index-repeated")


def check_log_key(logged: Logged, listed: Listed) -> None:
    """
    Step 5: the key that signed the checkpoint stands on the card of the gateway that the origin names, and is not revoked.

    Raises:
        EvidenceBad: `log-key`, or `checkpoint`: a bad signature of such a key.
    """
    keys = log_keys(listed.directory, logged.gateway)
    try:
        signed = verified(logged.note, keys)
    except Rejected as exc:
        raise EvidenceBad("checkpoint", exc.detail) from exc
    # Named keys alone count where there are any; else those of the card stand for themselves.
    if not signed or (logged.signers and not set(signed) & set(logged.signers)):
        raise EvidenceBad("log-key", f"not signed by a log key on the card of {logged.gateway}")


def check_views(bundle: Bundle, checkpoint: Checkpoint) -> None:
    """
    Step 10: who signed a receipt had seen a smaller tree than the one that it came into, and nobody saw another one.

    Each has seen the log of its own network; that of the other one has no place here, but two trees of it are a fork as well.

    Raises:
        EvidenceBad: `log-view`.
    """
    here = bundle.form.network
    roots = {(here, checkpoint.size): checkpoint.root}
    places = [one.index for one in bundle.form.receipts]
    for signed, index in [*zip(bundle.receipts, places, strict=True), (bundle.first, places[0])]:
        view, network = signed.receipt.log, network_of(signed.receipt.signer)
        if view is None:
            continue
        if network == here and view.size > index:
            raise EvidenceBad("log-view", f"a tree of {view.size} seen before place {index} was taken")
        if roots.setdefault((network, view.size), view.root) != view.root:
            raise EvidenceBad("log-view", f"two trees of {view.size}: keep this bundle, the log was forked")


def _witnesses(note: Note, keys: Sequence[VerifierKey]) -> tuple[Witness, ...]:
    found = []
    for key in dict.fromkeys(keys):
        at = cosigned_at(note, key)
        if at is None:
            raise EvidenceBad("witness", f"{key.name} did not cosign")
        found.append(Witness(name=key.name, cosigned_at=at))
    return tuple(found)
