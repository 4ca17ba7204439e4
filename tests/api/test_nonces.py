"""Session upgrades are made once: all processes of a gateway remember their nonces, and without memory none is made."""

from __future__ import annotations

import asyncio
import base64
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from gateway.errors import Unavailable, Uncertain
from gateway.protocol import media
from gateway.protocol.request import NONCE_BYTES, HttpRequest, sign_request
from tests.api.test_whole import Whole, whole
from tests.support.exchange import address
from tests.support.exchange import staged as exchange_staged
from tests.support.http_stage import connected, parse_answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.errors import GatewayError

HOST = "gateway.example"  # what a proxy before several processes is called


def upgrade(gate: Whole, name: str = "NCB-QM") -> bytes:
    """Return a signed request for an inbox session, as it travels."""
    fields = {
        "Host": HOST,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    }
    request = HttpRequest("GET", f"http://{HOST}{media.INBOX}", fields)
    headers = sign_request(request, gate.keyring(name), gate.behind.clock(), os.urandom(NONCE_BYTES))
    lines = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
    return f"GET {media.INBOX} HTTP/1.1\r\n{lines}\r\n".encode()


async def outcome(gate: Whole, request: bytes) -> str:
    """Return "101" where a session was opened, else the code of the refusal."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gate.api.port)
    writer.write(request)
    async with asyncio.timeout(10):
        head = await reader.readuntil(b"\r\n\r\n")
        opened = head.startswith(b"HTTP/1.1 101 ")
        body = b"" if opened else await reader.readexactly(int(parse_answer(head).headers["content-length"]))
    writer.close()
    return "101" if opened else parse_answer(head + body).code


@asynccontextmanager
async def process(folder: Path, url: str) -> AsyncIterator[Whole]:
    """Run one of several processes that share a ledger."""
    async with exchange_staged(folder, url=url, shared=True) as behind:
        one = Whole(behind)
        await one.api.start("127.0.0.1", 0)
        async with connected(one):
            try:
                yield one
            finally:
                await one.api.stop(1.0)


async def test_the_same_upgrade_opens_no_second_session(tmp_path: Path) -> None:
    """Who recorded an upgrade on the line cannot make it again."""
    async with whole(tmp_path) as gate:
        request = upgrade(gate)
        assert [await outcome(gate, request) for _ in range(2)] == ["101", "nonce-used"]


@pytest.mark.postgres
async def test_nor_in_another_process(tmp_path: Path, postgres_url: str) -> None:
    """Two processes on one ledger remember together; each takes a new upgrade."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    async with process(tmp_path / "one", postgres_url) as one, process(tmp_path / "two", postgres_url) as two:
        first, second = upgrade(one), upgrade(two)
        codes = [await outcome(gate, request) for gate, request in ((one, first), (two, first), (two, second), (one, second))]
    assert codes == ["101", "nonce-used", "101", "nonce-used"]


@pytest.mark.parametrize("error", [Unavailable("away for a test"), Uncertain("lost for a test")])
async def test_without_the_ledger_no_session_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: GatewayError
) -> None:
    """A nonce that cannot be remembered is one that could come twice: the upgrade is refused, and raises no epoch."""

    async def away(*_: object) -> bool:
        raise error

    async with whole(tmp_path) as gate:
        request = upgrade(gate)
        ledger = gate.behind.ledger
        with monkeypatch.context() as patch:
            patch.setattr(ledger, "remember_nonce", away)
            assert await outcome(gate, request) == error.code
        assert await ledger.epoch(address("NCB-QM")) == 0
        assert await outcome(gate, request) == "101"


async def test_an_upgrade_is_remembered_as_long_as_it_would_be_good(tmp_path: Path) -> None:
    """When its time is over the nonce may be forgotten: then the time refuses it."""
    async with whole(tmp_path) as gate:
        request = upgrade(gate)
        assert await outcome(gate, request) == "101"
        gate.behind.clock.jump(299)
        assert await outcome(gate, request) == "nonce-used"
        gate.behind.clock.jump(310)
        assert await outcome(gate, request) == "clock-skew"
