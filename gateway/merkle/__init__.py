"""Merkle trees of RFC 6962: hashes, proofs of inclusion, proofs of growth. Pure."""

from gateway.merkle.proof import (
    all_inclusion_proofs,
    consistency_proof,
    inclusion_proof,
    root_from_proof,
    verify_consistency,
    verify_inclusion,
)
from gateway.merkle.tree import EMPTY_ROOT, HASH_BYTES, leaf_hash, node_hash, root_of, tree_hash, tree_levels

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "all_inclusion_proofs",
    "consistency_proof",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "root_from_proof",
    "root_of",
    "tree_hash",
    "tree_levels",
    "verify_consistency",
    "verify_inclusion",
]
