"""What is beyond a participant's share, and who is suspended, as a client meets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.errors import Unavailable
from gateway.protocol import frames, media
from tests.api.test_session import QM, line

if TYPE_CHECKING:
    from tests.support.http_stage import Stage


def quota(retry_after_s: int) -> Unavailable:
    """Make the refusal of a share."""
    error = Unavailable("1000 submissions of NCB-QM@icn in a second, for long", code="quota")
    error.retry_after_s = retry_after_s
    return error


async def test_a_share_that_is_used_up_says_when_to_come_back(stage: Stage) -> None:
    """429 with `Retry-After`; nobody signs it, because it is not final."""
    stage.exchange.fail = quota(17)
    got = await stage.ask("POST", media.MESSAGES, body=b"sealed", media=media.SEALED)
    assert (got.status, got.code, got.headers["retry-after"]) == (429, "quota", "17")
    assert "problem-signature" not in got.headers


@pytest.mark.parametrize(("error", "status"), [(quota(30), 429), (Unavailable(code="draining"), 503)])
async def test_a_session_too_many_is_refused_before_anything_is_remembered(
    stage: Stage, error: Unavailable, status: int
) -> None:
    """An upgrade beyond the share, or at a gateway that is emptied, costs the ledger nothing."""
    qm = stage.exchange.directory.join(QM)
    stage.exchange.no_session = error
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    headers = {**upgrade, "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", **stage.signed("GET", media.INBOX, qm)}
    got = await stage.send("GET", media.INBOX, headers)
    assert (got.status, got.code, "retry-after" in got.headers) == (status, error.code, True)
    assert (stage.exchange.sessions, stage.exchange.nonces) == ([], set())


async def test_a_suspended_participant_is_refused_and_its_session_ends(stage: Stage) -> None:
    """Whatever it asks for with a good signature, it is told who can help; strangers learn nothing of it."""
    qm = stage.exchange.directory.join(QM)
    async with line(stage, qm) as (one, _):
        stage.suspended.add(QM)
        last, close_code = await one.ended()
        assert isinstance(last, frames.Problem)
        assert (last.code, close_code) == ("suspended", frames.CLOSE_UNAUTHORISED)
        got = await stage.ask("GET", media.INBOX, qm)
        assert (got.status, got.code) == (403, "suspended")
        assert (await stage.ask("GET", media.INBOX)).code == "signature-missing"


async def test_a_drained_listener_sends_its_sessions_away_and_takes_them_again(stage: Stage) -> None:
    """Sessions end with the code by which clients go to another gateway; after `off` they may come again."""
    async with line(stage) as (one, _):
        stage.api.drain(True)  # noqa: FBT003
        last, close_code = await one.ended()
        assert (last, close_code) == (None, 1001)
        assert not one.inbox.counted
    stage.api.drain(False)  # noqa: FBT003
    async with line(stage) as (one, _):
        assert not one.inbox.closed.is_set()
