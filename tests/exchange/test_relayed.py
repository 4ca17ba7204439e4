"""What a gateway takes of another network, and what it refuses (schemas/relay.md, "Forward")."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import pytest

from gateway.envelope import Event, Forward, parse_receipt
from gateway.errors import Rejected, Unavailable
from gateway.evidence.inclusion import SeenLog
from gateway.ids import Address, ConversationId, Network
from gateway.ledger import Erasure, Ref, SeenTree
from tests.support.two_networks import changed, ended, header_of, said, send, states, two_networks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.envelope import Sealed
    from tests.support.exchange import Stage
    from tests.support.two_networks import Pair

QM, FAR, FAR_TOO = "NCB-QM@icn", "GN-QN@eu-network", "GN-QX@eu-network"
EU, ICN = Network("eu-network"), Network("icn")
DAY = 86_400


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    """Two networks that let everything pass."""
    async with two_networks(tmp_path) as both:
        yield both


async def test_a_repeat_is_answered_as_the_first_time(tmp_path: Path) -> None:
    """Byte for byte, accepted or refused, whatever the rules say by then; and nothing else happens."""
    async with two_networks(tmp_path, ceiling="amber+strict/restricted") as pair:
        await send(pair.icn, QM, [FAR])
        await send(pair.icn, QM, [FAR], handling="red/confidential")
        page = [data for _, data in await pair.out.page()]
        first = list(await pair.out.hand_over(page))
        assert {parse_receipt(receipts[0]).receipt.event for _, receipts in first} == {Event.ACCEPTED, Event.REFUSED}
        pair.join_anew(ceiling="red/confidential", takes=("case.match",))
        await pair.published()
        events = len(await pair.eu.ledger.events(0, 99))
        again = list(await pair.out.hand_over(page))
        assert [list(receipts) for _, receipts in again] == [list(receipts) for _, receipts in first]
        assert sum((await pair.eu.totals()).values()) == 1
        assert len(await pair.eu.ledger.events(0, 99)) - events <= 2  # those of the dispatcher and the directory


@pytest.mark.parametrize(
    ("rules", "changes", "code"),
    [
        ({"takes": ("case.match",)}, {}, "border-kind"),
        ({"ceiling": "amber/restricted"}, {}, "border-ceiling"),
        ({"handling": {"green/restricted": "amber/restricted"}}, {"handling": "amber/restricted"}, "handling-unknown"),
    ],
)
async def test_the_other_network_has_rules_of_its_own(
    tmp_path: Path, rules: dict[str, Any], changes: dict[str, Any], code: str
) -> None:
    """A refusal comes back signed for each recipient, is final, and the author is told."""
    async with two_networks(tmp_path, **rules) as pair:
        sealed = await send(pair.icn, QM, [FAR, FAR_TOO], **changes)
        assert await pair.out.carry() == [""]
        assert await states(pair.icn, sealed) == ["refused", "refused"]
        told = [parse_receipt(receipt).receipt for _, receipt in await pair.icn.exchange.outcomes(Address(QM), 0)]
        assert [(one.event, one.reason, one.signer) for one in told] == [(Event.REFUSED, code, pair.eu.parts.address)] * 2
        assert sum((await pair.eu.totals()).values()) == 0
        assert [event.event for event in await pair.eu.ledger.events(0, 99)].count("refused") == 2
        assert await pair.out.page(0) == []


async def test_what_the_relay_damaged_is_no_refusal(pair: Pair) -> None:
    """A proof beside what was signed can be damaged by anybody: it is held at home, and an operator may let it go again."""
    sealed = await send(pair.icn, QM, [FAR])
    ((number, data),) = await pair.out.page()
    bad = {
        "proof-bad": changed(data, lambda form: form[4].__setitem__(1, [bytes(32)])),
        "addressees-differ": changed(data, lambda form: form[2][0].__setitem__(2, [bytes(32)])),
        "checkpoint-bad": changed(data, lambda form: form[4].__setitem__(2, b"x")),
        "malformed": b"\x90",
    }
    taken = await pair.out.hand_over(list(bad.values()))
    assert [code for code, _ in taken] == list(bad)
    assert await pair.out.bring([(number, "proof-bad", [])]) == [""]
    assert await ended(pair.icn, sealed) == ("held", "proof-bad")
    await pair.icn.ledger.release_held(Ref(number, 0), bytes(32), "release")
    assert await pair.out.carry() == [""]
    assert await states(pair.icn, sealed) == ["relayed"]


async def test_who_brings_it(pair: Pair) -> None:
    """Only a relay of the sender's network, or a bridge here; and what comes back in a loop is nobody's."""
    await send(pair.icn, QM, [FAR])
    ((_, data),) = await pair.out.page()
    there, home = pair.eu.exchange.relay, pair.icn.exchange.relay
    assert (await there.take([data], Network("other")))[0][0] == "network-differs"
    assert (await home.take([data], EU))[0][0] == "network-differs"
    assert (await home.take([data], None))[0][0] == "network-differs"
    assert (await there.take([data], None))[0][0] == ""
    with pytest.raises(Rejected, match="peer-unknown"):
        await there.receipts_for(Network("other"), 0, 0)
    with pytest.raises(Rejected, match="peer-unknown"):
        await home.lease(Network("other"), "one", None)


async def test_one_id_for_two_messages_is_refused(pair: Pair) -> None:
    """Promise 4 across the border: the second is refused as a conflict, and the first stays."""
    one = await send(pair.icn, QM, [FAR])
    await pair.out.carry()
    twin = pair.icn.sealed(QM, [FAR], b'{"b":2}', message_id=header_of(one).message_id)
    await _forget(pair.icn, one)
    await pair.icn.exchange.submit_sealed(twin.submission)
    await pair.out.carry()
    assert await ended(pair.icn, twin) == ("refused", "conflict")
    assert (await pair.eu.totals())["refused"] == 0


async def _forget(stage: Stage, sealed: Sealed) -> None:
    """Play a gateway that lost its memory of a message, and accepts another one under its id."""
    then = int(stage.clock()) + 400 * DAY
    assert await stage.ledger.kept.erase(Erasure(header_of(sealed).kind, then, then, 9, 9)) == 1


async def test_a_conversation_keeps_its_order(tmp_path: Path) -> None:
    """After one that cannot be taken now the later ones of its conversation wait; others go on."""
    async with two_networks(tmp_path, per_hour=3) as pair:
        talk, other = ConversationId(os.urandom(16)), ConversationId(os.urandom(16))
        for conversation in (talk, other, other, talk, talk):
            await send(pair.icn, QM, [FAR], conversation_id=conversation)
        page = await pair.out.page()
        taken = await pair.out.hand_over([data for _, data in page])
        codes: dict[ConversationId, list[str]] = {talk: [], other: []}
        for (_, data), (code, _) in zip(page, taken, strict=True):
            codes[Forward(data).header.conversation_id].append(code)
        assert sum(code == "" for code, _ in taken) == 3
        for told in codes.values():
            waits = told[sum(code == "" for code in told) :]
            assert waits == ["too-many", "busy", "busy"][: len(waits)]
        await pair.out.bring([(number, *answer) for (number, _), answer in zip(page, taken, strict=True)])
        pair.eu.clock.jump(3600)
        assert await pair.out.carry() == ["", ""]
        inbox, _ = await pair.eu.exchange.inbox(pair.eu.address("GN-QN"), 0)
        assert len(inbox) == 5


async def test_sealed_bytes_that_wait_are_bounded(tmp_path: Path) -> None:
    """What was not handed over counts, and a message goes when there is room again."""
    async with two_networks(tmp_path, waiting_bytes=2000) as pair:
        one, two = await send(pair.icn, QM, [FAR]), await send(pair.icn, QM, [FAR])
        assert sorted(await pair.out.carry()) == ["", "too-many"]
        await said(pair.eu, "GN-QN", one if (await states(pair.icn, one)) == ["relayed"] else two, Event.OPENED)
        pair.eu.clock.jump(60)
        assert await pair.out.carry() == [""]


async def test_an_acceptance_that_was_dated_back_is_refused(pair: Pair) -> None:
    """It says to be older than a tree that was seen without it."""
    sealed = await send(pair.icn, QM, [FAR])
    gate = pair.icn.parts.address
    await pair.eu.ledger.relay.saw(gate, SeenTree(1, bytes(32), int(pair.eu.clock()) + 3700))
    await pair.out.carry()
    assert await ended(pair.icn, sealed) == ("refused", "out-of-time")


async def test_a_forked_log_is_refused(pair: Pair) -> None:
    """A tree of a size that was seen with another root; what was seen is remembered over a restart."""
    sealed = await send(pair.icn, QM, [FAR])
    page = await pair.out.page()
    view = pair.icn.parts.audit.view()
    assert view is not None
    await pair.eu.ledger.relay.saw(pair.icn.parts.address, SeenTree(view.size, bytes(32), int(pair.eu.clock())))
    ((code, receipts),) = await pair.out.hand_over([data for _, data in page])
    assert (code, parse_receipt(receipts[0]).receipt.reason) == ("", "log-forked")
    assert await pair.out.bring([(page[0][0], code, receipts)]) == [""]
    assert await states(pair.icn, sealed) == ["refused"]


async def test_the_trees_of_the_other_log_are_remembered(pair: Pair) -> None:
    """The largest one, in the ledger."""
    await send(pair.icn, QM, [FAR])
    await pair.out.carry()
    seen = await pair.eu.ledger.relay.seen(pair.icn.parts.address)
    view = pair.icn.parts.audit.view()
    assert seen is not None
    assert view is not None
    assert SeenLog(*seen)[:2] == (view.size, view.root)


def failed(error: Exception) -> asyncio.Future[None]:
    """Return what failed."""
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.set_exception(error)
    return future


async def test_a_tree_that_could_not_be_kept_is_kept_with_the_next_request(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The relay is told to come again, the message is accepted once, and the tree is not forgotten."""
    await send(pair.icn, QM, [FAR])
    page = [data for _, data in await pair.out.page()]
    with monkeypatch.context() as broken:
        broken.setattr(pair.eu.ledger.relay, "saw", lambda *_: failed(Unavailable("away")))
        with pytest.raises(Unavailable):
            await pair.out.hand_over(page)
    ((code, _),) = await pair.out.hand_over(page)
    assert code == ""
    assert sum((await pair.eu.totals()).values()) == 1
    view = pair.icn.parts.audit.view()
    seen = await pair.eu.ledger.relay.seen(pair.icn.parts.address)
    assert view is not None
    assert seen is not None
    assert (seen.size, seen.root) == (view.size, view.root)


async def test_a_peer_that_is_not_named_any_more_is_nobody(pair: Pair) -> None:
    """Nothing goes there and nothing comes from there, at once."""
    await send(pair.icn, QM, [FAR])
    page = [data for _, data in await pair.out.page()]
    pair.eu.world.peers = ()
    pair.publish()
    await pair.published()
    assert [code for code, _ in await pair.out.hand_over(page)] == ["peer-unknown"]
    with pytest.raises(Rejected, match="peer-unknown"):
        await pair.eu.exchange.relay.receipts_for(ICN, 0, 0)
    with pytest.raises(Rejected, match="peer-unknown"):
        await pair.back.lease()
