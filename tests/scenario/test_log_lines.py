"""The log of a real gateway: one line for each thing that happened, readable by a machine, and nothing else in it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from gateway.ops.logs import KEYS
from tests.client.examples import content, drain
from tests.scenario.town import READER, SENDER, Town
from tests.support.prometheus import scraped

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_message_leaves_one_line_for_each_step(tmp_path: Path) -> None:
    """Accepted, delivered and opened once each; every request that the metrics count has its line."""
    town = Town(folder=tmp_path, log_level="info")
    async with town.served():
        async with town.home(SENDER) as sender, town.home(READER) as reader:
            sent = await sender.send(content(), to=[READER])
            assert len(await drain(reader)) == 1
        counted = scraped(town.operations_port, "gateway_http_requests_total")
    lines = [json.loads(line) for line in town.log.read_bytes().splitlines()]
    events = Counter(line["event"] for line in lines)
    assert (events["accepted"], events["delivered"], events["opened"]) == (1, 1, 1)
    told = {line["envelope_hash"] for line in lines if line["event"] in {"accepted", "delivered", "opened"}}
    assert sent.envelope_hash is not None
    assert told == {sent.envelope_hash.hex()}
    assert events["accepted"] + events["request"] >= counted > 3
    assert {key for line in lines for key in line} <= KEYS
    assert all({"event", "at", "level"} <= line.keys() for line in lines)
