"""Signing keys are replaced without a gap; delivery keys are destroyed when nothing needs them any more."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.client import ContactPoint
from gateway.client.home import schema
from gateway.client.home.home import Home
from gateway.client.home.store import FILE, connect, create
from gateway.client.inbox import intake
from gateway.client.trust.key_status import Stage
from gateway.directory.cards import KeyCard, sign_key_card
from gateway.envelope.keys import SigningKey, Use
from gateway.errors import GatewayError, Rejected, Unavailable
from tests.client import rotator
from tests.client.conftest import PASSPHRASE, make_test_home
from tests.client.examples import content, drain, until
from tests.client.sending.test_sending import pass_time

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.client.trust.key_status import KeyStatus
    from tests.client.conftest import Clock, Homes
    from tests.support.fake_gateway import FakeGateway
    from tests.support.network import World

DAY_S = 86_400
SIGNING = (Use.AUTHOR, Use.AGENT)


def identity(world: World, name: str = "GN-QN") -> SigningKey:
    """Return the identity key that a participant keeps offline."""
    return world.member(name).identity


def card_of(world: World, name: str = "GN-QN") -> KeyCard:
    """Return the key card in the directory."""
    return world.directory.key_cards[world.member(name).address]


def in_stage(found: list[KeyStatus], use: Use, stage: Stage) -> list[KeyStatus]:
    """Return the keys of a use that stand somewhere."""
    return [one for one in found if (one.use, one.state) == (use, stage)]


def stored(folder: Path) -> bytes:
    """Return every byte of a home's file and its log."""
    return b"".join(path.read_bytes() for path in folder.glob(f"{FILE}*"))


def ciphertexts(folder: Path) -> dict[bytes, bytes]:
    """Return the encrypted secret of each key, by its id."""
    connection = connect(folder)
    found = dict(connection.execute("SELECT key_id, secret FROM held_key WHERE secret IS NOT NULL"))
    connection.close()
    return found


async def test_new_signing_keys_take_over(homes: Homes, world: World, tmp_path: Path) -> None:
    """They sign mail, receipts and requests; the old ones stay listed with their past, and their secrets are gone."""
    async with homes("GN-QN") as gn, homes("NCB-QM") as qm:
        await gn.publish_card()
        await qm.publish_card()
        old, before = ciphertexts(tmp_path / "GN-QN"), card_of(world)
        await gn.rotate(SIGNING, identity=identity(world))
        await gn.send(content(), to=["NCB-QM"])
        [delivery] = await drain(qm)
        await qm.send(content(), to=["GN-QN"])
        assert len(await drain(gn)) == 1
        found = await gn.keys()
    after = card_of(world)
    assert after.serial > before.serial
    assert set(before.keys) < set(after.keys)
    assert delivery.opened.author.key_id not in {record.key_id for record in before.records()}
    for use in SIGNING:
        assert len(in_stage(found, use, Stage.IN_USE)) == len(in_stage(found, use, Stage.DESTROYED)) == 1
    gone = [old[one.key_id] for one in found if one.state is Stage.DESTROYED and one.key_id in old]
    assert len(gone) == 2
    assert [secret for secret in gone if secret in stored(tmp_path / "GN-QN")] == []


async def test_keys_that_others_may_have_are_closed_now(homes: Homes, world: World, gate: FakeGateway, clock: Clock) -> None:
    """A thief has nothing of them from here on; what the participant signs goes on."""
    async with homes("GN-QN") as gn, homes("NCB-QM") as qm:
        await gn.publish_card()
        await qm.publish_card()
        before = card_of(world)
        await gn.rotate([Use.DELIVERY])  # signed in the same second as its agent key is closed
        await gn.rotate(SIGNING, identity=identity(world), lost=True)
        after = {key.key: key for key in card_of(world).keys}
        for key in before.keys:
            closed = after[key.key].not_after <= clock() + 1
            assert closed is (key.use in SIGNING)
        await gn.send(content(), to=["NCB-QM"])
        await qm.send(content(), to=["GN-QN"])
        assert len(await drain(gn)) == len(await drain(qm)) == 1
    assert gate.states() == {"opened": 2}


async def test_mail_on_its_way_opens_after_the_author_rotated(homes: Homes, world: World) -> None:
    """It was signed with a key that was good when the gateway took it, and that stays so."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.send(content(), to=["GN-QN"])
        await qm.rotate(SIGNING, identity=identity(world, "NCB-QM"))
        assert len(await drain(gn)) == 1


@pytest.mark.parametrize("name", ["NCB-QM", "nobody"])
async def test_only_ones_own_identity_key_makes_a_card(homes: Homes, world: World, name: str) -> None:
    """Another's key, or one that the directory does not list, changes nothing."""
    other = (
        identity(world, name)
        if name == "NCB-QM"
        else SigningKey.from_seed(world.member("GN-QN").address, Use.IDENTITY, bytes(32))
    )
    async with homes("GN-QN") as gn:
        await gn.publish_card()
        with pytest.raises(Rejected) as refused:
            await gn.rotate(SIGNING, identity=other)
        assert in_stage(await gn.keys(), Use.AUTHOR, Stage.WAITING) == []
    assert refused.value.code == "bad-key"


