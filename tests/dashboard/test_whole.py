"""The dashboard over HTTP, on a real exchange: sign in, look up, watch, sign out; and what never leaves it."""

from __future__ import annotations

import asyncio
import io
import os
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec
import pytest

from gateway.api.app import operations_listener
from gateway.api.dashboard import DashboardParts
from gateway.dashboard import Desk, Gatherer, Watch
from gateway.dashboard.watch import MAX_WATCHERS
from gateway.envelope import contexts
from gateway.errors import Rejected, Unavailable
from gateway.ids import Address, MessageId, format_id
from gateway.ledger import Ref
from gateway.ops import Health, Probe, logs
from gateway.ops.sign_ins import SESSION_S, make_token, token_hash
from gateway.protocol import media
from gateway.protocol.action import Action, sign_action
from tests.scenario.canary import forms
from tests.support.exchange import Stage, staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.api.listener import Listener

CANARY = "canary-7e21bd"


@dataclass
class Site:
    """An exchange with its operators' listener."""

    stage: Stage
    listener: Listener
    watch: Watch
    browser: aiohttp.ClientSession

    @property
    def base(self) -> str:
        """Where operators reach it."""
        return f"http://127.0.0.1:{self.listener.port}"

    async def order(self, token: str) -> bytes:
        """Order a link for a token, as `gateway operate login` does."""
        fields = ("login", token_hash(token).hex(), "to look", int(self.stage.clock()), os.urandom(16))
        order = sign_action(Action("A1", *fields), self.stage.world.gateway)
        await self.stage.exchange.operate(order)
        return order

    async def sign_in(self) -> aiohttp.ClientResponse:
        """Sign the browser in."""
        token = make_token(os.urandom)
        await self.order(token)
        return await self.post(token)

    async def post(self, token: str, **headers: str) -> aiohttp.ClientResponse:
        """Hand over a token."""
        url = self.base + media.DASHBOARD_SESSION
        return await self.browser.post(url, data=token.encode(), headers={"Content-Type": "text/plain", **headers})

    async def get(self, path: str) -> tuple[int, str]:
        """Ask for something; return status and text."""
        async with self.browser.get(self.base + path, allow_redirects=False) as got:
            return got.status, await got.text()

    async def json(self, path: str) -> Any:
        """Ask for a document."""
        status, text = await self.get(path)
        assert status == 200
        return msgspec.json.decode(text)

    @asynccontextmanager
    async def watching(self, last: str = "") -> AsyncIterator[aiohttp.StreamReader]:
        """Open the stream."""
        headers = {"Last-Event-ID": last} if last else {}
        async with self.browser.get(self.base + media.DASHBOARD_EVENTS, headers=headers) as got:
            assert (got.status, got.headers["Content-Type"]) == (200, "text/event-stream")
            yield got.content


def bytes_below(folder: Path) -> bytes:
    """Return all that lies in files."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


async def event(stream: aiohttp.StreamReader) -> dict[str, str]:
    """Read one event, with the fields that it has; comments are none."""
    while True:
        block = (await asyncio.wait_for(stream.readuntil(b"\n\n"), 10)).decode()
        fields = dict(line.split(": ", 1) for line in block.strip().splitlines() if not line.startswith(":"))
        if "event" in fields:
            return fields


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A gateway that nobody is signed in to."""
    async with staged(tmp_path) as stage:
        health = Health({})
        gatherer = Gatherer(stage.parts, stage.exchange, health)
        watch = Watch(gatherer.look, gatherer.begin, every_s=0.05)
        parts = DashboardParts(stage.exchange.sign_ins, watch, Desk(stage.parts, stage.exchange))
        listener = operations_listener(health, stage.parts.metrics, stage.exchange, stage.clock, parts)
        await listener.start("127.0.0.1", 0)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
            yield Site(stage, listener, watch, browser)
        await listener.stop(1.0)


async def send(site: Site, **more: Any) -> MessageId:
    """Let NCB-QM send to GN-QN."""
    message_id = MessageId(os.urandom(16))
    await site.stage.exchange.submit_sealed(site.stage.sealed("NCB-QM", ["GN-QN"], message_id=message_id, **more).submission)
    return message_id


async def test_who_is_not_signed_in_is_told_how(site: Site) -> None:
    """Everything but the sign-in page is 401, what is there and what is not alike."""
    for path in ("", "events", "session", "main.mjs", "mailbox/GN-QN@icn", "message/1", "nothing"):
        status, text = await site.get(f"{media.DASHBOARD}{path}")
        assert status == 401
        assert "gateway operate login" in text
    assert site.watch.watchers == 0


async def test_the_sign_in_page_and_its_files_are_for_everybody(site: Site) -> None:
    """They say nothing of the gateway; every answer comes with the strict policy."""
    for name in ("login", "login.mjs", "style.css", "icon.svg"):
        async with site.browser.get(site.base + media.DASHBOARD + name) as got:
            assert got.status == 200
            policy = got.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert (got.headers["X-Frame-Options"], got.headers["Cache-Control"]) == ("DENY", "no-store")
            assert "icn" not in (await got.text()).replace("icon", "")


