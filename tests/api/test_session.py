"""Inbox sessions: frames both ways, credit, receipts, renewal, and every way in which a session ends."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import aiohttp
import pytest
from structlog.testing import capture_logs
from yarl import URL

from gateway.directory.entries import Status
from gateway.envelope import contexts
from gateway.envelope.keys import Use
from gateway.errors import Rejected, Unavailable
from gateway.protocol import frames, media
from tests.support.http_stage import NOW, QUICK, Stage, staged
from tests.support.waiting import SOON_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.envelope.keys import Keyring
    from gateway.ids import Address
    from tests.support.fake_exchange import FakeSession

QM = "NCB-QM@icn"


class Line:
    """A client's end of one session."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, inbox: FakeSession) -> None:
        self.socket = socket
        self.inbox = inbox

    async def send(self, frame: frames.ClientFrame) -> None:
        """Write one frame."""
        await self.socket.send_bytes(frames.encode(frame))

    async def read(self) -> frames.GatewayFrame:
        """Read one frame."""
        return frames.read_gateway_frame(await self.socket.receive_bytes(timeout=SOON_S))

    async def ended(self) -> tuple[frames.GatewayFrame | None, int | None]:
        """Read to the end; return the last frame and the close code."""
        last = None
        async with asyncio.timeout(SOON_S):
            while (message := await self.socket.receive()).type is aiohttp.WSMsgType.BINARY:
                last = frames.read_gateway_frame(message.data)
        return last, self.socket.close_code


@asynccontextmanager
async def line(stage: Stage, keyring: Keyring | None = None) -> AsyncIterator[tuple[Line, frames.Hello]]:
    """Open a session and read its greeting."""
    keyring = keyring or stage.exchange.directory.join(QM)
    headers = stage.signed("GET", media.INBOX, keyring)
    async with stage.session.ws_connect(URL(stage.base + media.INBOX), headers=headers, max_msg_size=1 << 22) as socket:
        one = Line(socket, stage.exchange.sessions[-1])
        hello = await one.read()
        assert isinstance(hello, frames.Hello)
        yield one, hello


async def test_a_session_begins_with_the_epoch_and_the_gateways_clock(stage: Stage) -> None:
    """The greeting says which session this is, what renewals sign, and what time it is."""
    async with line(stage) as (_, hello):
        assert (hello.epoch, hello.server_time, len(hello.nonce)) == (1, NOW, 32)
    async with line(stage, stage.exchange.directory.join("NCB-QX@icn")) as (_, second):
        assert second.nonce != hello.nonce


async def test_deliveries_come_in_the_order_of_the_exchange(stage: Stage) -> None:
    """What the exchange hands over is written as it came; when nothing waits, the client hears so."""
    async with line(stage) as (one, _):
        one.inbox.put((7, b"seven"), (8, b"eight"))
        one.inbox.put()
        assert [await one.read() for _ in range(3)] == [
            frames.Delivery(7, b"seven"),
            frames.Delivery(8, b"eight"),
            frames.Empty(),
        ]


async def test_the_largest_delivery_goes_through(stage: Stage) -> None:
    """A delivery at the limit arrives whole."""
    async with line(stage) as (one, _):
        one.inbox.put((1, bytes(media.MAX_DELIVERY_BYTES)))
        assert await one.read() == frames.Delivery(1, bytes(media.MAX_DELIVERY_BYTES))


async def test_credit_reaches_the_exchange(stage: Stage) -> None:
    """A client says how much it takes, in messages and in bytes."""
    async with line(stage) as (one, _):
        await one.send(frames.Credit(10, 1 << 20))
        await one.send(frames.Credit(5, 99))
        await one.send(frames.Receipts(1, [b"r"]))
        await one.read()
        assert one.inbox.credited == [(10, 1 << 20), (5, 99)]


