"""Homes of different age write to each other in the newest version that both read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.errors import Rejected
from gateway.ids import Kind
from gateway.message import KINDS
from tests.client.examples import content, drain

if TYPE_CHECKING:
    from tests.client.conftest import Homes
    from tests.support.fake_gateway import FakeGateway

REPORT = Kind("information.report")
PLAIN, LATE = f"{REPORT}/sighting", f"{REPORT}/vehicles-and-accounts"


async def publish_as_before(homes: Homes, name: str, monkeypatch: pytest.MonkeyPatch, *, without: bool = False) -> None:
    """Publish the delivery card of a home whose software knows the report as it was first, or not at all."""
    known = {kind: one for kind, one in KINDS.items() if kind != REPORT}
    if not without:
        known[REPORT] = replace(KINDS[REPORT], added={})
    with monkeypatch.context() as patch:
        patch.setattr("gateway.client.trust.cards.KINDS", known)
        async with homes(name) as home:
            await home.publish_card()


async def test_the_newest_version_that_all_recipients_read_is_written(homes: Homes, monkeypatch: pytest.MonkeyPatch) -> None:
    """To a home of today goes today's version, to one of the first release, or to both together, the first."""
    await publish_as_before(homes, "GN-QN", monkeypatch)
    async with homes("TRIB-QX-OTP") as otp, homes("NCB-QM") as qm:
        await otp.publish_card()
        for to in (["TRIB-QX-OTP"], ["GN-QN"], ["TRIB-QX-OTP", "GN-QN"]):
            await qm.send(content(PLAIN), to=to)
        assert [one.header.schema_version for one in await drain(otp)] == ["1.1.0", "1.0.0"]
    async with homes("GN-QN") as gn:
        assert [one.header.schema_version for one in await drain(gn)] == ["1.0.0", "1.0.0"]


async def test_what_an_old_home_cannot_read_is_not_cut_but_refused(
    homes: Homes, gate: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An author hears which member the recipient would not see, before anything is signed."""
    await publish_as_before(homes, "GN-QN", monkeypatch)
    async with homes("NCB-QM") as qm:
        with pytest.raises(Rejected, match="GN-QN@icn") as caught:
            await qm.send(content(LATE), to=["GN-QN"])
    assert (caught.value.code, caught.value.pointer, gate.numbers) == ("schema-unknown", "/body/entities", 0)


async def test_a_home_that_does_not_know_a_kind_gets_none(
    homes: Homes, gate: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kind that came after a recipient's software is not sent to it."""
    await publish_as_before(homes, "GN-QN", monkeypatch, without=True)
    async with homes("NCB-QM") as qm:
        with pytest.raises(Rejected, match="schema-unknown"):
            await qm.send(content(PLAIN), to=["GN-QN"])
    assert gate.numbers == 0
