"""Leaf data: what a participant can read in the log, and what it cannot."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Rejected
from gateway.tlog.leaves import (
    CardLeaf,
    EntryLeaf,
    FarLeaf,
    Leaf,
    PeerLeaf,
    PeerRemovedLeaf,
    ReceiptLeaf,
    RevocationLeaf,
    RootLeaf,
    VersionLeaf,
    decode_leaf,
    decode_wrapped,
    encode_leaf,
)

LABEL = b"env1/directory\x00"
HASH = sha256(b"file").digest()
JSON = b'{"participant":"NCB-QM","address":"NCB-QM@icn"}'

hash32 = st.binary(min_size=32, max_size=32)
blobs = st.binary(min_size=32, max_size=300)
numbers = st.integers(0, 2**53 - 1)
paths = st.sampled_from(["cards/NCB-QM/key", "cards/TRIB-QX-OTP/delivery", "cards/GS/key"])
networks = st.sampled_from(["eu", "eu-network", "a" * 24])
told = st.one_of(
    st.builds(VersionLeaf, numbers, hash32, hash32, hash32),
    st.builds(EntryLeaf, blobs),
    st.builds(CardLeaf, paths, blobs),
    st.builds(RevocationLeaf, blobs),
)
leaves = st.one_of(
    told,
    st.builds(FarLeaf, networks, told.map(encode_leaf)),
    st.builds(RootLeaf, numbers, hash32),
    st.builds(PeerLeaf, blobs),
    st.builds(PeerRemovedLeaf, networks, hash32),
    st.builds(ReceiptLeaf, hash32),
)


@given(leaves)
def test_every_leaf_is_read_back(leaf: Leaf) -> None:
    """A leaf comes out of the log as it went in."""
    assert decode_leaf(encode_leaf(leaf)) == leaf


def test_leaves_are_written_as_the_specification_says() -> None:
    """A readable leaf is its label and one MessagePack array; a leaf about a message is 32 bytes and nothing else."""
    assert encode_leaf(VersionLeaf(7, HASH, HASH, HASH)) == LABEL + msgspec.msgpack.encode(["version", 7, HASH, HASH, HASH])
    assert encode_leaf(EntryLeaf(JSON)) == LABEL + msgspec.msgpack.encode(["entry", JSON])
    assert encode_leaf(CardLeaf("cards/NCB-QM/key", JSON)) == LABEL + msgspec.msgpack.encode(["card", "cards/NCB-QM/key", JSON])
    assert encode_leaf(RootLeaf(1, HASH)) == LABEL + msgspec.msgpack.encode(["root", 1, HASH])
    assert encode_leaf(RevocationLeaf(JSON)) == LABEL + msgspec.msgpack.encode(["revocation", JSON])
    assert encode_leaf(PeerLeaf(JSON)) == LABEL + msgspec.msgpack.encode(["peer", JSON])
    assert encode_leaf(PeerRemovedLeaf("eu", HASH)) == LABEL + msgspec.msgpack.encode(["peer-removed", "eu", HASH])
    assert encode_leaf(ReceiptLeaf(HASH)) == HASH


@pytest.mark.parametrize(
    ("array", "code"),
    [
        (["version", 7, HASH, HASH], "malformed"),
        (["version", 7, HASH, HASH, HASH, HASH], "malformed"),
        (["version", -1, HASH, HASH, HASH], "malformed"),
        (["version", 2**53, HASH, HASH, HASH], "malformed"),
        (["version", 7, HASH[:31], HASH, HASH], "malformed"),
        (["other", JSON], "malformed"),
        (["Entry", JSON], "malformed"),
        (["entry", JSON.decode()], "malformed"),
        (["entry", JSON[:31]], "malformed"),
        (["card", "cards/NCB-QM/other", JSON], "malformed"),
        (["card", "cards/ncb-qm/key", JSON], "malformed"),
        (["card", "../cards/NCB-QM/key", JSON], "malformed"),
        (["card", "cards/NCB-QM/key\n", JSON], "malformed"),
        (["root", "1", HASH], "malformed"),
        ([], "malformed"),
        ({"entry": JSON}, "malformed"),
        (["entry", bytes(65_511)], "too-large"),
    ],
)
def test_another_form_is_refused(array: object, code: str) -> None:
    """A readable leaf of another form is refused with its code."""
    with pytest.raises(Rejected) as caught:
        decode_leaf(LABEL + msgspec.msgpack.encode(array))
    assert caught.value.code == code


def test_a_leaf_has_one_spelling() -> None:
    """A number in a longer form, or bytes left over, are refused: one statement is one leaf."""
    good = encode_leaf(RootLeaf(1, HASH))
    with pytest.raises(Rejected, match="not-canonical"):
        decode_leaf(good.replace(b"\x01\xc4", b"\xcc\x01\xc4"))
    with pytest.raises(Rejected, match="malformed"):
        decode_leaf(good + b"\x00")


@pytest.mark.parametrize("data", [b"", HASH[:31], HASH + b"\0", LABEL, b"env1/direktory\x00" + bytes(40)])
def test_what_has_no_label_is_no_leaf(data: bytes) -> None:
    """Data that is neither 32 bytes nor labelled is refused."""
    with pytest.raises(Rejected, match="malformed"):
        decode_leaf(data)


def test_what_a_peer_says_names_the_peer() -> None:
    """Inside stands the leaf as the peer's own log has it; nothing but what evidence needs, and no peer of the peer."""
    inner = encode_leaf(EntryLeaf(JSON))
    leaf = FarLeaf("eu-network", inner)
    assert encode_leaf(leaf) == LABEL + msgspec.msgpack.encode(["far", "eu-network", inner])
    assert decode_wrapped(leaf) == EntryLeaf(JSON)
    nested = LABEL + msgspec.msgpack.encode(["far", "eu-network", encode_leaf(leaf)])
    others = [encode_leaf(one) for one in (RootLeaf(1, HASH), PeerLeaf(JSON), ReceiptLeaf(HASH))]
    for data in (nested, *(LABEL + msgspec.msgpack.encode(["far", "eu-network", other]) for other in others)):
        with pytest.raises(Rejected, match="malformed"):
            decode_leaf(data)


def test_the_largest_leaf_fits_into_a_bundle() -> None:
    """A leaf has at most 65,535 bytes, label included; a longer one is refused before it is logged."""
    most = 65_535 - len(LABEL) - 1 - 6 - 3
    assert len(encode_leaf(EntryLeaf(bytes(most)))) == 65_535
    with pytest.raises(Rejected, match="too-large"):
        encode_leaf(EntryLeaf(bytes(most + 1)))


def test_what_breaks_a_rule_is_not_written() -> None:
    """No leaf is written that no reader would accept."""
    numbered = VersionLeaf(-1, HASH, HASH, HASH)
    for leaf in (ReceiptLeaf(HASH[:31]), PeerRemovedLeaf("EU", HASH), CardLeaf("cards/x/key", JSON), numbered):
        with pytest.raises(Rejected, match="malformed"):
            encode_leaf(leaf)
