"""A recall is obeyed by the holder's software, before anything is handed over and whatever came first, and answered signed."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.client.proof.evidence import ProofWish
from gateway.client.records import recall_rows, receipt_rows
from gateway.directory.entries import Status
from gateway.envelope.receipt import parse_receipt
from gateway.errors import Rejected
from gateway.ids import Address, ConversationId, EnvelopeHash, format_id
from gateway.message import instant
from gateway.message.handling import Handling
from gateway.message.system.recall import Recall, RecallBody
from tests.client.examples import content, drain, until
from tests.client.remains import ciphertexts, found_in, rows

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.client import ContactPoint, Demand
    from gateway.client.sent.recalling import Mode
    from tests.client.conftest import Clock, Homes
    from tests.support.fake_gateway import FakeGateway
    from tests.support.network import World

QM, GN, OTP = (Address(f"{name}@icn") for name in ("NCB-QM", "GN-QN", "TRIB-QX-OTP"))
DONE = {"delete": "deleted", "stop-use": "use-stopped"}
DAY_S = 86_400


async def sent(qm: ContactPoint, *to: ContactPoint) -> EnvelopeHash:
    """Send an example to homes, and return its hash."""
    for one in to:
        await one.publish_card()
    receipt = await qm.send(content(), to=[one.address for one in to])
    assert receipt.envelope_hash is not None
    return receipt.envelope_hash


def order(target: EnvelopeHash, mode: Mode, clock: Clock) -> Recall:
    """Write a recall by hand, of whatever message."""
    body = RecallBody(target=target.hex(), reason="a test", mode=mode, confirm_by=instant(int(clock()) + 3600))
    handling = Handling(tlp="amber+strict", confidentiality="restricted")
    return Recall(handling=handling, purpose=("RPD10-c",), body=body)


async def answers(point: ContactPoint, target: EnvelopeHash) -> list[tuple[str, str | None]]:
    """Return what a home signed about a message."""
    found = await point._parts.home.store.read(lambda connection: receipt_rows.of_envelope(connection, target))
    return [(one.event, one.reason) for one in (parse_receipt(data).receipt for data in found)]


@pytest.mark.parametrize("mode", ["delete", "stop-use"])
async def test_a_holder_who_has_read_it_obeys(homes: Homes, gate: FakeGateway, tmp_path: Path, mode: Mode) -> None:
    """The recall is handed over too and says what was done; the author sees the answer; nothing more is made of the target."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        target = await sent(qm, gn)
        [delivery] = await drain(gn)
        held = ciphertexts(tmp_path / "GN-QN", "arrived")
        await qm.recall(target, "wrong person", mode=mode)
        [recall] = await drain(gn)
        assert (recall.recall, recall.header.conversation_id) == (DONE[mode], delivery.conversation_id)
        assert await answers(gn, target) == [("delivered", None), ("opened", None), ("destroyed", DONE[mode])]
        for made in (gn.forward(target, to=["NCB-QM"]), gn.reply(delivery, content(), to="NCB-QM"), gn.read(delivery.sealed)):
            with pytest.raises(Rejected) as caught:
                await made
            assert caught.value.code == "recalled"
        assert await drain(gn) == []
        assert await qm.outstanding() == []
        status = await qm.status(delivery.message_id)
    assert [(one.state, one.destroyed, one.proved) for one in status.recipients] == [("opened", DONE[mode], True)]
    assert bool(found_in(tmp_path / "GN-QN", held)) is (mode == "stop-use")


@pytest.mark.parametrize("mode", ["delete", "stop-use"])
async def test_what_waits_is_not_handed_over_any_more(homes: Homes, tmp_path: Path, mode: Mode) -> None:
    """It was offered and not acknowledged: the application cannot acknowledge it after the recall, and sees it no more."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        target = await sent(qm, gn)
        [delivery] = await drain(gn, acknowledge=False)
        await qm.recall(target, "wrong person", mode=mode)
        [again, recall] = await drain(gn, acknowledge=False)  # the home does not know of the recall when it begins
        assert (again.envelope_hash, recall.recall) == (target, DONE[mode])
        for late in (delivery, again):
            with pytest.raises(Rejected, match="recalled"):
                await late.acknowledge()
        assert [one.envelope_hash for one in await drain(gn)] == [recall.envelope_hash]
        told = [("delivered", None), ("rejected", "recalled"), ("destroyed", DONE[mode])]
        assert await answers(gn, target) == told
    assert rows(tmp_path / "GN-QN", "SELECT state, reason, recalled, delivery = x'' FROM arrived WHERE number = 1") == [
        ("rejected", "recalled", DONE[mode], int(mode == "delete"))
    ]


async def test_what_comes_with_its_recall_is_not_shown(homes: Homes, gate: FakeGateway) -> None:
    """While the application is busy both come: the recall is obeyed before the message in front of it is handed over."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await sent(qm, gn)
        target = await sent(qm, gn)
        await qm.recall(target, "wrong person", mode="delete")
        shown = []
        async for delivery in gn.inbox():
            shown.append((delivery.kind, delivery.recall))
            await until(lambda: "accepted" not in gate.states())
            await delivery.acknowledge()
    assert shown == [("cooperation.request", None), ("system.recall", "deleted")]
    assert gate.states() == {"opened": 2, "rejected": 1}


