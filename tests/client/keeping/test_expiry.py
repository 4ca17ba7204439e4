"""Nobody keeps a message beyond the last day that its author named: software ends it by itself, and answers signed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.client.records import receipt_rows
from gateway.envelope.receipt import parse_receipt
from gateway.errors import Rejected
from gateway.ids import Address
from gateway.message.content import Retention
from gateway.message.system.recall import CONFIRM_WITHIN_S
from tests.client.examples import content, drain
from tests.client.remains import ciphertexts, found_in

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.client import ContactPoint
    from gateway.ids import EnvelopeHash
    from gateway.message import Content
    from tests.client.conftest import Clock, Homes
    from tests.support.fake_gateway import FakeGateway
    from tests.support.network import World

DAY_S = 86_400
GN, OTP = Address("GN-QN@icn"), Address("TRIB-QX-OTP@icn")
HAD = [("delivered", None), ("opened", None)]


def until_tomorrow(clock: Clock) -> Content:
    """Return content that nobody may keep after tomorrow."""
    last = datetime.fromtimestamp(clock() + DAY_S, UTC).date().isoformat()
    return msgspec.structs.replace(content(), retention=Retention(delete_after=last))


async def sent(qm: ContactPoint, clock: Clock, *to: ContactPoint) -> EnvelopeHash:
    """Send it to homes, and return its hash."""
    for one in to:
        await one.publish_card()
    receipt = await qm.send(until_tomorrow(clock), to=[one.address for one in to])
    assert receipt.envelope_hash is not None
    return receipt.envelope_hash


async def said(point: ContactPoint, target: EnvelopeHash) -> list[tuple[str, str | None]]:
    """Return what a home signed about a message."""
    found = await point._parts.home.store.read(lambda connection: receipt_rows.of_envelope(connection, target))
    return [(one.event, one.reason) for one in (parse_receipt(data).receipt for data in found)]


async def test_a_holder_erases_it_at_its_last_day_and_says_so(homes: Homes, clock: Clock, tmp_path: Path) -> None:
    """Nobody asks for it: the home does it when it connects, and its author reads the proof; nobody is outstanding before."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn, homes("TRIB-QX-OTP") as otp:
        target = await sent(qm, clock, gn, otp)
        for point in (gn, otp):
            await drain(point)
        held = ciphertexts(tmp_path / "GN-QN", "arrived")
        assert await qm.outstanding(everything=True) == []
        clock.ahead_s = 2 * DAY_S
        [before] = await qm.outstanding()
        await drain(gn)
        [after] = await qm.outstanding()
        assert await said(gn, target) == [*HAD, ("destroyed", "expired")]
        assert found_in(tmp_path / "GN-QN", held) == []
        clock.ahead_s += CONFIRM_WITHIN_S
        [late] = await qm.outstanding()
        await drain(otp)
        assert await qm.outstanding() == []
        with pytest.raises(Rejected, match="content-deleted"):
            await otp.forward(target, to=["NCB-QM"])
        [told] = [one for one in (await qm.status(before.message_id)).recipients if one.recipient == GN]
    assert (before.because, before.target, before.waiting, after.waiting) == ("expiry", target, (GN, OTP), (OTP,))
    assert (before.overdue, late.overdue, [one.answer for one in late.holders]) == (False, True, ["expired", None])
    assert (told.destroyed, told.state) == ("expired", "opened")


