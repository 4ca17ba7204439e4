"""What a home trusts: each attack on the directory is one line of the simulated gateway, and is refused with its code."""

from __future__ import annotations

import multiprocessing
import os
import stat
from typing import TYPE_CHECKING

import msgspec
import pytest
from securesystemslib.signer import Key
from tuf.api.metadata import Metadata, Root, Snapshot

from gateway.directory.entries import KeyRevocation, RevocationReason, Status
from gateway.directory.metadata import parse, sign_metadata
from gateway.directory.publication import make_root
from gateway.directory.roles import TIMESTAMP_FILE, RoleKey, TufRole, metadata_file
from gateway.directory.split import check_split
from gateway.errors import GatewayError
from gateway.ids import Address, Network
from gateway.tlog.leaves import VersionLeaf
from gateway.trust import SEAL_FOR_S, Expected, TrustedDirectory
from tests.support.directory_attacks import ATTACKS, NAMES, SimulatedGateway
from tests.support.network import World, counter_rng, make_world

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

NOW = 2_000_000_000
DAY_S = 86_400
QM = Address("NCB-QM@icn")


@pytest.fixture
def world() -> World:
    """Return a network of three participants."""
    return make_world(NAMES, NOW)


@pytest.fixture
def served(world: World) -> SimulatedGateway:
    """Return the gateway that serves it."""
    return SimulatedGateway(world)


@pytest.fixture
def home(world: World, served: SimulatedGateway, tmp_path: Path) -> TrustedDirectory:
    """Return a home that has refreshed once."""
    trusted = open_home(world, served, tmp_path)
    trusted.refresh()
    return trusted


def open_home(world: World, served: SimulatedGateway, folder: Path, root: bytes | None = None) -> TrustedDirectory:
    """Open the folder as another start of the software would."""
    return TrustedDirectory(folder / "tuf", root or world.root, served.fetch, lambda: world.now)


def refused(action: Callable[[], object]) -> str:
    """Return the code of a refusal."""
    with pytest.raises(GatewayError) as caught:
        action()
    return caught.value.code


def test_first_refresh_brings_the_whole_directory(home: TrustedDirectory, world: World) -> None:
    """After one refresh a home knows everybody, with keys that verify from its root."""
    directory = home.last()
    assert directory is not None
    assert directory.version == world.directory.version
    assert directory.participants() == ["GN-QN@icn", "NCB-QM@icn", "TRIB-QX-OTP@icn"]
    assert directory.delivery_key(QM, NOW) == world.directory.delivery_key(QM, NOW)
    assert home.age_s == 0


def test_a_home_without_a_copy_has_no_directory(world: World, served: SimulatedGateway, tmp_path: Path) -> None:
    """Before its first refresh a home knows nobody and seals for nobody."""
    trusted = open_home(world, served, tmp_path)
    assert trusted.last() is None
    assert refused(trusted.for_sealing) == "directory-stale"


def test_a_later_refresh_brings_the_change_and_fetches_little(
    home: TrustedDirectory, world: World, served: SimulatedGateway
) -> None:
    """A new card costs a home the few files that changed."""
    world.put_cards({"cards/GN-QN/delivery": world.member("GN-QN").delivery_card(NOW, serial=2)})
    served.serve()
    served.asked.clear()
    assert home.refresh().delivery_cards[Address("GN-QN@icn")].serial == 2
    assert len([path for path in served.asked if path.startswith("targets/")]) == 1


def test_nothing_new_costs_one_small_file_and_confirms_the_copy(
    home: TrustedDirectory, world: World, served: SimulatedGateway
) -> None:
    """Asking again without news is cheap, and the copy counts as fresh from then on."""
    world.now += 3600
    served.asked.clear()
    home.refresh()
    assert served.asked == ["metadata/2.root.json", TIMESTAMP_FILE]
    assert home.age_s == 0


def test_a_bundle_makes_the_first_refresh_of_many_cards_one_request(
    world: World, served: SimulatedGateway, tmp_path: Path
) -> None:
    """All cards come in one request where the gateway offers it."""
    trusted = TrustedDirectory(tmp_path, world.root, served.fetch, lambda: world.now, bundle=served.bundle)
    trusted.refresh()
    assert len(served.bundles) == 1
    assert not [path for path in served.asked if path.startswith("targets/")]


def test_what_a_bundle_leaves_out_is_fetched(world: World, served: SimulatedGateway, tmp_path: Path) -> None:
    """A bundle that is not complete only costs time."""
    trusted = TrustedDirectory(tmp_path, world.root, served.fetch, lambda: world.now, bundle=lambda paths: {})
    assert trusted.refresh().key_cards.keys() == world.directory.key_cards.keys()


