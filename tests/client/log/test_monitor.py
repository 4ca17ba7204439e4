"""The monitor of a home: every view of the audit log that it sees belongs to one log, or there is evidence."""

from __future__ import annotations

import stat
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.client.log import views
from gateway.client.log.evidence import FOLDER
from gateway.client.log.monitor import CLAIM_KEPT_S, LAG_S
from gateway.client.log.views import MAX_CLAIMS, Claim
from gateway.directory.cards import KeyCard, parse_card, sign_key_card
from gateway.envelope.keys import Use
from gateway.envelope.receipt import Event, LogView, parse_receipt
from gateway.errors import Corrupt
from gateway.merkle import EMPTY_ROOT
from tests.client.examples import content, drain
from tests.client.logs import become, found, monitor, refused, view
from tests.support.fake_log import FakeLog

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.tlog.tiles import Tile
    from tests.client.conftest import Clock, Homes
    from tests.support.fake_gateway import FakeGateway
    from tests.support.network import World


async def test_the_newest_checkpoint_is_kept_and_stands_in_own_receipts(homes: Homes, gate: FakeGateway) -> None:
    """A home proves each checkpoint against the last, keeps it for ever, and names it in every receipt that it signs."""
    gate.log.grow(300)
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.send(content(), to=["GN-QN"])
        gate.log.grow(700)
        await drain(gn)
        assert monitor(gn).view == view(gate.log)
    (row,) = next(iter(gate.messages.values())).rows
    assert row.receipt is not None
    assert parse_receipt(row.receipt).receipt.log == view(gate.log)
    async with homes("GN-QN") as gn:
        assert monitor(gn).view == view(gate.log)


async def test_before_the_first_checkpoint_receipts_name_none(homes: Homes, gate: FakeGateway) -> None:
    """A log that is not there yet keeps nobody from the mail."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.send(content(), to=["GN-QN"])
        assert len(await drain(gn)) == 1
        assert await refused(monitor(gn).check()) == "unavailable"
    (row,) = next(iter(gate.messages.values())).rows
    assert row.receipt is not None
    assert parse_receipt(row.receipt).receipt.log is None


async def test_a_log_of_no_leaves_is_the_beginning_of_every_log(homes: Homes, gate: FakeGateway) -> None:
    """The empty tree is a checkpoint like any other."""
    gate.log.grow(0)
    async with homes("NCB-QM") as qm:
        assert (await monitor(qm).check()).size == 0
        gate.log.grow(5)
        assert (await monitor(qm).check()).size == 5


@pytest.mark.parametrize("more", [0, 1, 400])
async def test_a_forked_log_is_found_and_both_checkpoints_are_kept(
    homes: Homes, gate: FakeGateway, tmp_path: Path, more: int
) -> None:
    """Two checkpoints of one key that do not fit are evidence, in the home and as files; mail goes on."""
    gate.log.grow(500)
    good, note = view(gate.log), gate.log.newest.note
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await monitor(gn).check()
        become(gate.log, gate.log.fork(300))
        gate.log.grow(200 + more, b"forged ")
        for _ in range(2):
            assert await refused(monitor(gn).check()) == "log-forked"
        assert await found(gn) == ["log-forked"]
        await gn.publish_card()
        await qm.send(content(), to=["GN-QN"])
        assert len(await drain(gn)) == 1
        assert monitor(gn).view == good
    files = sorted((tmp_path / "GN-QN" / FOLDER).iterdir())
    assert [one.read_bytes() for one in files] == [note, gate.log.newest.note]
    assert {stat.S_IMODE(one.stat().st_mode) for one in files} == {0o600}
    assert stat.S_IMODE(files[0].parent.stat().st_mode) == 0o700


async def test_evidence_is_told_at_every_opening(homes: Homes, gate: FakeGateway, caplog: pytest.LogCaptureFixture) -> None:
    """A home that has evidence against its log says so whenever it is opened."""
    gate.log.grow(5)
    async with homes("NCB-QM") as qm:
        await monitor(qm).check()
        become(gate.log, gate.log.fork(0))
        gate.log.grow(9, b"forged ")
        assert await refused(monitor(qm).check()) == "log-forked"
    caplog.clear()
    async with homes("NCB-QM"):
        pass
    assert "log-forked" in caplog.text


async def test_a_checkpoint_of_another_key_changes_nothing(homes: Homes, gate: FakeGateway) -> None:
    """Who has not the log's key on the gateway's card can neither show a checkpoint nor make evidence."""
    gate.log.grow(5)
    async with homes("NCB-QM") as qm:
        kept = await monitor(qm).check()
        become(gate.log, FakeLog(bytes(32)))
        gate.log.grow(9)
        assert await refused(monitor(qm).check()) == "checkpoint-bad"
        assert await found(qm) == []
        assert monitor(qm).view == LogView(kept.size, kept.root)


async def test_a_process_that_is_behind_is_no_fork(homes: Homes, gate: FakeGateway, clock: Clock) -> None:
    """A smaller checkpoint that begins the larger one is old; the larger one stays, and when it is shown again all is well."""
    gate.log.grow(300)
    gate.log.grow(300)
    async with homes("NCB-QM") as qm:
        kept = await monitor(qm).check()
        newest = gate.log.rows.pop()
        assert await monitor(qm).check() == kept
        assert monitor(qm).behind
        gate.log.rows.append(newest)
        clock.ahead_s += LAG_S
        assert await monitor(qm).check() == kept
        assert (monitor(qm).behind, await found(qm)) == (False, [])


async def test_a_log_that_was_rolled_back_is_found(homes: Homes, gate: FakeGateway, clock: Clock) -> None:
    """A gateway that goes on showing less than it did has lost what it promised, though each checkpoint fits the other."""
    gate.log.grow(300)
    gate.log.grow(300)
    async with homes("NCB-QM") as qm:
        await monitor(qm).check()
        gate.log.rows.pop()
        await monitor(qm).check()
    clock.ahead_s += LAG_S
    async with homes("NCB-QM") as qm:
        assert await refused(monitor(qm).check()) == "log-forked"
        assert await found(qm) == ["log-forked"]


async def test_a_tile_that_was_damaged_on_the_way_is_fetched_again(
    homes: Homes, gate: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What proves nothing at first is asked for once more before the alarm is raised."""
    gate.log.grow(300)
    async with homes("NCB-QM") as qm:
        await monitor(qm).check()
        gate.log.grow(300)
        right, asked = gate.log.tile, []

        async def once_wrong(tile: Tile) -> bytes | None:
            data = await right(tile)
            asked.append(tile)
            return data and bytes(len(data)) if asked.count(tile) == 1 else data

        monkeypatch.setattr(gate.log, "tile", once_wrong)
        assert (await monitor(qm).check()).size == 600
        assert await found(qm) == []


