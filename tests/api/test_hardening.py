"""Clients that behave badly: slow, oversized, malformed, or too many."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest

from gateway.protocol import media
from tests.support.http_stage import QUICK, Answer, Stage, parse_answer, staged
from tests.support.waiting import until

HEAD = b"POST /v1/messages HTTP/1.1\r\nHost: gw\r\nContent-Type: application/vnd.gateway.sealed\r\n"


async def test_a_header_that_trickles_is_cut_off(stage: Stage) -> None:
    """A client that never ends its header loses its connection, and takes nobody's time."""
    assert await stage.raw(b"GET /healthz HTTP/1.1\r\n", *[b"X-A: b\r\n"] * 15, pause_s=0.1) == b""


async def test_a_connection_that_says_nothing_is_closed(stage: Stage) -> None:
    """A connection without a request does not stay."""
    assert await stage.raw() == b""


async def test_a_body_that_trickles_is_cut_off(stage: Stage) -> None:
    """A body has one time limit, however steadily it comes."""
    raw = await stage.raw(HEAD + b"Content-Length: 1000\r\n\r\n", *[b"x"] * 15, pause_s=0.1)
    got = parse_answer(raw)
    assert (got.status, got.code) == (408, "time-limit")
    assert stage.exchange.submitted == []


async def test_a_body_that_breaks_off_changes_nothing(stage: Stage) -> None:
    """A client that hangs up within its body submitted nothing."""
    _, writer = await asyncio.open_connection("127.0.0.1", stage.api.port)
    writer.write(HEAD + b"Content-Length: 1000\r\n\r\nhalf")
    await writer.drain()
    writer.close()
    await asyncio.sleep(0.1)
    assert stage.exchange.submitted == []
    assert (await stage.ask("GET", media.HEALTH)).status == 200


MALFORMED = {
    "not HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64) + b"\r\n\r\n",
    "another version": b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    "a header without a colon": b"GET / HTTP/1.1\r\nHost: a\r\nbad\r\n\r\n",
    "a NUL in a header": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a negative length": HEAD + b"Content-Length: -1\r\n\r\n",
    "a length and chunks": HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a bad chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a request line beyond the limit": b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "a field beyond the limit": b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 10_000 + b"\r\n\r\n",
    "too many fields": b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 200 + b"\r\n",
    "an expectation": HEAD + b"Expect: miracles\r\nContent-Length: 1\r\n\r\na",
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_what_is_not_http_is_answered_with_a_problem(stage: Stage, name: str) -> None:
    """Promise 7: malformed requests are refused with a stable code, say nothing of the server, and change nothing."""
    raw = await stage.raw(MALFORMED[name])
    got = parse_answer(raw)
    assert (got.status, got.code) == (400, "bad-request")
    assert b"aiohttp" not in raw.lower()
    assert b"python" not in raw.lower()
    assert b"html" not in raw.lower()
    assert stage.exchange.submitted == []


async def test_no_answer_names_a_version(stage: Stage) -> None:
    """What software answers is not told to strangers."""
    for path in (media.HEALTH, "/nothing", media.OPENAPI, media.INBOX):
        assert (await stage.ask("GET", path)).headers["server"] == "gateway"


async def test_requests_in_a_row_on_one_connection_are_answered_in_order(stage: Stage) -> None:
    """Requests that were sent ahead are answered one after the other, each with its own answer."""
    one = HEAD + b"Content-Length: 3\r\n\r\n"
    raw = await stage.raw(one + b"one" + one + b"two" + b"GET /nothing HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n")
    assert re.findall(rb"HTTP/1.1 (\d+)", raw) == [b"202", b"202", b"404"]
    assert stage.exchange.submitted == [("sealed", b"one"), ("sealed", b"two")]


async def test_a_client_that_asks_first_is_told_to_go_on(stage: Stage) -> None:
    """`Expect: 100-continue` works, and a body that would be refused is not asked for."""
    raw = await stage.raw(
        HEAD + b"Expect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\n", b"abc", pause_s=0.05
    )
    assert raw.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 ")
    raw = await stage.raw(HEAD + b"Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n")
    assert raw.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "OPTIONS", "TRACE", "GET"])
async def test_another_method_is_refused_and_the_right_ones_named(stage: Stage, method: str) -> None:
    """A resource says which methods it knows."""
    got = await stage.ask(method, media.MESSAGES)
    assert (got.status, got.code, got.headers["allow"]) == (405, "method-not-allowed", "POST")


@pytest.mark.parametrize(
    "path",
    ["/", "/v1", "/v1/", "/v1/messages/", "/v1//messages", "/V1/MESSAGES", "/v1/messages%2f", "/v1/messages/a/b", "/metrics"],
)
async def test_a_path_that_is_not_in_the_table_is_not_there(stage: Stage, path: str) -> None:
    """Paths are compared as they were sent; the operators' metrics are not on this listener."""
    assert (await stage.ask("GET", path)).code == "not-found"


async def test_one_connection_too_many_is_closed() -> None:
    """Connections are bounded by address: one too many is closed, and the others go on."""
    async with staged(replace(QUICK, connections_per_address=3, idle_time_s=20.0)) as stage:
        held = [await asyncio.open_connection("127.0.0.1", stage.api.port) for _ in range(3)]
        await until(lambda: stage.connections() == 3)
        assert await stage.raw(b"GET /healthz HTTP/1.1\r\nHost: gw\r\n\r\n") == b""
        assert stage.metrics.turned_away("source")._value.get() == 1
        reader, writer = held[0]
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        await until(lambda: stage.connections() == 2)
        assert b"200" in await stage.raw(b"GET /healthz HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n")
        for _, one in held:
            one.close()


async def test_connections_are_bounded_in_all() -> None:
    """The bound on all connections holds too."""
    async with staged(replace(QUICK, connections=2, connections_per_address=None, idle_time_s=20.0)) as stage:
        held = [await asyncio.open_connection("127.0.0.1", stage.api.port) for _ in range(2)]
        await until(lambda: stage.connections() == 2)
        assert await stage.raw(b"GET /healthz HTTP/1.1\r\nHost: gw\r\n\r\n") == b""
        for _, one in held:
            one.close()


async def test_large_bodies_are_bounded_together() -> None:
    """Strangers who begin many large bodies fill no memory: a further one is told to come later, small ones go through."""
    large = b"Content-Length: 200000\r\n\r\n" + bytes(150_000)
    async with staged(replace(QUICK, bodies_bytes=250_000, body_time_s=20.0, linger_s=2.0, idle_time_s=20.0)) as stage:
        lines = []
        for _ in range(2):
            _, writer = await asyncio.open_connection("127.0.0.1", stage.api.port)
            writer.write(HEAD + large)
            await writer.drain()
            lines.append(writer)
        refused: list[Answer] = []

        async def full() -> bool:
            got = await stage.ask("POST", media.MESSAGES, body=bytes(200_000), media=media.SEALED)
            refused.extend([got] if got.status >= 300 else [])
            return bool(refused)

        await until(full)
        assert (refused[0].status, refused[0].code, "retry-after" in refused[0].headers) == (503, "busy", True)
        small = await stage.ask("POST", media.MESSAGES, body=bytes(60_000), media=media.SEALED)
        assert small.status == 202, small
        for writer in lines:
            writer.transport.abort()
        await until(lambda: stage.connections() <= 1)
        for _ in range(5):
            again = await stage.ask("POST", media.MESSAGES, body=bytes(200_000), media=media.SEALED)
            assert again.status in {200, 202}
