"""`gateway keys` from the command line: see, rotate, back up, restore; and warnings of every command."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from gateway.directory.cards import KeyCard, parse_card, sign_key_card
from gateway.envelope.keyfile import encrypt_keys
from tests.client.conftest import CHEAP, PASSPHRASE
from tests.client.examples import path

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Gateway
    from tests.support.fake_gateway import FakeGateway
    from tests.support.network import World


@pytest.fixture
def identity(world: World, tmp_path: Path) -> Path:
    """Return the identity key file of a participant, fetched from its safe."""
    return identity_file(tmp_path, world, "GN-QN")


def identity_file(folder: Path, world: World, name: str) -> Path:
    """Write the identity key of a participant."""
    file = folder / "identity.key"
    file.write_bytes(encrypt_keys([world.member(name).identity], PASSPHRASE, os.urandom, CHEAP))
    return file


async def listed(gateway: Gateway) -> list[dict[str, object]]:
    """Return what `keys list --json` prints."""
    ran = await gateway("keys", "list", "--json", name="GN-QN")
    assert ran.code == 0, ran.err
    found: list[dict[str, object]] = json.loads(ran.out)
    return found


async def test_keys_are_listed_for_people_and_for_scripts(gateway: Gateway) -> None:
    """With use, times, state, whether they are published, and what is due."""
    await gateway("inbox", name="GN-QN")
    table = await gateway("keys", "list", name="GN-QN")
    assert table.code == 0
    for word in ("author", "agent", "delivery-1", "in use", "rotate", "renew", "elsewhere"):
        assert word in table.out
    found = await listed(gateway)
    assert {one["state"] for one in found} == {"in use", "elsewhere", "destroyed"}
    assert {one["due"] for one in found} == {"rotate", "renew", None}


async def test_rotating_from_the_command_line(gateway: Gateway, gate: FakeGateway, world: World, identity: Path) -> None:
    """One command with the identity key, and one without it; mail goes on."""
    await gateway("inbox", name="GN-QN")
    await gateway("inbox", name="NCB-QM")
    ran = await gateway("keys", "rotate", "author", "agent", "--identity", str(identity), name="GN-QN")
    assert ran.code == 0, ran.err
    assert "put identity.key back" in ran.err
    assert (await gateway("keys", "rotate", "delivery", name="GN-QN")).code == 0
    states = {(one["use"], one["state"]) for one in await listed(gateway)}
    assert {("author", "destroyed"), ("author", "in use"), ("approval", "elsewhere"), ("delivery-1", "open")} <= states
    sent = await gateway("send", str(path()), "--to", "NCB-QM", name="GN-QN")
    assert sent.code == 0, sent.err
    read = await gateway("inbox", "--json", name="NCB-QM")
    assert json.loads(read.out)["sender"] == "GN-QN@icn"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("rotate", "author"), 1, "--identity"),
        (("rotate", "shoes"), 2, "not a use"),
        (("rotate", "approval", "--identity", "@identity.key"), 1, "gateway keys officer"),
        (("officer", "@new", "--identity", "@identity.key", "--officer-passphrase-file", "@passphrase"), 1, "one passphrase"),
        (("officer", "@new", "--identity", "@identity.key", "--closes", "shoes"), 2, "not a key id"),
        (("rotate", "author", "--identity", "nowhere.key"), 1, "cannot read"),
        (("backup", "@identity.key", "--backup-passphrase-file", "@passphrase"), 1, "home-exists"),
        (("backup", "@new", "--backup-passphrase-file", "@nowhere"), 1, "passphrase"),
    ],
)
async def test_what_is_wrong_is_told_and_changes_nothing(
    gateway: Gateway, identity: Path, arguments: tuple[str, ...], code: int, told: str, tmp_path: Path
) -> None:
    """A missing identity key, a slip of the pen, a file that is there."""
    await gateway("inbox", name="GN-QN")
    before = await listed(gateway)
    ran = await gateway("keys", *(one.replace("@", f"{tmp_path}/") for one in arguments), name="GN-QN")
    assert (ran.code, ran.out) == (code, "")
    assert told in ran.err
    assert await listed(gateway) == before


async def test_the_identity_key_of_another_is_refused(gateway: Gateway, world: World, tmp_path: Path) -> None:
    """Nothing is kept of the attempt."""
    await gateway("inbox", name="GN-QN")
    other = identity_file(tmp_path, world, "NCB-QM")
    ran = await gateway("keys", "rotate", "author", "--identity", str(other), name="GN-QN")
    assert ran.code == 1
    assert "bad-key" in ran.err
    assert "waiting" not in {one["state"] for one in await listed(gateway)}


async def test_a_home_comes_back_from_a_backup(gateway: Gateway, gate: FakeGateway, tmp_path: Path) -> None:
    """Lost and restored with two commands; the next contact finds mail that was sent meanwhile."""
    secret = tmp_path / "secret"
    secret.write_text("other words for the backup\n")
    await gateway("inbox", name="GN-QN")
    saved = await gateway("keys", "backup", str(tmp_path / "saved"), "--backup-passphrase-file", str(secret), name="GN-QN")
    assert saved.code == 0, saved.err
    assert "not in it: messages" in saved.err
    assert (tmp_path / "saved").stat().st_mode & 0o777 == 0o600
    await gateway("send", str(path()), "--to", "GN-QN", name="NCB-QM")
    (tmp_path / "GN-QN").rename(tmp_path / "lost")
    options = ("--home", str(tmp_path / "GN-QN"), "--passphrase-file", str(tmp_path / "passphrase"))
    back = await gateway("keys", "restore", str(tmp_path / "saved"), *options, "--backup-passphrase-file", str(secret))
    assert back.code == 0, back.err
    read = await gateway("inbox", "--json", name="GN-QN")
    assert read.code == 0, read.err
    assert json.loads(read.out)["sender"] == "NCB-QM@icn"


async def test_every_command_says_what_ends(gateway: Gateway, tmp_path: Path, world: World) -> None:
    """One line on standard error, with the command that mends it; results stay clean."""
    end_soon(world)
    await gateway("inbox", name="GN-QN")
    ran = await gateway("keys", "list", "--json", name="GN-QN")
    assert ran.code == 0
    assert json.loads(ran.out)
    officers, line = [one for one in ran.err.splitlines() if "warning" in one]
    assert "agent and author keys" in line
    assert "gateway keys rotate" in line
    assert "gateway keys officer" in officers


async def test_anybody_can_save_a_key_card(gateway: Gateway, tmp_path: Path) -> None:
    """For a participant that lost its identity key and enrols again."""
    file = tmp_path / "card"
    ran = await gateway("directory", "GN-QN", "--save-card", str(file), name="NCB-QM")
    assert ran.code == 0, ran.err
    card = parse_card(file.read_bytes())[1]
    assert isinstance(card, KeyCard)
    assert card.address == "GN-QN@icn"
    missing = await gateway("directory", "NCB-XA", "--save-card", str(tmp_path / "other"), name="NCB-QM")
    assert (missing.code, "not-found" in missing.err) == (1, True)


def end_soon(world: World) -> None:
    """Publish a key card that ends in a week."""
    member = world.member("GN-QN")
    old = world.directory.key_cards[member.address]
    card = structs.replace(old, serial=old.serial + 1, expires=world.now + 7 * 86_400)
    world.put_cards({"cards/GN-QN/key": sign_key_card(card, member.identity)})
