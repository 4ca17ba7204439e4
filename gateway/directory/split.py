"""
A split view: one directory version with two contents, shown to two participants.

The gateway numbers versions, so it could show one participant a directory that nobody else sees. Each version is a leaf of
the audit log with its hashes, and everybody's checkpoints agree: who finds another hash under the number that it uses has the
proof.
Spec: schemas/directory.md, "Split views".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import Rejected

if TYPE_CHECKING:
    from gateway.tlog.leaves import VersionLeaf

__all__ = ["check_split"]


def check_split(version: int, snapshot_sha256: bytes, leaf: VersionLeaf) -> bool:
    """
    Hold the directory in use against a version leaf of the log.

    Args:
        version: Of the directory in use (`Directory.version`).
        snapshot_sha256: Of its snapshot (`Directory.snapshot_sha256`); the snapshot names everything else by hash.
        leaf: Of a log whose checkpoint was verified.

    Returns:
        True when both are the same version with the same content; False when the leaf is about another version.

    Raises:
        Rejected: `directory-split`, the log has another content under this number; keep both as evidence.
    """
    if leaf.number != version:
        return False
    if leaf.snapshot != snapshot_sha256:
        told = f"directory {version} has snapshot {snapshot_sha256.hex()[:16]} here, {leaf.snapshot.hex()[:16]} in the log"
        raise Rejected(told, code="directory-split")
    return True
