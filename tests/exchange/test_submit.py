"""Submitting: what is accepted is kept, a repeat is answered alike, everything else changes nothing."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gateway.directory.entries import Status
from gateway.envelope import (
    Event,
    author_check,
    decode_sealed_answer,
    examine,
    examine_clear,
    open_delivery,
    parse_receipt,
    verify_receipt,
)
from gateway.errors import GatewayError, Rejected
from gateway.exchange import Answer, Authority, DirectorySource
from gateway.ids import MessageId, new_uuid7
from gateway.message import read_message_file
from gateway.ops import Metrics
from tests.support.exchange import MemoryPublication, Stage, address, staged
from tests.support.waiting import SOON_S, until

if TYPE_CHECKING:
    import io
    from collections.abc import AsyncIterator, Awaitable

    from tests.support.flaky_broker import FlakyBroker

RESPONSE = min((Path(__file__).parents[2] / "schemas/examples/request.response").glob("*.json")).read_bytes()


async def refused(submission: Awaitable[Answer]) -> str:
    """Return the code with which something is refused."""
    with pytest.raises(GatewayError) as caught:
        await submission
    return caught.value.code


def fresh_id() -> MessageId:
    """Return a new message id."""
    return MessageId(new_uuid7(1, os.urandom(10)))


async def test_accepted_means_kept_and_signed(stage: Stage) -> None:
    """Promise 1: 202 brings a receipt of the gateway that names the envelope, and the ledger has it."""
    sealed = stage.sealed("NCB-QM", ["TRIB-QX-OTP", "GN-QN"])
    answer = await stage.exchange.submit_sealed(sealed.submission)
    assert answer.status == 202
    receipt = verify_receipt(parse_receipt(answer.body), stage.world.answers)
    assert (receipt.event, receipt.envelope_hash, receipt.number) == (Event.ACCEPTED, sealed.envelope_hash, 1)
    assert (receipt.subject, receipt.signer) == (address("NCB-QM"), stage.parts.address)
    assert (await stage.totals())["accepted"] == 2


async def test_the_recipient_can_open_what_comes(stage: Stage) -> None:
    """What is handed over is a delivery that its recipient's software opens and verifies."""
    sealed = stage.sealed("NCB-QM", ["TRIB-QX-OTP"], b'{"a":1}')
    await stage.exchange.submit_sealed(sealed.submission)
    session = await stage.open("TRIB-QX-OTP")
    ((number, delivery),) = await session.next()
    keyring = stage.world.member("TRIB-QX-OTP").keyring
    now = int(stage.clock())
    opened = open_delivery(delivery, me=address("TRIB-QX-OTP"), keyring=keyring, answers=stage.world.answers, now=now)
    assert (opened.content, opened.number, number) == (b'{"a":1}', 1, 1)


async def test_a_repeat_gets_the_first_receipt(stage: Stage) -> None:
    """Promise 4: retrying is safe, and nothing is delivered twice."""
    sealed = stage.sealed("NCB-QM", ["GN-QN"])
    first = await stage.exchange.submit_sealed(sealed.submission)
    again = await stage.exchange.submit_sealed(sealed.submission)
    assert (again.status, again.body) == (200, first.body)
    assert sum((await stage.ledger.totals()).values()) == 1


async def test_a_repeat_is_answered_before_any_other_check(stage: Stage) -> None:
    """Long after its expiry, a retry still gets the first receipt."""
    sealed = stage.sealed("NCB-QM", ["GN-QN"])
    first = await stage.exchange.submit_sealed(sealed.submission)
    stage.clock.jump(3 * 86_400)
    assert await stage.exchange.submit_sealed(sealed.submission) == Answer(200, first.body)


async def test_the_same_message_sent_twice_at_once_is_one(stage: Stage) -> None:
    """Two connections that carry the same submission get the same receipt."""
    sealed = stage.sealed("NCB-QM", ["GN-QN"])
    answers = await asyncio.gather(*(stage.exchange.submit_sealed(sealed.submission) for _ in range(5)))
    assert len({answer.body for answer in answers}) == 1
    assert sorted(answer.status for answer in answers) == [200, 200, 200, 200, 202]


