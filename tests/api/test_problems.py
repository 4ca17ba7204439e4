"""Problems: one form for every refusal and failure, and nothing in it that is not for the reader."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
import structlog
from aiohttp import web

from gateway.api import problems
from gateway.errors import CODES, Corrupt, GatewayError, Rejected, Unavailable, Uncertain
from gateway.ops import logs
from gateway.protocol import media
from tests.support.http_stage import staged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.http_stage import Stage

SECRET = "a secret that must not be told"


@pytest.fixture
def log() -> Iterator[io.BytesIO]:
    """Collect what is logged."""
    file = io.BytesIO()
    logs.configure("info", file)
    yield file
    structlog.reset_defaults()


@pytest.mark.parametrize("code", CODES)
def test_each_code_has_its_problem(code: str) -> None:
    """Each code of the error tree makes a whole problem document with its own status."""
    found = problems.problem_of(GatewayError(code=code), 0)
    row = CODES[code]
    assert (found.type, found.status, found.title, found.hint) == (
        f"urn:gateway:problem:{code}",
        row.status,
        row.title,
        row.hint,
    )
    assert found.detail


def test_the_hint_is_that_of_the_place_which_knows_better() -> None:
    """Advice that was given for this very refusal is passed on; where nothing may be told, it is the table's."""
    assert problems.problem_of(Rejected("x", hint="write it as one word"), 0).hint == "write it as one word"
    assert problems.problem_of(Rejected(code="not-found", hint=SECRET), 0).hint == CODES["not-found"].hint


async def test_a_bug_is_logged_and_tells_nothing(log: io.BytesIO) -> None:
    """An unknown exception answers `internal`; the log has the trace, without the values of variables."""
    hidden = SECRET.encode().hex()

    async with staged() as stage:
        stage.exchange.fail = KeyError("wrong key")
        got = await stage.ask("POST", media.MESSAGES, body=hidden.encode(), media=media.SEALED)
    assert (got.status, got.code) == (500, "internal")
    assert b"wrong key" not in got.body
    assert b"Traceback" not in got.body
    written = log.getvalue().decode()
    assert '"code":"internal"' in written
    assert "_misbehave" in written
    assert hidden not in written


async def test_each_request_is_one_line_of_the_log(log: io.BytesIO) -> None:
    """The log has one line a request, with its route and outcome, and without what was sent."""
    async with staged() as stage:
        stage.exchange.fail = Rejected(code="expired")
        await stage.ask("POST", media.MESSAGES, body=SECRET.encode(), media=media.SEALED)
    lines = [line for line in log.getvalue().decode().splitlines() if '"request"' in line]
    assert len(lines) == 1
    assert '"route":"/v1/messages"' in lines[0]
    assert '"status":422' in lines[0]
    assert '"code":"expired"' in lines[0]
    assert SECRET not in lines[0]


async def test_what_failed_behind_the_gateway_is_told_to_its_operator_alone(log: io.BytesIO) -> None:
    """A driver's words about hosts and users are in the log, and not in the answer."""
    async with staged() as stage:
        stage.exchange.fail = Unavailable("connection to db.example failed for user gw")
        got = await stage.ask("POST", media.MESSAGES, body=b"x", media=media.SEALED)
    assert b"db.example" not in got.body
    assert b"db.example" in log.getvalue()


@pytest.mark.parametrize(
    ("exc", "code"),
    [
        (web.HTTPNotFound(), "not-found"),
        (web.HTTPMethodNotAllowed("PUT", ["GET"]), "method-not-allowed"),
        (web.HTTPRequestEntityTooLarge(1), "too-large"),
        (web.HTTPUnsupportedMediaType(), "unsupported-media"),
        (web.HTTPBadRequest(text=SECRET), "bad-request"),
        (web.HTTPExpectationFailed(text=SECRET), "bad-request"),
        (web.HTTPInternalServerError(text=SECRET), "internal"),
        (web.RequestPayloadError(SECRET), "bad-request"),
        (TimeoutError(SECRET), "time-limit"),
        (ValueError(SECRET), "internal"),
        (Uncertain(), "uncertain"),
        (Corrupt(), "corrupt"),
    ],
)
def test_every_exception_becomes_a_problem(exc: Exception, code: str, log: io.BytesIO) -> None:
    """Whatever is raised leaves as a problem; a foreign text is never repeated."""
    found = problems.answer(exc, 0)
    assert found.status == CODES[code].status
    assert isinstance(found.body, bytes)
    assert f'"code":"{code}"'.encode() in found.body
    assert SECRET.encode() not in found.body


def test_what_is_not_yours_has_no_detail() -> None:
    """Promise 9: neither the thing that was asked for nor what stands behind the gateway is described to strangers."""
    for code in ("not-found", "cannot-open", "unavailable", "uncertain", "corrupt"):
        one = problems.problem_of(Rejected(SECRET, code=code, pointer="/x"), 0)
        assert one == problems.problem_of(Rejected(code=code), 0)


def test_a_long_detail_is_cut() -> None:
    """A stranger's value cannot make an answer long."""
    assert len(problems.problem_of(Rejected("x" * 10_000), 0).detail) == 500


async def test_an_accepted_message_is_the_exchanges_line(log: io.BytesIO) -> None:
    """An accepted message is logged where its number and kind are known, and not twice."""
    async with staged() as stage:
        await stage.ask("POST", media.MESSAGES, body=b"x", media=media.SEALED)
        assert stage.metrics.requests("/v1/messages", "202")._value.get() == 1.0
    assert b'"request"' not in log.getvalue()


async def test_who_was_refused_for_its_share_is_named_in_the_line(log: io.BytesIO) -> None:
    """A submission is no signed request: without the detail nobody could tell who floods."""
    async with staged() as stage:
        stage.exchange.fail = Unavailable("1000 submissions of NCB-QM@icn in a second, for long", code="quota")
        await stage.ask("POST", media.MESSAGES, body=b"x", media=media.SEALED)
    [line] = log.getvalue().splitlines()
    assert b'"code":"quota","detail":"1000 submissions of NCB-QM@icn in a second, for long"' in line


async def test_a_problem_is_never_kept_by_a_cache(stage: Stage) -> None:
    """A refusal of now says nothing about later."""
    got = await stage.ask("GET", "/nothing")
    assert got.headers["cache-control"] == "no-store"