async def test_a_link_opens_one_session_and_is_a_leaf_of_the_log(site: Site) -> None:
    """Promise 6: the order stands in the audit log; its token opens once, by a cookie that scripts and other sites lack."""
    token = make_token(os.urandom)
    order = await site.order(token)
    events = await site.stage.ledger.events(0, 1000)
    assert [(row.subject, row.leaf) for row in events if row.event == "action"] == [("login", contexts.action_leaf(order))]
    got = await site.post(token)
    assert (got.status, await got.read()) == (204, b"")
    cookie = got.headers["Set-Cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Strict", "Path=/dashboard", f"Max-Age={int(SESSION_S)}"))
    assert "Secure" not in cookie  # plain HTTP on loopback
    assert token not in cookie
    assert (await site.get(media.DASHBOARD))[0] == 200
    assert (await site.post(token)).status == 401


async def test_behind_a_proxy_with_tls_the_cookie_is_for_tls_alone(site: Site) -> None:
    """The browser never sends it in clear."""
    token = make_token(os.urandom)
    await site.order(token)
    got = await site.post(token, **{"X-Forwarded-Proto": "https"})
    assert "; Secure" in got.headers["Set-Cookie"]


async def test_another_site_can_sign_nobody_in_or_out(site: Site) -> None:
    """A page elsewhere can make a browser post; what it posts is not taken."""
    token = make_token(os.urandom)
    await site.order(token)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://elsewhere.example"}):
        assert (await site.post(token, **headers)).status == 401
    assert (await site.post(token, Origin=site.base)).status == 204
    async with site.browser.post(site.base + media.DASHBOARD_SIGN_OUT, headers={"Sec-Fetch-Site": "cross-site"}):
        pass
    site.browser.cookie_jar.clear()


async def test_a_login_names_the_hash_of_a_token(site: Site) -> None:
    """Anything else is no login, and opens nothing."""
    for target in ("5f", "5F" * 32, "1/0"):
        order = Action("A1", "login", target, "to look", int(site.stage.clock()), os.urandom(16))
        with pytest.raises(Rejected, match="64 hexadecimal digits"):
            await site.stage.exchange.operate(sign_action(order, site.stage.world.gateway))


async def test_the_stream_shows_what_happens(site: Site) -> None:
    """A message that is accepted is in the next look: counted, waiting, and among the newest events."""
    await site.sign_in()
    async with site.watching() as stream:
        first = await event(stream)
        before = msgspec.json.decode(first["data"])
        assert (before["gateway"], before["totals"]["accepted"], before["mailboxes"]) == ("GW-ICN@icn", 0, [])
        await send(site)
        async with asyncio.timeout(10):
            while not (now := msgspec.json.decode((await event(stream))["data"]))["mailboxes"]:
                pass
    assert now["totals"]["accepted"] == 1
    assert now["mailboxes"][0]["address"] == "GN-QN@icn"
    assert {"accepted", "queued"} & {one["event"] for one in now["recent"]}


async def test_who_comes_back_gets_the_newest_look_at_once(site: Site) -> None:
    """Nothing is kept for him, because each look says everything; the same one does not come twice."""
    await site.sign_in()
    async with site.watching() as kept:
        last = (await event(kept))["id"]
        async with site.watching(last) as stream:
            assert (await event(stream))["id"] != last


async def test_a_stream_that_comes_back_uses_no_session(site: Site) -> None:
    """After half an hour without a person the session is over, however often a browser has opened the stream again."""
    now = 0.0
    site.stage.exchange.sign_ins._ticks = lambda: now
    await site.sign_in()
    for minutes in (10, 20, 29):
        now = minutes * 60.0
        async with site.watching():
            pass
        assert (await site.browser.head(site.base + media.DASHBOARD_EVENTS)).status == 200
    now = 30 * 60.0
    assert (await site.get(media.DASHBOARD_EVENTS))[0] == 401


async def test_the_stream_ends_with_the_session(site: Site) -> None:
    """Who signs out sees nothing more, in no window."""
    await site.sign_in()
    async with site.watching() as stream:
        await event(stream)
        async with site.browser.post(site.base + media.DASHBOARD_SIGN_OUT) as got:
            assert got.status == 204
        async with asyncio.timeout(10):
            while (await event(stream))["event"] != "signed-out":
                pass
            assert await stream.read() == b""
    assert (await site.get(media.DASHBOARD))[0] == 401


async def test_watchers_are_bounded_and_a_stop_waits_for_none(site: Site) -> None:
    """One too many is told so; all of them are let go at once when the gateway stops."""
    await site.sign_in()
    streams = [site.watching() for _ in range(MAX_WATCHERS)]
    for one in streams:
        await event(await one.__aenter__())
    assert (await site.get(media.DASHBOARD_EVENTS))[0] == 503
    began = time.monotonic()
    await site.listener.stop(20.0)
    assert time.monotonic() - began < 5
    for one in streams:
        await one.__aexit__(None, None, None)


