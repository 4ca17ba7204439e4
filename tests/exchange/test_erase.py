"""Metadata goes in its time: as the kind and the configuration say, never while a repeat may come, and the log stays whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.config import RetentionConfig
from gateway.envelope import Event, signed_receipt_leaf
from gateway.errors import Rejected
from gateway.exchange.erase import REPEATABLE_DAYS, Eraser
from gateway.ids import Kind, MessageId
from gateway.message.registry import KINDS
from gateway.tlog.frontier import leaf_hashes
from tests.support.exchange import address

if TYPE_CHECKING:
    from gateway.envelope import Sealed
    from tests.support.exchange import Stage

DAY = 86_400
REQUEST = Kind("cooperation.request")


async def answered(stage: Stage, message_id: MessageId, kind: Kind = REQUEST) -> Sealed:
    """Let a message of a day be sent and opened."""
    sealed = stage.sealed("NCB-QM", ["GN-QN"], message_id=message_id, kind=kind)
    await stage.exchange.submit_sealed(sealed.submission)
    opened = stage.receipt("GN-QN", sealed.envelope_hash, Event.OPENED)
    assert await stage.exchange.receipts(address("GN-QN"), [opened]) == [""]
    return sealed


async def kept(stage: Stage, message_id: MessageId) -> bool:
    """Say whether a message is still known."""
    return await stage.ledger.find(address("NCB-QM"), message_id) is not None


@pytest.mark.parametrize(
    ("kind", "days", "last_day"),
    [
        ("cooperation.request", 36_500, KINDS[REQUEST].retention_days),
        ("training.nomination", 1825, KINDS[Kind("training.nomination")].retention_days),
        ("cooperation.request", 100, 100),
        ("cooperation.request", 1, 1 + REPEATABLE_DAYS),
    ],
)
async def test_it_is_erased_when_kind_and_configuration_say_so(flaky: Stage, kind: str, days: int, last_day: int) -> None:
    """The shorter of both counts, from the end; within 30 days after its expiry nothing goes (promise 4)."""
    message_id = MessageId(bytes(16))
    await answered(flaky, message_id, Kind(kind))
    eraser = Eraser(replace(flaky.parts, retention=RetentionConfig(days=days)))
    flaky.clock.jump(last_day * DAY - 60)
    await eraser.round()
    assert await kept(flaky, message_id)
    flaky.clock.jump(120)
    await eraser.round()
    assert not await kept(flaky, message_id)
    assert f'gateway_messages_erased_total{{kind="{kind}"}} 1.0' in flaky.parts.metrics.render().decode()


async def test_a_repeat_after_it_is_nothing_new(flaky: Stage) -> None:
    """Promise 4: the first receipt until `expires` and 30 days; after that the same bytes are past their expiry."""
    message_id = MessageId(bytes(16))
    sealed = await answered(flaky, message_id)
    eraser = Eraser(replace(flaky.parts, retention=RetentionConfig(days=1)))
    flaky.clock.jump((REPEATABLE_DAYS + 1) * DAY - 60)
    await eraser.round()
    assert (await flaky.exchange.submit_sealed(sealed.submission)).status == 200
    flaky.clock.jump(120)
    await eraser.round()
    with pytest.raises(Rejected):
        await flaky.exchange.submit_sealed(sealed.submission)
    assert (await flaky.totals())["opened"] == 0


async def test_a_receipt_is_proved_after_the_message_was_erased(flaky: Stage) -> None:
    """Whoever kept his receipt finds it in the log as before, and the log goes on over what was erased."""
    message_id = MessageId(bytes(16))
    await answered(flaky, message_id)
    stored = await flaky.ledger.find(address("NCB-QM"), message_id)
    assert stored is not None
    await flaky.parts.audit.advance()
    (leaf,) = leaf_hashes([signed_receipt_leaf(stored.receipt)])
    before = await flaky.parts.audit.reader.proof(leaf)
    assert before is not None
    flaky.clock.jump(2000 * DAY)
    await Eraser(flaky.parts).round()
    assert not await kept(flaky, message_id)
    assert await flaky.parts.audit.reader.proof(leaf, before.size) == before
    await flaky.parts.audit.start()
    assert not flaky.parts.audit.halted
