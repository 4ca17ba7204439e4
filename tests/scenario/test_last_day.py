"""What ends by itself, on PostgreSQL and RabbitMQ: a message at its last day, and a notice by the word of the centre."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import Rejected
from gateway.exchange.gauges import Gauges
from tests.scenario.theatre import DAY, say

if TYPE_CHECKING:
    from tests.scenario.theatre import Theatre

pytestmark = [pytest.mark.broker, pytest.mark.postgres, pytest.mark.asyncio(loop_scope="module")]

QM, QN, OTP = "NCB-QM", "NCB-QN", "TRIB-QX-OTP"


async def waiting(theatre: Theatre, who: str) -> dict[str, set[str]]:
    """Return who has not answered what a participant asked, by why he asked."""
    found = await theatre.points[who].outstanding()
    return {one.because: {str(name).partition("@")[0] for name in one.waiting} for one in found}


async def test_holders_erase_it_at_its_last_day_or_are_outstanding(theatre: Theatre) -> None:
    """Nobody sends anything: whose software connects answers signed, and who is silent stays on the author's list."""
    kept: dict[str, Any] = {"retention": {"delete_after": theatre.day(1)}, "expires": None, "respond_by": None}
    sent = await theatre.says(QM, say("cooperation.request/hear-a-witness", **kept), [QN, OTP])
    assert await waiting(theatre, QM) == {}
    await theatre.jump(2 * DAY)
    assert await waiting(theatre, QM) == {"expiry": {QN, OTP}}
    await theatre.reads(QN)
    assert await waiting(theatre, QM) == {"expiry": {OTP}}
    with pytest.raises(Rejected, match="content-deleted"):
        await theatre.points[QN].forward(sent.envelope_hash, to=[QM])
    await theatre.jump(3 * DAY)
    [late] = await theatre.points[QM].outstanding()
    assert late.overdue
    await theatre.reads(OTP)
    assert await waiting(theatre, QM) == {}


async def test_a_notice_that_the_centre_ends_is_known_to_its_holders(theatre: Theatre) -> None:
    """The centre sees who has not opened the end; the gateway counts them; nobody's copy is destroyed by it."""
    notice = await theatre.says("GS", say("notice.publication/blue-2099-17"), [QM, QN])
    end = say("notice.lifecycle/cancelled-after-surrender", notice, body__notice_id=None, body__patch=None)
    await theatre.sends("GS", end, [QM, QN], notice)
    await theatre.reads(QM)
    assert await waiting(theatre, "GS") == {"lifecycle": {QN}}
    parts = theatre.gateway.exchange._parts
    await Gauges(parts).look()
    assert 'gateway_outstanding{kind="notice.lifecycle"} 1.0' in parts.metrics.render().decode()
    assert (await theatre.stands(QM, notice)).side.state == "cancelled"
    assert await theatre.points[QM].cases.content(notice.envelope_hash)
    await theatre.reads(QN)
    assert await waiting(theatre, "GS") == {}
