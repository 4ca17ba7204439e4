"""Rotation: an officer's keys and the gateway's online keys change by threshold, and homes that were away follow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.directory.keyfiles import encrypt_gateway_keys
from gateway.directory.metadata import root_chain
from gateway.directory.publication import make_root
from gateway.directory.roles import ONLINE_ROLES, RoleKey, TufRole
from gateway.errors import Rejected
from gateway.network import (
    Authority,
    Plan,
    Successor,
    decode_invitation,
    decode_request,
    encode_paper,
    files,
    rotate_officer,
    rotate_online,
)
from gateway.network.request import OnlineHex
from gateway.network.state import AuthorityFolder
from gateway.trust import TrustedDirectory
from tests.support.authority import CHEAP, NOW, PASSPHRASES, Office, request_of
from tests.support.network import counter_rng

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.directory.view import Directory

BOTH = dict(enumerate(PASSPHRASES, start=1))
NEW = Successor(officer=2, passphrase=b"a new second officer", cost=CHEAP)


def home(office: Office, name: str = "home") -> TrustedDirectory:
    """Open a home that began with the first root."""

    def fetch(path: str) -> bytes:
        if path not in office.files:
            raise Rejected(code="not-found")
        return office.files[path]

    return TrustedDirectory(office.folder / name, office.root, fetch, lambda: NOW)


def rotated(office: Office, successor: Successor = NEW, passphrases: Mapping[int, bytes] = BOTH) -> Directory:
    """Rotate one officer and let the gateway take it in."""
    rotate_officer(office.path, successor, passphrases, NOW)
    office.passphrases[successor.officer - 1] = successor.passphrase
    return office.taken_in()


def test_an_officer_gets_new_keys_and_homes_follow(office: Office) -> None:
    """After a rotation the old passphrase publishes nothing, the new one does, and a home that was away walks along."""
    office.published()
    away = home(office)
    version = away.refresh().version
    rotated(office)
    with pytest.raises(Rejected, match="passphrase"):
        office.authority.publish(PASSPHRASES, NOW)
    office.published()
    assert away.refresh().version > version


def test_a_home_walks_through_all_roots(office: Office) -> None:
    """A home that slept through three rotations, of both officers, finds its way from the root that it was given."""
    office.published()
    away = home(office)
    away.refresh()
    for number, passphrase in [(2, b"second of 2"), (1, b"first of 3"), (2, b"second of 4")]:
        signers = dict(enumerate(office.passphrases, start=1))
        rotated(office, Successor(officer=number, passphrase=passphrase, cost=CHEAP), signers)
    assert away.refresh().version > 1
    assert root_chain(office.files, office.root).version == 4
    assert home(office, "new").refresh() == away.last()


def test_a_new_home_starts_from_the_newest_root(office: Office) -> None:
    """Who enrols after a rotation need not trust keys that were replaced; the gateway's own root stays what it was."""
    before = office.root
    rotated(office)
    invitation = decode_invitation((office.path / "invitation.json").read_bytes())
    assert root_chain({}, invitation.root.encode()).version == 2
    assert office.root == before


def test_the_old_keys_of_an_officer_are_gone(office: Office) -> None:
    """Two keys of an old threshold could sign another history for homes that were away: they are not kept."""
    rotated(office)
    names = {path.name for path in (office.path / "officers").iterdir()}
    assert names == {"officer-1.keys", "officer-1.root.keys", "officer-2.2.keys", "officer-2.2.root.keys"}


def test_a_lost_officer_is_replaced_by_the_others(tmp_path: Path) -> None:
    """With three officers two are enough to give the third one new keys."""
    office = Office(tmp_path, passphrases=[*PASSPHRASES, b"third officer"])
    office.published()
    away = home(office)
    away.refresh()
    rotated(
        office, Successor(officer=1, passphrase=b"a new first officer", cost=CHEAP), {2: PASSPHRASES[1], 3: b"third officer"}
    )
    office.authority.publish({1: b"a new first officer", 3: b"third officer"}, NOW)
    office.taken_in()
    assert away.refresh() == home(office, "new").refresh()


@pytest.mark.parametrize(
    ("successor", "passphrases", "code"),
    [
        (NEW, {1: PASSPHRASES[0]}, "passphrase"),
        (NEW, {1: PASSPHRASES[0], 2: PASSPHRASES[0]}, "passphrase"),
        (NEW, {1: PASSPHRASES[0], 2: b"wrong"}, "passphrase"),
        (Successor(officer=2, passphrase=PASSPHRASES[0], cost=CHEAP), BOTH, "passphrase"),
        (Successor(officer=3, passphrase=b"new", cost=CHEAP), BOTH, "config"),
    ],
    ids=["one alone", "one twice", "a wrong one", "one passphrase for two", "no such officer"],
)
def test_no_officer_rotates_alone(office: Office, successor: Successor, passphrases: Mapping[int, bytes], code: str) -> None:
    """One officer, or one who speaks for two, changes nothing."""
    before = AuthorityFolder(office.path).state
    with pytest.raises(Rejected) as caught:
        rotate_officer(office.path, successor, passphrases, NOW)
    assert caught.value.code == code
    assert AuthorityFolder(office.path).state == before


