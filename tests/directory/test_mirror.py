"""A peer's directory comes in pieces from anybody: taken as a whole, from the pinned root, never older than it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tuf.api.metadata import Targets

from gateway.directory.entries import Status
from gateway.directory.metadata import parse
from gateway.directory.mirror import missing
from gateway.directory.peer_copy import Brought, Copy, Expected, bring, read_copy
from gateway.directory.repository import newest_version
from gateway.directory.roles import TIMESTAMP_FILE, TufRole, metadata_file
from gateway.errors import Rejected
from gateway.ids import Network
from tests.support.network import World, make_world

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = 2_000_000_000
EU = Network("eu-network")
CARD = "cards/GN-QN/delivery"


@pytest.fixture
def world() -> World:
    """The peer."""
    return make_world(["GN-QN", "GN-QX"], NOW, network=EU)


def expected(world: World) -> Expected:
    """Return what our authority pinned."""
    return Expected(EU, exercise=False, root=world.root)


def whole(world: World, copy: Copy | None = None, now: float = NOW) -> Copy:
    """Bring all that the peer serves."""
    found = bring(copy, {}, world.files, expected(world), now).copy
    assert found is not None
    return found


def refusal(world: World, copy: Copy | None, files: dict[str, bytes], now: float = NOW) -> str:
    """Bring something that is refused, and return the code."""
    with pytest.raises(Rejected) as caught:
        bring(copy, {}, files, expected(world), now)
    return caught.value.code


def fetched(world: World, copy: Copy | None, *, all_again: bool) -> tuple[Brought, list[list[str]]]:
    """Bring the timestamp and then what is missing, as a relay does: the rest alone, or everything so far once more."""
    sent, kept = {TIMESTAMP_FILE: world.files[TIMESTAMP_FILE]}, dict[str, bytes]()
    asked: list[list[str]] = []
    while True:
        found = bring(copy, kept, sent, expected(world), world.now)
        if found.copy is not None:
            return found, asked
        kept = {} if all_again else kept | dict(found.files)
        asked.append(sorted(found.look.missing))
        news = {name: world.files[name] for name in found.look.missing}
        sent = sent | news if all_again else news


@pytest.mark.parametrize("all_again", [True, False])
def test_what_is_missing_is_named_step_by_step(world: World, *, all_again: bool) -> None:
    """Timestamp, snapshot, metadata, targets: after four steps the whole is there, and nothing is asked for twice."""
    found, asked = fetched(world, None, all_again=all_again)
    assert found.copy is not None
    assert found.copy.directory.version == world.directory.version
    assert [name.rpartition(".json")[0].rpartition(".")[2] for name in asked[0]] == ["snapshot"]
    assert [len(names) for names in asked] == [1, 3, 7]
    assert missing({}, world.root, NOW) == [TIMESTAMP_FILE]
    assert missing(found.copy.files, world.root, NOW) == []


def test_a_change_brings_what_changed_alone(world: World) -> None:
    """One new card: timestamp, snapshot, one list and that card travel; the version before stays at hand."""
    copy = whole(world)
    world.put_cards({CARD: world.member("GN-QN").delivery_card(NOW, serial=2)})
    found, asked = fetched(world, copy, all_again=False)
    assert [len(names) for names in asked] == [1, 1, 1]
    assert found.copy is not None
    assert copy.look.names < found.copy.files.keys()
    assert whole(world, found.copy).files == found.copy.files


def test_the_same_again_changes_nothing(world: World) -> None:
    """Who brings what is held is told the version, without any work."""
    copy = whole(world)
    assert bring(copy, {}, world.files, expected(world), NOW + 10 * 86_400).copy is copy


def test_junk_beside_the_directory_is_passed_over(world: World) -> None:
    """What nothing signed names is neither judged nor kept."""
    junk = {"targets/x": b"x", "metadata/1.root.json": b"not even JSON", "metadata/99.cards.json": b"{}"}
    found = bring(None, {}, world.files | junk, expected(world), NOW).copy
    assert found is not None
    assert found.files.keys() == found.look.names
    assert found.look.names.isdisjoint(junk)


def test_without_a_timestamp_nothing_is_said_but_that(world: World) -> None:
    """Whoever brings other files first is asked for the timestamp."""
    rest = {name: data for name, data in world.files.items() if name != TIMESTAMP_FILE}
    for files in ({}, rest, {"targets/x": b"x"}):
        assert bring(None, {}, files, expected(world), NOW).look.missing == (TIMESTAMP_FILE,)


def test_new_online_keys_come_with_a_new_root(world: World) -> None:
    """A timestamp by keys that the newest root does not list asks for the next root; numbers may begin anew then."""
    copy = whole(world)
    world.rotate_online()
    world.rotate_online()
    found, asked = fetched(world, copy, all_again=True)
    assert asked[:2] == [[metadata_file(TufRole.ROOT, 2)], [metadata_file(TufRole.ROOT, 3)]]
    assert found.copy is not None
    assert found.copy.look.root == 3


def a_strangers_directory(world: World) -> dict[str, bytes]:
    """Another authority claims to be the peer."""
    return make_world(["GN-QN"], NOW + 1, network=EU).files | {"metadata/2.root.json": make_world([], NOW).root}


def a_timestamp_that_was_changed(world: World) -> dict[str, bytes]:
    """Somebody on the way changes the version."""
    return world.files | {TIMESTAMP_FILE: world.files[TIMESTAMP_FILE].replace(b'"version":', b'"version":9')}


def a_snapshot_that_was_changed(world: World) -> dict[str, bytes]:
    """The snapshot is not the one that the timestamp names."""
    name = metadata_file(TufRole.SNAPSHOT, newest_version(world.files, TufRole.SNAPSHOT))
    return world.files | {name: world.files[name] + b" "}


def a_card_that_was_changed(world: World) -> dict[str, bytes]:
    """A target is not the one that its list names."""
    name = [name for name in world.files if name.endswith(".delivery")][-1]
    return world.files | {name: b"another card"}


def a_huge_timestamp(world: World) -> dict[str, bytes]:
    """Work for the parser."""
    return {TIMESTAMP_FILE: b"[" * (17 << 10)}


@pytest.mark.parametrize(
    "attack",
    [
        a_strangers_directory,
        a_timestamp_that_was_changed,
        a_snapshot_that_was_changed,
        a_card_that_was_changed,
        a_huge_timestamp,
    ],
)
def test_what_does_not_verify_is_refused(world: World, attack: Callable[[World], dict[str, bytes]]) -> None:
    """Nothing is taken that does not lead to the pinned root, before there is a copy and after."""
    files = attack(world)
    assert refusal(world, None, files) == "directory-untrusted"
    copy = whole(world)
    world.put_cards({CARD: world.member("GN-QN").delivery_card(NOW, serial=2)})
    assert refusal(world, copy, attack(world)) == "directory-untrusted"


def test_an_expired_timestamp_is_refused(world: World) -> None:
    """Nobody freezes a network by bringing what its gateway signed the day before yesterday."""
    assert refusal(world, None, world.files, NOW + 2 * 86_400) == "directory-expired"


def test_what_an_authority_let_expire_is_taken(world: World) -> None:
    """An authority that is away for a week stops nobody, as long as its gateway signs that this is the newest."""
    later = NOW + 6 * 86_400
    world.files |= world.online.refresh(world.files, later)
    assert whole(world, None, later).directory.version == newest_version(world.files, TufRole.SNAPSHOT)


def test_an_older_directory_is_refused(world: World) -> None:
    """A suspension cannot be taken back by bringing what was true before, in whole or in its timestamp alone."""
    old = dict(world.files)
    world.change("GN-QN", status=Status.SUSPENDED)
    world.publish()
    copy = whole(world)
    assert refusal(world, copy, old) == "directory-rollback"
    assert refusal(world, copy, {TIMESTAMP_FILE: old[TIMESTAMP_FILE]}) == "directory-rollback"


def test_an_older_list_under_a_newer_timestamp_is_refused(world: World) -> None:
    """Who stole the peer's online keys can hold back, and not go back."""
    old = dict(world.files)
    world.change("GN-QN", status=Status.SUSPENDED)
    world.publish()
    copy = whole(world)
    later = old
    for _ in range(9):
        later = later | world.online.add_cards(later, {}, NOW)
    assert refusal(world, copy, later) == "directory-rollback"


