"""What the audit log gets of the directory: everything that changed, readable, and each version with its hashes."""

from __future__ import annotations

from hashlib import sha256
from itertools import pairwise
from string import ascii_lowercase, digits

import msgspec
import pytest

from gateway.directory.entries import KeyRevocation, RevocationReason, Status
from gateway.directory.leaves import (
    card_leaf,
    directory_leaves,
    entry_leaf,
    far_leaves,
    peer_leaf,
    peer_removed_leaf,
    revocation_leaf,
)
from gateway.directory.metadata import read_repository
from gateway.directory.peers import Peer
from gateway.directory.split import check_split
from gateway.envelope import Use
from gateway.envelope.header import HANDLING_CODES
from gateway.errors import Rejected
from gateway.tlog.leaves import CardLeaf, EntryLeaf, FarLeaf, RevocationLeaf, RootLeaf, VersionLeaf, decode_leaf, decode_wrapped
from tests.support.network import World, join, make_pair

NOW = 2_000_000_000
KNOWN = ("GN-QN", "RELAY-ICN", "GW-ICN")  # of the peer
LETTERS = str.maketrans(digits, ascii_lowercase[:10])


def test_the_first_version_logs_everything(world: World) -> None:
    """A new log begins with every root, entry and card, and ends with the version that holds them."""
    leaves = [decode_leaf(leaf) for leaf in directory_leaves({}, world.files)]
    kinds = [type(leaf) for leaf in leaves]
    assert kinds.count(RootLeaf) == 1
    assert kinds.count(EntryLeaf) == len(world.members) + 1
    assert kinds.count(CardLeaf) == len(read_repository(world.files, world.root, NOW).cards)
    assert kinds[-1] is VersionLeaf
    assert kinds.count(VersionLeaf) == 1


def test_a_change_logs_what_changed_and_nothing_else(world: World) -> None:
    """One suspended participant is one entry leaf and the version's."""
    old = dict(world.files)
    world.change("GN-QN", status=Status.SUSPENDED)
    world.publish()
    leaves = directory_leaves(old, world.files)
    assert leaves[:-1] == [entry_leaf(world.member("GN-QN").entry)]
    contents = read_repository(world.files, world.root, NOW)
    assert decode_leaf(leaves[-1]) == VersionLeaf(
        contents.version, contents.snapshot_sha256, sha256(contents.who).digest(), sha256(contents.revocations).digest()
    )


def test_a_card_is_logged_as_it_was_signed(world: World) -> None:
    """Anybody finds the very bytes of a card that was published."""
    old = dict(world.files)
    card = world.member("GN-QN").delivery_card(NOW, serial=2)
    world.put_cards({"cards/GN-QN/delivery": card})
    assert directory_leaves(old, world.files)[:-1] == [card_leaf("cards/GN-QN/delivery", card)]


def test_a_revocation_cannot_be_hidden(world: World) -> None:
    """Each revoked key is a leaf with its time and reason."""
    old = dict(world.files)
    key = world.member("GN-QN").key(Use.AGENT)
    row = KeyRevocation(key_id=key.key_id.hex(), revoked_at=NOW, reason=RevocationReason.STOLEN)
    world.revoked = (row,)
    world.publish()
    leaves = directory_leaves(old, world.files)
    assert leaves[:-1] == [revocation_leaf(row)]
    assert isinstance(decode_leaf(leaves[0]), RevocationLeaf)


def test_a_peer_is_neither_made_nor_removed_in_silence() -> None:
    """Whom a network trusts, and for what, is readable in its log; so is the end of it."""
    world, other = make_pair(NOW)
    steps = [dict(world.files)]
    [first] = world.peers
    join(world, other, "RELAY-EU", ceiling="green/restricted")
    [second] = world.peers
    steps.append(dict(world.files))
    world.peers = ()
    world.publish()
    assert peer_leaf(first) in directory_leaves({}, steps[0])
    assert directory_leaves(steps[0], steps[1])[:-1] == [peer_leaf(second)]
    assert directory_leaves(steps[1], world.files)[:-1] == [peer_removed_leaf(second)]
    steps.append(dict(world.files))
    world.peers = (second,)
    world.publish()
    assert directory_leaves(steps[2], world.files)[:-1] == [peer_leaf(second)]


