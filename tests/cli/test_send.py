"""`gateway send` refuses slips of the pen, and says what it did even where nothing can be printed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.client.examples import content, path

if TYPE_CHECKING:
    from tests.cli.conftest import Gateway
    from tests.support.fake_gateway import FakeGateway

REQUEST = str(path())


def message(**changes: object) -> bytes:
    """Return a message file with other members."""
    return json.dumps({**json.loads(content().raw), **changes}).encode()


async def test_a_misspelt_member_is_refused(gateway: Gateway, gate: FakeGateway) -> None:
    """The pointer and what was probably meant are told, and nothing is sent."""
    body = {**json.loads(content().raw)["body"], "sumary": "x"}
    ran = await gateway("send", "-", "--to", "GN-QN", name="NCB-QM", stdin=message(urgancy="flash", body=body))
    assert (ran.code, gate.messages) == (1, {})
    assert "/urgancy (urgency?)" in ran.err
    assert "/body/sumary" in ran.err
    assert "--allow-unread" in ran.err


async def test_an_answer_cannot_be_asked_for_by_yesterday(gateway: Gateway, gate: FakeGateway) -> None:
    """A `respond_by` that is past is refused before anything is signed."""
    await gateway("inbox", name="GN-QN")
    ran = await gateway("send", "-", "--to", "GN-QN", name="NCB-QM", stdin=message(respond_by="2020-01-01T00:00:00Z"))
    assert (ran.code, "/respond_by" in ran.err, gate.messages) == (1, True, {})


@pytest.mark.parametrize("options", [(), ("--json",)])
async def test_a_sent_message_is_told_where_it_can_be(gateway: Gateway, gate: FakeGateway, options: tuple[str, ...]) -> None:
    """With a full disk under the output the id stands on standard error; the exit code still says that it was accepted."""
    await gateway("inbox", name="GN-QN")
    ran = await gateway("send", REQUEST, "--to", "GN-QN", *options, name="NCB-QM", redirect=">/dev/full")
    assert (ran.code, len(gate.messages)) == (0, 1)
    assert "sent, number 1, as " in ran.err
    assert "Traceback" not in ran.err


async def test_nothing_is_sent_without_an_output(gateway: Gateway, gate: FakeGateway) -> None:
    """With standard output closed the id would be lost."""
    ran = await gateway("send", REQUEST, "--to", "GN-QN", name="NCB-QM", redirect=">&-")
    assert (ran.code, "nothing was sent" in ran.err, gate.messages) == (1, True, {})


async def test_a_result_begins_with_what_became_of_it(gateway: Gateway) -> None:
    """For whom it was accepted, then ids whole on a line and times as dates."""
    await gateway("inbox", name="GN-QN")
    ran = await gateway("send", REQUEST, "--to", "GN-QN", name="NCB-QM", COLUMNS="80")
    first, *others = ran.out.splitlines()
    assert first.split() == ["accepted", "for", "GN-QN@icn"]
    told = dict(line.split(maxsplit=1) for line in others)
    assert len(told["envelope_hash"]) == 64
    assert told["accepted_at"].endswith("Z")
    assert "kept" not in told


async def test_an_address_of_a_gateway_is_a_url(gateway: Gateway) -> None:
    """Anything else is wrong usage, and not a gateway that is away."""
    ran = await gateway("send", REQUEST, "--to", "GN-QN", "--gateway", "foo", name="NCB-QM")
    assert (ran.code, "https://" in ran.err) == (2, True)


async def test_a_share_that_is_used_up_is_told(gateway: Gateway, gate: FakeGateway) -> None:
    """The message is kept, and its sender hears why, and when it goes out."""
    await gateway("inbox", name="GN-QN")
    gate.quota_s = 20
    ran = await gateway("send", REQUEST, "--to", "GN-QN", name="NCB-QM")
    assert (ran.code, gate.messages) == (3, {})
    assert "share at the gateway is used up: the message is kept" in ran.err