def test_another_directory_of_the_same_version_is_refused(world: World) -> None:
    """Two contents of one version: one of them was made for us."""
    fork = dict(world.files)
    world.put_cards({CARD: world.member("GN-QN").delivery_card(NOW, serial=2)})
    copy = whole(world)
    fork |= world.online.add_cards(fork, {CARD: world.member("GN-QN").delivery_card(NOW, serial=3)}, NOW)
    assert refusal(world, copy, fork) == "directory-rollback"
    fork |= world.online._timestamp(fork, NOW)
    assert refusal(world, copy, fork) == "directory-untrusted"


def test_a_lower_serial_is_refused(world: World) -> None:
    """An old card does not come back under new metadata."""
    world.put_cards({CARD: world.member("GN-QN").delivery_card(NOW, serial=2)})
    copy = whole(world)
    world.put_cards({CARD: world.member("GN-QN").delivery_card(NOW, serial=1)})
    assert refusal(world, copy, world.files) == "card-serial"


def test_an_exercise_and_another_name_are_no_peer(world: World) -> None:
    """The pinned root must lead to the network that the authority named, and an exercise meets no real network."""
    for network, exercise in ((Network("other"), False), (EU, True)):
        with pytest.raises(Rejected) as caught:
            bring(None, {}, world.files, Expected(network, exercise, world.root), NOW)
        assert caught.value.code == "network-differs"


def test_a_peer_cannot_fill_the_ledger(world: World) -> None:
    """What a peer's own keys sign is bounded too: names, and how many bytes they stand for."""
    copy = whole(world)
    huge = {f"cards/GN-Q{number:04}/key": b"" for number in range(8200)}
    assert refusal(world, copy, forged_cards(world, huge)) == "directory-untrusted"
    assert refusal(world, copy, forged_cards(world, {"cards/../../x": b"x"})) == "directory-untrusted"


def forged_cards(world: World, cards: dict[str, bytes]) -> dict[str, bytes]:
    """List targets as a peer's online keys can."""
    files = dict(world.files)
    files.update(world.online._cards(files, cards, NOW))
    files.update(world.online._seal(files, NOW))
    return files


def test_a_copy_is_read_however_old(world: World) -> None:
    """What was verified last stays in use; what somebody changed in the ledger does not."""
    copy = whole(world)
    again = read_copy(copy.files, expected(world))
    assert again.look == copy.look
    role = metadata_file(TufRole.TARGETS, newest_version(copy.files, TufRole.TARGETS))
    assert parse(Targets, copy.files[role]).signed.expires.timestamp() > NOW
    with pytest.raises(Rejected):
        read_copy({**copy.files, role: b"{}"}, expected(world))


def test_a_thief_of_old_online_keys_is_locked_out(world: World) -> None:
    """After a new root what the old keys sign is refused."""
    old = world.online
    copy_before = whole(world)
    world.rotate_online()
    copy = whole(world, copy_before)
    stolen = {**world.files, **old._seal(world.files, NOW)}
    assert refusal(world, copy, stolen) == "directory-untrusted"
