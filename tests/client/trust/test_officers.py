"""The keys of second officers: listed on the key card, each in a file of its own, never in a home."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING

import pytest

from gateway.client import create_home
from gateway.client.home import schema
from gateway.client.home.held_keys import KeyState
from gateway.client.home.home import Home
from gateway.client.home.store import FILE, connect, create, transact
from gateway.client.trust.key_status import Stage
from gateway.envelope.keys import SigningKey, Use
from gateway.errors import Rejected, Unavailable
from tests.client import rotator
from tests.client.conftest import CHEAP, PASSPHRASE, make_test_home
from tests.client.examples import content, drain
from tests.client.trust.test_keys import card_of, identity, in_stage
from tests.support.four_eyes import needs_approval

if TYPE_CHECKING:
    from pathlib import Path

    from tests.client.conftest import Clock, Homes
    from tests.support.fake_gateway import FakeGateway
    from tests.support.network import World

SECOND = "officer-07"


def new_key(world: World, name: str = "GN-QN", number: int = 1) -> SigningKey:
    """Return a new key of an officer."""
    return SigningKey.from_seed(world.member(name).address, Use.APPROVAL, bytes([number]) * 32)


async def test_several_officers_have_a_key_each(homes: Homes, world: World) -> None:
    """The card lists both, the home holds neither, and either one approves."""
    key, before = new_key(world), card_of(world)
    async with homes("GN-QN") as gn, homes("NCB-QM") as qm:
        await gn.publish_card()
        await qm.publish_card()
        await gn.add_officer(key, identity=identity(world))
        found = await gn.keys()
        with needs_approval():
            for one in (key, world.member("GN-QN").key(Use.APPROVAL)):
                sent = await gn.send(content(), to="NCB-QM")
                await gn.approve(sent.message_id, one, officer=SECOND)
            by = [delivery.approved_by for delivery in await drain(qm)]
    assert by == [key.key_id, world.member("GN-QN").key(Use.APPROVAL).key_id]
    assert {one.key for one in card_of(world).keys} == {*(one.key for one in before.keys), key.public.key}
    listed = in_stage(found, Use.APPROVAL, Stage.ELSEWHERE)
    assert {one.key_id for one in listed} == set(by)
    assert {one.due for one in listed} == {"rotate"}


async def test_a_key_that_is_listed_is_not_listed_twice(homes: Homes, world: World) -> None:
    """To say the same again is safe: nothing changes."""
    async with homes("GN-QN") as gn:
        await gn.add_officer(new_key(world), identity=identity(world))
        card = card_of(world)
        await gn.add_officer(new_key(world), identity=identity(world))
    assert card_of(world) == card


async def test_an_officer_who_left_approves_nothing_more(homes: Homes, world: World, clock: Clock) -> None:
    """A card that closes a key makes it useless at once; a successor goes on."""
    left = world.member("GN-QN").key(Use.APPROVAL)
    async with homes("GN-QN") as gn, homes("NCB-QM") as qm:
        await gn.publish_card()
        await qm.publish_card()
        await gn.add_officer(new_key(world), identity=identity(world), closes=[left.key_id])
        clock.ahead_s = 2  # it is closed with the second in which the card was signed
        with needs_approval():
            sent = await gn.send(content(), to="NCB-QM")
            with pytest.raises(Rejected, match="bad-key"):
                await gn.approve(sent.message_id, left, officer=SECOND)
            assert (await gn.approve(sent.message_id, new_key(world), officer=SECOND)).number == 1
        assert len(in_stage(await gn.keys(), Use.APPROVAL, Stage.ELSEWHERE)) == 1


@pytest.mark.parametrize(
    ("key", "closes", "code"),
    [("agent", (), "bad-key"), ("another's", (), "bad-key"), ("new", (b"k" * 16,), "not-found"), ("held", (), "bad-key")],
)
async def test_what_is_no_officers_key_changes_no_card(
    homes: Homes, world: World, key: str, closes: tuple[bytes, ...], code: str
) -> None:
    """A key of another use or participant, one that the home held, or one to close that the card has not."""
    member = world.member("GN-QN")
    keys = {
        "agent": member.key(Use.AGENT),
        "another's": new_key(world, "NCB-QM"),
        "new": new_key(world),
        "held": new_key(world),
    }
    async with homes("GN-QN") as gn:
        before, home = card_of(world), gn._parts.home
        if key == "held":
            await home.store.write(lambda connection: home.shelf.add(connection, keys[key], KeyState.HELD, 0))
        with pytest.raises(Rejected) as refused:
            await gn.add_officer(keys[key], identity=identity(world), closes=closes)  # type: ignore[arg-type]
    assert (refused.value.code, card_of(world)) == (code, before)


async def test_approval_keys_are_not_rotated_in_a_home(homes: Homes, world: World) -> None:
    """Nothing makes one there any more; the hint names the command that makes a file."""
    async with homes("GN-QN") as gn:
        before = card_of(world)
        with pytest.raises(Rejected) as refused:
            await gn.rotate([Use.AUTHOR, Use.APPROVAL], identity=identity(world))
    assert (refused.value.code, "gateway keys officer" in refused.value.hint) == ("bad-request", True)
    assert card_of(world) == before


def test_no_home_is_made_with_an_approval_key(tmp_path: Path, world: World) -> None:
    """Whoever opens the home would hold both pairs of eyes."""
    member = world.member("GN-QN")
    with pytest.raises(Rejected, match="bad-key"):
        create_home(
            tmp_path / "home",
            address=member.address,
            root=world.root,
            gateways=["http://127.0.0.1:9"],
            keys=member.signing,
            passphrase=PASSPHRASE,
            exercise=False,
            cost=CHEAP,
        )
    assert not (tmp_path / "home").exists()


async def test_an_approval_key_of_before_goes_with_the_next_card(homes: Homes, world: World) -> None:
    """A home that an older version gave one opens and works, warns, and any new card closes and destroys it."""
    old = world.member("GN-QN").key(Use.APPROVAL)
    async with homes("GN-QN") as gn:
        home = gn._parts.home
        await home.store.write(lambda connection: home.shelf.add(connection, old, KeyState.HELD, 0))
    async with homes("GN-QN") as gn:
        await drain(gn)
        assert [one for one in await gn.warnings() if "inside this home" in one.text and "keys officer" in one.mend]
        await gn.rotate([Use.AUTHOR], identity=identity(world))
        found = await gn.keys()
        assert await gn.warnings() == []
    assert [one.key_id for one in in_stage(found, Use.APPROVAL, Stage.DESTROYED)] == [old.key_id]
    [closed] = [one for one in card_of(world).keys if one.key == old.public.key]
    assert closed.not_after <= time.time() + 1


async def test_an_officers_key_waits_for_a_gateway(homes: Homes, world: World, gate: FakeGateway) -> None:
    """It shows as waiting, approves nothing before, and is published with the next contact."""
    async with homes("GN-QN") as gn:
        await gn.publish_card()
        gate.no_cards = True
        with pytest.raises(Unavailable):
            await gn.add_officer(new_key(world), identity=identity(world))
        assert [one.key_id for one in in_stage(await gn.keys(), Use.APPROVAL, Stage.WAITING)] == [new_key(world).key_id]
        assert "new keys wait" in str(await gn.warnings())
        gate.no_cards = False
        await drain(gn)
        assert in_stage(await gn.keys(), Use.APPROVAL, Stage.WAITING) == []
    assert new_key(world).public.key in {one.key for one in card_of(world).keys}


@pytest.mark.parametrize("point", rotator.OFFICER)
async def test_an_officers_key_whose_listing_was_killed_is_listed_by_saying_it_again(
    homes: Homes, world: World, tmp_path: Path, point: str
) -> None:
    """The key is in its file: wherever the command dies, the same command ends with the key on the card, once."""
    async with homes("GN-QN") as gn:
        await gn.publish_card()
    assert await rotator.run(tmp_path / "GN-QN", identity(world).unsafe_export(), point) == rotator.KILLED
    key = rotator.officers_key(world.member("GN-QN").address)
    async with homes("GN-QN") as gn:
        await gn.add_officer(key, identity=identity(world))
        found = await gn.keys()
        assert await gn.warnings() == []
    assert [one.key for one in card_of(world).keys].count(key.public.key) == 1
    assert len(in_stage(found, Use.APPROVAL, Stage.ELSEWHERE)) == 2
    for use in (Use.AUTHOR, Use.AGENT):
        assert len(in_stage(found, use, Stage.IN_USE)) == 1
        assert in_stage(found, use, Stage.DESTROYED) == []


def test_a_home_of_the_second_format_keeps_what_it_sent(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every message stands where it stood, and messages can wait for an officer from then on."""
    make_test_home(tmp_path / "now", world, "GN-QN", ["http://127.0.0.1:9"])
    with monkeypatch.context() as patch:
        patch.setattr(schema, "_STEPS", schema._STEPS[:2])
        patch.setattr(schema, "FORMAT", 2)
        create(tmp_path, _two_messages)
    connection = connect(tmp_path)
    rows = connection.execute("SELECT message_id, state, number, reason, body, evidence, decision FROM outgoing").fetchall()
    columns = "message_id, state, created, changed_at, envelope_hash, media, draft"
    new = f"INSERT INTO outgoing ({columns}) VALUES (?, ?, 0, 0, ?, '', x'')"
    transact(connection, lambda connection: connection.execute(new, (b"3", "waiting", b"")))
    with pytest.raises(Exception, match="CHECK"):
        transact(connection, lambda connection: connection.execute(new, (b"4", "waiting", b"sealed")))
    tables = [_tables(one) for one in (connection, sqlite3.connect(tmp_path / "now" / FILE))]
    connection.close()
    assert rows == [(b"1", "accepted", 7, None, None, b"head", None), (b"2", "kept", None, "told", b"body", None, None)]
    assert tables[0] == tables[1]
    Home.unlock(tmp_path / "now", PASSPHRASE).store._connection.close()


def _two_messages(connection: sqlite3.Connection) -> None:
    columns = "message_id, state, created, changed_at, number, reason, envelope_hash, media, draft, body, evidence"
    rows = [
        (b"1", "accepted", 1, 2, 7, None, b"h", "m", b"d", None, b"head"),
        (b"2", "kept", 1, 2, None, "told", b"i", "m", b"d", b"body", None),
    ]
    connection.executemany(f"INSERT INTO outgoing ({columns}) VALUES ({', '.join('?' * 11)})", rows)


def _tables(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return what a file consists of."""
    return connection.execute("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite%' ORDER BY name").fetchall()
