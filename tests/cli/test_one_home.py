"""Several processes use one home at once: each does its work, and none undoes another's."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Final

import pytest

from tests.client.examples import path

if TYPE_CHECKING:
    from tests.cli.conftest import Gateway
    from tests.support.fake_gateway import FakeGateway

AT_ONCE: Final = 5


@pytest.mark.slow
async def test_commands_of_one_home_run_side_by_side(gateway: Gateway, gate: FakeGateway) -> None:
    """Five send at once, three read at once: nothing is lost, nothing acknowledged comes again, and every status is right."""
    await gateway("inbox", name="GN-QN")
    await gateway("inbox", name="NCB-QM")
    sending = (gateway("send", str(path()), "--to", "GN-QN", "--json", name="NCB-QM") for _ in range(AT_ONCE))
    sent = [json.loads(ran.out) for ran in await asyncio.gather(*sending)]
    ids = {one["message_id"] for one in sent}
    assert len(ids) == AT_ONCE
    assert sorted(one["number"] for one in sent) == list(range(1, AT_ONCE + 1))

    reading = await asyncio.gather(*(gateway("inbox", "--json", name="GN-QN") for _ in range(3)))
    rest = await gateway("inbox", "--json", name="GN-QN")
    read = [json.loads(line) for ran in (*reading, rest) for line in ran.out.splitlines()]
    assert {one["message_id"] for one in read} == ids
    assert gate.states() == {"opened": AT_ONCE}
    assert (await gateway("inbox", "--json", name="GN-QN")).out == ""

    asked = await asyncio.gather(*(gateway("status", one, "--json", name="NCB-QM") for one in ids))
    assert [json.loads(ran.out)["recipients"][0]["state"] for ran in asked] == ["opened"] * AT_ONCE
