"""Answers that a message asks for: counted by kind and pace, logged once, and ended by an answer."""

from __future__ import annotations

import asyncio
import io
import json
import os
from typing import TYPE_CHECKING, Any

from gateway.exchange.deadlines import DeadlineWatch
from gateway.exchange.gauges import Gauges
from gateway.ids import ConversationId, MessageId

if TYPE_CHECKING:
    from tests.support.exchange import Stage

CONVERSATION = ConversationId(bytes(16))
HOUR = 3600


async def told(log: io.BytesIO) -> list[dict[str, Any]]:
    """Return the lines about deadlines; they are written at the end of a turn of the loop."""
    await asyncio.sleep(0.05)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line for line in lines if line["event"].startswith("deadline-")]


async def paces(stage: Stage, gauges: Gauges) -> dict[str, float]:
    """Look, and return the gauges of answers to requests, by pace."""
    await gauges.look()
    lines = [line for line in stage.parts.metrics.render().decode().splitlines() if line.startswith("gateway_deadlines{")]
    assert all('kind="cooperation.request"' in line for line in lines)
    return {line.partition('pace="')[2].partition('"')[0]: float(line.split()[1]) for line in lines}


async def test_an_answer_that_is_late_is_counted_and_logged_once(stage: Stage, quiet: io.BytesIO) -> None:
    """At risk from three quarters of its time on, overdue after it; an answer takes its author's part away."""
    now = int(stage.clock())
    message_id = MessageId(os.urandom(16))
    request = stage.sealed(
        "NCB-QM",
        ["GN-QN", "NCB-XA"],
        message_id=message_id,
        conversation_id=CONVERSATION,
        respond_by=now + 4 * HOUR,
    )
    await stage.exchange.submit_sealed(request.submission)
    watch, gauges = DeadlineWatch(stage.parts), Gauges(stage.parts)
    await watch.round()
    assert await paces(stage, gauges) == {"due": 2}
    stage.clock.jump(3 * HOUR + 60)
    await asyncio.gather(watch.round(), DeadlineWatch(stage.parts).round())
    lines = await told(quiet)
    assert sum(line["count"] for line in lines) == 2
    assert {line["event"] for line in lines} == {"deadline-at-risk"}
    assert {line["kind"] for line in lines} == {"cooperation.request"}
    assert "GN-QN" not in json.dumps(lines)
    answer = stage.sealed(
        "GN-QN",
        ["NCB-QM"],
        kind="request.response",
        in_reply_to=request.envelope_hash,
        conversation_id=CONVERSATION,
        message_id=MessageId(os.urandom(16)),
    )
    await stage.exchange.submit_sealed(answer.submission)
    stage.clock.jump(HOUR)
    await watch.round()
    await watch.round()
    late = (await told(quiet))[len(lines) :]
    assert [(line["event"], line["count"]) for line in late] == [("deadline-overdue", 1)]
    assert await paces(stage, gauges) == {"due": 0, "overdue": 1}
