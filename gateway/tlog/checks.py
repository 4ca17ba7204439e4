"""
What a proof must show before a statement about a log is believed.

`check_inclusion`: this leaf stands at this index. `check_growth`: the newer tree begins with the older one. Neither looks at
signatures: open the checkpoints first. A proof that does not verify says that the proof is wrong, not yet that the log is;
two roots for one size, both signed, say that the log is.
Spec: schemas/audit.md, "Proofs".
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.errors import Corrupt, Rejected
from gateway.merkle import verify_consistency, verify_inclusion
from gateway.tlog.checkpoint import Checkpoint

__all__ = ["check_growth", "check_inclusion"]


def check_inclusion(index: int, leaf_hash: bytes, proof: Sequence[bytes], checkpoint: Checkpoint) -> None:
    """
    Prove that a leaf stands at `index` in the tree of a checkpoint.

    Raises:
        Rejected: `proof-bad`, the proof does not lead there.
    """
    if not verify_inclusion(index, checkpoint.size, leaf_hash, proof, checkpoint.root):
        raise Rejected(f"leaf {index} is not proved to be in the tree of {checkpoint.size}", code="proof-bad")


def check_growth(old: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> None:
    """
    Prove that `new` continues `old`; from the empty tree, and between equal ones, the proof is empty.

    Raises:
        Rejected: `proof-bad`, the proof does not verify, or `new` is smaller; `checkpoint-bad`, of two logs.
        Corrupt: `log-forked`, two roots for one size: keep both notes as evidence.
    """
    if old.origin != new.origin:
        raise Rejected(f"checkpoints of two logs: {old.origin[:80]!r}, {new.origin[:80]!r}", code="checkpoint-bad")
    if old.size == new.size and old.root != new.root:
        raise Corrupt(f"two roots for size {old.size} of {old.origin[:80]!r}", code="log-forked")
    shown = verify_consistency(old.size, new.size, old.root, new.root, proof) if old.size else not proof
    if not shown:
        raise Rejected(f"size {new.size} is not proved to continue size {old.size}", code="proof-bad")