async def test_another_message_under_the_same_id_is_a_conflict(stage: Stage) -> None:
    """Promise 4: an id is good for one message."""
    message_id = fresh_id()
    await stage.exchange.submit_sealed(stage.sealed("NCB-QM", ["GN-QN"], message_id=message_id).submission)
    other = stage.sealed("NCB-QM", ["TRIB-QX-OTP"], message_id=message_id)
    assert await refused(stage.exchange.submit_sealed(other.submission)) == "conflict"


async def test_a_conflict_outranks_a_refusal(stage: Stage) -> None:
    """Who signed well learns of the conflict even where the second message would be refused anyway."""
    message_id = fresh_id()
    await stage.exchange.submit_sealed(stage.sealed("NCB-QM", ["GN-QN"], message_id=message_id).submission)
    late = stage.sealed("NCB-QM", ["GN-QN"], message_id=message_id, expires=int(stage.clock()) - 1)
    assert await refused(stage.exchange.submit_sealed(late.submission)) == "conflict"


async def test_a_stranger_learns_of_no_conflict(stage: Stage) -> None:
    """Without a good signature nobody finds out which ids were used."""
    message_id = fresh_id()
    await stage.exchange.submit_sealed(stage.sealed("NCB-QM", ["GN-QN"], message_id=message_id).submission)
    other = stage.sealed("NCB-QM", ["GN-QN"], message_id=message_id)
    forged = other.submission.replace(other.submission[-400:-390], b"\0" * 10)
    assert await refused(stage.exchange.submit_sealed(forged)) != "conflict"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"expires": 1}, "expired"),
        ({"created": 1_000_000_000, "expires": 4_000_000_000}, "out-of-time"),
        ({"kind": "weather.report"}, "approval-missing"),
    ],
)
async def test_what_breaks_a_rule_changes_nothing(stage: Stage, changes: dict[str, Any], code: str) -> None:
    """Promise 7: a refused submission leaves no row."""
    sealed = stage.sealed("NCB-QM", ["GN-QN"], **changes)
    assert await refused(stage.exchange.submit_sealed(sealed.submission)) == code
    assert sum((await stage.ledger.totals()).values()) == 0
    assert f'gateway_refusals_total{{code="{code}"}} 1.0' in stage.parts.metrics.render().decode()


async def test_a_message_for_a_suspended_recipient_goes_to_nobody(stage: Stage) -> None:
    """Promise 5: not allowed for one means delivered to none."""
    sealed = stage.sealed("NCB-QM", ["GN-QN", "NCB-XA"])
    stage.world.change("NCB-XA", status=Status.SUSPENDED)
    stage.world.publish()
    stage.publication.files = stage.world.files
    await stage.parts.directory.renew()
    assert await refused(stage.exchange.submit_sealed(sealed.submission)) == "recipient-unknown"
    assert sum((await stage.ledger.totals()).values()) == 0


@pytest.mark.parametrize("others", [0, 1], ids=["asked for", "read meanwhile"])
async def test_a_directory_that_another_process_published_is_known_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, others: int
) -> None:
    """A sender may seal with what another gateway published a moment ago: this one reads it before it refuses."""
    async with staged(tmp_path, shared=True) as stage:
        reload = stage.parts.directory.reload

        async def reload_after_others() -> bool:
            """Ask when the reader in the background was a moment faster."""
            return [await reload() for _ in range(others + 1)][-1]

        monkeypatch.setattr(stage.parts.directory, "reload", reload_after_others)
        authority = Authority(stage.world.root, MemoryPublication(), stage.world.online)
        other = DirectorySource(stage.ledger, authority, stage.clock, Metrics())
        await other.start()
        card = stage.world.member("GN-QN").delivery_card(int(stage.clock()), serial=2)
        await other.change(lambda files, _: stage.world.online.add_card(files, "cards/GN-QN/delivery", card, stage.clock()))
        version = other.current().version
        sealed = stage.sealed("NCB-QM", ["GN-QN"], version=version)
        assert (await stage.exchange.submit_sealed(sealed.submission)).status == 202
        assert stage.exchange.directory.version == version


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"expires": 1}, "expired"),
        ({"created": 1_000_000_000, "expires": 4_000_000_000}, "out-of-time"),
        ({"kind": "weather.report"}, "approval-missing"),
    ],
)
async def test_a_refusal_of_a_good_seal_is_marked_to_be_signed(stage: Stage, changes: dict[str, Any], code: str) -> None:
    """Whatever is wrong, a sender whose seal is good gets a refusal that the gateway stands by."""
    with pytest.raises(Rejected) as caught:
        await stage.exchange.submit_sealed(stage.sealed("NCB-QM", ["GN-QN"], **changes).submission)
    assert (caught.value.code, caught.value.proved) == (code, True)


