"""Orders that stand: a suspended participant gets and gives nothing, and a drained process has no sessions."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from gateway.errors import GatewayError
from gateway.protocol.action import Action, sign_action
from tests.support.exchange import QUICK, Stage, address, staged
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path


async def order(stage: Stage, verb: str, target: str) -> None:
    """Order something as an operator of the stage's gateway does."""
    action = Action("A1", verb, target, "a phone call", int(stage.clock()), os.urandom(16))
    await stage.exchange.operate(sign_action(action, stage.world.gateway))


async def code_of(doing: Awaitable[object]) -> str:
    """Return the code of a refusal."""
    with pytest.raises(GatewayError) as caught:
        await doing
    assert not caught.value.proved, "only what is final is signed"
    return caught.value.code


async def send(stage: Stage, sender: str, recipient: str) -> int:
    """Submit a message; return the status."""
    return (await stage.exchange.submit_sealed(stage.sealed(sender, [recipient]).submission)).status


async def actions(stage: Stage) -> list[str]:
    """Return what operators did, as the ledger tells it."""
    rows = await stage.ledger.events(0, 1000)
    assert all(row.leaf is not None for row in rows if row.event == "action")
    return [str(row.subject) for row in rows if row.event == "action"]


async def test_a_suspended_participant_gives_and_gets_nothing(stage: Stage) -> None:
    """Its messages are refused, its session ends, its mail waits; when it is resumed everything goes on."""
    session = await stage.open("NCB-QM")
    assert await session.next() == ()
    waiting = asyncio.create_task(session.next())
    await asyncio.sleep(0)
    await order(stage, "suspend", "NCB-QM@icn")
    async with asyncio.timeout(2):
        assert await code_of(waiting) == "suspended"
    await session.close()
    assert await code_of(send(stage, "NCB-QM", "GN-QN")) == "suspended"
    assert await send(stage, "GN-QN", "NCB-QM") == 202
    assert stage.parts.orders.suspended(address("NCB-QM"))
    await order(stage, "resume", "NCB-QM@icn")
    assert await send(stage, "NCB-QM", "GN-QN") == 202
    again = await stage.open("NCB-QM")
    async with asyncio.timeout(5):
        while not (handed := await again.next()):
            pass
    assert [number for number, _ in handed] == [1]
    assert await actions(stage) == ["suspend NCB-QM@icn", "resume NCB-QM@icn"]


@pytest.mark.parametrize(
    ("verb", "target", "code"),
    [
        ("suspend", "NCB-QM", "bad-request"),
        ("suspend", "NCB-ZZ@icn", "not-found"),
        ("resume", "NCB-QM@icn", "not-found"),
        ("drain", "now", "bad-request"),
    ],
)
async def test_an_order_that_cannot_be_done_leaves_no_leaf(stage: Stage, verb: str, target: str, code: str) -> None:
    """What names nobody, or ends what does not stand, is refused and changes nothing."""
    assert await code_of(order(stage, verb, target)) == code
    assert await actions(stage) == []


async def test_a_gateway_does_not_suspend_itself(stage: Stage) -> None:
    """The one who would have to resume it could not be heard."""
    assert await code_of(order(stage, "suspend", stage.parts.address)) == "bad-request"


async def test_a_suspension_survives_a_restart(tmp_path: Path, sqlite_url: str) -> None:
    """Who was suspended before the gateway stopped is suspended when it starts."""
    async with staged(tmp_path, url=sqlite_url) as stage:
        await order(stage, "suspend", "NCB-QM@icn")
    async with staged(tmp_path, url=sqlite_url) as stage:
        assert stage.parts.orders.suspended(address("NCB-QM"))


async def test_every_process_knows_of_a_suspension(tmp_path: Path, postgres_url: str) -> None:
    """An order that one process got is in force at another one in a moment."""
    (tmp_path / "other").mkdir()
    async with (
        staged(tmp_path, url=postgres_url, limits=QUICK, shared=True) as one,
        staged(tmp_path / "other", url=postgres_url, limits=QUICK, shared=True) as other,
    ):
        await order(one, "suspend", "NCB-QM@icn")
        await until(lambda: other.parts.orders.suspended(address("NCB-QM")))


async def test_a_drained_process_takes_no_sessions_and_still_accepts(stage: Stage) -> None:
    """Sessions go elsewhere, no message is refused, and `off` puts it back."""
    told: list[bool] = []
    stage.parts.orders.on_drain.append(told.append)
    await order(stage, "drain", "on")
    with pytest.raises(GatewayError) as caught:
        stage.exchange.require_session(address("NCB-QM"))
    assert caught.value.code == "draining"
    assert await send(stage, "NCB-QM", "GN-QN") == 202
    await order(stage, "drain", "off")
    stage.exchange.require_session(address("NCB-QM"))
    assert told == [True, False]
    assert await actions(stage) == ["drain on", "drain off"]


async def test_only_what_was_ordered_here_is_passed_on(stage: Stage) -> None:
    """Workers tell each other of orders, and not of what they were told: a drain goes round once."""
    passed_on: list[bool] = []
    stage.parts.orders.on_order.append(passed_on.append)
    stage.parts.orders.drain(on=True)
    assert (stage.parts.orders.draining, passed_on) == (True, [])
    await order(stage, "drain", "off")
    assert (stage.parts.orders.draining, passed_on) == (False, [False])
