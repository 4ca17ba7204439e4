"""The gateway's part: it takes in what the authority published, and never anything older or less signed."""

from __future__ import annotations

import pickle

import pytest

from gateway.directory.metadata import read_repository
from gateway.directory.publication import make_root
from gateway.directory.repository import newest_version, superseded
from gateway.directory.roles import LIFETIME_S, TIMESTAMP_FILE, RoleKey, TufRole, metadata_file, target_file, tuf_key
from gateway.directory.view import build_from
from gateway.errors import Rejected
from gateway.ids import Address
from tests.support.network import World, counter_rng, make_member, make_world

NOW = 2_000_000_000
DAY_S = 86_400


def refused(world: World, publication: dict[str, bytes]) -> str:
    """Return the code with which a publication is refused."""
    with pytest.raises(Rejected) as caught:
        world.online.import_publication(world.files, publication, world.root, world.now)
    return caught.value.code


def test_taking_in_the_same_publication_again_changes_nothing(world: World) -> None:
    """The gateway may look at the folder as often as it likes."""
    publication = world.publication()
    first = world.online.import_publication(world.files, publication, world.root, NOW)
    world.files |= first
    assert first
    assert world.online.import_publication(world.files, publication, world.root, NOW) == {}


def test_history_in_the_authoritys_folder_is_not_taken_in_again(world: World) -> None:
    """Old publications that the gateway has dropped do not come back as news."""
    folder = world.publication()
    for _ in range(5):
        world.publish()
        folder |= world.publication()
        world.files |= world.online.import_publication(world.files, folder, world.root, NOW)
    kept = {name: data for name, data in world.files.items() if name not in superseded(world.files)}
    assert world.online.import_publication(kept, folder, world.root, NOW) == {}


def test_every_change_is_a_new_directory_version(world: World) -> None:
    """The number that envelopes name rises with each publication and each card."""
    before = world.directory.version
    world.publish()
    assert world.directory.version == before + 1
    world.put_cards({"cards/GN-QN/delivery": world.member("GN-QN").delivery_card(NOW, serial=2)})
    assert world.directory.version == before + 2


def test_cards_survive_a_publication(world: World) -> None:
    """What participants published stays when the authority publishes."""
    world.publish()
    assert set(world.directory.delivery_cards) == set(world.members)


def test_a_publication_brings_the_key_cards_of_new_participants(world: World) -> None:
    """Who was enrolled can be written to as soon as its own delivery card is there."""
    new = make_member("NCB-QR")
    world.members[new.address] = new
    publication = {**world.publication(), "cards/NCB-QR/key": new.key_card(NOW)}
    files = {**world.files, **world.online.import_publication(world.files, publication, world.root, NOW)}
    directory = build_from(read_repository(files, world.root, NOW))
    assert new.address in directory.key_cards


def test_a_published_card_is_not_replaced_by_an_old_one(world: World) -> None:
    """The authority's copy of a key card does not undo what the participant published later."""
    world.put_cards({"cards/NCB-QM/key": world.member("NCB-QM").key_card(NOW, serial=5)})
    publication = {**world.publication(), "cards/NCB-QM/key": world.member("NCB-QM").key_card(NOW, serial=1)}
    world.files |= world.online.import_publication(world.files, publication, world.root, NOW)
    world.read()
    assert world.directory.key_cards[Address("NCB-QM@icn")].serial == 5


def test_an_unusable_card_in_a_publication_is_refused(world: World) -> None:
    """A card that no home would believe is not published."""
    new = make_member("NCB-QR")
    world.members[new.address] = new
    publication = {**world.publication(), "cards/NCB-QR/key": world.member("NCB-QM").key_card(NOW)}
    assert refused(world, publication) == "card-bad"


def test_an_older_publication_is_refused(world: World) -> None:
    """Whoever carries the folder cannot bring back an earlier state."""
    old = world.publication()
    world.publish()
    world.publish()
    assert refused(world, old) == "directory-rollback"


def test_two_publications_of_one_version_are_refused(world: World) -> None:
    """A version is one publication: a second one with its number is not taken."""
    world.publish()
    other = dict(world.files)
    name = metadata_file(TufRole.TARGETS, newest_version(world.files, TufRole.TARGETS))
    other[name] = other[name] + b" "
    assert refused(world, other) == "directory-untrusted"


def test_a_publication_of_one_officer_is_refused(world: World) -> None:
    """Two officers sign, or nothing is taken in."""
    world.officers.pop()
    assert refused(world, world.publication()) == "directory-untrusted"


def test_an_expired_publication_is_refused(world: World) -> None:
    """Revocations that nobody signed for 72 hours are not published as new."""
    publication = world.publication()
    world.now += LIFETIME_S[TufRole.REVOCATIONS] + 1
    assert refused(world, publication) == "directory-expired"