def test_a_root_key_in_the_safe_is_asked_for(office: Office) -> None:
    """A rotation needs the root keys back from the safe, and says so."""
    (office.path / "officers" / "officer-1.root.keys").unlink()
    with pytest.raises(Rejected) as caught:
        rotate_officer(office.path, NEW, BOTH, NOW)
    assert (caught.value.code, caught.value.hint) == ("home-missing", "bring the key file back from the safe")


def test_a_threshold_is_not_met_twice_by_one_key(office: Office) -> None:
    """A root in which both officers have one key is refused before it is in force."""
    folder = AuthorityFolder(office.path)
    holders = folder.state.holders()
    twice = msgspec.structs.replace(holders, root=(holders.root[0], holders.root[0]))
    key = RoleKey.generate(counter_rng("any"))
    with pytest.raises(Rejected, match="directory-untrusted"):
        root_chain({"metadata/2.root.json": make_root(2, twice, [key], NOW)}, office.root)


@pytest.mark.parametrize("stop", ["officers/officer-2.2.root.keys", "roots/2.root.json", "authority.json", "invitation.json"])
def test_a_rotation_that_was_cut_off_is_done_or_not_done(office: Office, stop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the machine stops, the authority can publish again with the old keys or with the new ones."""
    office.published()
    away = home(office)
    away.refresh()
    write = files.replace_file

    def stopping(path: Path, data: bytes) -> None:
        if path.as_posix().endswith(stop):
            raise OSError(stop)
        write(path, data)

    for module in ("rotation", "state"):
        monkeypatch.setattr(f"gateway.network.{module}.replace_file", stopping)
    with pytest.raises(OSError, match=stop):
        rotate_officer(office.path, NEW, BOTH, NOW)
    monkeypatch.undo()
    done = stop == "invitation.json"
    passphrases = [PASSPHRASES[0], NEW.passphrase if done else PASSPHRASES[1]]
    office.authority.publish(passphrases, NOW)
    office.taken_in()
    assert away.refresh() == home(office, "new").refresh()
    assert (office.path / "officers" / "officer-2.keys").exists() is not done
    if not done:
        rotated(office)
        assert away.refresh() == home(office, "new").refresh()


# --- online keys -------------------------------------------------------------------------------------------------


def online_request(office: Office) -> tuple[bytes, list[tuple[TufRole, RoleKey]]]:
    """Return a gateway's request with new online keys, and its keys, old and new."""
    rng = counter_rng("online")
    new = {role: RoleKey.generate(rng) for role in ONLINE_ROLES}
    hexes = OnlineHex(**{str(role): key.public.hex() for role, key in new.items()})
    request = encode_paper(msgspec.structs.replace(decode_request(office.gate.request), online=hexes))
    return request, [*office.gate.online.items(), *new.items()]


def test_a_gateway_gets_new_online_keys(office: Office) -> None:
    """The gateway signs with its old keys until the authority has published the new ones, and homes follow."""
    office.published()
    away = home(office)
    away.refresh()
    request, keys = online_request(office)
    data = encrypt_gateway_keys(office.gate.keys, keys, b"gate", counter_rng("file"), CHEAP)
    (office.folder / "gate" / "gateway.keys").write_bytes(data)
    office.published()
    before = away.refresh()
    rotate_online(office.path, request, BOTH, NOW)
    office.taken_in()
    data = encrypt_gateway_keys(office.gate.keys, keys[3:], b"gate", counter_rng("file"), CHEAP)
    (office.folder / "gate" / "gateway.keys").write_bytes(data)
    assert office.published().version > before.version
    assert away.refresh() == home(office, "new").refresh()


def test_only_new_keys_of_a_gateway_of_this_network_are_taken(office: Office) -> None:
    """The keys it has, another identity's request, a participant's request: refused, and the root stays."""
    other = request_of("GW-ICN@icn", "gateway").request
    for request, code in [
        (office.gate.request, "key-taken"),
        (other, "config"),
        (request_of().request, "config"),
        (request_of("GW-TWO@icn", "gateway").request, "config"),
    ]:
        with pytest.raises(Rejected) as caught:
            rotate_online(office.path, request, BOTH, NOW)
        assert caught.value.code == code
    assert AuthorityFolder(office.path).state.root_version == 1


def test_one_key_does_not_hold_two_roles(office: Office) -> None:
    """A gateway that lists one key for two roles is refused."""
    request, keys = online_request(office)
    hexes = OnlineHex(**{str(role): keys[3][1].public.hex() for role in ONLINE_ROLES})
    twice = encode_paper(msgspec.structs.replace(decode_request(request), online=hexes))
    with pytest.raises(Rejected, match="key-taken"):
        rotate_online(office.path, twice, BOTH, NOW)


def test_a_network_of_before_rotation_existed_is_read(office: Office) -> None:
    """The state of a folder that never rotated has neither generations nor a root's version."""
    data = msgspec.json.decode((office.path / "authority.json").read_bytes())
    for name in ("generations", "root_version"):
        data.pop(name, None)
    (office.path / "authority.json").write_bytes(msgspec.json.encode(data))
    assert AuthorityFolder(office.path).state.officers() == {1: 1, 2: 1}
    assert office.published().version


def test_a_plan_needs_two_officers(tmp_path: Path, office: Office) -> None:
    """No network is made in which one officer signs alone."""
    plan = Plan(network=office.authority.network, gateways=("http://127.0.0.1:1",), cost=CHEAP)
    with pytest.raises(Rejected, match="passphrase"):
        Authority.create(tmp_path / "other", plan, office.gate.request, PASSPHRASES[:1], NOW)
