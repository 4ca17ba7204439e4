"""A home asks before it deletes, deletes what nobody asked to keep, and keeps what proves it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.client.inbox import intake
from gateway.client.proof.evidence import ProofWish
from gateway.client.proof.provable import provable
from gateway.errors import Rejected
from gateway.ids import format_id
from gateway.message import spec
from gateway.message.content import Retention
from tests.client.examples import content, drain, until
from tests.client.remains import ciphertexts, found_in

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from gateway.client import ContactPoint
    from gateway.ids import MessageId
    from gateway.message import Content
    from tests.client.conftest import Clock, Homes

DAY_S = 86_400
REPORT = "information.report/open-source-video"


def day(clock: Clock, days: int) -> str:
    """Return the day so many days from now."""
    return datetime.fromtimestamp(clock() + days * DAY_S, UTC).date().isoformat()


async def read(qm: ContactPoint, gn: ContactPoint, example: Content | None = None) -> MessageId:
    """Send an example, and let it be acknowledged."""
    await gn.publish_card()
    receipt = await qm.send(example or content(), to=["GN-QN"])
    await drain(gn)
    return receipt.message_id


def kept(clock: Clock, *, review: int | None = None, last: int | None = None) -> Content:
    """Return content that says how long it is kept, in days from now."""
    review_on, delete_after = (None if days is None else day(clock, days) for days in (review, last))
    return msgspec.structs.replace(content(), retention=Retention(review_on=review_on, delete_after=delete_after))


async def test_the_content_says_when_else_the_registry(homes: Homes, clock: Clock) -> None:
    """Sender and recipient have the same day."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        for example in (content(REPORT), kept(clock, review=400), kept(clock, review=500, last=600), kept(clock, last=300)):
            await read(qm, gn, example)
        found = [(one.review_on, one.delete_after) for one in await gn.retention(everything=True)]
        assert found == [(one.review_on, one.delete_after) for one in await qm.retention(everything=True)]
    plain = [(day(clock, 400), None), (day(clock, 500), day(clock, 600)), (day(clock, 300), day(clock, 300))]
    assert sorted(found) == sorted([*plain, (day(clock, spec(content(REPORT).kind).retention_days), None)])


async def test_the_home_asks_half_a_year_before(homes: Homes, clock: Clock) -> None:
    """Not before, then with a question; who runs the software is told in the last month."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        message_id = await read(qm, gn, kept(clock, review=400))
        assert await gn.retention() == []
        clock.ahead_s = 221 * DAY_S
        [review] = await gn.retention()
        assert (review.message_id, review.sender, review.question[:11]) == (message_id, "NCB-QM@icn", "keep it bey")
        assert not any("review date" in one.text for one in await gn.warnings())
        clock.ahead_s = 390 * DAY_S
        assert any("1 message is deleted at the review date" in one.text for one in await gn.warnings())


async def test_silence_means_deletion_and_no_piece_stays(homes: Homes, clock: Clock, tmp_path: Path) -> None:
    """Sender and recipient: nothing of the content is in any file, the message can still be proved, and the log tells."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        other = await read(qm, gn, kept(clock, review=900))
        message_id = await read(qm, gn, kept(clock, review=400))
        held = {name: ciphertexts(tmp_path / name, table) for name, table in (("NCB-QM", "outgoing"), ("GN-QN", "arrived"))}
        alone = {name: found[-2:] if name == "GN-QN" else found[-1:] for name, found in held.items()}
        clock.ahead_s = 402 * DAY_S
        for name, point in (("NCB-QM", qm), ("GN-QN", gn)):
            before = await provable(point._parts, message_id, (), with_content=False)
            assert len(await point.run_retention()) == 1
            assert found_in(tmp_path / name, alone[name]) == []  # while the home is open
            assert await provable(point._parts, message_id, (), with_content=False) == before
            with pytest.raises(Rejected, match="content-deleted"):
                await point.proof(message_id, ProofWish(with_content=True))
            assert [one.what for one in await point.retention_log()] == ["deleted"]
            assert [one.message_id for one in await point.retention(everything=True)] == [other]
    assert [found_in(tmp_path / name, secrets) for name, secrets in alone.items()] == [[], []]


async def test_what_came_too_late_leaves_nothing(homes: Homes, clock: Clock, tmp_path: Path) -> None:
    """A message that waits for the application past its expiry is refused, erased, and can still be proved."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        receipt = await qm.send(content(), to=["GN-QN"], expires_in_s=3600)
        assert len(await drain(gn, acknowledge=False)) == 1
        held = ciphertexts(tmp_path / "GN-QN", "arrived")
        clock.ahead_s = 3601
        assert await drain(gn) == []
        assert found_in(tmp_path / "GN-QN", held) == []
        assert len((await provable(gn._parts, receipt.message_id, (), with_content=False)).receipts) == 2
        assert await gn.retention(everything=True) == []


async def test_an_answer_keeps_it(homes: Homes, clock: Clock) -> None:
    """Extended by a day that is allowed, held, released: each is noted with its reason, and then the date counts again."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        message_id = await read(qm, gn, kept(clock, review=400))
        clock.ahead_s = 300 * DAY_S
        for until_, code in ((day(clock, 99), "bad-request"), (day(clock, 6 * 366), "bad-request"), ("soon", "bad-request")):
            with pytest.raises(Rejected) as caught:
                await gn.extend_retention(message_id, until_, "trial goes on")
            assert caught.value.code == code
        await gn.extend_retention(message_id, day(clock, 500), "trial goes on")
        await gn.hold(message_id, "ordered by the court")
        clock.ahead_s += 502 * DAY_S
        assert await gn.run_retention() == []
        await gn.hold(message_id, "order lifted", on=False)
        assert len(await gn.run_retention()) == 1
        log = [(one.what, one.reason) for one in await gn.retention_log()]
    told = [("extended", "trial goes on"), ("held", "ordered by the court"), ("released", "order lifted"), ("deleted", None)]
    assert log == told


