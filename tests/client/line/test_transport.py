"""The transport believes no answer that is not a gateway's, and reads none without bounds."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from gateway.client.line.transport import Transport, require_safe
from gateway.envelope.keys import MemoryKeyring, SigningKey, Use
from gateway.errors import GatewayError, Rejected, Unavailable, Uncertain
from gateway.ids import Address
from gateway.protocol import media
from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

ADDRESS = Address("NCB-QM@icn")
KEYRING = MemoryKeyring(ADDRESS, [SigningKey.generate(ADDRESS, Use.AGENT, os.urandom)])


class Server:
    """A server on loopback that answers as it is told."""

    def __init__(self) -> None:
        self.answer: Callable[[], web.StreamResponse] = web.Response
        self.asked: list[web.BaseRequest] = []
        self.base = ""

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer anything."""
        self.asked.append(request)
        return self.answer()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Serve on a free port."""
    server = Server()
    runner = web.ServerRunner(web.Server(server.handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


async def error_of(transport: Transport) -> GatewayError:
    """Return what a request raises."""
    try:
        with pytest.raises(GatewayError) as raised:
            await transport.get("/v1/x", limit_bytes=1000)
    finally:
        await transport.close()
    return raised.value


async def test_a_problem_becomes_the_error_that_it_names(server: Server) -> None:
    """Code, detail and pointer arrive as the project's own error."""
    server.answer = lambda: web.json_response(
        {"type": "urn:x", "status": 422, "code": "content-rule", "detail": "no", "pointer": "/a"},
        status=422,
        content_type=media.PROBLEM,
    )
    error = await error_of(Transport([server.base], KEYRING, time.time))
    assert isinstance(error, Rejected)
    assert (error.code, error.detail, error.pointer) == ("content-rule", "no", "/a")


@pytest.mark.parametrize(
    ("status", "raised"), [(200, Uncertain), (302, Unavailable), (404, Unavailable), (502, Uncertain), (504, Uncertain)]
)
async def test_a_stranger_at_the_address_is_no_gateway(server: Server, status: int, raised: type[GatewayError]) -> None:
    """A page of a proxy is no refusal, a gateway behind it may have been asked, and a redirection is not followed."""
    server.answer = lambda: web.Response(status=status, text="x" * 2000, headers={"Location": "http://elsewhere.example/"})
    error = await error_of(Transport([server.base], KEYRING, time.time))
    assert type(error) is raised
    assert len(server.asked) == 1


@pytest.mark.parametrize(("ended", "asked"), [(0, 1), (1, 2), (2, 3), (5, 3)])
async def test_a_submission_whose_line_ends_is_sent_again(server: Server, ended: int, asked: int) -> None:
    """A gateway that stops ends its lines, and another may stand behind the same address; lines that always end are told."""

    def answer() -> web.StreamResponse:
        if len(server.asked) <= ended:
            transport = server.asked[-1].transport
            assert transport is not None
            transport.abort()
        return web.Response(body=b"receipt")

    server.answer = answer
    transport = Transport([server.base], KEYRING, time.time)
    try:
        found = await transport.submit(b"sealed", media.SEALED, lambda refusal, *_: refusal)
    except Uncertain:
        assert ended == 5  # more than it tries
    else:
        assert found.body == b"receipt"
    await transport.close()
    assert len(server.asked) == asked


async def test_a_session_follows_no_redirection(server: Server) -> None:
    """What was signed for one address goes to no other, for an upgrade to a session as for a request."""
    server.answer = lambda: web.Response(status=307, headers={"Location": f"{server.base}/elsewhere"})
    transport = Transport([server.base], KEYRING, time.time)
    with pytest.raises(Unavailable):
        await transport.open_session()
    await transport.close()
    assert [request.path for request in server.asked] == [media.INBOX]


async def test_damage_at_the_gateway_is_no_damage_of_the_home(server: Server) -> None:
    """The gateway's operator restores a backup; the home asks again, here or elsewhere."""
    server.answer = lambda: web.json_response({"code": "corrupt", "detail": "no"}, status=500, content_type=media.PROBLEM)
    assert type(await error_of(Transport([server.base], KEYRING, time.time))) is Uncertain


@pytest.mark.parametrize(
    "address", ["http://gw.example:8443", "http://10.0.0.1", "gw.example", "ftp://gw.example", "https://", ""]
)
def test_no_request_travels_in_clear(address: str) -> None:
    """Plain HTTP is for a gateway on the same machine alone."""
    with pytest.raises(Rejected) as refused:
        require_safe(address)
    assert refused.value.code == "config"


async def test_the_next_gateway_is_asked_when_one_is_away(server: Server) -> None:
    """And it is asked first from then on."""
    server.answer = lambda: web.Response(body=b"here")
    transport = Transport([f"http://127.0.0.1:{free_port()}", server.base], KEYRING, time.time)
    assert await transport.get("/v1/x") == b"here"
    assert transport.gateways[0] == server.base
    await transport.close()


async def test_with_every_gateway_away_nothing_has_happened() -> None:
    """No connection, no doubt: the request may be made again as it is."""
    error = await error_of(Transport([f"http://127.0.0.1:{free_port()}"], KEYRING, time.time))
    assert isinstance(error, Unavailable)


async def test_a_line_that_breaks_leaves_a_doubt(server: Server) -> None:
    """The request may have been taken: the same one is sent again."""

    def broken() -> web.StreamResponse:
        transport = server.asked[-1].transport
        assert transport is not None
        transport.abort()
        return web.Response()

    server.answer = broken
    error = await error_of(Transport([server.base], KEYRING, time.time))
    assert isinstance(error, Uncertain)


async def test_what_is_asked_for_is_signed_and_what_is_submitted_is_not(server: Server) -> None:
    """A submission carries its own signatures."""
    transport = Transport([server.base], KEYRING, time.time)
    await transport.get("/v1/x")
    await transport.submit(b"sealed", media.SEALED, lambda told, *_: told)
    await transport.close()
    assert ["Signature" in request.headers for request in server.asked] == [True, False]


@pytest.mark.parametrize(("field", "seconds"), [("17", 17), ("999999", 300), ("soon", None), ("-1", None)])
async def test_a_share_is_asked_for_at_one_gateway(server: Server, field: str, seconds: int | None) -> None:
    """Who has used its share up does not turn to another gateway; `Retry-After` is read, and bounded."""
    problem = b'{"code": "quota"}'
    server.answer = lambda: web.Response(status=429, body=problem, headers={"Retry-After": field})
    transport = Transport([server.base, server.base], KEYRING, time.time)
    try:
        with pytest.raises(Unavailable) as refused:
            await transport.submit(b"sealed", media.SEALED, lambda told, _problem, _field: told)
        assert (refused.value.code, refused.value.retry_after_s, len(server.asked)) == ("quota", seconds, 1)
        assert (transport.share_wait_s is None) is (seconds is None)
    finally:
        await transport.close()
