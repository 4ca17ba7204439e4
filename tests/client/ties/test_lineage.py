"""What is made from a message keeps its marking, and goes no further than its originators allow."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.client import ContactPoint, Delivery
from gateway.errors import Rejected
from gateway.ids import EnvelopeHash
from gateway.message import read_message_file
from tests.client.examples import content, drain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.message import Content, Handling
    from tests.client.conftest import Homes
    from tests.support.fake_gateway import FakeGateway

REPORT = "information.report/open-source-video"
STRICT_REPORT = "information.report/sighting"


@asynccontextmanager
async def handed_over(
    homes: Homes, name: str = STRICT_REPORT, *, acknowledge: bool = True
) -> AsyncIterator[tuple[ContactPoint, Delivery]]:
    """Let NCB-QM send an example to GN-QN; give GN-QN, open, and what it read."""
    async with homes("GN-QN") as gn:
        async with homes("TRIB-QX-OTP") as otp, homes("NCB-QM") as qm:
            for one in (gn, otp, qm):
                await one.publish_card()
            await qm.send(content(name), to=["GN-QN"])
        [delivery] = await drain(gn, acknowledge=acknowledge)
        yield gn, delivery


def remarked(found: Content, marking: Handling, **changes: object) -> Content:
    """Return content with another marking and other members of the frame."""
    return msgspec.structs.replace(found, handling=marking, **changes)


@pytest.mark.parametrize("acknowledge", [True, False])
async def test_a_reply_inherits_the_marking(homes: Homes, *, acknowledge: bool) -> None:
    """An answer that is marked more laxly is refused, before and after the delivery was acknowledged; `reply` raises it."""
    lax = content(REPORT)
    async with handed_over(homes, acknowledge=acknowledge) as (gn, delivery):
        with pytest.raises(Rejected) as caught:
            await gn.send(lax, to=["NCB-QM"], in_reply_to=delivery.envelope_hash)
        assert (caught.value.code, caught.value.pointer) == ("handling-laxer", "/handling/tlp")
        await gn.reply(delivery, lax)
    async with homes("NCB-QM") as qm:
        [reply] = await drain(qm)
    assert reply.content.handling.tlp == delivery.content.handling.tlp
    assert reply.content.handling.originators == {"NCB-QM@icn"}
    assert (reply.header.in_reply_to, reply.conversation_id) == (delivery.envelope_hash, delivery.conversation_id)


async def test_an_answer_to_an_answer_keeps_its_header_code(homes: Homes) -> None:
    """Though its author is the originator: the gateway knows the header alone, and would refuse it."""
    async with handed_over(homes) as (gn, delivery):
        await gn.reply(delivery, content(REPORT))
    async with homes("NCB-QM") as qm:
        [answer] = await drain(qm)
        assert answer.content.handling.originators == {"NCB-QM@icn"}
        with pytest.raises(Rejected) as caught:
            await qm.send(content(REPORT), to=["GN-QN"], in_reply_to=answer.envelope_hash)
        assert (caught.value.code, caught.value.pointer) == ("handling-laxer", "/handling/tlp")
        await qm.reply(answer, content(REPORT))
    async with homes("GN-QN") as gn:
        [last] = await drain(gn)
    assert last.header.handling == answer.header.handling


async def test_an_originator_lowers_its_own_marking(homes: Homes, gate: FakeGateway) -> None:
    """Whoever wrote the first message may mark the second one as it likes."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        first = await qm.send(content(STRICT_REPORT), to=["GN-QN"])
        lax = msgspec.structs.replace(content(STRICT_REPORT).handling, tlp="green")
        assert first.envelope_hash is not None
        later = remarked(content(STRICT_REPORT), lax, derived_from=[first.envelope_hash.hex()])
        await qm.send(later, to=["GN-QN"])
    assert gate.numbers == 2


async def test_silence_passes_nothing_on(homes: Homes, gate: FakeGateway) -> None:
    """What was sent to one is not forwarded to another whom nobody named; its originator may always have it."""
    async with handed_over(homes) as (gn, delivery):
        with pytest.raises(Rejected, match="consent-missing"):
            await gn.forward(delivery.envelope_hash, to=["TRIB-QX-OTP"])
        assert gate.numbers == 1
        await gn.forward(delivery.envelope_hash, to=["NCB-QM"])
    assert gate.numbers == 2