async def test_nothing_is_made_of_it_after_its_last_day(homes: Homes, gate: FakeGateway, clock: Clock) -> None:
    """A home that has not connected since, and has it still, refuses to use it."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        target = await sent(qm, clock, gn)
        [delivery] = await drain(gn)
        gate.down = True
        clock.ahead_s = 2 * DAY_S
        for made in (gn.forward(target, to=["NCB-QM"]), gn.reply(delivery, content(), to="NCB-QM")):
            with pytest.raises(Rejected, match="content-deleted"):
                await made


async def test_what_waits_is_not_handed_over_any_more(homes: Homes, world: World, clock: Clock, tmp_path: Path) -> None:
    """It is refused as expired, and erased; who refused it has nothing to answer for."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        target = await sent(qm, clock, gn)
        await drain(gn, acknowledge=False)
        held = ciphertexts(tmp_path / "GN-QN", "arrived")
        clock.ahead_s = 2 * DAY_S
        world.now = int(clock())
        world.publish()
        assert await drain(gn) == []
        assert await said(gn, target) == [("delivered", None), ("rejected", "expired")]
        assert found_in(tmp_path / "GN-QN", held) == []
        assert await qm.outstanding() == []
        [demand] = await qm.outstanding(everything=True)
    assert [(one.outcome, one.obeyed, one.answer) for one in demand.holders] == [("rejected", True, None)]


async def test_what_a_court_holds_is_kept_and_not_used(homes: Homes, clock: Clock, tmp_path: Path) -> None:
    """The answer says no more than that; when the order is lifted it is erased, and the author reads that too."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        target = await sent(qm, clock, gn)
        await drain(gn)
        held = ciphertexts(tmp_path / "GN-QN", "arrived")
        await gn.hold(target, "a court's order")
        clock.ahead_s = 2 * DAY_S
        for _ in range(2):
            await drain(gn)
        assert await said(gn, target) == [*HAD, ("destroyed", "use-stopped")]
        with pytest.raises(Rejected, match="recalled"):
            await gn.forward(target, to=["NCB-QM"])
        assert found_in(tmp_path / "GN-QN", held)
        [demand] = await qm.outstanding()
        assert [(one.answer, one.obeyed) for one in demand.holders] == [("use-stopped", False)]
        await gn.hold(target, "the order was lifted", on=False)
        await drain(gn)
        assert await said(gn, target) == [*HAD, ("destroyed", "expired")]
        assert found_in(tmp_path / "GN-QN", held) == []
        assert await qm.outstanding() == []
        assert [one.what for one in await gn.retention_log()] == ["held", "use-stopped", "released", "deleted"]


async def test_who_erases_it_early_says_so(homes: Homes, clock: Clock) -> None:
    """At the holder's own review date: nothing is left for the last day, and nobody waits for it then."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        for one in (qm, gn):
            await one.publish_card()
        days = [datetime.fromtimestamp(clock() + days * DAY_S, UTC).date().isoformat() for days in (40, 60)]
        kept = msgspec.structs.replace(content(), retention=Retention(review_on=days[0], delete_after=days[1]))
        receipt = await qm.send(kept, to=["GN-QN"])
        await drain(gn)
        assert receipt.envelope_hash is not None
        clock.ahead_s = 42 * DAY_S
        assert len(await gn.run_retention()) == 1
        assert await said(gn, receipt.envelope_hash) == [*HAD, ("destroyed", "deleted")]


async def test_without_a_last_day_nobody_is_told(homes: Homes, clock: Clock) -> None:
    """A review date is the holder's own question, and a header's `expires` is about what was not delivered."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        review = datetime.fromtimestamp(clock() + 40 * DAY_S, UTC).date().isoformat()
        kept = msgspec.structs.replace(content(), retention=Retention(review_on=review))
        receipt = await qm.send(kept, to=["GN-QN"], expires_in_s=3600)
        await drain(gn)
        assert receipt.envelope_hash is not None
        clock.ahead_s = 42 * DAY_S
        assert len(await gn.run_retention()) == 1
        assert await said(gn, receipt.envelope_hash) == HAD


async def test_a_wrong_clock_ends_nothing(homes: Homes, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home whose clock is far from the gateway's keeps what it has; when it is right again, that ends."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        target = await sent(qm, clock, gn)
        await drain(gn)
        clock.ahead_s = 2 * DAY_S
        with monkeypatch.context() as wrong:
            wrong.setattr("gateway.client.inbox.intake.MAX_SKEW_S", -1)  # whatever the difference is, it is too much
            await drain(gn)
            assert await said(gn, target) == HAD
        await drain(gn)
        assert await said(gn, target) == [*HAD, ("destroyed", "expired")]
