"""
Proofs of RFC 6962, sections 2.1.1 and 2.1.2; checked as RFC 9162, sections 2.1.3.2 and 2.1.4.2 say.

A proof is the list of siblings from the leaf upwards. Checking consumes every sibling: one missing, one left over or one
of another size fails. Making a proof raises ValueError for a place outside the tree; checking returns False instead.
Spec: schemas/envelope.md, "Tree".
"""

from __future__ import annotations

from collections.abc import Sequence
from hmac import compare_digest

from gateway.merkle.tree import EMPTY_ROOT, HASH_BYTES, node_hash, root_of, tree_levels

__all__ = [
    "all_inclusion_proofs",
    "consistency_proof",
    "inclusion_proof",
    "root_from_proof",
    "verify_consistency",
    "verify_inclusion",
]


def inclusion_proof(index: int, leaf_hashes: Sequence[bytes]) -> list[bytes]:
    """Return the siblings that lead from leaf `index` to the root."""
    if not 0 <= index < len(leaf_hashes):
        raise ValueError(f"no leaf {index} in a tree of {len(leaf_hashes)}")
    proof = []
    for level in tree_levels(leaf_hashes)[:-1]:
        if (sibling := index ^ 1) < len(level):
            proof.append(level[sibling])
        index >>= 1
    return proof


def all_inclusion_proofs(leaf_hashes: Sequence[bytes]) -> tuple[bytes, list[tuple[bytes, ...]]]:
    """
    Return the root and the proof of every leaf.

    Works from the root down, so that leaves share the upper part of their proofs: two steps a leaf, not log n.
    """
    levels = tree_levels(leaf_hashes)
    if not levels:
        return EMPTY_ROOT, []
    proofs: list[tuple[bytes, ...]] = [()]
    for level in reversed(levels[:-1]):
        size = len(level)
        proofs = [(level[i ^ 1], *proofs[i >> 1]) if i ^ 1 < size else proofs[i >> 1] for i in range(size)]
    return levels[-1][0], proofs


def root_from_proof(index: int, size: int, leaf_hash: bytes, proof: Sequence[bytes]) -> bytes:
    """
    Return the root that a proof leads to.

    Raises:
        ValueError: The place is outside the tree, or a sibling is missing, left over or of another size.
    """
    if not 0 <= index < size or len(leaf_hash) != HASH_BYTES:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    siblings = iter(proof)
    node, last = leaf_hash, size - 1
    while last:
        # Only the last node of a level can be without a sibling; then it moves up unchanged.
        if index % 2 or index != last:
            sibling = next(siblings, b"")
            if len(sibling) != HASH_BYTES:
                raise ValueError("a sibling is missing or not a hash")
            node = node_hash(sibling, node) if index % 2 else node_hash(node, sibling)
        index, last = index >> 1, last >> 1
    if next(siblings, None) is not None:
        raise ValueError("siblings are left over")
    return node


def verify_inclusion(index: int, size: int, leaf_hash: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether `proof` leads from the leaf hash at `index` to `root` in a tree of exactly `size` leaves."""
    try:
        return compare_digest(root_from_proof(index, size, leaf_hash, proof), root)
    except ValueError:
        return False


def consistency_proof(old_size: int, leaf_hashes: Sequence[bytes]) -> list[bytes]:
    """Return what proves that the first `old_size` leaves of this tree are the older tree; there is no proof for none."""
    if not 0 < old_size <= len(leaf_hashes):
        raise ValueError(f"no older tree of {old_size} in a tree of {len(leaf_hashes)}")
    return _subproof(old_size, leaf_hashes, whole=True)


def _subproof(old: int, leaf_hashes: Sequence[bytes], *, whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, 2.1.2; `whole` is its flag b: the verifier knows the root of this part already."""
    size = len(leaf_hashes)
    if old == size:
        return [] if whole else [root_of(leaf_hashes)]
    split = 1 << (size - 1).bit_length() - 1
    if old <= split:
        return [*_subproof(old, leaf_hashes[:split], whole=whole), root_of(leaf_hashes[split:])]
    return [*_subproof(old - split, leaf_hashes[split:], whole=False), root_of(leaf_hashes[:split])]


def verify_consistency(old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """
    Tell whether `proof` shows that the tree of `old_size` leaves is the beginning of the tree of `new_size`.

    Every tree begins with the empty one, so an `old_size` of 0 shows nothing, and is False.
    """
    if not 0 < old_size <= new_size or any(len(node) != HASH_BYTES for node in proof):
        return False
    if old_size == new_size:
        return not proof and compare_digest(old_root, new_root)
    return _verify_growth(old_size, new_size, (old_root, new_root), proof)


def _verify_growth(old_size: int, new_size: int, roots: tuple[bytes, bytes], proof: Sequence[bytes]) -> bool:
    """RFC 9162, 2.1.4.2, for 0 < old_size < new_size."""
    # A whole subtree is its own starting point: RFC 9162 puts the old root in front of the proof then.
    nodes = iter(proof if old_size & (old_size - 1) else [roots[0], *proof])
    old_index, new_index = old_size - 1, new_size - 1
    while old_index % 2:
        old_index, new_index = old_index >> 1, new_index >> 1
    old_node = new_node = next(nodes, b"")
    for sibling in nodes:
        if not new_index:
            return False
        if old_index % 2 or old_index == new_index:
            old_node, new_node = node_hash(sibling, old_node), node_hash(sibling, new_node)
            while not old_index % 2 and old_index:
                old_index, new_index = old_index >> 1, new_index >> 1
        else:
            new_node = node_hash(new_node, sibling)
        old_index, new_index = old_index >> 1, new_index >> 1
    return not new_index and compare_digest(old_node, roots[0]) and compare_digest(new_node, roots[1])