async def test_receipts_are_answered_one_by_one(stage: Stage) -> None:
    """Each frame of receipts is answered with the same request id and an outcome for each receipt."""
    async with line(stage) as (one, _):
        for number in (3, 4):
            await one.send(frames.Receipts(number, [b"mine", b"another's"]))
        answers = [await one.read() for _ in range(2)]
        assert answers == [frames.Recorded(number, ["", "not-found"]) for number in (3, 4)]
        assert one.inbox.recorded == [b"mine", b"another's"] * 2


async def test_a_session_that_leaves_is_given_back(stage: Stage) -> None:
    """When a client leaves, its session in the exchange is closed."""
    async with line(stage) as (one, _):
        pass
    await asyncio.wait_for(one.inbox.closed.wait(), SOON_S)
    assert one.inbox.closed.is_set()


async def test_a_lost_line_gives_the_session_back_too(stage: Stage) -> None:
    """A client that disappears without a farewell leaves nothing behind."""
    async with line(stage) as (one, _):
        response = one.socket._response
        assert response.connection is not None
        assert response.connection.transport is not None
        response.connection.transport.abort()
        await asyncio.wait_for(one.inbox.closed.wait(), SOON_S)
    assert one.inbox.closed.is_set()


async def test_a_replaced_session_says_so(stage: Stage) -> None:
    """A newer session of the participant ends the older one, which is told not to come back by itself."""
    async with line(stage) as (one, _):
        one.inbox.end(Rejected(code="session-replaced"))
        assert await one.ended() == (frames.Replaced(), frames.CLOSE_REPLACED)
    assert 'gateway_sessions_ended_total{code="session-replaced"} 1.0' in await shown(stage)