@pytest.mark.parametrize("mode", ["delete", "stop-use"])
@pytest.mark.parametrize("first", ["message", "recall"])
async def test_either_order_ends_the_same(homes: Homes, gate: FakeGateway, tmp_path: Path, mode: Mode, first: str) -> None:
    """Whichever of the two comes first to a home: the message is not shown, is refused as recalled, and says nothing."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        target = await sent(qm, gn)
        recall = await qm.recall(target, "wrong person", mode=mode)
        [[message], [order_]] = [one.rows for one in gate.messages.values()]
        late = message if first == "recall" else order_
        late.state = "held"
        first_shown = await drain(gn, acknowledge=False) if first == "recall" else []
        if first == "message":
            async for _ in gn.inbox():  # it is kept, and nobody has acknowledged it
                break
        late.state = "accepted"
        shown = [*first_shown, *(one for one in await drain(gn, acknowledge=False) if one.envelope_hash != target)]
        assert {one.envelope_hash for one in shown} == {recall.envelope_hash}
        assert {one.recall for one in shown} == {"never-had" if first == "recall" else DONE[mode]}
        told = dict(await answers(gn, target))
        assert (told["rejected"], set(told)) == ("recalled", {"delivered", "rejected", "destroyed"})
        with pytest.raises(Rejected, match="recalled"):
            await gn.forward(target, to=["NCB-QM"])
        assert await qm.outstanding() == []
    found = rows(tmp_path / "GN-QN", "SELECT state, reason, recalled, delivery = x'' FROM arrived WHERE number = 1")
    assert found == [("rejected", "recalled", DONE[mode], int(mode == "delete"))]


@pytest.mark.parametrize("whole", [True, False])
async def test_what_a_court_holds_is_not_deleted(homes: Homes, tmp_path: Path, *, whole: bool) -> None:
    """Its use is stopped, the answer says no more than that, and the author sees that it was not deleted."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        target = await sent(qm, gn)
        [delivery] = await drain(gn)
        held = ciphertexts(tmp_path / "GN-QN", "arrived")
        if whole:
            await gn.hold_conversation(delivery.conversation_id, "a court's order")
        else:
            await gn.hold(target, "a court's order")
        await qm.recall(target, "wrong person", mode="delete")
        assert [one.recall for one in await drain(gn)] == ["use-stopped"]
        assert [one.answer for one in (await outstanding(qm)).holders] == ["use-stopped"]
        with pytest.raises(Rejected, match="recalled"):
            await gn.forward(target, to=["NCB-QM"])
    assert found_in(tmp_path / "GN-QN", held)


async def test_what_was_made_from_it_is_named(homes: Homes, caplog: pytest.LogCaptureFixture) -> None:
    """The holder had passed it on: its software says so, and people recall that one too."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        target = await sent(qm, gn)
        await drain(gn)
        passed_on = await gn.forward(target, to=["NCB-QM"])
        await qm.recall(target, "wrong person")
        await drain(gn)
    told = f"{target.hex()} was recalled, and {format_id(passed_on.message_id)} was made from it: recall that one too?"
    assert told in caplog.text


async def test_every_order_of_arrival_ends_the_same(homes: Homes, gate: FakeGateway, clock: Clock, tmp_path: Path) -> None:
    """A message, two recalls of it and one by a stranger, in all 24 orders: refused, deleted, and answered each time."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn, homes("TRIB-QX-OTP") as otp:
        for order_ in permutations(range(4)):
            target = await sent(qm, gn)
            await qm.send(order(target, "stop-use", clock), to=["GN-QN"])
            await qm.send(order(target, "delete", clock), to=["GN-QN"])
            await otp.send(order(target, "delete", clock), to=["GN-QN"])
            arriving = [one.rows[0] for one in list(gate.messages.values())[-4:]]
            for row in arriving:
                row.state = "held"
            for place in order_:
                arriving[place].state = "accepted"
                await drain(gn, acknowledge=False)
            told = dict(await answers(gn, target))
            assert (order_, told["rejected"], set(told)) == (order_, "recalled", {"delivered", "rejected", "destroyed"})
        assert target not in {one.envelope_hash for one in await drain(gn)}
    state = "state, reason, recalled, delivery = x'', content IS NULL"
    query = f"SELECT {state}, count(*) FROM arrived WHERE recalled IS NOT NULL GROUP BY {state}"  # a test's own words
    assert rows(tmp_path / "GN-QN", query) == [("rejected", "recalled", "deleted", 1, 1, 24)]