def test_a_bundle_with_other_bytes_is_refused(world: World, served: SimulatedGateway, tmp_path: Path) -> None:
    """A bundle is verified like anything that is fetched."""

    def wrong(paths: Sequence[str]) -> Mapping[str, bytes]:
        return dict.fromkeys(paths, b"something else")

    trusted = TrustedDirectory(tmp_path, world.root, served.fetch, lambda: world.now, bundle=wrong)
    assert refused(trusted.refresh) == "directory-untrusted"


# --- attacks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused_and_the_last_good_copy_stays(
    attack: Callable[[World, SimulatedGateway], str],
    home: TrustedDirectory,
    world: World,
    served: SimulatedGateway,
    tmp_path: Path,
) -> None:
    """Whatever a gateway or the line to it does, a home keeps what it verified last, and says what was wrong."""
    world.put_cards({"cards/GN-QN/delivery": world.member("GN-QN").delivery_card(NOW, serial=2)})
    served.serve()
    home.refresh()
    good = home.last()
    world.put_cards({"cards/GN-QN/delivery": world.member("GN-QN").delivery_card(NOW, serial=3)})
    served.serve()
    expected = attack(world, served)
    assert refused(home.refresh) == expected
    assert home.last() == good
    assert open_home(world, served, tmp_path).last() == good


def test_a_home_recovers_when_the_attack_ends(home: TrustedDirectory, world: World, served: SimulatedGateway) -> None:
    """A refused refresh leaves nothing behind that would stop the next good one."""
    served.files[TIMESTAMP_FILE] = b"{}"
    assert refused(home.refresh) == "directory-untrusted"
    world.put_cards({"cards/GN-QN/delivery": world.member("GN-QN").delivery_card(NOW, serial=2)})
    served.serve()
    assert home.refresh().version == world.directory.version


def test_a_root_with_one_key_twice_is_no_root(world: World, served: SimulatedGateway, tmp_path: Path) -> None:
    """A threshold of two cannot be met by one key under two ids."""
    metadata = Metadata[Root].from_bytes(world.root)
    key_id = metadata.signed.roles["root"].keyids[0]
    twin = metadata.signed.keys[key_id].to_dict()
    metadata.signed.add_key(Key.from_dict("0" * 64, twin), "root")
    root = sign_metadata(metadata.signed, world.officer_keys(TufRole.ROOT))
    assert refused(open_home(world, served, tmp_path, root).refresh) == "directory-untrusted"


def test_a_new_root_signed_by_the_old_officers_is_followed(
    home: TrustedDirectory, world: World, served: SimulatedGateway
) -> None:
    """Officers can be replaced without new enrolment, as long as the old ones sign too."""
    rng = counter_rng("new officers")
    new = [RoleKey(rng(32)), RoleKey(rng(32))]
    holders = msgspec.structs.replace(world.holders, root=tuple(key.public for key in new))
    signers = [*world.officer_keys(TufRole.ROOT), *new]
    served.files[metadata_file(TufRole.ROOT, 2)] = make_root(2, holders, signers, NOW)
    assert home.refresh().version == world.directory.version


def test_a_fast_forward_is_undone_by_new_online_keys(
    home: TrustedDirectory, world: World, served: SimulatedGateway, tmp_path: Path
) -> None:
    """Who stole the online keys and counted a million ahead has stopped nobody once the authority has replaced them."""
    thief, good = world.online, dict(world.files)
    far = parse(Snapshot, good[metadata_file(TufRole.SNAPSHOT, world.directory.version)]).signed
    far.version = 1_000_000
    data = sign_metadata(far, [thief._keys[TufRole.SNAPSHOT][0]])
    served.files[metadata_file(TufRole.SNAPSHOT, far.version)] = data
    served.files |= thief._timestamp(served.files, world.now)
    assert home.refresh().version == 1_000_000
    world.files = good
    served.serve()
    assert refused(home.refresh) == "directory-rollback"
    world.rotate_online()
    served.serve()
    assert home.refresh().version == world.directory.version
    assert open_home(world, served, tmp_path).last() == home.last()


