"""A request that comes two ways is recognised by its recipient's home alone, and linked; nothing else is done with it."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

from gateway.client.home.store import FILE
from gateway.ids import format_id
from gateway.message import Content, read
from tests.client.examples import REQUEST, content, drain
from tests.client.receiving.test_corrections import correction

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.client import ContactPoint
    from tests.client.conftest import Clock, Homes

DAY_S = 86_400
OTP = "TRIB-QX-OTP"


def request(*, facts: str = "", **body: Any) -> Content:
    """Return a request; without changes the same each time."""
    written = json.loads(content(REQUEST).raw)
    body = {**written["body"], **body, "facts": facts or written["body"]["facts"]}
    return read(content(REQUEST).kind, "1.0.0", json.dumps({**written, "body": body}).encode())


async def linked(point: ContactPoint) -> list[list[int]]:
    """Drain an inbox, and return the acceptance numbers that each delivery is linked with."""
    return [[twin.number for twin in delivery.same_as] for delivery in await drain(point)]


async def test_another_sender_and_another_conversation_are_linked(homes: Homes) -> None:
    """What is beside the request may differ; the link names who sent it; another text is another request."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn, homes(OTP) as otp:
        await otp.publish_card()
        first = await qm.send(request(), to=[OTP])
        facts = json.loads(content(REQUEST).raw)["body"]["facts"]
        await gn.send(request(remarks="The same, by another way.", facts=f" {facts.upper()}"), to=[OTP])
        await qm.send(request(), to=[OTP], expires_in_s=3600)
        await qm.send(request(facts="Something else happened, in another place."), to=[OTP])
        found = await drain(otp)
        assert [[twin.number for twin in one.same_as] for one in found] == [[], [1], [1, 2], []]
        [twin] = found[1].same_as
        assert (twin.sender, twin.envelope_hash, twin.conversation_id) == (
            qm.address,
            first.envelope_hash,
            found[0].conversation_id,
        )
        told = found[1].to_json()["same_as"]
        assert [(one["sender"], one["message_id"], one["arrival"]) for one in told] == [
            (qm.address, format_id(first.message_id), "acknowledged")
        ]
        kept = await otp.read(found[0].sealed)
        assert [one.number for one in kept.same_as] == [2, 3]


async def test_one_that_still_waits_for_the_application_counts(homes: Homes) -> None:
    """It was handed over and is not acknowledged; offered again, it names the later one."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn, homes(OTP) as otp:
        await otp.publish_card()
        await qm.send(request(), to=[OTP])
        await gn.send(request(), to=[OTP])
        found = await drain(otp, acknowledge=False)
        assert [[(twin.number, twin.state) for twin in one.same_as] for one in found] == [[], [(1, "waiting")]]
        assert await linked(otp) == [[2], [1]]


async def test_a_correction_is_no_second_request_and_shows_at_the_linked_one(homes: Homes) -> None:
    """Its own line is told as a correction; whoever has the same by another way learns of it there."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn, homes(OTP) as otp:
        await otp.publish_card()
        wrong = await qm.send(request(), to=[OTP])
        right = await qm.send(request(remarks="With the right telephone number."), to=[OTP])
        await qm.send(correction(wrong, right), to=[OTP])
        await gn.send(request(), to=[OTP])
        found = await drain(otp)
        assert wrong.envelope_hash is not None
        assert [twin.sender for twin in await otp._parts.twins.of(wrong.envelope_hash)] == [gn.address]
        assert [(twin.number, twin.corrected_by) for twin in found[-1].same_as] == [(1, right.message_id), (2, None)]


async def test_a_modified_request_is_another_one(homes: Homes) -> None:
    """It says so itself."""
    async with homes("NCB-QM") as qm, homes(OTP) as otp:
        await otp.publish_card()
        await qm.send(request(), to=[OTP])
        await qm.send(request(relation_to_earlier=[{"relation": "replaces", "reference": "QM-1"}]), to=[OTP])
        assert await linked(otp) == [[], []]


async def test_erasing_one_leaves_the_other(homes: Homes, clock: Clock) -> None:
    """What is left can be read, knows that there was another, and is recognised when it comes a third time."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn, homes(OTP) as otp:
        await otp.publish_card()
        gone = await qm.send(request(), to=[OTP])
        stays = await gn.send(request(), to=[OTP])
        await drain(otp)
        await otp.hold(stays.message_id, "the trial goes on")
        clock.ahead_s = 6 * 366 * DAY_S
        assert len(await otp.run_retention()) == 1
        assert stays.envelope_hash is not None
        assert await otp.cases.content(stays.envelope_hash)
        assert [twin.message_id for twin in await otp._parts.twins.of(stays.envelope_hash)] == [gone.message_id]


async def test_a_home_of_an_older_format_recognises_what_it_had(homes: Homes, tmp_path: Path) -> None:
    """What was acknowledged before is looked at once, when the home is opened."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        async with homes(OTP) as otp:
            await otp.publish_card()
            await qm.send(request(), to=[OTP])
            await drain(otp)
        with sqlite3.connect(tmp_path / OTP / FILE) as connection:
            connection.execute("DELETE FROM same")
            connection.execute("DELETE FROM fact WHERE name = 'same'")
        connection.close()
        async with homes(OTP) as otp:
            await gn.send(request(), to=[OTP])
            assert await linked(otp) == [[1]]


async def test_two_homes_have_nothing_in_common(homes: Homes, tmp_path: Path) -> None:
    """The digest of the same request is another one in each: who does not hold the home key can compare nothing."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn, homes(OTP) as otp:
        for point in (otp, gn):
            await point.publish_card()
        await qm.send(request(), to=[OTP, "GN-QN"])
        for point in (otp, gn):
            await drain(point)
    digests = []
    for name in (OTP, "GN-QN"):
        connection = sqlite3.connect(tmp_path / name / FILE)
        digests += connection.execute("SELECT digest FROM same").fetchall()
        connection.close()
    assert len(digests) == len(set(digests)) == 2