@pytest.mark.parametrize("point", rotator.POINTS)
async def test_a_rotation_that_is_killed_is_finished_by_the_next_start(
    homes: Homes, world: World, tmp_path: Path, point: str
) -> None:
    """Wherever it dies, one key for each use signs afterwards, the directory has it, and mail goes both ways."""
    async with homes("GN-QN") as gn, homes("NCB-QM") as qm:
        await gn.publish_card()
        await qm.publish_card()
        await qm.send(content(), to=["GN-QN"])  # sealed to the key that is there before
    before = {key.key for key in card_of(world).keys}
    ended = await rotator.run(tmp_path / "GN-QN", identity(world).unsafe_export(), point)
    assert ended == rotator.KILLED
    async with homes("GN-QN") as gn, homes("NCB-QM") as qm:
        assert len(await drain(gn)) == 1
        await gn.send(content(), to=["NCB-QM"])
        await qm.send(content(), to=["GN-QN"])
        assert len(await drain(gn)) == len(await drain(qm)) == 1
        found = await gn.keys()
    assert {key.key for key in card_of(world).keys} >= before
    for use in (*SIGNING, Use.DELIVERY):
        [one] = in_stage(found, use, Stage.IN_USE)
        assert one.published
        assert in_stage(found, use, Stage.WAITING) == []
    replaced = len(in_stage(found, Use.AUTHOR, Stage.DESTROYED))
    assert replaced == (0 if point in rotator.NOTHING_KEPT else 1)


async def test_a_rotation_waits_for_a_gateway(homes: Homes, world: World, gate: FakeGateway) -> None:
    """Until the card is published the old keys sign; a second rotation does not begin meanwhile."""
    async with homes("GN-QN") as gn, homes("NCB-QM") as qm:
        await gn.publish_card()
        await qm.publish_card()
        gate.no_cards = True
        with pytest.raises(Unavailable):
            await gn.rotate(SIGNING, identity=identity(world))
        with pytest.raises(Unavailable):
            await gn.rotate(SIGNING, identity=identity(world))
        assert len(in_stage(await gn.keys(), Use.AUTHOR, Stage.WAITING)) == 1
        assert "new keys wait" in str(await gn.warnings())
        await gn.send(content(), to=["NCB-QM"])
        assert len(await drain(qm)) == 1
        gate.no_cards = False
        await drain(gn)
        assert in_stage(await gn.keys(), Use.AUTHOR, Stage.WAITING) == []
        assert await gn.warnings() == []


async def test_a_card_that_no_gateway_takes_any_more_is_given_up(
    homes: Homes, world: World, gate: FakeGateway, caplog: pytest.LogCaptureFixture
) -> None:
    """Another card came before it: the waiting keys go, the old ones sign on, and the log says so."""
    async with homes("GN-QN") as gn:
        await gn.publish_card()
        gate.no_cards = True
        with pytest.raises(Unavailable):
            await gn.rotate(SIGNING, identity=identity(world))
        gate.no_cards = False
        card = card_of(world)
        later = msgspec.structs.replace(card, serial=2**40)
        world.put_cards({"cards/GN-QN/key": sign_key_card(later, identity(world))})
        await drain(gn)
        found = await gn.keys()
    assert in_stage(found, Use.AUTHOR, Stage.WAITING) == []
    assert len(in_stage(found, Use.AUTHOR, Stage.IN_USE)) == 1
    assert "the new key card is refused" in caplog.text