def test_a_publication_of_another_network_is_refused(world: World) -> None:
    """Another authority's folder is refused, whatever it says."""
    other = make_world(["NCB-QM"], NOW, network="other")
    assert refused(world, {**other.publication(), metadata_file(TufRole.ROOT, 1): world.root}) == "directory-untrusted"


def test_only_cards_are_published_as_cards(world: World) -> None:
    """A participant cannot publish a file in the authority's place."""
    for path in ("directory.json", "cards/NCB-QM/other", "cards/NCB-QM", "../x"):
        with pytest.raises(Rejected, match="card-bad"):
            world.online.add_card(world.files, path, b"", NOW)


def test_a_gateway_without_a_publication_publishes_nothing(world: World) -> None:
    """Cards wait until the authority has published."""
    with pytest.raises(Rejected, match="directory-untrusted"):
        world.online.add_card({}, "cards/NCB-QM/key", b"", NOW)


def test_signatures_are_renewed_at_half_their_time(world: World) -> None:
    """Timestamp, snapshot and cards are signed again long before they end, and not more often."""
    assert world.online.refresh(world.files, NOW + DAY_S // 2 - 1) == {}
    assert set(world.online.refresh(world.files, NOW + DAY_S // 2)) == {TIMESTAMP_FILE}
    news = world.online.refresh(world.files, NOW + LIFETIME_S[TufRole.SNAPSHOT] // 2)
    assert newest_version(news, TufRole.SNAPSHOT) == world.directory.version + 1


def test_old_files_can_go_and_the_directory_still_reads(world: World) -> None:
    """A gateway's store does not grow for ever; every root stays."""
    for serial in range(2, 8):
        world.put_cards({"cards/GN-QN/delivery": world.member("GN-QN").delivery_card(NOW, serial=serial)})
    gone = superseded(world.files)
    kept = {name: data for name, data in world.files.items() if name not in gone}
    assert build_from(read_repository(kept, world.root, NOW)) == world.directory
    assert len([name for name in kept if name.endswith(".delivery")]) == 5
    assert metadata_file(TufRole.ROOT, 1) in kept
    assert superseded(kept) == []


def test_a_repository_with_a_missing_or_damaged_file_is_not_read(world: World) -> None:
    """Every file counts: without one of them, or with one bit changed, nothing is believed."""
    needed = set(world.files) - set(superseded(world.files))
    kept = {name: world.files[name] for name in needed}
    newest = [name for name in needed if _is_read(name, world)]
    assert len(newest) > 10
    for name in newest:
        with pytest.raises(Rejected, match="directory-untrusted"):
            read_repository({key: data for key, data in kept.items() if key != name}, world.root, NOW)
        with pytest.raises(Rejected, match="directory-untrusted"):
            read_repository({**kept, name: kept[name][:-3] + b"\x00" + kept[name][-2:]}, world.root, NOW)


def _is_read(name: str, world: World) -> bool:
    """Say whether the newest version needs this file; the first root is the caller's own."""
    if name.startswith("targets/") or name == TIMESTAMP_FILE:
        return True
    role = TufRole(name.split(".")[1])
    return role is not TufRole.ROOT and name == metadata_file(role, newest_version(world.files, role))


def test_age_is_the_callers_concern_where_no_time_is_given(world: World) -> None:
    """A last good copy is read at any age; with a time it is refused once it is over."""
    assert read_repository(world.files, world.root, None).version == world.directory.version
    with pytest.raises(Rejected, match="directory-expired"):
        read_repository(world.files, world.root, NOW + 4 * DAY_S)


def test_a_root_whose_officers_are_one_is_no_root(world: World) -> None:
    """A root with a threshold of one officer is refused even if it is well signed."""
    lone = RoleKey(counter_rng("lone")(32))
    holders = world.holders
    one = holders.__class__(
        root=(lone.public,), targets=holders.targets, revocations=holders.revocations, online=holders.online
    )
    with pytest.raises(Rejected, match="directory-untrusted"):
        read_repository(world.files, make_root(1, one, [lone], NOW), NOW)


def test_role_keys_show_no_secret() -> None:
    """A role key shows its id when printed, cannot be pickled, and has one size."""
    key = RoleKey(bytes(range(32)))
    assert key.unsafe_export().hex() not in repr(key)
    with pytest.raises(TypeError):
        pickle.dumps(key)
    for bad in (b"", bytes(31), bytes(33)):
        with pytest.raises(Rejected, match="bad-key"):
            RoleKey(bad)
        with pytest.raises(Rejected, match="bad-key"):
            tuf_key(bad)


def test_files_are_named_as_tuf_asks() -> None:
    """A mirror or another implementation finds each file by its name."""
    assert metadata_file(TufRole.CARDS, 3) == "metadata/3.cards.json"
    assert metadata_file(TufRole.TIMESTAMP, 3) == "metadata/timestamp.json"
    assert target_file("cards/NCB-QM/key", "ab") == "targets/cards/NCB-QM/ab.key"
    assert target_file("directory.json", "ab") == "targets/ab.directory.json"
