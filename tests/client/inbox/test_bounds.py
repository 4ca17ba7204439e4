"""What an open inbox holds in memory is bounded, however long it is open and whatever waits."""

from __future__ import annotations

import pytest

from gateway.client.inbox import inbox as inbox_module
from gateway.client.inbox import intake
from gateway.client.receiving.opening import Opener
from tests.client.conftest import Homes
from tests.client.examples import content
from tests.support.fake_gateway import FakeGateway

CREDIT = 4


async def test_credit_does_not_grow_when_deliveries_are_offered_again(
    homes: Homes, gate: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that leaves its deliveries for hours does not make the gateway send more at once."""
    monkeypatch.setattr(intake, "CREDIT_MESSAGES", CREDIT)
    monkeypatch.setattr(intake, "PULSE_S", 0.02)
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        for _ in range(2):
            await qm.send(content(), to=["GN-QN"])
        offered = 0
        async for delivery in gn.inbox(follow=True):
            offered += 1
            await delivery.leave()
            if offered == 5 * CREDIT:
                break
        [session] = gate.sessions.values()
        assert session.credits[0] <= CREDIT


async def test_a_full_ledger_is_read_page_by_page(homes: Homes, gate: FakeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the broker away the next page is fetched when the last one was handed over, and nothing is left out."""
    monkeypatch.setattr(inbox_module, "SILENCE_S", 0.1)
    whole = Opener.ledger
    asked: list[tuple[int, int]] = []

    async def one_at_a_time(self: Opener, after: int) -> tuple[list[bytes], bool]:
        found, _ = await whole(self, after)
        asked.append((after, handed_over))
        return found[:1], len(found) > 1

    monkeypatch.setattr(Opener, "ledger", one_at_a_time)
    handed_over = 0
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        for _ in range(3):
            await qm.send(content(), to=["GN-QN"])
        gate.silent = True
        async for delivery in gn.inbox():
            await delivery.acknowledge()
            handed_over += 1
    assert sorted(set(asked)) == [(0, 0), (1, 1), (2, 2)]
    assert handed_over == 3
    assert gate.states() == {"opened": 3}
