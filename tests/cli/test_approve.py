"""`gateway approve` from the command line: what waits is listed, shown, signed by a second officer, or refused."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

import pytest

from gateway.envelope.keyfile import encrypt_keys
from gateway.envelope.keys import Use
from gateway.ids import format_id
from tests.cli.test_keys import identity_file
from tests.cli.test_terminal import at_a_terminal
from tests.client.conftest import CHEAP
from tests.client.examples import path

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Gateway
    from tests.support.fake_gateway import FakeGateway
    from tests.support.network import World
    from tests.support.zygote import Ran

SECOND = "officer-77"
EXAMPLE = "notice.request/silver-river-barges"


class Desk(NamedTuple):
    """Runs commands of a sender whose requests need a second officer, who has a key file."""

    gateway: Gateway
    key: Path
    secret: Path

    async def run(self, *arguments: str) -> Ran:
        """Run a command for the sender."""
        return await self.gateway(*arguments, name="NCB-QM")

    async def sent(self) -> str:
        """Send the example and return its id."""
        ran = await self.run("send", str(path(EXAMPLE)), "--to", "GN-QN", "--json")
        assert ran.code == 3, ran.err
        return str(json.loads(ran.out)["message_id"])

    async def sign(self, message_id: str, *more: str) -> Ran:
        """Sign with the officer's key, as that officer."""
        officer = ("--officer-key", str(self.key), "--officer-passphrase-file", str(self.secret), "--officer", SECOND)
        return await self.run("approve", "sign", message_id, *officer, *more)


@pytest.fixture
async def desk(gateway: Gateway, world: World, tmp_path: Path) -> Desk:
    """Two homes that have been in contact, and the file of an officer."""
    for name in ("GN-QN", "NCB-QM"):
        assert (await gateway("inbox", name=name)).code == 0
    key, secret = tmp_path / "officer.key", tmp_path / "secret"
    secret.write_text("words of an officer\n")
    key.write_bytes(encrypt_keys([world.member("NCB-QM").key(Use.APPROVAL)], b"words of an officer", os.urandom, CHEAP))
    return Desk(gateway, key, secret)


async def test_a_message_that_needs_two_waits_and_says_how_to_go_on(desk: Desk, gate: FakeGateway) -> None:
    """`send` exits with 3 and names the next commands; `status` and `list` show that it waits."""
    ran = await desk.run("send", str(path(EXAMPLE)), "--to", "GN-QN")
    assert (ran.code, gate.messages) == (3, {})
    assert ran.out.startswith("waiting for")
    message_id = dict(line.split(maxsplit=1) for line in ran.out.splitlines())["message_id"]
    assert f"gateway approve sign {message_id} --officer-key FILE" in ran.err
    assert "waiting for a second officer" in (await desk.run("status", message_id)).out
    listed = await desk.run("approve", "list")
    assert message_id in listed.out
    assert "officer-23" in listed.out
    [one] = json.loads((await desk.run("approve", "list", "--json")).out)
    assert (one["message_id"], one["recipients"], one["officer"]) == (message_id, ["GN-QN@icn"], "officer-23")


async def test_what_was_shown_is_signed_and_sent(desk: Desk, world: World) -> None:
    """`show` names the draft, `sign` takes that one, and the recipient reads whose key approved it."""
    message_id = await desk.sent()
    shown = await desk.run("approve", "show", message_id)
    assert "body.notice.colour: " in shown.out
    draft = dict(line.split(maxsplit=1) for line in shown.out.splitlines()[:10])["draft"]
    signed = await desk.sign(message_id, "--draft", draft, "--json")
    assert signed.code == 0, signed.err
    assert (json.loads(signed.out)["number"], json.loads(signed.out)["waiting"]) == (1, False)
    read = json.loads((await desk.gateway("inbox", "--json", name="GN-QN")).out)
    key_id = format_id(world.member("NCB-QM").key(Use.APPROVAL).key_id)
    assert (read["message_id"], read["approved_by"]) == (message_id, key_id)
    status = await desk.run("status", message_id)
    assert f"by {SECOND}, key {key_id}" in status.out
    assert "nothing waits" in (await desk.run("approve", "list")).err