async def test_a_held_conversation_keeps_what_comes_later(homes: Homes, clock: Clock) -> None:
    """All of it stays until the conversation is released."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        first = await qm.send(kept(clock, review=400), to=["GN-QN"])
        await gn.hold_conversation(first.conversation_id, "an appeal")
        await qm.send(kept(clock, review=400), to=["GN-QN"], conversation_id=first.conversation_id)
        await drain(gn)
        clock.ahead_s = 402 * DAY_S
        assert await gn.run_retention() == []
        assert {one.held for one in await gn.retention()} == {"conversation"}
        await gn.hold_conversation(first.conversation_id, "no appeal", on=False)
        assert len(await gn.run_retention()) == 2
        with pytest.raises(Rejected, match="conflict"):
            await gn.hold_conversation(first.conversation_id, "no appeal", on=False)


async def test_evidence_is_never_deleted_by_itself(homes: Homes, clock: Clock) -> None:
    """Its kind is under legal hold, which nobody releases."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        receipt = await qm.send(content("evidence.manifest/statement"), to=["GN-QN"])
        clock.ahead_s = 20 * 366 * DAY_S
        assert await qm.run_retention() == []
        with pytest.raises(Rejected, match="retention-rule"):
            await qm.hold(receipt.message_id, "no more", on=False)


async def test_what_its_author_lets_nobody_keep_is_not_kept_longer(homes: Homes, clock: Clock) -> None:
    """A last day bounds what an answer may do; a hold of a court is above it."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        message_id = await read(qm, gn, kept(clock, review=100, last=200))
        await gn.extend_retention(message_id, day(clock, 200), "needed")
        with pytest.raises(Rejected, match="retention-rule"):
            await gn.extend_retention(message_id, day(clock, 201), "needed")


@pytest.mark.parametrize("clock_off_s", [0.0, 400.0])
async def test_a_followed_inbox_deletes_by_itself(
    homes: Homes, clock: Clock, monkeypatch: pytest.MonkeyPatch, clock_off_s: float
) -> None:
    """Nobody has to run anything; with a clock that is far off the gateway's nothing is deleted."""
    monkeypatch.setattr(intake, "PULSE_S", 0.05)
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await read(qm, gn)
        await gn.retention()
        await gn._parts.home.store.write(lambda connection: connection.execute("UPDATE retention SET review_at = 1"))
        waiting = asyncio.ensure_future(anext(gn.inbox(follow=True)))
        await until(lambda: gn._inbox is not None and gn._inbox._intake is not None)
        gn._parts.opener.clock_off_s = clock_off_s
        told: list[None] = []  # the last but one thing that a pulse does
        monkeypatch.setattr(gn._parts.monitor, "follow", noting(told))
        await until(lambda: len(told) > 2)
        assert [one.what for one in await gn.retention_log()] == ([] if clock_off_s else ["deleted"])
        waiting.cancel()


def noting(told: list[None]) -> Callable[[], Awaitable[None]]:
    """Return a call that only notes that it was made."""

    async def noted() -> None:
        told.append(None)

    return noted


@pytest.mark.parametrize("review", [-400, 1])
async def test_a_review_date_that_is_past_or_near_leaves_time_to_ask(homes: Homes, clock: Clock, review: int) -> None:
    """What arrives is not deleted in the minute after it was read, whatever its author writes."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await read(qm, gn, kept(clock, review=review))
        assert await gn.run_retention() == []
        assert [one.review_on for one in await gn.retention()] == [day(clock, 30)]
        clock.ahead_s = 31 * DAY_S
        assert len(await gn.run_retention()) == 1


async def test_an_id_that_two_senders_used_names_neither(homes: Homes, clock: Clock) -> None:
    """Whoever knows an id may use it again: nothing of his is held, or kept, in the place of what is meant."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn, homes("TRIB-QX-OTP") as otp:
        message_id = await read(qm, gn)
        assert len(await gn.retention(everything=True)) == 1
        same = msgspec.structs.replace(content(), message_id=format_id(message_id))
        await read(otp, gn, same)
        with pytest.raises(Rejected) as refused:
            await gn.hold(message_id, "a court's order")
        assert (refused.value.code, refused.value.hint) == ("conflict", "name it by its envelope hash")
        await qm.publish_card()
        mine = await gn.send(content(), to=["NCB-QM"])
        await read(qm, gn, msgspec.structs.replace(content(), message_id=format_id(mine.message_id)))
        await gn.hold(mine.message_id, "a court's order")
        held = [(one.sender, one.sent) for one in await gn.retention(everything=True) if one.held]
    assert held == [("GN-QN@icn", True)]