async def test_a_conflict_is_marked_to_be_signed(stage: Stage) -> None:
    """Also who used an id twice gets that in writing."""
    message_id = fresh_id()
    await stage.exchange.submit_sealed(stage.sealed("NCB-QM", ["GN-QN"], message_id=message_id).submission)
    with pytest.raises(Rejected) as caught:
        await stage.exchange.submit_sealed(stage.sealed("NCB-QM", ["GN-QN"], message_id=message_id).submission)
    assert (caught.value.code, caught.value.proved) == ("conflict", True)


@pytest.mark.parametrize("changes", [{}, {"expires": 1}])
async def test_a_refusal_of_a_strangers_seal_is_not_signed(stage: Stage, changes: dict[str, Any]) -> None:
    """Who did not sign well gets no signature of the gateway, which would cost time and say what is known."""
    submission = stage.sealed("NCB-QM", ["GN-QN"], **changes).submission
    examined = examine(submission)
    forged = submission.replace(examined.seal.signature, bytes(64))
    with pytest.raises(Rejected) as caught:
        await stage.exchange.submit_sealed(forged)
    assert not caught.value.proved


@pytest.mark.parametrize("body", [b"", b"\x92", bytes(1000)])
async def test_what_has_no_form_is_refused_unsigned(stage: Stage, body: bytes) -> None:
    """Bytes that nobody signed get no signature."""
    for submit in (stage.exchange.submit_sealed, stage.exchange.submit_signed):
        with pytest.raises(Rejected) as caught:
            await submit(body)
        assert not caught.value.proved


async def test_refusals_of_clear_text_are_marked_when_the_author_signed_it(stage: Stage) -> None:
    """The author's own signature decides, before and after the check that fails; a forged one gets nothing."""
    fields = {**repeated(RESPONSE), "message_id": fresh_id()}
    bodies = [
        stage.clear("GN-QN", ["NCB-QM"], **{**repeated(RESPONSE), "expires": 1}),
        stage.clear("GN-QN", ["NCB-QM"], content=b'{"surprise": true}'),
        stage.clear("GN-QN", ["NCB-XA"], **fields),
    ]
    await stage.exchange.submit_signed(stage.clear("GN-QN", ["NCB-QM"], **fields))
    codes = []
    for body in bodies:
        forged = body.replace(examine_clear(body).author.signature, bytes(64))
        for one in (body, forged):
            with pytest.raises(Rejected) as caught:
                await stage.exchange.submit_signed(one)
            assert caught.value.proved is (one is body)
            codes.append(caught.value.code)
    assert codes[0::2] == ["expired", "content-schema", "conflict"]
    assert codes[1::2] == ["expired", "cannot-open", "cannot-open"]


async def test_the_gateway_seals_for_a_thin_client(stage: Stage) -> None:
    """Promise 2: signed clear text of a kind that allows it is sealed, and its author can check what was sealed."""
    body = stage.clear("GN-QN", ["NCB-QM"], **repeated(RESPONSE))
    answer = await stage.exchange.submit_signed(body)
    sealed = decode_sealed_answer(answer.body)
    envelope_hash = author_check(sealed, examine_clear(body).header_bytes)
    session = await stage.open("NCB-QM")
    ((_, delivery),) = await session.next()
    now = int(stage.clock())
    keyring = stage.world.member("NCB-QM").keyring
    opened = open_delivery(delivery, me=address("NCB-QM"), keyring=keyring, answers=stage.world.answers, now=now)
    assert (answer.status, opened.envelope_hash, opened.content) == (202, envelope_hash, RESPONSE)