async def shown(stage: Stage) -> str:
    """Return the metrics once the session's end is counted."""
    async with asyncio.timeout(SOON_S):
        while "gateway_sessions_ended_total{" not in (text := stage.metrics.render().decode()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return text


BAD_FRAMES = {"bytes that are no frame": b"\xc1", "a frame of the gateway": frames.encode(frames.Empty()), "nothing": b""}


@pytest.mark.parametrize("name", BAD_FRAMES)
async def test_a_malformed_frame_ends_the_session(stage: Stage, name: str) -> None:
    """A frame that is none ends the session with its code."""
    async with line(stage) as (one, _):
        await one.socket.send_bytes(BAD_FRAMES[name])
        last, close_code = await one.ended()
        assert isinstance(last, frames.Problem)
        assert (last.code, close_code) == ("malformed", frames.CLOSE_PROBLEM)


async def test_a_text_message_ends_the_session(stage: Stage) -> None:
    """Frames are binary; text is refused."""
    async with line(stage) as (one, _):
        await one.socket.send_str("credit")
        last, close_code = await one.ended()
        assert isinstance(last, frames.Problem)
        assert (last.code, close_code) == ("malformed", frames.CLOSE_PROBLEM)


async def test_a_message_beyond_the_limit_ends_the_session(stage: Stage) -> None:
    """A client cannot make the gateway hold more than the largest frame."""
    async with line(stage) as (one, _):
        await one.socket.send_bytes(bytes(media.MAX_CLIENT_FRAME_BYTES + 1))
        _, close_code = await one.ended()
        assert close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
        assert one.inbox.recorded == []


@pytest.mark.parametrize("reason", [Unavailable("the ledger is away"), Rejected(code="busy")])
async def test_trouble_behind_the_session_is_told(stage: Stage, reason: Exception) -> None:
    """When the gateway cannot go on, the client learns the code and comes back."""
    async with line(stage) as (one, _):
        one.inbox.end(reason)
        last, close_code = await one.ended()
        assert isinstance(last, frames.Problem)
        assert (last.code, close_code) == (getattr(reason, "code", ""), frames.CLOSE_PROBLEM)


async def test_a_bug_behind_the_session_tells_nothing(stage: Stage) -> None:
    """An unknown exception ends the session as `internal`, without a word of what it was."""
    async with line(stage) as (one, _):
        one.inbox.end(KeyError("a secret"))
        last, close_code = await one.ended()
        assert isinstance(last, frames.Problem)
        assert (last.code, close_code) == ("internal", frames.CLOSE_PROBLEM)
        assert "secret" not in last.detail


async def test_a_suspended_participant_loses_its_session(stage: Stage) -> None:
    """When a participant is suspended its open session ends soon."""
    async with line(stage) as (one, _):
        stage.exchange.directory.set_status(QM, Status.SUSPENDED)
        last, close_code = await one.ended()
        assert isinstance(last, frames.Problem)
        assert (last.code, close_code) == ("sender-unknown", frames.CLOSE_UNAUTHORISED)


async def test_a_revoked_key_loses_its_session(stage: Stage) -> None:
    """When the key of a session is revoked, the session ends soon."""
    async with line(stage) as (one, _):
        stage.exchange.directory.revoke_keys(QM, NOW - 1)
        last, close_code = await one.ended()
        assert isinstance(last, frames.Problem)
        assert (last.code, close_code) == ("signature-bad", frames.CLOSE_UNAUTHORISED)


async def test_a_session_that_is_not_renewed_ends_after_an_hour(stage: Stage) -> None:
    """A session lives for an hour from its upgrade, and no longer by itself."""
    async with line(stage) as (one, _):
        stage.now += media.AUTHORISED_FOR_S + 1
        _, close_code = await one.ended()
        assert close_code == frames.CLOSE_UNAUTHORISED


async def test_a_renewed_session_goes_on(stage: Stage) -> None:
    """Who shows the agent key again within the hour keeps the session."""
    qm = stage.exchange.directory.join(QM)
    async with line(stage, qm) as (one, hello):
        stage.now += media.AUTHORISED_FOR_S - 10
        at = int(stage.now)
        await one.send(frames.Renew(at, *qm.sign(Use.AGENT, contexts.renewal_message(hello.nonce, at))))
        await one.send(frames.Receipts(1, [b"r"]))
        await one.read()
        stage.now += 3000
        await asyncio.sleep(0.2)
        one.inbox.put((1, b"still here"))
        assert await one.read() == frames.Delivery(1, b"still here")


@pytest.mark.parametrize("wrong", ["nonce", "time", "key", "another participant"])
async def test_a_renewal_that_does_not_verify_ends_the_session(stage: Stage, wrong: str) -> None:
    """A renewal must be of this session, of now, and by a key of the same participant."""
    qm = stage.exchange.directory.join(QM)
    other = stage.exchange.directory.join("NCB-QX@icn")
    async with line(stage, qm) as (one, hello):
        at = NOW - (400 if wrong == "time" else 0)
        nonce = bytes(32) if wrong == "nonce" else hello.nonce
        key_id, signature = (other if wrong == "another participant" else qm).sign(
            Use.AGENT, contexts.renewal_message(nonce, at)
        )
        await one.send(frames.Renew(at, bytes(16) if wrong == "key" else key_id, signature))
        last, close_code = await one.ended()
        assert isinstance(last, frames.Problem)
        assert last.code == ("clock-skew" if wrong == "time" else "signature-bad")
        assert close_code == frames.CLOSE_UNAUTHORISED


async def test_an_upgrade_cannot_be_made_twice(stage: Stage) -> None:
    """Who copies a signed upgrade cannot open a session with it."""
    qm = stage.exchange.directory.join(QM)
    headers = stage.signed("GET", media.INBOX, qm)
    async with stage.session.ws_connect(stage.base + media.INBOX, headers=headers):
        pass
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await stage.session.ws_connect(stage.base + media.INBOX, headers=headers)
    assert caught.value.status == 401
    assert len(stage.exchange.sessions) == 1


async def test_an_upgrade_without_a_signature_is_refused(stage: Stage) -> None:
    """No session without knowing whose mailbox it is."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await stage.session.ws_connect(stage.base + media.INBOX)
    assert caught.value.status == 401
    assert stage.exchange.sessions == []


@pytest.mark.parametrize("field", ["Sec-WebSocket-Version", "Sec-WebSocket-Key", "Connection"])
async def test_a_broken_upgrade_is_a_bad_request(stage: Stage, field: str) -> None:
    """An upgrade that is none is refused before a session is opened."""
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    qm = stage.exchange.directory.join(QM)
    headers = {**upgrade, **stage.signed("GET", media.INBOX, qm), field: "x"}
    assert (await stage.send("GET", media.INBOX, headers)).code == "bad-request"
    assert stage.exchange.sessions == []


async def test_sessions_end_when_the_gateway_stops() -> None:
    """A graceful stop sends clients away at once, so that they find another gateway."""
    async with staged() as stage, line(stage) as (one, _):
        stopping = asyncio.create_task(stage.api.stop(2.0))
        last, close_code = await one.ended()
        await stopping
        assert (last, close_code) == (None, aiohttp.WSCloseCode.GOING_AWAY)
        assert one.inbox.closed.is_set()
        assert not one.inbox.counted


async def upgrade(stage: Stage) -> asyncio.StreamWriter:
    """Ask for a session and read nothing."""
    fields = {
        **stage.signed("GET", media.INBOX, stage.exchange.directory.join(QM)),
        "Host": f"127.0.0.1:{stage.api.port}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    _, writer = await asyncio.open_connection("127.0.0.1", stage.api.port, limit=1024)
    writer.write(f"GET {media.INBOX} HTTP/1.1\r\n".encode())
    writer.write("".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\n")
    return writer


async def test_a_client_that_leaves_before_its_session_stands_is_no_bug(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its session ends at once, and nobody is called."""
    made, gone = stage.exchange.open_session, asyncio.Event()

    async def late(asker: Address) -> FakeSession:
        inbox = await made(asker)
        await gone.wait()
        return inbox

    monkeypatch.setattr(stage.exchange, "open_session", late)
    writer = await upgrade(stage)
    await asyncio.wait_for(stage.exchange.session_made.wait(), SOON_S)
    writer.transport.abort()
    await writer.wait_closed()
    await asyncio.sleep(0.1)
    with capture_logs() as lines:
        gone.set()
        await asyncio.wait_for(stage.exchange.sessions[0].closed.wait(), SOON_S)
        await asyncio.sleep(0.1)
    assert lines == []


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    """A client that takes nothing cannot make the gateway wait, or hold, without end."""
    async with staged(replace(QUICK, send_time_s=0.3)) as stage:
        writer = await upgrade(stage)
        await asyncio.wait_for(stage.exchange.session_made.wait(), SOON_S)
        inbox = stage.exchange.sessions[0]
        for number in range(20):
            inbox.put((number, bytes(1 << 20)))
        await asyncio.wait_for(inbox.closed.wait(), SOON_S)
        assert inbox.arrived.qsize() > 0
        writer.close()


async def test_a_peer_that_answers_no_ping_is_given_up() -> None:
    """A half-open line is found by its silence."""
    async with staged(replace(QUICK, heartbeat_s=0.2)) as stage:
        qm = stage.exchange.directory.join(QM)
        headers = stage.signed("GET", media.INBOX, qm)
        async with stage.session.ws_connect(stage.base + media.INBOX, headers=headers, autoping=False) as socket:
            inbox = stage.exchange.sessions[0]
            reading = asyncio.create_task(_ignore(socket))
            await asyncio.wait_for(inbox.closed.wait(), SOON_S)
            reading.cancel()
        assert inbox.closed.is_set()


async def _ignore(socket: aiohttp.ClientWebSocketResponse) -> None:
    while not socket.closed:
        await socket.receive()
