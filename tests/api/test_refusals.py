"""Signed refusals over HTTP: who submitted what he signed gets the refusal in writing, and nobody else does."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.envelope.accept import examine
from gateway.errors import GatewayError, Rejected, Unavailable, Uncertain
from gateway.protocol import media
from gateway.protocol.refusal import verify_problem
from tests.api.test_whole import whole
from tests.support.http_stage import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.http_stage import Answer, Stage

FIELD = "problem-signature"


def proved(error: GatewayError) -> GatewayError:
    """Return an error as the exchange raises it after a good seal."""
    error.proved = True
    return error


async def refused(stage: Stage, error: GatewayError, body: bytes = b"submission") -> Answer:
    """Submit something that the exchange refuses."""
    stage.exchange.fail = error
    return await stage.ask("POST", media.MESSAGES, body=body, media=media.SEALED)


@pytest.mark.parametrize("code", ["conflict", "kind-not-allowed", "recipient-key", "out-of-time", "cannot-open"])
async def test_a_proved_refusal_is_signed_over_what_travels(stage: Stage, code: str) -> None:
    """The signature is over exactly the two bodies, and the document says when."""
    got = await refused(stage, proved(Rejected(code=code)))
    assert got.headers[FIELD] == "signed:" + sha256(b"submission" + got.body).hexdigest()
    assert got.problem["server_time"] == NOW


@pytest.mark.parametrize("error", [Rejected(code="malformed"), Rejected(code="conflict"), Unavailable(), Uncertain()])
async def test_what_is_not_proved_is_not_signed(stage: Stage, error: GatewayError) -> None:
    """No word of the gateway for strangers, nor for what may still happen."""
    assert FIELD not in (await refused(stage, error)).headers


@pytest.mark.parametrize("code", ["out-of-time", "expired", "clock-skew"])
async def test_whose_time_is_wrong_is_told_the_time(stage: Stage, code: str) -> None:
    """A time that was compared with the gateway's clock is answered with that clock, signed or not."""
    assert (await refused(stage, Rejected(code=code))).problem["server_time"] == NOW


async def test_a_refusal_before_the_exchange_is_never_signed(stage: Stage) -> None:
    """What HTTP itself refuses was never looked into."""
    got = await stage.ask("POST", media.MESSAGES, body=b"x", media="text/plain")
    assert (got.code, FIELD in got.headers) == ("unsupported-media", False)


async def test_the_signature_of_a_real_gateway_verifies(tmp_path: Path) -> None:
    """Over the real exchange: a conflict comes in writing, and names the gateway, the code and the time."""
    async with whole(tmp_path) as gate:
        first = gate.behind.sealed("NCB-QM", ["GN-QN"])
        message_id = examine(first.submission).header.message_id
        second = gate.behind.sealed("NCB-QM", ["GN-QN"], message_id=message_id)
        submit = partial(gate.ask, "POST", media.MESSAGES, media=media.SEALED)
        assert (await submit(body=first.submission)).status == 202
        got = await submit(body=second.submission)
        found = verify_problem(
            got.headers[FIELD],
            request_body=second.submission,
            problem=got.body,
            answers=gate.behind.world.answers,
            network=gate.behind.world.network,
            received_at=int(gate.behind.clock()),
        )
        forged = second.submission.replace(second.submission[-400:-390], b"\0" * 10)
        unsigned = await submit(body=forged)
    assert (found.gateway, found.code) == (gate.behind.world.gate.address, "conflict")
    assert found.server_time == msgspec.json.decode(got.body)["server_time"]
    assert FIELD not in unsigned.headers
