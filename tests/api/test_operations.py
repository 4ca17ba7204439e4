"""Health for everybody, metrics and orders for operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import msgspec
import pytest

from gateway.api.app import operations_listener
from gateway.errors import Rejected
from gateway.protocol import media

if TYPE_CHECKING:
    from tests.support.http_stage import Stage


async def test_the_process_says_that_it_is_alive(stage: Stage) -> None:
    """The health of the process needs no part of it."""
    stage.probes.update(ledger=False, directory=False, broker=False)
    got = await stage.ask("GET", media.HEALTH)
    assert (got.status, msgspec.json.decode(got.body)) == (200, {"alive": True})


@pytest.mark.parametrize(("part", "status"), [("ledger", 503), ("directory", 503), ("broker", 200)])
async def test_readiness_follows_what_accepting_needs(stage: Stage, part: str, status: int) -> None:
    """Promise 8: without the broker the gateway is ready, because it accepts; without ledger or directory it is not."""
    assert (await stage.ask("GET", media.READY)).status == 200
    stage.probes[part] = False
    got = await stage.ask("GET", media.READY)
    assert got.status == status
    assert msgspec.json.decode(got.body)["parts"][part] == "unavailable"


async def test_operators_see_metrics_on_their_own_listener(stage: Stage) -> None:
    """Metrics count requests by route, never by who asked or for what, and stand on the operators' listener alone."""
    stage.exchange.directory.join("NCB-QM@icn")
    await stage.ask("GET", f"{media.MESSAGES}/00010203-0405-0607-0809-0a0b0c0d0e0f")
    await stage.ask("GET", "/nothing")
    listener = operations_listener(stage.health, stage.metrics, stage.exchange, lambda: stage.now)
    await listener.start("127.0.0.1", 0)
    try:
        base = f"http://127.0.0.1:{listener.port}"
        async with aiohttp.ClientSession() as session:
            async with session.get(base + media.METRICS) as got:
                text = await got.text()
            async with session.get(base + media.READY) as ready:
                assert ready.status == 200
            async with session.get(base + media.INBOX) as none:
                assert none.status == 404
    finally:
        await listener.stop(1.0)
    assert 'gateway_http_requests_total{route="/v1/messages/{message_id}",status="401"} 1.0' in text
    assert 'route="none",status="404"' in text
    assert 'gateway_http_problems_total{code="not-found"} 1.0' in text
    assert "NCB-QM" not in text
    assert "00010203" not in text


async def test_orders_reach_the_exchange_from_the_operators_listener_alone(stage: Stage) -> None:
    """What an operator signed is handed on as it came; participants find no such place."""
    listener = operations_listener(stage.health, stage.metrics, stage.exchange, lambda: stage.now)
    await listener.start("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.port}{media.OPERATIONS}"
    try:
        async with aiohttp.ClientSession() as session:
            async with session.post(url, data=b"order", headers={"Content-Type": media.MSGPACK}) as got:
                assert (got.status, await got.read()) == (204, b"")
            stage.exchange.fail = Rejected(code="nonce-used")
            async with session.post(url, data=b"order", headers={"Content-Type": media.MSGPACK}) as got:
                assert (got.status, (await got.json(content_type=media.PROBLEM))["code"]) == (401, "nonce-used")
            async with session.post(url, data=bytes(5000), headers={"Content-Type": media.MSGPACK}) as got:
                assert got.status == 413
    finally:
        await listener.stop(1.0)
    assert stage.exchange.orders == [b"order"]
    assert (await stage.ask("POST", media.OPERATIONS, body=b"order", media=media.MSGPACK)).status == 404
