"""Merkle trees against the definition of RFC 6962, and against what can go wrong with a proof."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.merkle import (
    EMPTY_ROOT,
    all_inclusion_proofs,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_from_proof,
    root_of,
    tree_hash,
    verify_consistency,
    verify_inclusion,
)

SIZES = [*range(1, 18), 31, 32, 33, 100]
places = st.integers(1, 70).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1)))


def leaves(size: int) -> list[bytes]:
    """Return leaf data of different lengths."""
    return [b"leaf" * (i % 5) + bytes([i % 256]) for i in range(size)]


def defined_hash(data: list[bytes]) -> bytes:
    """Return the root as RFC 6962, 2.1 defines it, word by word."""
    if not data:
        return sha256(b"").digest()
    if len(data) == 1:
        return sha256(b"\x00" + data[0]).digest()
    split = 1
    while split * 2 < len(data):
        split *= 2
    return sha256(b"\x01" + defined_hash(data[:split]) + defined_hash(data[split:])).digest()


@pytest.mark.parametrize("size", [0, *SIZES])
def test_root_is_the_one_that_the_rfc_defines(size: int) -> None:
    """A tree of any size has the root of RFC 6962."""
    assert tree_hash(leaves(size)) == defined_hash(leaves(size))


def test_empty_tree_is_the_hash_of_nothing() -> None:
    """A log without entries has a root that everybody knows."""
    assert tree_hash([]) == EMPTY_ROOT == sha256(b"").digest()
    assert all_inclusion_proofs([]) == (EMPTY_ROOT, [])


def test_a_leaf_cannot_pass_for_a_node() -> None:
    """Data that looks like two hashes does not have the hash of the node over them."""
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)


@pytest.mark.parametrize("size", SIZES)
def test_every_leaf_has_its_proof(size: int) -> None:
    """Each leaf of a tree of any size is proved by its own siblings, and all proofs at once are the same as one by one."""
    hashes = [leaf_hash(data) for data in leaves(size)]
    root, proofs = all_inclusion_proofs(hashes)
    assert root == root_of(hashes)
    for index, proof in enumerate(proofs):
        assert list(proof) == inclusion_proof(index, hashes)
        assert verify_inclusion(index, size, hashes[index], proof, root)


@settings(deadline=None)
@given(places, st.integers(0, 80))
def test_a_proof_counts_for_one_size_of_tree(place: tuple[int, int], other: int) -> None:
    """A proof for a tree of one size fails for another size, unless the leaf has the same way to the root there."""
    size, index = place
    hashes = [leaf_hash(data) for data in leaves(size)]
    proof = inclusion_proof(index, hashes)
    # Sizes that give this leaf the same way to the root look the same to it; all others are told apart.
    same_way = index < other and path(index, other) == path(index, size)
    assert verify_inclusion(index, other, hashes[index], proof, root_of(hashes)) is same_way


def path(index: int, size: int) -> list[bool]:
    """Return for each sibling on the way to the root whether it stands on the left."""
    sides, last = [], size - 1
    while last > 0:
        if index % 2 or index != last:
            sides.append(bool(index % 2))
        index, last = index // 2, last // 2
    return sides


@settings(deadline=None)
@given(places, st.data())
def test_a_changed_proof_fails(place: tuple[int, int], data: st.DataObject) -> None:
    """A proof with a sibling missing, left over, too short or changed in one bit proves nothing."""
    size, index = place
    hashes = [leaf_hash(one) for one in leaves(size)]
    proof, root = inclusion_proof(index, hashes), root_of(hashes)
    assert not verify_inclusion(index, size, hashes[index], [*proof, bytes(32)], root)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        changed = bytes([proof[at][0] ^ 1]) + proof[at][1:]
        for bad in (
            proof[:-1],
            proof[1:],
            [*proof[:at], changed, *proof[at + 1 :]],
            [*proof[:at], proof[at][:31], *proof[at + 1 :]],
        ):
            assert not verify_inclusion(index, size, hashes[index], bad, root)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 4), (4, 4)])
def test_a_place_outside_the_tree_is_refused(index: int, size: int) -> None:
    """There is no proof for a leaf that the tree does not have."""
    hashes = [leaf_hash(data) for data in leaves(size)]
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(index, hashes)
    with pytest.raises(ValueError, match="no leaf"):
        root_from_proof(index, size, bytes(32), [])
    assert not verify_inclusion(index, size, bytes(32), [], bytes(32))


@settings(deadline=None)
@given(st.integers(1, 70), st.integers(1, 70))
def test_growth_is_proved(one: int, other: int) -> None:
    """A log that has grown proves that it begins with what it was before."""
    old, new = min(one, other), max(one, other)
    hashes = [leaf_hash(data) for data in leaves(new)]
    proof = consistency_proof(old, hashes)
    assert verify_consistency(old, new, root_of(hashes[:old]), root_of(hashes), proof)


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40))
def test_a_rewritten_log_is_found(old: int, more: int) -> None:
    """A log that changed an old entry cannot prove that it begins with what it was before."""
    hashes = [leaf_hash(data) for data in leaves(old + more)]
    rewritten = [leaf_hash(b"forged"), *hashes[1:]]
    proof = consistency_proof(old, rewritten)
    assert not verify_consistency(old, old + more, root_of(hashes[:old]), root_of(rewritten), proof)
    assert not verify_consistency(
        old, old + more, root_of(hashes[:old]), root_of(hashes), [*consistency_proof(old, hashes), bytes(32)]
    )


def test_a_log_does_not_shrink() -> None:
    """An older tree that is larger than the newer one is refused."""
    hashes = [leaf_hash(data) for data in leaves(4)]
    assert not verify_consistency(4, 3, root_of(hashes), root_of(hashes[:3]), [])
    assert not verify_consistency(2, 4, root_of(hashes[:2]), root_of(hashes), [b"short"])
    for size in (0, 5):
        with pytest.raises(ValueError, match="no older tree"):
            consistency_proof(size, hashes)