async def test_a_stranger_recalls_nothing(homes: Homes, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever did not send it changes nothing, before it comes and after; the application reads what was tried."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn, homes("TRIB-QX-OTP") as otp:
        target = await sent(qm, gn)
        assert [one.recall for one in await drain(gn)] == [None]
        await otp.send(order(target, "delete", clock), to=["GN-QN"])
        assert [one.recall for one in await drain(gn)] == ["refused"]
        assert await answers(gn, target) == [("delivered", None), ("opened", None)]
        await gn.forward(target, to=["NCB-QM"])
    assert f"TRIB-QX-OTP@icn may not recall {target.hex()}: nothing was changed" in caplog.text


async def test_a_stranger_who_is_faster_than_the_message_stops_nothing(homes: Homes, gate: FakeGateway, clock: Clock) -> None:
    """He is answered as to what this home never had, and the message is shown all the same."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn, homes("TRIB-QX-OTP") as otp:
        target = await sent(qm, gn)
        [[message]] = [one.rows for one in gate.messages.values()]
        message.state = "held"
        await otp.send(order(target, "delete", clock), to=["GN-QN"])
        assert [one.recall for one in await drain(gn)] == ["never-had"]
        message.state = "accepted"
        assert [one.envelope_hash for one in await drain(gn)] == [target]


@pytest.mark.parametrize("permitted", [True, False])
async def test_the_coordination_centre_recalls_what_the_registry_lets_it(homes: Homes, *, permitted: bool) -> None:
    """A notice goes back from everybody whom it lists; a request for cooperation is its sender's alone."""
    example = content("notice.publication/blue-2099-17" if permitted else "cooperation.request/hear-a-witness")
    notice = msgspec.structs.replace(example, disclosed_recipients=(GN, OTP))
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn, homes("TRIB-QX-OTP") as otp:
        for one in (qm, gn, otp):
            await one.publish_card()
        receipt = await qm.send(notice, to=[GN, OTP])
        assert receipt.envelope_hash is not None
        await drain(gn)
        await drain(otp)
        if not permitted:
            with pytest.raises(Rejected, match="kind-not-allowed"):
                await otp.recall(receipt.envelope_hash, "not compliant", mode="delete")
            return
        await otp.recall(receipt.envelope_hash, "not compliant", mode="delete")
        assert {one.recall for point in (gn, otp, qm) for one in await drain(point)} == {"deleted"}
        with pytest.raises(Rejected, match="content-deleted"):
            await qm.proof(receipt.message_id, ProofWish(with_content=True))


async def test_the_author_sees_who_has_not_answered(homes: Homes, gate: FakeGateway, clock: Clock) -> None:
    """One holder answers, one is silent: he is outstanding, and overdue when the time is over; a lie changes nothing."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn, homes("TRIB-QX-OTP") as otp:
        target = await sent(qm, gn, otp)
        await drain(gn)
        await qm.recall(target, "wrong person", mode="delete")
        assert (await outstanding(qm)).waiting == (GN, OTP)
        await drain(gn)
        assert (await outstanding(qm)).waiting == (OTP,)
        clock.ahead_s = 3 * DAY_S + 60
        late = await outstanding(qm)
    assert (late.overdue, late.to_json()["waiting"]) == (True, (OTP,))
    assert [(one.recipient, one.answer, one.obeyed) for one in late.holders] == [(GN, "deleted", True), (OTP, None, False)]


async def test_an_author_deletes_its_own_copy_and_can_still_prove_it(homes: Homes, tmp_path: Path) -> None:
    """Nothing of the content is in any file of its home; status, a second recall and the addressees are."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        target = await sent(qm, gn)
        held = ciphertexts(tmp_path / "NCB-QM", "outgoing")
        assert found_in(tmp_path / "NCB-QM", held)
        assert await qm.cases.content(target)
        first_ = await qm.recall(target, "wrong person", mode="delete")
        assert found_in(tmp_path / "NCB-QM", held) == []
        with pytest.raises(Rejected, match="content-deleted"):
            await qm.cases.content(target)
        again = await qm.recall(target, "wrong person", mode="delete")
        assert (again.recipients, again.message_id != first_.message_id) == ((GN,), True)
        log = await qm.retention_log()
    assert [(one.what, one.envelope_hash, one.reason) for one in log] == [("recalled-deleted", target, "wrong person")]
    assert found_in(tmp_path / "NCB-QM", held) == []


async def test_a_stricter_recall_follows_a_milder_one(homes: Homes) -> None:
    """First its use is stopped, then it is deleted; the answer to the second is not the answer to the first."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        target = await sent(qm, gn)
        await drain(gn)
        await qm.recall(target, "doubts")
        assert [one.recall for one in await drain(gn)] == ["use-stopped"]
        await qm.recall(target, "wrong person", mode="delete")
        assert (await outstanding(qm)).holders[0].answer == "use-stopped"
        assert [one.recall for one in await drain(gn)] == ["deleted"]
        assert await qm.outstanding() == []


async def test_who_cannot_be_sealed_to_does_not_keep_others_from_hearing(
    homes: Homes, world: World, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A holder who was suspended meanwhile has no key: the others are told, and he stays outstanding."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn, homes("TRIB-QX-OTP") as otp:
        target = await sent(qm, gn, otp)
        world.change("TRIB-QX-OTP", status=Status.SUSPENDED)
        world.publish()
        clock.ahead_s = 600  # a home looks every five minutes
        receipt = await qm.recall(target, "wrong person")
        await drain(gn)
        left = await outstanding(qm)
    assert receipt.recipients == (GN,)
    assert "TRIB-QX-OTP@icn is not told of the recall" in caplog.text
    assert [(one.recipient, one.told, one.answer) for one in left.holders] == [(GN, True, "use-stopped"), (OTP, False, None)]


async def test_what_was_not_sent_is_not_recalled(homes: Homes, gate: FakeGateway) -> None:
    """A message that no gateway has, or that is not known, is told as such."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await sent(qm, gn)
        gate.down = True
        kept = await qm.send(content(), to=["GN-QN"])
        for name, code in ((kept.message_id, "conflict"), ("5e" * 32, "not-found"), ("nonsense", "malformed")):
            with pytest.raises(Rejected) as caught:
                await qm.recall(name, "a test")
            assert caught.value.code == code


async def outstanding(point: ContactPoint) -> Demand:
    """Return the one recall that somebody has not answered."""
    [found] = await point.outstanding()
    return found


async def test_no_number_of_recalls_hides_one(homes: Homes, gate: FakeGateway, clock: Clock) -> None:
    """A stranger sends more than are looked at in one go, all unreadable; the one behind them is obeyed before its target."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn, homes("TRIB-QX-OTP") as otp:
        await sent(qm, gn)
        target = await sent(qm, gn)
        with pytest.MonkeyPatch.context() as hostile:
            hostile.setattr("gateway.client.writing.compose.check_repeats", lambda *_: None)
            for number in range(1, recall_rows.UNHEEDED_ROWS + 2):
                false = order(EnvelopeHash(bytes([number]) * 32), "delete", clock)
                await otp.send(false, to=["GN-QN"], in_reply_to=EnvelopeHash(bytes(32)))
        await qm.recall(target, "wrong person", mode="delete")
        shown = []
        async for delivery in gn.inbox():
            shown.append((delivery.kind, delivery.recall))
            await until(lambda: "accepted" not in gate.states())
            await delivery.acknowledge()
    assert shown == [("cooperation.request", None), ("system.recall", "deleted")]


async def test_a_held_conversation_keeps_the_authors_copy_whatever_its_recall_stands_in(homes: Homes, clock: Clock) -> None:
    """The hold is on what is recalled; the recall may be in a conversation of its own."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        target = await sent(qm, gn)
        [case] = await qm.cases.all()
        await qm.hold_conversation(case.id, "a court's order")
        recall = order(target, "delete", clock)
        await qm.send(recall, to=["GN-QN"], conversation_id=ConversationId(bytes(16)))
        assert await qm.cases.content(target)


async def test_the_centre_is_told_whom_its_recall_cannot_reach(homes: Homes, caplog: pytest.LogCaptureFixture) -> None:
    """Of a message that lists nobody it knows the sender and itself; nobody believes that the others were told."""
    async with homes("NCB-QM") as qm, homes("TRIB-QX-OTP") as otp:
        for one in (qm, otp):
            await one.publish_card()
        notice = msgspec.structs.replace(content("notice.publication/blue-2099-17"), disclosed_recipients=())
        receipt = await qm.send(notice, to=[OTP])
        await drain(otp)
        assert receipt.envelope_hash is not None
        told = await otp.recall(receipt.envelope_hash, "not compliant")
    assert set(told.recipients) == {QM, OTP}
    assert "lists nobody" in caplog.text
