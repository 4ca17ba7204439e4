"""A correction or a step of a notice is outstanding until its holders open it, and its author gets the proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.ids import Kind
from gateway.ledger import Ledger, Outstanding
from tests.ledger.samples import NOW, QM, QN, QX, Clock, accept, end, receipt, sample

if TYPE_CHECKING:
    from collections.abc import Mapping

NONE = Outstanding(0, None)
KINDS = ("notice.lifecycle", "system.correction")


async def waiting(ledger: Ledger) -> Mapping[str, Outstanding]:
    """Return what is outstanding, of those kinds that have anything."""
    found = await ledger.owed.outstanding()
    assert set(found) == {Kind("system.recall"), *map(Kind, KINDS)}
    return {kind: one for kind, one in found.items() if one != NONE}


@pytest.mark.parametrize("kind", KINDS)
async def test_each_recipient_counts_until_it_opened_it(ledger: Ledger, ledger_url: str, clock: Clock, kind: str) -> None:
    """Delivered is no answer; the oldest says since when; what is of another kind, and what ended, is not counted."""
    said = sample(kind=kind)
    await accept(ledger, said, sample())
    clock.now += 60
    await accept(ledger, sample([QX], kind=kind))
    await ledger.record([receipt(said, "delivered")])
    assert await waiting(ledger) == {kind: Outstanding(3, NOW)}
    await ledger.record([receipt(said, "opened"), receipt(said, "rejected", QX, reason="unreadable")])
    await ledger.close()
    async with await Ledger.open(ledger_url, migrate=False, clock=clock) as again:
        assert await waiting(again) == {kind: Outstanding(1, NOW + 60)}


@pytest.mark.parametrize("kind", [*KINDS, "cooperation.request"])
async def test_its_author_is_told_who_opened_it(ledger: Ledger, kind: str) -> None:
    """Once, with the signed receipt; of other messages the author asks."""
    said = sample(kind=kind)
    await accept(ledger, said)
    opened = receipt(said, "opened")
    assert await ledger.record([opened]) == await ledger.record([opened]) == [""]
    assert [data for _, data in await ledger.outcomes(QM, 0, 9)] == ([opened.signed] if kind in KINDS else [])


async def test_a_proof_that_comes_after_the_end_is_told_too(ledger: Ledger) -> None:
    """The correction expired on its way, and had arrived all the same."""
    said = sample([QN], kind=KINDS[1], expires=NOW)
    await accept(ledger, said)
    await ledger.expire(NOW, 9, end)
    late = receipt(said, "opened")
    assert await ledger.record([late, late]) == ["", ""]
    assert [data for _, data in await ledger.outcomes(QM, 0, 9)] == [end(said.envelope_hash, QN), late.signed]
