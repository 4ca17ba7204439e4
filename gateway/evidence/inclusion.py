"""
That an acceptance stands in the audit log of the gateway that signed it: more than that gateway's word.

A gateway cannot accept for a peer what its own log does not show, nor show this network another log than its own: sizes and
roots that were seen are remembered, and a leaf behind them that says to be older than they are was dated back.
Spec: schemas/relay.md, "Inclusion".
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.envelope.receipt import receipt_leaf
from gateway.errors import Rejected
from gateway.evidence.anchors import log_keys, origin_of
from gateway.merkle import leaf_hash, verify_inclusion
from gateway.tlog.checkpoint import open_checkpoint

if TYPE_CHECKING:
    from gateway.directory.view import Directory
    from gateway.envelope.forward import Forward
    from gateway.tlog.checkpoint import Checkpoint
    from gateway.tlog.note import VerifierKey

__all__ = ["BACKDATED_S", "SeenLog", "check_accepted_in_log"]

BACKDATED_S: Final = 3_600  # a log that lags longer than that behind its gateway's receipts has its alarms there


class SeenLog(NamedTuple):
    """
    The largest tree of one log that was verified here.

    Args:
        size: Leaves.
        root: 32 bytes.
        at: When it was seen, Unix seconds by the clock here.
    """

    size: int
    root: bytes
    at: int


def check_accepted_in_log(forward: Forward, directory: Directory, seen: SeenLog | None, now: int) -> SeenLog:
    """
    Prove that the acceptance of a forward is in its gateway's log.

    Args:
        forward: Parsed, its receipt proved.
        directory: With the peer's.
        seen: What was verified of this log before, or None.
        now: Unix seconds.

    Returns:
        What to remember: `seen`, or the larger tree that was shown now.

    Raises:
        Rejected: `checkpoint-bad`, not signed by that log; `proof-bad`, the leaf is not in it; `log-forked`, another tree of a
            size that was seen; `out-of-time`, dated back: behind a tree that was seen later than it says.
    """
    receipt, inclusion = forward.accepted.receipt, forward.inclusion
    checkpoint = _opened(inclusion.note, tuple(log_keys(directory, receipt.signer)))
    if checkpoint.origin != origin_of(receipt.signer):
        raise Rejected(f"{checkpoint.origin[:80]!r} is not the log of {receipt.signer}", code="checkpoint-bad")
    leaf = leaf_hash(receipt_leaf(forward.accepted.receipt_bytes))
    if not verify_inclusion(inclusion.index, checkpoint.size, leaf, inclusion.siblings, checkpoint.root):
        raise Rejected(f"the acceptance is not at {inclusion.index} of {checkpoint.size}", code="proof-bad")
    if seen is not None:
        if checkpoint.size == seen.size and checkpoint.root != seen.root:
            raise Rejected(f"two trees of {seen.size} leaves of {checkpoint.origin}", code="log-forked")
        if inclusion.index >= seen.size and receipt.at < seen.at - BACKDATED_S:
            raise Rejected(f"accepted at {receipt.at}, and not in the log of {seen.at}", code="out-of-time")
    if seen is not None and seen.size >= checkpoint.size:
        return seen
    return SeenLog(checkpoint.size, checkpoint.root, now)


@lru_cache(maxsize=64)
def _opened(note: bytes, keys: tuple[VerifierKey, ...]) -> Checkpoint:
    """Open a checkpoint; the forwards of a page all show the same one. What does not verify is not remembered."""
    return open_checkpoint(note, keys)