async def test_a_message_is_looked_up_by_its_id(site: Site) -> None:
    """Where each delivery stands and what happened to it; by number too; nothing under another name."""
    await site.sign_in()
    message_id = await send(site)
    await site.stage.ledger.unanswered([Ref(1, 0)], 1, site.stage.parts.stamps.held)
    found = await site.json(media.DASHBOARD_MESSAGE + format_id(message_id))
    assert [await site.json(media.DASHBOARD_MESSAGE + key) for key in ("1", found["envelope_hash"])] == [found] * 2
    assert [(one["ref"], one["recipient"], one["state"]) for one in found["places"]] == [("1/0", "GN-QN@icn", "held")]
    assert (found["trace"][0]["event"], found["trace"][-1]["event"]) == ("accepted", "held")
    for key, status in (("2", 404), ("nonsense", 400), (format_id(os.urandom(16)), 404)):
        assert (await site.get(media.DASHBOARD_MESSAGE + key))[0] == status


async def test_a_mailbox_is_looked_up_by_its_name(site: Site) -> None:
    """Who it is, and what it has not answered; nobody is not found."""
    await site.sign_in()
    message_id = await send(site)
    found = await site.json(f"{media.DASHBOARD_MAILBOX}GN-QN@icn")
    assert (found["status"], found["connected"]) == ("active", False)
    assert [(one["ref"], one["message_id"], one["sender"]) for one in found["waiting"]] == [
        ("1/0", format_id(message_id), "NCB-QM@icn")
    ]
    for key, status in (("NCB-ZZ@icn", 404), ("nobody", 400)):
        assert (await site.get(media.DASHBOARD_MAILBOX + key))[0] == status


async def test_orders_that_stand_are_shown(site: Site) -> None:
    """Whom an operator suspended since when, and that this process is drained, for as long as that is so."""
    standing, looker = site.stage.ledger.standing, Gatherer(site.stage.parts, site.stage.exchange, health := Health({}))
    await standing.suspend(Address("GN-QN@icn"), bytes(32), "suspend GN-QN@icn")
    site.stage.parts.orders.replace(await standing.suspended())
    health.drain(on=True)
    seen = await looker.look()
    assert [(one.address, one.since, seen.ready) for one in seen.suspended] == [("GN-QN@icn", int(site.stage.clock()), False)]
    assert [one.code for one in seen.alarms] == ["drained", "suspended"]
    await site.sign_in()
    assert (await site.json(f"{media.DASHBOARD_MAILBOX}GN-QN@icn"))["suspended"]
    assert not (await site.json(f"{media.DASHBOARD_MAILBOX}NCB-QM@icn"))["suspended"]


async def test_without_the_ledger_the_last_look_stays(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was known is shown with its time, and that the ledger is away is the first alarm."""

    async def away() -> bool:
        raise Unavailable("the ledger is away")

    await send(site)
    gatherer = Gatherer(site.stage.parts, site.stage.exchange, Health({"ledger": Probe(away, needed=True)}))
    known = await gatherer.look()
    monkeypatch.setattr(site.stage.ledger, "totals", away)
    site.stage.clock.jump(60)
    seen = await gatherer.look()
    assert (seen.ready, seen.parts, seen.alarms[0].code) == (False, {"ledger": "unavailable"}, "ledger-away")
    assert (seen.at - seen.looked_at, [one.address for one in seen.mailboxes]) == (60, ["GN-QN@icn"])
    assert seen.states == known.states


async def test_tokens_and_sessions_reach_no_log_and_no_file(site: Site, tmp_path: Path) -> None:
    """Promise 2: of a sign-in the log and the ledger have the hash of its token, and of the session nothing."""
    file = io.BytesIO()
    logs.configure("debug", file)
    token = make_token(os.urandom)
    await site.order(token)
    await site.post(token)
    assert (await site.get(media.DASHBOARD))[0] == 200
    secrets = [token, *(cookie.value for cookie in site.browser.cookie_jar)]
    assert len(secrets) == 2
    kept = file.getvalue() + await asyncio.to_thread(bytes_below, tmp_path)
    assert token_hash(token).hex().encode() in kept
    assert not [secret for secret in secrets if secret.encode() in kept]


async def test_no_content_and_no_secret_is_ever_shown(site: Site) -> None:
    """A marked content, keys, sealed bytes and receipts are in no look, no page and no answer."""
    await site.sign_in()
    sealed = site.stage.sealed("NCB-QM", ["GN-QN"], message_id=MessageId(bytes(16)), content=CANARY.encode())
    answer = await site.stage.exchange.submit_sealed(sealed.submission)
    texts = [(await site.get(f"{media.DASHBOARD}{path}"))[1] for path in ("", "mailbox/GN-QN@icn", "message/1", "main.mjs")]
    async with site.watching() as stream:
        texts += [(await event(stream))["data"] for _ in range(3)]
    [row] = await site.stage.ledger.inbox(Address("GN-QN@icn"), 0, 1 << 20)
    keys = [key.unsafe_export() for key in site.stage.world.gate.signing]
    words = [CANARY.encode(), sealed.submission[-200:], answer.body, row.body[:64], row.receipt[-64:], *keys]
    for text in texts:
        assert "GN-QN@icn" in text or "<" in text or "import" in text
        assert not [word for word in words for form in forms(word) if form in text.encode()]