def test_what_a_peer_says_is_logged_as_far_as_evidence_needs_it() -> None:
    """Who is known to us, with key cards, keys that were stolen, and the version; nobody else, and no delivery card."""
    ours, theirs = make_pair(NOW)
    theirs.change("GN-QX", known_to=("eu-network",))
    thief = theirs.member("GN-QN").key(Use.AGENT).key_id.hex()
    rows = [KeyRevocation(key_id=thief, revoked_at=NOW, reason=reason) for reason in RevocationReason]
    theirs.revoked = tuple(rows)
    theirs.publish()
    first = far_leaves(theirs.network, ours.network, {}, theirs.files)
    found = [decode_leaf(leaf) for leaf in first]
    said = [decode_wrapped(leaf) for leaf in found if isinstance(leaf, FarLeaf)]
    assert {leaf.path for leaf in said if isinstance(leaf, CardLeaf)} == {f"cards/{name}/key" for name in KNOWN}
    assert len([leaf for leaf in said if isinstance(leaf, EntryLeaf)]) == len(KNOWN)
    stolen = next(row for row in rows if row.reason is RevocationReason.STOLEN)
    assert [leaf for leaf in said if isinstance(leaf, RevocationLeaf)] == [decode_leaf(revocation_leaf(stolen))]
    assert [type(leaf) for leaf in said].count(VersionLeaf) == 1
    assert isinstance(said[-1], VersionLeaf)
    assert len(said) == len(found)


def test_of_a_peers_next_version_only_what_changed_is_logged() -> None:
    """An entry and the version; who becomes known is told with the card; the same version again says nothing."""
    ours, theirs = make_pair(NOW)
    steps = [dict(theirs.files)]
    for changes in ({"status": Status.SUSPENDED}, {"known_to": ("eu-network",)}, {"known_to": ()}):
        theirs.change("GN-QX", **changes)
        theirs.publish()
        steps.append(dict(theirs.files))
    news = [far_leaves(theirs.network, ours.network, *pair) for pair in pairwise(steps)]
    assert [len(one) for one in news] == [2, 1, 3]
    assert far_leaves(theirs.network, ours.network, steps[-1], steps[-1]) == []


def test_the_largest_peer_fits_a_leaf() -> None:
    """No peer that a directory may name is kept out of the log by its size."""
    [peer] = make_pair(NOW)[0].peers
    kinds = tuple(f"{'a' * 32}.{'b' * 30}{number:02}".translate(LETTERS) for number in range(64))
    table = dict.fromkeys(HANDLING_CODES, "red/confidential")
    largest = msgspec.structs.replace(
        peer, root=bytes(32 * 1024), endpoints=("\x01" * 200,) * 8, sends=kinds, takes=kinds, handling=table
    )
    assert msgspec.convert(msgspec.to_builtins(largest), Peer) == largest
    assert len(peer_leaf(largest)) <= 65_535


def test_a_fresh_timestamp_says_nothing_new(world: World) -> None:
    """Daily signatures over the same version do not fill the log."""
    later = world.online.refresh(world.files, NOW + 20 * 3600)
    assert later
    same_version = {name: data for name, data in later.items() if "snapshot" not in name}
    assert directory_leaves(world.files, {**world.files, **same_version}) == []
    assert directory_leaves({}, {}) == []


def test_the_version_leaf_shows_a_split_view(world: World) -> None:
    """Who was shown another directory under the same number finds it out from the log."""
    leaf = decode_leaf(directory_leaves({}, world.files)[-1])
    assert isinstance(leaf, VersionLeaf)
    directory = world.directory
    assert check_split(directory.version, directory.snapshot_sha256, leaf)
    with pytest.raises(Rejected, match="directory-split"):
        check_split(directory.version, bytes(32), leaf)


def test_a_missing_file_is_no_directory(world: World) -> None:
    """A version whose targets are not at hand is refused instead of being logged in part."""
    files = {name: data for name, data in world.files.items() if "delivery" not in name}
    with pytest.raises(Rejected, match="directory-untrusted"):
        directory_leaves({}, files)