async def test_another_opening_of_the_home_signs_with_the_new_keys(
    homes: Homes, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A followed inbox takes them up while it runs, even if the old ones were closed."""
    monkeypatch.setattr(intake, "PULSE_S", 0.1)
    async with homes("GN-QN") as follower, homes("GN-QN") as other:
        waiting = asyncio.ensure_future(anext(follower.inbox(follow=True)))
        await until(lambda: bool(follower._inbox and follower._inbox._intake))
        before = follower._parts.home.keyring.sign(Use.AGENT, b"").key_id
        await other.rotate(SIGNING, identity=identity(world), lost=True)
        await until(lambda: follower._parts.home.keyring.sign(Use.AGENT, b"").key_id != before, 10)
        waiting.cancel()


async def test_a_delivery_key_is_destroyed_when_nothing_can_arrive_any_more(
    homes: Homes, world: World, clock: Clock, tmp_path: Path, gate: FakeGateway
) -> None:
    """Not before 91 days after it stopped being sealed to; then its bytes are nowhere in the file or its log."""
    async with homes("GN-QN") as gn:
        await gn.publish_card()
        [first] = [one for one in await gn.keys() if one.due == "renew"]
    [secret] = [value for key_id, value in ciphertexts(tmp_path / "GN-QN").items() if key_id == first.key_id]
    for days in (25, 25, 25, 25, 21):
        pass_time(world, clock, days * DAY_S)
        async with homes("GN-QN") as gn:
            assert await drain(gn) == []
    assert secret in ciphertexts(tmp_path / "GN-QN").values()
    pass_time(world, clock, 2 * DAY_S)
    async with homes("GN-QN") as gn:
        await drain(gn)
        assert secret not in stored(tmp_path / "GN-QN")  # while the home is open, with its log
        [gone] = [one for one in await gn.keys() if one.key_id == first.key_id]
    assert gone.state is Stage.DESTROYED
    assert gone.published
    assert secret not in stored(tmp_path / "GN-QN")
    assert bytes(first.key_id) in stored(tmp_path / "GN-QN")  # its id is remembered


async def test_a_clock_that_is_wrong_destroys_nothing(homes: Homes, clock: Clock, gate: FakeGateway, tmp_path: Path) -> None:
    """A machine that woke up a year ahead keeps its keys until a gateway agrees with its clock."""
    async with homes("GN-QN") as gn:
        await gn.publish_card()
    held = ciphertexts(tmp_path / "GN-QN").keys()
    clock.ahead_s = 400 * DAY_S
    gate.clock = time.time
    async with homes("GN-QN") as gn:
        with pytest.raises(GatewayError):
            await drain(gn)
        await gn._parts.keys.settle()
    assert held <= ciphertexts(tmp_path / "GN-QN").keys()


async def test_mail_to_a_destroyed_key_is_told_as_such(homes: Homes, gate: FakeGateway, world: World, tmp_path: Path) -> None:
    """Even if the directory has forgotten the key, the home remembers that it was its own."""
    async with homes("GN-QN") as gn, homes("NCB-QM") as qm:
        await gn.publish_card()
        receipt = await qm.send(content(), to=["GN-QN"])
        shelf, store = gn._parts.home.shelf, gn._parts.home.store
        await store.write(lambda connection: shelf.destroy_stopped(connection, 2**40, 0))
        await gn._parts.home.reload_keys()
        world.put_cards({"cards/GN-QN/delivery": world.member("GN-QN").delivery_card(world.now, 2**41)})
        await drain(gn)
        status = await qm.status(receipt.message_id)
    assert [(one.state, one.reason, one.proved) for one in status.recipients] == [("rejected", "key-gone", True)]


async def test_two_copies_of_a_home_do_not_use_up_each_others_card(homes: Homes, world: World, tmp_path: Path) -> None:
    """They are told to stop long before the card is full of keys."""
    async with homes("GN-QN") as gn:
        await gn.publish_card()
    shutil.copytree(tmp_path / "GN-QN", tmp_path / "COPY")
    async with homes("GN-QN") as gn:
        await gn.rotate([Use.DELIVERY])

    async def take_turns() -> None:
        for folder in ("COPY", "GN-QN") * 10:
            async with ContactPoint.open(tmp_path / folder, passphrase=PASSPHRASE) as gn:
                await gn.directory()
                await gn._parts.directory.refresh()
                await gn.publish_card()

    with pytest.raises(Rejected) as refused:
        await take_turns()
    assert refused.value.code == "home-copied"
    assert len(world.directory.delivery_cards[world.member("GN-QN").address].keys) < 12


async def test_a_home_of_the_first_format_is_brought_up_to_date(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its keys move to rows of their own, and stand nowhere else afterwards."""
    make_old_home(tmp_path, world, monkeypatch)
    [old] = [value for name, value in facts_of(tmp_path) if name == "keys"]
    async with ContactPoint.open(tmp_path, passphrase=PASSPHRASE) as gn:
        await gn._parts.keys._erase()
        found = await gn.keys()
    assert sorted(one.use for one in found) == ["agent", "author", "delivery-1"]
    assert old not in stored(tmp_path)
    assert [name for name, _ in facts_of(tmp_path) if name == "keys"] == []


def facts_of(folder: Path) -> list[tuple[str, bytes]]:
    """Return the facts of a home's file."""
    connection = sqlite3.connect(folder / FILE)
    found = connection.execute("SELECT name, value FROM fact").fetchall()
    connection.close()
    return found


def make_old_home(folder: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a home as the first version of the software did: all keys in one fact."""
    member = world.member("GN-QN")
    make_test_home(folder, world, "GN-QN", ["http://127.0.0.1:9"])
    home = Home.unlock(folder, PASSPHRASE)
    keys = [(key.public.use, key.unsafe_export()) for key in (*member.signing[:2], *member.delivery)]
    sealed = home.seal(msgspec.msgpack.encode(keys), b"home/keys")
    card = home.seal(member.delivery_card(world.now), b"home/card")
    home.store._connection.close()
    home.store._thread.shutdown()
    kept = [row for row in facts_of(folder) if row[0] in {"salt", "cost", "key", "facts", "tls"}]
    (folder / FILE).unlink()
    with monkeypatch.context() as patch:
        patch.setattr(schema, "_STEPS", schema._STEPS[:1])
        patch.setattr(schema, "FORMAT", 1)
        create(
            folder,
            lambda connection: connection.executemany(
                "INSERT INTO fact VALUES (?, ?)", [*kept, ("keys", sealed), ("card", card)]
            ),
        )
