"""What waits for another network, who takes it, and what ends it (schemas/relay.md, "Answers")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.envelope import signed_receipt_leaf
from gateway.errors import Rejected
from gateway.ids import Address, EnvelopeHash, Kind, Network
from gateway.ledger import Answer, Lease, Record, Ref, Refusal, Said, SeenTree, State
from gateway.merkle import leaf_hash
from tests.ledger.samples import NOW, QM, QN, accept, end, sample, signed
from tests.support.ledger_dump import dump

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.ledger import Acceptance, Ledger, Outbound
    from tests.ledger.samples import Clock

OWN, EU = Network("icn"), Network("eu-network")
FAR, FAR_TOO = Address("GN-QN@eu-network"), Address("GN-QX@eu-network")
RELAY = Address("@eu-network")
PAGE = 1 << 22


def mixed(*to: Address, **more: Any) -> Acceptance:
    """Make a message for both networks."""
    return sample(to or (QN, FAR, FAR_TOO), network=OWN, **more)


def coming(**more: Any) -> Acceptance:
    """Make a message of another network for one recipient here."""
    return sample([QN], sender=FAR, network=OWN, first_receipt=b"theirs", **more)


async def outbound(ledger: Ledger, network: Network, limit_messages: int, limit_bytes: int) -> Sequence[Outbound]:
    """Return what waits; nothing is in the log, so nothing is proved."""
    page, proofs = await ledger.relay.outbound(network, limit_messages, limit_bytes, lambda _places, _size: ())
    assert proofs is None
    assert [one.leaf for one in page] == [leaf_hash(signed_receipt_leaf(one.receipt)) for one in page]
    return page


def held(envelope_hash: EnvelopeHash, recipient: Address, problem: str) -> bytes:
    """Stand in for a signed `held` receipt."""
    return end(envelope_hash, recipient) + problem.encode()


def far(message: Acceptance, event: str, subject: Address = FAR) -> Record:
    """Make what the relay brings home."""
    return Record(message.envelope_hash, event, subject, NOW + 7, None, signed(event, subject), network=EU)


def taken(message: Acceptance, number: int) -> Answer:
    """Make the answer that the other network has it."""
    return Answer(number, message.envelope_hash, message.sender, accepted=Said(NOW + 3, None, signed("accepted", QM)))


async def lane(ledger: Ledger) -> int:
    """Become the active relay."""
    return (await ledger.relay.lease(EU, "one", None, 15)).epoch


async def hand_out(ledger: Ledger, message: Acceptance, number: int = 1) -> int:
    """Let the relay take the rows of a message for the other network."""
    epoch = await lane(ledger)
    refs = [Ref(number, row.index) for row in message.rows if row.recipient.endswith(EU)]
    assert await ledger.relay.hand_out(EU, epoch, refs) == set(refs)
    return epoch


async def states(ledger: Ledger, message: Acceptance) -> list[str]:
    """Return where each delivery stands, in the order of the recipients."""
    found = await ledger.status(message.sender, message.message_id)
    assert found is not None
    return [one.state.value for one in found.recipients]


async def body(ledger: Ledger, url: str) -> bool:
    """Tell whether the body of the only message is still here."""
    return any(b"sealed".hex() in line for line in dump(url).splitlines())


async def test_rows_of_another_network_wait_for_the_relay_alone(ledger: Ledger) -> None:
    """Dispatcher, sessions and thin clients never see them, and the relay gets all of a message at once, urgent first."""
    one, two = mixed(), mixed(FAR, urgency="flash")
    await accept(ledger, one, two, sample([QN], network=OWN))
    assert [page.number for page in (await ledger.waiting(PAGE, 100)).messages] == [1, 3]
    assert await ledger.inbox(FAR, 0, PAGE) == []
    assert await ledger.requeue_all() == 0
    page = await outbound(ledger, EU, 64, PAGE)
    assert [(found.number, [row.recipient for row in found.rows]) for found in page] == [(2, [FAR]), (1, [FAR, FAR_TOO])]
    assert page[1].rows == list(one.rows[1:])
    assert [len(await outbound(ledger, EU, *limits)) for limits in ((1, PAGE), (64, 1))] == [1, 1]
    assert await outbound(ledger, Network("other"), 64, PAGE) == []
    assert await ledger.relay.counts() == {EU: (3, NOW)}


async def test_a_message_for_thousands_is_one_forward(ledger: Ledger) -> None:
    """However many rows, all of them come, and no more messages than asked for."""
    crowd = [Address(f"GN-X{number:03}@eu-network") for number in range(600)]
    await accept(ledger, mixed(*crowd), mixed(FAR))
    (page,) = await outbound(ledger, EU, 1, PAGE)
    assert [row.recipient for row in page.rows] == crowd
    assert len(await outbound(ledger, EU, 2, PAGE)) == 2


async def test_one_relay_is_active(ledger: Ledger, clock: Clock) -> None:
    """Another one waits until the first has not asked for its time; the first is then told, whatever it brings."""
    first = await ledger.relay.lease(EU, "one", None, 15)
    assert first == Lease(1, NOW + 15, 0, "one")
    assert await ledger.relay.lease(EU, "one", 1, 30) == Lease(1, NOW + 30, 0, "one")
    with pytest.raises(Rejected, match="session-replaced"):
        await ledger.relay.lease(EU, "two", None, 15)
    clock.now += 31
    assert (await ledger.relay.lease(EU, "two", None, 15)).epoch == 2
    message = mixed(FAR)
    await accept(ledger, message)
    with pytest.raises(Rejected, match="session-replaced"):
        await ledger.relay.hand_out(EU, 1, [Ref(1, 0)])
    with pytest.raises(Rejected, match="session-replaced"):
        await ledger.relay.answer(EU, 1, [taken(message, 1)], held)
    with pytest.raises(Rejected, match="session-replaced"):
        await ledger.relay.bring_home(EU, 1, 5, [far(message, "opened")])
    assert await states(ledger, message) == ["outbound"]
    assert (await ledger.relay.lease(EU, "two", None, 15)).epoch == 3  # it was started again
    with pytest.raises(Rejected, match="session-replaced"):
        await ledger.relay.lease(EU, "one", 1, 0)  # nothing to give up
    await ledger.relay.lease(EU, "two", 3, 0)
    assert (await ledger.relay.lease(EU, "one", None, 15)).epoch == 4


async def test_what_the_other_network_accepted_is_relayed(ledger: Ledger, ledger_url: str) -> None:
    """With its receipt; the same answer again changes nothing, and one about something else is told."""
    message = mixed()
    await accept(ledger, message)
    epoch = await hand_out(ledger, message)
    answers = [taken(message, 1), taken(message, 2), taken(mixed(), 1)]
    assert await ledger.relay.answer(EU, epoch, answers, held) == ["", "not-found", "not-found"]
    status = await ledger.status(QM, message.message_id)
    assert status is not None
    assert [(one.state, one.at, one.receipt) for one in status.recipients[1:]] == [
        (State.RELAYED, NOW + 3, signed("accepted", QM))
    ] * 2
    before = dump(ledger_url)
    assert await ledger.relay.answer(EU, epoch, answers[:1], held) == [""]
    assert dump(ledger_url) == before
    assert await outbound(ledger, EU, 64, PAGE) == []
    assert await ledger.outcomes(QM, 0, 9) == []
    assert (await ledger.totals())[State.RELAYED] == 2


async def test_what_it_refused_is_final_and_told(ledger: Ledger) -> None:
    """Each recipient with the reason that the other gateway signed."""
    message = mixed(respond_by=NOW + 500, at_risk_at=NOW + 400)
    await accept(ledger, message)
    epoch = await hand_out(ledger, message)
    no = {who: Said(NOW + 3, "border-kind", signed("refused", who)) for who in (FAR, FAR_TOO)}
    answer = Answer(1, message.envelope_hash, None, refused=no)
    assert await ledger.relay.answer(EU, epoch, [answer], held) == [""]
    assert await states(ledger, message) == ["accepted", "refused", "refused"]
    assert [receipt for _, receipt in await ledger.outcomes(QM, 0, 9)] == [signed("refused", FAR), signed("refused", FAR_TOO)]
    assert sum((await ledger.owed.answers()).values()) == 1  # who was refused owes no answer


async def test_a_problem_holds_it_until_an_operator_releases_it(ledger: Ledger) -> None:
    """It is not there, so this network may end it again; a late answer counts all the same."""
    one, two = mixed(FAR), mixed(FAR)
    await accept(ledger, one, two)
    epoch = await lane(ledger)
    await ledger.relay.hand_out(EU, epoch, [Ref(1, 0), Ref(2, 0)])
    problems = [Answer(number, None, None, problem="peer-unknown") for number in (1, 2)]
    assert await ledger.relay.answer(EU, epoch, problems, held) == ["", ""]
    assert await states(ledger, one) == ["held"]
    assert len(await ledger.outcomes(QM, 0, 9)) == 2
    assert await ledger.release_held(Ref(1, 0), b"leaf" * 8, "release 1/0")
    assert await states(ledger, one) == ["outbound"]
    assert await ledger.relay.answer(EU, epoch, [taken(two, 2)], held) == [""]
    assert await states(ledger, two) == ["relayed"]


async def test_receipts_come_home(ledger: Ledger) -> None:
    """Of rows that went there, in any order with the answer; nobody else can bring them, and none of another network."""
    message = mixed()
    await accept(ledger, message)
    assert await ledger.record([far(message, "delivered")]) == ["not-found"]  # nobody took it yet
    epoch = await hand_out(ledger, message)
    home = [far(message, "delivered"), far(message, "opened"), far(message, "rejected", FAR_TOO), far(message, "opened", QN)]
    elsewhere = far(message, "opened", FAR_TOO)._replace(network=Network("other"))
    codes = await ledger.relay.bring_home(EU, epoch, 41, [*home, elsewhere])
    assert codes == ["", "", "", "not-found", "not-found"]
    assert await states(ledger, message) == ["accepted", "opened", "rejected"]
    assert await ledger.record([far(message, "opened")._replace(network=None)]) == ["not-found"]
    assert (await ledger.relay.lease(EU, "one", epoch, 15)).after == 41
    assert await ledger.relay.answer(EU, epoch, [taken(message, 1)], held) == [""]
    assert await states(ledger, message) == ["accepted", "opened", "rejected"]


async def test_the_other_gateway_says_what_it_ended(ledger: Ledger) -> None:
    """Expired, recalled, held there: told to the author; what its recipients say later is kept beside it."""
    message = mixed()
    await accept(ledger, message)
    epoch = await hand_out(ledger, message)
    await ledger.relay.answer(EU, epoch, [taken(message, 1)], held)
    there = [far(message, "held"), far(message, "expired", FAR_TOO)]
    assert await ledger.relay.bring_home(EU, epoch, 2, there) == ["", ""]
    assert await states(ledger, message) == ["accepted", "held", "expired"]
    assert not await ledger.release_held(Ref(1, 1), b"leaf" * 8, "release 1/1")  # only an operator there can
    later = [far(message, "delivered"), far(message, "delivered", FAR_TOO)]
    assert await ledger.relay.bring_home(EU, epoch, 4, later) == ["", ""]
    assert await states(ledger, message) == ["accepted", "delivered", "expired"]
    assert len(await ledger.outcomes(QM, 0, 9)) == 2
    assert await ledger.relay.bring_home(EU, epoch, 5, [far(message, "recalled")]) == ["conflict"]


async def test_what_the_relay_took_does_not_expire_here(ledger: Ledger, clock: Clock) -> None:
    """The other network may have delivered it in time; only after a long silence is it given up."""
    waits, went = mixed(FAR), mixed(FAR)
    await accept(ledger, waits, went)
    await hand_out(ledger, went, 2)
    clock.now = went.expires
    assert await ledger.expire(int(clock.now), 10, end) == 1
    assert [await states(ledger, one) for one in (waits, went)] == [["expired"], ["outbound"]]
    assert await ledger.relay.give_up(went.expires - 1, 10, end) == 0
    assert await ledger.relay.give_up(went.expires, 10, end) == 1
    status = await ledger.status(QM, went.message_id)
    assert status is not None
    assert [(one.state, one.reason) for one in status.recipients] == [(State.EXPIRED, "unanswered")]


async def test_a_recall_stops_what_is_here_and_marks_what_went(ledger: Ledger) -> None:
    """What waits is recalled; what the relay took is an outstanding copy until the other network says otherwise."""
    waits, went, there = mixed(FAR), mixed(FAR), mixed(FAR)
    await accept(ledger, waits, went, there)
    epoch = await lane(ledger)
    await ledger.relay.hand_out(EU, epoch, [Ref(2, 0), Ref(3, 0)])
    await ledger.relay.answer(EU, epoch, [taken(there, 3)], held)
    recalls = [mixed(FAR, kind="system.recall", in_reply_to=one.envelope_hash) for one in (waits, went, there)]
    await accept(ledger, *recalls)
    assert [await states(ledger, one) for one in (waits, went, there)] == [["recalled"], ["outbound"], ["relayed"]]
    assert (await ledger.owed.outstanding())[Kind("system.recall")].count == 2
    no = Answer(2, went.envelope_hash, None, refused={FAR: Said(NOW, "expired", signed("refused", FAR))})
    await ledger.relay.answer(EU, epoch, [no], held)
    assert (await ledger.owed.outstanding())[Kind("system.recall")].count == 1
    assert await ledger.relay.bring_home(EU, epoch, 1, [far(there, "recalled")]) == [""]
    assert (await ledger.owed.outstanding())[Kind("system.recall")].count == 0
    assert [found.number for found in await outbound(ledger, EU, 64, PAGE)] == [4, 5, 6]


async def test_the_body_goes_when_both_networks_have_what_they_need(ledger: Ledger, ledger_url: str) -> None:
    """Not before the own recipients answered; the retention begins when all has ended, in the other network too."""
    message = mixed(QN, FAR)
    await accept(ledger, message)
    epoch = await hand_out(ledger, message)
    await ledger.record([Record(message.envelope_hash, "opened", QN, NOW + 5, None, signed("opened", QN))])
    assert await body(ledger, ledger_url)
    await ledger.relay.answer(EU, epoch, [taken(message, 1)], held)
    assert not await body(ledger, ledger_url)
    assert f"| {message.expires} | None | None\n" in dump(ledger_url)
    await ledger.relay.bring_home(EU, epoch, 1, [far(message, "opened")])
    assert f"| {NOW} | None | None\n" in dump(ledger_url)


async def test_the_relay_of_the_senders_network_is_told_everything(ledger: Ledger) -> None:
    """Of mail from elsewhere each receipt goes back, late ones and destroyed copies too, and its author reads nothing here."""
    one, two, own = coming(), coming(), sample([QN], network=OWN)
    await accept(ledger, one, two, own)
    events = ("delivered", "opened", "destroyed")
    said = [Record(one.envelope_hash, event, QN, NOW + 5, None, signed(event, QN)) for event in events]
    assert await ledger.record(said) == ["", "", ""]
    await ledger.record([said[0]._replace(envelope_hash=own.envelope_hash)])
    assert await ledger.expire(two.expires, 10, end) == 1
    late = said[0]._replace(envelope_hash=two.envelope_hash)
    assert await ledger.record([late, late]) == ["", ""]
    told = [receipt for _, receipt in await ledger.outcomes(RELAY, 0, 99)]
    assert told == [*(record.signed for record in said), end(two.envelope_hash, QN), late.signed]
    assert await ledger.outcomes(FAR, 0, 99) == []
    assert await ledger.outcomes(QM, 0, 99) == []


async def test_a_recall_from_elsewhere_stops_its_target_here(ledger: Ledger) -> None:
    """Also a target that comes after it; the author's network is told of both."""
    target, later = coming(), coming()
    recalls = [coming(kind="system.recall", in_reply_to=one.envelope_hash) for one in (target, later)]
    await accept(ledger, target, *recalls, later)
    assert [await states(ledger, one) for one in (target, later)] == [["recalled"], ["recalled"]]
    assert len(await ledger.outcomes(RELAY, 0, 99)) == 2