async def test_views_in_good_receipts_are_proved_and_forgotten(homes: Homes, gate: FakeGateway) -> None:
    """The views in accepted receipts, one's own and those in deliveries, are held against the log, older ones too."""
    gate.log.grow(100)
    gate.view = view(gate.log)
    gate.log.grow(500)
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.send(content(), to=["GN-QN"])
        await drain(gn)
        for home in (qm, gn):
            await monitor(home).check()
            assert await home._parts.home.store.read(views.claims) == []
            assert await found(home) == []


@pytest.mark.parametrize("whose", ["NCB-QM", "GN-QN"])
async def test_a_receipt_with_a_view_of_another_log_is_evidence(
    homes: Homes, gate: FakeGateway, tmp_path: Path, whose: str
) -> None:
    """A gateway that shows one log and signs receipts over another is found by its author and by its recipient."""
    gate.log.grow(500)
    gate.view = LogView(200, bytes(32))
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.send(content(), to=["GN-QN"])
        await drain(gn)
        home = {"NCB-QM": qm, "GN-QN": gn}[whose]
        with suppress(Corrupt):  # it may have been found before, while the session began
            await monitor(home).check()
        assert await refused(home.auditor.verify(quick=True)) == "log-forked"
        assert await found(home) == ["log-forked"]
    (claim,) = (tmp_path / whose / FOLDER).glob("*.receipt")
    assert parse_receipt(claim.read_bytes()).receipt.log == gate.view


async def test_a_promised_view_that_is_never_shown_is_evidence(homes: Homes, gate: FakeGateway, clock: Clock) -> None:
    """A receipt may be ahead of the checkpoint for a moment; a gateway that never shows that much has taken it back."""
    gate.log.grow(500)
    gate.view = LogView(900, bytes(32))
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.send(content(), to=["GN-QN"])
        await monitor(qm).check()
        assert await found(qm) == []
        clock.ahead_s += LAG_S
        assert await refused(monitor(qm).check()) == "log-forked"


async def test_what_only_a_participant_claims_raises_no_alarm_before_it_can_be_proved(
    homes: Homes, gate: FakeGateway, clock: Clock
) -> None:
    """A participant alone cannot accuse the log with a size that nobody else has seen; such a claim is let go in time."""
    gate.log.grow(500)
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        monitor(gn).view = LogView(10**6, bytes(32))
        await gn._parts.home.store.write(lambda _: None)
        signed = gn._parts.desk.receipt(Event.DELIVERED, bytes(32))
        monitor(qm).saw(parse_receipt(signed))
        clock.ahead_s += LAG_S
        await monitor(qm).check()
        assert len(await qm._parts.home.store.read(views.claims)) == 1
        clock.ahead_s += CLAIM_KEPT_S
        await monitor(qm).check()
        assert await qm._parts.home.store.read(views.claims) == []
        assert await found(qm) == []


async def test_claims_are_kept_once_and_bounded(homes: Homes) -> None:
    """However many receipts come, a home remembers each view once, and gives up those of participants first."""
    async with homes("NCB-QM") as qm:
        store = qm._parts.home.store
        for _ in range(2):
            first = Claim(1, EMPTY_ROOT, by_gateway=True, at=5, statement=b"gateway")
            await store.write(partial(views.add_claim, claim=first))
        for number in range(MAX_CLAIMS + 10):
            claim = Claim(number + 2, bytes(32), by_gateway=False, at=number + 10, statement=b"participant")
            await store.write(partial(views.add_claim, claim=claim))
        left = await store.read(views.claims)
    assert len(left) == MAX_CLAIMS
    assert left[0].statement == b"gateway"
    assert left[1].at > 10


async def test_a_checkpoint_of_a_closed_key_counts_no_more(homes: Homes, gate: FakeGateway, world: World) -> None:
    """Whoever keeps a log key beyond its time shows nothing with it; what was kept before stays."""
    gate.log.grow(5)
    async with homes("NCB-QM") as qm:
        kept = await monitor(qm).check()
    card = parse_card(world.gate.key_card(world.now, serial=2))[1]
    assert isinstance(card, KeyCard)
    closed = tuple(msgspec.structs.replace(key, not_after=world.now - 1) if key.use is Use.LOG else key for key in card.keys)
    news = sign_key_card(msgspec.structs.replace(card, keys=closed), world.gate.identity)
    world.put_cards({f"cards/{world.gate.entry.participant}/key": news})
    gate.log.grow(5)
    async with homes("NCB-QM") as qm:
        await qm._parts.directory.refresh()
        assert await refused(monitor(qm).check()) == "checkpoint-bad"
        assert monitor(qm).view == LogView(kept.size, kept.root)
