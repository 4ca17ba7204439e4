"""
The operators' dashboard over HTTP: sign in by a one-time link, the page, what it looks up, and the stream of what happens.

The token of a link stands behind `#`, so it is in no request line and no log, and what previews links does not use it up: the
page of `/dashboard/login` posts it. The session is an HttpOnly, SameSite=Strict cookie, with a name of this process, because
ports share cookies. Without a session everything else here answers 401 with a page that says how to sign in.
Nothing can be changed here but one's own session. On the operators' listener alone. Spec: schemas/api.md, "Dashboard".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypedDict

import msgspec
from aiohttp import web

from gateway.api.answers import SERVER, reply, reply_json
from gateway.api.routes import Answered, Body, Call, Route
from gateway.dashboard.files import PUBLIC, static_files
from gateway.dashboard.looked import MailboxLook, MessageLook
from gateway.errors import Rejected
from gateway.ops.sign_ins import SESSION_S
from gateway.protocol import media

if TYPE_CHECKING:
    from gateway.dashboard import Desk, Watch
    from gateway.dashboard.files import StaticFile
    from gateway.dashboard.watch import Seen
    from gateway.ops.sign_ins import Session, SignIns

__all__ = ["DashboardParts", "DashboardRoutes", "SessionLook"]

EVENTS: Final = "text/event-stream"
RETRY_MS: Final = 2000  # a browser comes back after that when its line is lost
SEND_S: Final = 20.0  # for a watcher to take a look; a slower one is cut off
TOKEN_MEDIA: Final = "text/plain"  # noqa: S105  a media type
MAX_TOKEN_BYTES: Final = 128
HTML: Final = "text/html; charset=utf-8"
# Nothing from elsewhere, nothing inline, in no frame; and no script can make HTML out of text.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

Handler = Callable[[Call, "Session"], Awaitable[web.StreamResponse]]
Find = Callable[[str], "Session | None"]


class SessionLook(msgspec.Struct, frozen=True):
    """How long a session lasts, in seconds, if nobody uses it."""

    left_s: int


class _Attributes(TypedDict):
    path: str
    httponly: bool
    samesite: str
    secure: bool


@dataclass(frozen=True, slots=True)
class DashboardParts:
    """
    What the dashboard is made of.

    Args:
        sign_ins: Who may look.
        watch: The looks.
        desk: Answers what is looked up.
    """

    sign_ins: SignIns
    watch: Watch
    desk: Desk


class DashboardRoutes:
    """
    The routes of the dashboard.

    Args:
        parts: See `DashboardParts`.
        name: Of the cookie: another one for each process.
    """

    def __init__(self, parts: DashboardParts, name: str) -> None:
        self._sign_ins = parts.sign_ins
        self._watch = parts.watch
        self._desk = parts.desk
        self._cookie = name

    def routes(self) -> list[Route]:
        """Return the rows of the table."""
        page, html = Answered("The file", media.OCTETS), Answered("The page", HTML)
        return [
            _get(media.DASHBOARD.rstrip("/"), self._behind(self.page), "The dashboard", html),
            _get(media.DASHBOARD, self._behind(self.page), "The dashboard", html),
            _get(media.DASHBOARD_LOGIN, self.login, "The page that a one-time link opens", html),
            *(_get(media.DASHBOARD + name, self.public, "A file of that page", page) for name in sorted(PUBLIC)),
            Route(
                method="POST",
                path=media.DASHBOARD_SESSION,
                handler=self.sign_in,
                summary="Sign in with the token of a one-time link",
                answers={204: Answered("Signed in: the cookie is set"), 401: html},
                body=Body((TOKEN_MEDIA,), MAX_TOKEN_BYTES, {"type": "string"}),
            ),
            _get(media.DASHBOARD_SESSION, self._behind(self.session), "How long the session lasts", _json(SessionLook)),
            Route(
                method="POST",
                path=media.DASHBOARD_SIGN_OUT,
                handler=self.sign_out,
                summary="End the session",
                answers={204: Answered("There is none any more")},
            ),
            Route(
                method="GET",
                path=media.DASHBOARD_EVENTS,
                handler=self._behind(self.events, self._sign_ins.find),  # a browser that comes back is no person
                summary="What happens, as server-sent events: one `snapshot` a second",
                answers={200: Answered("The stream; it ends with the session", EVENTS), 401: html},
                problems=("busy",),
                unbounded=True,
            ),
            _get(f"{media.DASHBOARD_MAILBOX}{{address}}", self._behind(self.mailbox), "One mailbox", _json(MailboxLook)),
            _get(f"{media.DASHBOARD_MESSAGE}{{id}}", self._behind(self.message), "One message", _json(MessageLook)),
            _get(f"{media.DASHBOARD}{{path*}}", self._behind(self.file), "A file of the page", page),
        ]

    async def login(self, call: Call) -> web.StreamResponse:
        """Show the page that posts the token of a link, or says how to get one."""
        del call
        return _file(static_files()["login.html"])

    async def public(self, call: Call) -> web.StreamResponse:
        """Return a file that the sign-in page needs."""
        return _file(static_files()[call.request.path.removeprefix(media.DASHBOARD)])

    async def sign_in(self, call: Call) -> web.StreamResponse:
        """Open a session for a token that is good."""
        token = call.body.decode("ascii", "replace").strip()
        secret = self._sign_ins.redeem(token) if _same_origin(call.request) else None
        if secret is None:
            return _sign_in_page()
        response = reply(b"", media.OCTETS, status=204, headers=HEADERS)
        response.set_cookie(self._cookie, secret, max_age=int(SESSION_S), **self._attributes(call.request))
        return response

    async def sign_out(self, call: Call) -> web.StreamResponse:
        """End the session; there may be none."""
        if _same_origin(call.request):
            self._sign_ins.end(self._secret(call))
        response = reply(b"", media.OCTETS, status=204, headers=HEADERS)
        response.del_cookie(self._cookie, **self._attributes(call.request))
        return response

    async def session(self, call: Call, session: Session) -> web.StreamResponse:
        """Tell how long the session lasts; asking uses it."""
        del call
        return reply_json(SessionLook(int(self._sign_ins.left_s(session))), headers=HEADERS)

    async def page(self, call: Call, session: Session) -> web.StreamResponse:
        """Return the page."""
        del call, session
        return _file(static_files()["index.html"])

    async def file(self, call: Call, session: Session) -> web.StreamResponse:
        """Return one of its files."""
        del session
        found = static_files().get(call.parameter)
        if found is None:
            raise Rejected(code="not-found")
        return _file(found)

    async def mailbox(self, call: Call, session: Session) -> web.StreamResponse:
        """Look at a mailbox."""
        del session
        return reply_json(await self._desk.mailbox(call.parameter), headers=HEADERS)

    async def message(self, call: Call, session: Session) -> web.StreamResponse:
        """Look at a message."""
        del session
        return reply_json(await self._desk.message(call.parameter), headers=HEADERS)

    async def events(self, call: Call, session: Session) -> web.StreamResponse:
        """Send looks until the watcher leaves, his session ends or the gateway stops."""
        response = web.StreamResponse(headers={**HEADERS, "Content-Type": EVENTS, "Server": SERVER, "X-Accel-Buffering": "no"})
        if call.request.method == "HEAD":
            return response
        async with self._watch.watching():
            await response.prepare(call.request)
            with suppress(ConnectionError, TimeoutError):
                await self._stream(response, call.request.headers.get("Last-Event-ID"), session)
        return response

    async def _stream(self, response: web.StreamResponse, last: str | None, session: Session) -> None:
        await _send(response, b"retry: %d\n\n" % RETRY_MS)
        while not self._watch.closed:
            if not self._sign_ins.alive(session):
                await _send(response, b"event: signed-out\ndata: {}\n\n")
                return
            seen = await self._watch.next(last)
            last = seen.id if seen is not None else last
            await _send(response, b": still here\n\n" if seen is None else _event(seen))

    def _behind(self, handler: Handler, find: Find | None = None) -> Callable[[Call], Awaitable[web.StreamResponse]]:
        """Let a handler answer those who are signed in; their session is used, unless `find` does not use it."""
        look = find or self._sign_ins.session

        async def answer(call: Call) -> web.StreamResponse:
            session = look(self._secret(call))
            return _sign_in_page() if session is None else await handler(call, session)

        return answer

    def _secret(self, call: Call) -> str:
        return call.request.cookies.get(self._cookie, "")

    def _attributes(self, request: web.BaseRequest) -> _Attributes:
        # Whoever lies about the proxy in front of him only loses his own cookie.
        secure = request.secure or request.headers.get("X-Forwarded-Proto") == "https"
        return {"path": media.DASHBOARD.rstrip("/"), "httponly": True, "samesite": "Strict", "secure": secure}


def _get(path: str, handler: Callable[[Call], Awaitable[web.StreamResponse]], summary: str, found: Answered) -> Route:
    answers = {200: found, 401: Answered("Sign in", HTML)}
    return Route(method="GET", path=path, handler=handler, summary=summary, answers=answers)


def _json(schema: type[msgspec.Struct]) -> Answered:
    return Answered("It", media.JSON, schema)


def _file(found: StaticFile, status: int = 200) -> web.Response:
    return reply(found.data, found.media, status=status, headers=HEADERS)


def _sign_in_page() -> web.Response:
    response = _file(static_files()["login.html"], 401)
    response.headers["WWW-Authenticate"] = "Link"  # the page says how
    return response


def _same_origin(request: web.BaseRequest) -> bool:
    """Say whether a browser sends this from the page itself; what is no browser says nothing of it."""
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    return site == "same-origin" and (origin is None or origin.partition("://")[2] == request.host)


def _event(seen: Seen) -> bytes:
    return b"id: %s\nevent: snapshot\ndata: %s\n\n" % (seen.id.encode(), seen.data)


async def _send(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(SEND_S):
        await response.write(data)
