"""
Merkle tree hashes of RFC 6962, section 2.1, over SHA-256.

A leaf is hashed with the prefix 00, an inner node with 01; an odd last node is carried up unchanged, which gives the
same tree as splitting at the largest power of two. The empty tree hashes to SHA-256 of nothing.
Functions that take *leaf hashes* say so; `tree_hash` takes the leaf data.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

__all__ = ["EMPTY_ROOT", "HASH_BYTES", "leaf_hash", "node_hash", "root_of", "tree_hash", "tree_levels"]

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256().digest()


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf that holds `data`."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node over two hashes."""
    return sha256(b"\x01" + left + right).digest()


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf *data*, in order."""
    return root_of([sha256(b"\x00" + data).digest() for data in leaves])


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the root over leaf *hashes*, in order."""
    level = list(leaf_hashes)
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        level = _above(level)
    return level[0]


def tree_levels(leaf_hashes: Sequence[bytes]) -> list[list[bytes]]:
    """Return every level of the tree, leaf hashes first, the root alone last; nothing for the empty tree."""
    levels = [list(leaf_hashes)] if leaf_hashes else []
    while levels and len(levels[-1]) > 1:
        levels.append(_above(levels[-1]))
    return levels


def _above(level: list[bytes]) -> list[bytes]:
    # `node_hash` written out: the call would cost as much as the hash, and a gateway does this 4096 times for a message.
    nodes = [sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
    if len(level) % 2:
        nodes.append(level[-1])
    return nodes