async def test_a_refused_message_is_told_with_its_reason(desk: Desk, gate: FakeGateway) -> None:
    """Nothing is sent, and `status` says who ended it and why."""
    message_id = await desk.sent()
    ended = await desk.run("approve", "refuse", message_id, "--reason", "the warrant is missing")
    assert (ended.code, "is refused" in ended.err, gate.messages) == (0, True, {})
    status = await desk.run("status", message_id)
    assert "refused in this home on " in status.out
    assert "approval-refused: the warrant is missing" in status.out
    again = await desk.sign(message_id, "--draft", "0")
    assert (again.code, "conflict" in again.err) == (1, True)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ((), "give --draft"),
        (("--draft", "00"), "gateway approve show"),
        (("--draft", "@", "--officer", "officer-23"), "its author cannot approve it"),
        (("--draft", "@", "--officer-passphrase-file", "@passphrase"), "one passphrase"),
        (("--draft", "@", "--officer-key", "@identity.key"), "no approval key"),
    ],
)
async def test_an_approval_that_is_none_is_refused_with_a_hint(
    desk: Desk, world: World, gate: FakeGateway, tmp_path: Path, more: tuple[str, ...], told: str
) -> None:
    """Not shown, another draft, the author itself, the home's own passphrase, a key of another use: it goes on waiting."""
    file = tmp_path / "identity.key"
    file.write_bytes(encrypt_keys([world.member("NCB-QM").identity], b"words of an officer", os.urandom, CHEAP))
    message_id = await desk.sent()
    draft = json.loads((await desk.run("approve", "show", message_id, "--json")).out)["draft"]
    ran = await desk.sign(message_id, *(draft if one == "@" else one.replace("@", f"{tmp_path}/") for one in more))
    assert (ran.code, ran.out, told in ran.err, "Traceback" in ran.err) == (1, "", True, False), ran.err
    assert gate.messages == {}
    assert len(json.loads((await desk.run("approve", "list", "--json")).out)) == 1


async def test_what_does_not_wait_is_told(desk: Desk) -> None:
    """An id that nobody knows, and one that is none."""
    unknown = await desk.run("approve", "show", "0190f6a0-7c3b-7cc1-8a4e-2f6f2d1f0001")
    wrong = await desk.run("approve", "show", "first")
    assert (unknown.code, "not-found" in unknown.err) == (1, True)
    assert (wrong.code, "gateway approve list" in wrong.err) == (1, True)


async def test_another_officer_gets_a_key_of_its_own(desk: Desk, world: World, tmp_path: Path) -> None:
    """One command with the identity key makes file and card, saying it twice changes nothing, and the new key approves."""
    identity = identity_file(tmp_path, world, "NCB-QM")
    file, old = tmp_path / "second.key", format_id(world.member("NCB-QM").key(Use.APPROVAL).key_id)
    words = ("--identity", str(identity), "--officer-passphrase-file", str(desk.secret), "--closes", old)
    made = await desk.run("keys", "officer", str(file), *words)
    again = await desk.run("keys", "officer", str(file), *words)
    assert (made.code, again.code) == (0, 0), made.err + again.err
    assert file.stat().st_mode & 0o777 == 0o600
    keys = json.loads((await desk.run("keys", "list", "--json")).out)
    listed = {one["key_id"]: one["state"] for one in keys if one["use"] == "approval"}
    assert len(listed) == 2
    [new] = set(listed) - {old}
    assert new in made.err
    message_id = await desk.sent()
    draft = json.loads((await desk.run("approve", "show", message_id, "--json")).out)["draft"]
    signed = await desk.sign(message_id, "--draft", draft, "--officer-key", str(file))
    assert signed.code == 0, signed.err
    read = json.loads((await desk.gateway("inbox", "--json", name="GN-QN")).out)
    assert read["approved_by"] == new


@pytest.mark.parametrize(("answer", "code", "told"), [(b"n", 1, b"not approved: it waits"), (b"y", 0, b"accepted for")])
async def test_an_officer_at_a_terminal_sees_it_and_is_asked(
    desk: Desk, gate: FakeGateway, tmp_path: Path, answer: bytes, code: int, told: bytes
) -> None:
    """The officer types its passphrase, reads the whole message, and says yes or no."""
    message_id = await desk.sent()
    ended, shown = await at_a_terminal(
        *("approve", "sign", message_id, "--home", str(tmp_path / "NCB-QM"), "--passphrase-file", str(tmp_path / "passphrase")),
        *("--officer-key", str(desk.key), "--officer", SECOND),
        answers=[(b"Officer passphrase: ", b"words of an officer"), (b"Approve this message?", answer)],
    )
    assert (ended, told in shown, b"body.notice.colour: " in shown) == (code, True, True), shown
    assert b"words of an officer" not in shown
    assert len(gate.messages) == (1 if code == 0 else 0)