async def test_what_may_go_to_the_network_is_forwarded_under_its_marking(homes: Homes) -> None:
    """A green report for the group goes on; its reader sees from whom it is, what it was made from, and the same marking."""
    async with handed_over(homes, REPORT) as (gn, delivery):
        await gn.forward(delivery.envelope_hash, to=["TRIB-QX-OTP"])
    async with homes("TRIB-QX-OTP") as otp:
        [passed_on] = await drain(otp)
    assert passed_on.sender == "GN-QN@icn"
    assert passed_on.content.derived_from == [delivery.envelope_hash.hex()]
    assert passed_on.content.body == delivery.content.body
    assert passed_on.content.handling.tlp == delivery.content.handling.tlp
    assert passed_on.content.handling.originators == {"NCB-QM@icn"}


async def test_a_forward_of_a_forward_asks_the_first_originator(homes: Homes) -> None:
    """The second reader may no more pass it on than the first; the originator is still the one who decides."""
    async with handed_over(homes) as (gn, delivery):
        await gn.forward(delivery.envelope_hash, to=["NCB-QM"])
    async with homes("NCB-QM") as qm:
        [back] = await drain(qm)
        await qm.forward(back.envelope_hash, to=["TRIB-QX-OTP"])  # it is its own originator
    async with homes("TRIB-QX-OTP") as otp:
        [third] = await drain(otp)
        with pytest.raises(Rejected, match="NCB-QM@icn") as caught:
            await otp.forward(third.envelope_hash, to=["GN-QN"])
    assert caught.value.code == "consent-missing"


async def test_nothing_is_made_from_what_is_not_here(homes: Homes) -> None:
    """A message that never arrived cannot be forwarded, nor named as a source: its marking is not known."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        with pytest.raises(Rejected, match="not-found"):
            await qm.forward(EnvelopeHash(bytes(32)), to=["GN-QN"])
        with pytest.raises(Rejected) as caught:
            await qm.send(msgspec.structs.replace(content(), derived_from=["5e" * 32]), to=["GN-QN"])
    assert (caught.value.code, caught.value.pointer) == ("not-found", "/derived_from/0")


async def test_a_message_that_was_refused_binds_nothing(homes: Homes) -> None:
    """What this home rejected is no source for anything."""
    async with handed_over(homes, acknowledge=False) as (gn, delivery):
        async for one in gn.inbox():
            await one.reject()
        with pytest.raises(Rejected, match="not-found"):
            await gn.forward(delivery.envelope_hash, to=["NCB-QM"])


async def test_red_content_goes_to_the_officers_that_it_names(homes: Homes) -> None:
    """A recipient of whom no officer is named could not read it: refused before anything is signed."""
    red = content("cooperation.request/hear-a-witness")
    marking = msgspec.structs.replace(red.handling, tlp="red", onward="none", officers={"GN-QN/officer-07"})
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn, homes("TRIB-QX-OTP") as otp:
        for one in (gn, otp):
            await one.publish_card()
        await qm.send(remarked(red, marking), to=["GN-QN"])
        for to in (["GN-QN", "TRIB-QX-OTP"], ["TRIB-QX-OTP"]):
            with pytest.raises(Rejected) as caught:
                await qm.send(remarked(red, marking), to=to)
            assert (caught.value.code, caught.value.pointer) == ("content-rule", "/handling/officers")


async def test_content_from_a_file_inherits_in_its_bytes(homes: Homes) -> None:
    """With `inherit` a message file is sent with the raised marking, and everything else as it was written."""
    written = msgspec.json.encode({**msgspec.json.decode(content(REPORT).raw), "from_the_future": 1})
    _, lax, _ = read_message_file(written)
    async with handed_over(homes) as (gn, delivery):
        await gn.send(lax, to=["NCB-QM"], in_reply_to=delivery.envelope_hash, inherit=True)
    async with homes("NCB-QM") as qm:
        [reply] = await drain(qm)
    sent = msgspec.json.decode(reply.content.raw)
    assert sent.pop("handling") != msgspec.json.decode(written)["handling"]
    assert sent == {name: value for name, value in msgspec.json.decode(written).items() if name != "handling"}