def test_a_split_view_is_found_in_the_log(home: TrustedDirectory, world: World, served: SimulatedGateway) -> None:
    """Two participants with one version number and two contents find it by the leaf that both see."""
    other = SimulatedGateway(make_world(NAMES, NOW))
    for one, name in [(served, "NCB-QM"), (other, "GN-QN")]:
        one.world.change(name, status=Status.SUSPENDED)
        one.world.publish()
        one.serve()
    mine, theirs = home.refresh(), other.world.directory
    assert mine.version == theirs.version
    leaf = VersionLeaf(theirs.version, theirs.snapshot_sha256, bytes(32), bytes(32))
    assert refused(lambda: check_split(mine.version, mine.snapshot_sha256, leaf)) == "directory-split"
    assert home.last() == mine
    own = VersionLeaf(mine.version, mine.snapshot_sha256, bytes(32), bytes(32))
    assert check_split(mine.version, mine.snapshot_sha256, own)
    assert not check_split(mine.version, mine.snapshot_sha256, VersionLeaf(1, bytes(32), bytes(32), bytes(32)))


def test_homes_know_the_reason_of_a_revocation(home: TrustedDirectory, world: World, served: SimulatedGateway) -> None:
    """What the authority says of a stolen key reaches every home with its next refresh."""
    key = world.member("GN-QN").delivery[0].key_id
    world.revoked = (KeyRevocation(key_id=key.hex(), revoked_at=NOW - 9, reason=RevocationReason.STOLEN),)
    world.publish()
    served.serve()
    assert home.refresh().stolen_keys() == {key}


# --- age, files, processes ---------------------------------------------------------------------------------------


def test_without_fresh_metadata_a_home_opens_always_and_seals_for_a_week(
    home: TrustedDirectory, world: World, served: SimulatedGateway
) -> None:
    """The last good copy serves reading for ever; sealing stops after seven days, or sooner if so configured."""
    served.down = True
    world.now += SEAL_FOR_S
    assert home.for_sealing().version == world.directory.version
    assert refused(lambda: home.for_sealing(DAY_S)) == "directory-stale"
    world.now += 1
    assert refused(home.for_sealing) == "directory-stale"
    assert home.last() is not None
    assert home.age_s == SEAL_FOR_S + 1


def test_a_changed_copy_on_disk_is_not_believed(
    home: TrustedDirectory, world: World, served: SimulatedGateway, tmp_path: Path
) -> None:
    """Who can write to the disk cannot make a participant."""
    copy = tmp_path / "tuf" / "copy"
    copy.write_bytes(copy.read_bytes().replace(b"Fictional unit GN-QN", b"Fictional unit XX-XX"))
    assert refused(open_home(world, served, tmp_path).last) == "directory-untrusted"


def test_a_lost_cache_does_not_open_the_way_back(
    home: TrustedDirectory, world: World, served: SimulatedGateway, tmp_path: Path
) -> None:
    """With the library's own files gone an older directory is still refused."""
    old = dict(world.files)
    world.put_cards({"cards/GN-QN/delivery": world.member("GN-QN").delivery_card(NOW, serial=2)})
    served.serve()
    home.refresh()
    for path in (tmp_path / "tuf" / "metadata").glob("*.json"):
        path.unlink()
    served.files = old
    assert refused(home.refresh) == "directory-rollback"


def test_files_are_for_their_owner_alone(home: TrustedDirectory, tmp_path: Path) -> None:
    """Nobody else on the machine reads who the participant deals with."""
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in tmp_path.rglob("*") if not path.is_symlink()}
    folders = {path for path in modes if path.is_dir()}
    assert {modes[path] for path in folders} == {0o700}
    assert {mode for path, mode in modes.items() if path not in folders} == {0o600}


def test_an_exercise_is_refused_by_a_real_home_and_the_reverse(world: World, served: SimulatedGateway, tmp_path: Path) -> None:
    """Exercises cannot reach real mailboxes: a home takes the directory of its own network alone."""
    for number, expected in enumerate([Expected(Network("icn"), exercise=True), Expected(Network("other"), exercise=False)]):
        folder = tmp_path / str(number)
        trusted = TrustedDirectory(folder, world.root, served.fetch, lambda: world.now, expected=expected)
        assert refused(trusted.refresh) == "network-differs"
        assert trusted.last() is None


def _refresh_in_process(folder: Path, number: int) -> None:
    os.umask(0)
    world = make_world(NAMES, NOW)
    trusted = TrustedDirectory(folder, world.root, SimulatedGateway(world).fetch, lambda: world.now)
    for _ in range(3 + number):
        trusted.refresh()


def test_two_processes_share_one_folder(world: World, served: SimulatedGateway, tmp_path: Path) -> None:
    """Several processes of one home may refresh at the same time."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_refresh_in_process, args=(tmp_path / "tuf", number)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(40)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    last = open_home(world, served, tmp_path).last()
    assert last is not None
    assert last.version == world.directory.version