async def test_deliveries_of_relayed_mail_have_both_receipts(ledger: Ledger) -> None:
    """The receipt of the sender's network comes first."""
    message = coming()
    await accept(ledger, message)
    (page,) = (await ledger.waiting(PAGE, 10)).messages
    assert page.receipts == [b"theirs", page.receipt]
    assert await ledger.relay.waiting_bytes(EU) == len(message.body)
    assert await ledger.relay.waiting_bytes(Network("u-network")) == 0
    await ledger.record([Record(message.envelope_hash, "opened", QN, NOW + 5, None, signed("opened", QN))])
    assert await ledger.relay.waiting_bytes(EU) == 0


async def test_a_refusal_is_kept_for_repeats_and_erased_whole(ledger: Ledger, ledger_url: str) -> None:
    """The first answer stands, its leaf too; its events name nobody."""
    message = coming()
    first = Refusal(message.envelope_hash, "border-kind", [(QN, signed("refused", QN))], NOW + 10)
    assert await ledger.relay.refuse(first) == [signed("refused", QN)]
    assert await ledger.relay.refuse(first._replace(receipts=[(QN, signed("other", QN))])) == [signed("refused", QN)]
    (event,) = await ledger.events(0, 9)
    assert (event.event, event.reason, event.subject, event.envelope_hash) == ("refused", "border-kind", "", None)
    assert event.leaf is not None
    accepted = coming()
    (stored,) = [await ledger.accept(accepted)]
    known = await ledger.relay.first_answers([message.envelope_hash, accepted.envelope_hash, EnvelopeHash(bytes(32))])
    assert known == {message.envelope_hash: [signed("refused", QN)], accepted.envelope_hash: [stored.receipt]}
    assert [await ledger.relay.forget_refusals(at) for at in (NOW + 9, NOW + 10)] == [0, 1]
    assert message.envelope_hash.hex() not in dump(ledger_url)


async def test_the_largest_tree_is_remembered(ledger: Ledger) -> None:
    """Of each gateway's log; a smaller one changes nothing."""
    gate = Address("GW-EU@eu-network")
    assert await ledger.relay.seen(gate) is None
    for tree in (SeenTree(5, bytes(32), NOW), SeenTree(9, b"r" * 32, NOW), SeenTree(7, b"x" * 32, NOW + 1)):
        await ledger.relay.saw(gate, tree)
    assert await ledger.relay.seen(gate) == SeenTree(9, b"r" * 32, NOW)