async def test_clear_text_again_gets_the_first_answer(stage: Stage) -> None:
    """Sealing is random, yet the same clear text is the same message."""
    body = stage.clear("GN-QN", ["NCB-QM"], **repeated(RESPONSE))
    first = await stage.exchange.submit_signed(body)
    again = await stage.exchange.submit_signed(body)
    assert (again.status, again.body) == (200, first.body)


async def test_other_clear_text_under_the_same_id_is_a_conflict(stage: Stage) -> None:
    """An id is good for one message, sealed by whomever."""
    fields = {**repeated(RESPONSE), "message_id": fresh_id()}
    await stage.exchange.submit_signed(stage.clear("GN-QN", ["NCB-QM"], **fields))
    other = stage.clear("GN-QN", ["NCB-XA"], **fields)
    assert await refused(stage.exchange.submit_signed(other)) == "conflict"


async def test_blind_kinds_are_never_taken_in_clear(stage: Stage) -> None:
    """Promise 2: what names victims or evidence must be sealed by its author."""
    body = stage.clear("GN-QN", ["NCB-QM"], content=b"{}", kind="information.report")
    assert await refused(stage.exchange.submit_signed(body)) == "sealer-not-allowed"


async def test_clear_text_must_follow_its_schema(stage: Stage) -> None:
    """What the gateway seals it checks as a recipient would."""
    body = stage.clear("GN-QN", ["NCB-QM"], content=b'{"surprise": true}')
    assert (await refused(stage.exchange.submit_signed(body))).startswith("content-")


async def test_clear_text_is_not_logged(stage: Stage, quiet: io.BytesIO) -> None:
    """Promise 2: clear text exists in the memory of its request alone."""
    await stage.exchange.submit_signed(stage.clear("GN-QN", ["NCB-QM"], **repeated(RESPONSE)))
    await until(lambda: b"accepted" in quiet.getvalue())
    logged = quiet.getvalue()
    assert not [line for line in RESPONSE.split(b'"') if len(line) > 40 and line in logged]


async def test_without_a_broker_the_gateway_still_accepts(flaky: Stage, broker: FlakyBroker) -> None:
    """Promise 8: with the broker down, 202; it is conveyed when the broker is back."""
    broker.down = True
    sealed = flaky.sealed("NCB-QM", ["GN-QN"])
    assert (await flaky.exchange.submit_sealed(sealed.submission)).status == 202
    session = await flaky.open("GN-QN")
    broker.down = False
    ((number, _),) = await asyncio.wait_for(session.next(), SOON_S)
    assert number == 1


async def test_a_large_submission_does_not_hold_the_loop(tmp_path: Path) -> None:
    """Nothing holds the event loop for more than 50 ms, however many recipients a message has."""
    names = [f"NCB-Q{index:04d}" for index in range(1000)]
    async with staged(tmp_path, ["NCB-QM", *names]) as stage:
        asyncio.get_running_loop().set_debug(False)  # the debug mode of the tests costs more than the work
        worst_s: list[float] = []
        while len(worst_s) < 5 and min(worst_s, default=1.0) >= 0.05:  # collecting garbage may fall into one of them
            submission = await asyncio.to_thread(lambda: stage.sealed("NCB-QM", names, os.urandom(600_000)).submission)
            await asyncio.sleep(0.2)
            async with held() as longest_s:
                answer = await stage.exchange.submit_sealed(submission)
            assert answer.status == 202
            worst_s.append(max(longest_s))
        assert min(worst_s) < 0.05
    asyncio.get_running_loop().set_debug(True)


@asynccontextmanager
async def held() -> AsyncIterator[list[float]]:
    """Collect how much processor time the loop's thread takes from one turn to the next: a busy machine adds nothing to it."""
    found: list[float] = []

    async def watch() -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0)
            found.append(time.thread_time() - before)

    watching = asyncio.create_task(watch())
    try:
        yield found
    finally:
        watching.cancel()


def repeated(content: bytes) -> dict[str, Any]:
    """Return the header fields that an example repeats, so that header and content agree."""
    _, _, wished = read_message_file(content)
    names = ("handling", "message_id", "urgency", "respond_by", "conversation_id", "in_reply_to")
    found = {name: getattr(wished, name) for name in names}
    return {"content": content, **{name: value for name, value in found.items() if value is not None}}
