"""Promises 2, 9 and 10 on real gateways: what a gateway cannot see, what others cannot, and what an exercise cannot reach."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import pytest

from gateway.errors import Rejected
from gateway.ids import format_id, new_uuid7
from gateway.protocol import media
from tests.client.examples import REQUEST, content, drain
from tests.scenario.asking import ask, thin
from tests.scenario.bad import posted
from tests.scenario.bad_receipts import handed_in, receipt
from tests.scenario.canary import CANARY, content_of, found_in, secrets, with_canary
from tests.scenario.lines import Line, plain, signed
from tests.scenario.town import READER, SENDER, THIRD, Town
from tests.support.ledger_dump import dump, settled

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scenario.conftest import Setup
    from tests.scenario.lines import Answer
    from tests.support.postgres import Cluster

ANSWERED: Final = bytes.fromhex("90" * 32)


async def _refusals(town: Town) -> list[str]:
    """Hand over clear text that is refused in different ways; each refusal may tempt a log line to quote it."""
    answer = "request.response/questions"
    texts = [
        with_canary(answer, purpose=[CANARY]),
        with_canary(answer, urgency=CANARY),
        with_canary(answer, critical=[f"example.{CANARY}"], ext={f"example.{CANARY}": {}}),
        with_canary(answer)[:-1] + b',"x_note":1}',
        with_canary(answer)[:-1],
        CANARY.encode(),
    ]
    answers = [await ask(town, posted(town.clear(one, in_reply_to=ANSWERED), media.SIGNED)) for one in texts]
    assert all(CANARY.encode() not in one.body for one in answers)
    return [one.codes[0] for one in answers]


async def test_promise_2_no_clear_text_and_no_secret_is_anywhere_at_the_gateway(
    setup: Setup, request: pytest.FixtureRequest
) -> None:
    """Neither in the ledger, its journal, logs at their most talkative, metrics nor the broker's folder; nor open in a home."""
    town = setup.town(log_level="debug")
    async with town.served() as served:
        async with town.home(SENDER) as sender:
            await sender.send(content_of(with_canary(REQUEST)), to=[READER, THIRD])
            data = with_canary("request.response/questions")
            await sender.send(content_of(data), to=[READER], sealed_by_gateway=True)
        refused = await _refusals(town)
        async with town.home(READER) as reader:
            read = await drain(reader)
        assert [CANARY.encode() in one.content.raw for one in read] == [True, True]
        with Line(town.operations_port) as line:
            metrics = line.ask(plain("GET", media.METRICS)).body
        served.stop()
    folders = [town.folder]
    if setup.node is not None:
        cluster: Cluster = request.getfixturevalue("postgres_cluster")
        folders += [setup.node.folder, cluster.folder]
    (town.folder / "metrics").write_bytes(metrics)
    assert refused == ["content-schema", "content-schema", "must-understand", "content-json", "content-json", "content-json"]
    assert town.log.stat().st_size > 1000
    assert any(found_in(folders, {"what may be seen": {town.address(SENDER).encode()}}))  # the search finds what is there
    assert list(found_in(folders, secrets(town))) == []


async def test_promise_2_kinds_that_only_their_author_seals_are_refused_in_clear(tmp_path: Path) -> None:
    """Software does not hand them over, and a gateway that gets them does not take them."""
    town = Town(folder=tmp_path)
    async with town.served(), town.home(SENDER) as sender:
        with pytest.raises(Rejected) as caught:
            await sender.send(content(), to=[READER], sealed_by_gateway=True)
        by_hand = await ask(town, posted(town.clear(content().raw, kind="cooperation.request"), media.SIGNED))
    assert (caught.value.code, by_hand.codes) == ("sealer-not-allowed", ["sealer-not-allowed"])


def bare(answer: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return an answer without its date."""
    return answer.status, [(name, value) for name, value in answer.headers.items() if name != "date"], answer.body


async def test_promise_9_anothers_message_answers_like_one_that_does_not_exist(setup: Setup) -> None:
    """Status and receipts: byte for byte the same answer, for a recipient, a third one, and for nothing at all."""
    town = setup.town()
    async with town.served():
        message_id = new_uuid7(town.now * 1000, os.urandom(10))
        sealed = town.sealed([READER], message_id=message_id)
        assert (await ask(town, posted(sealed.submission))).status == 202

        async def status(name: str, wanted: bytes) -> Answer:
            target = f"{media.MESSAGES}/{format_id(wanted)}"
            return await ask(town, plain("GET", target, signed(town.member(name).keyring, "GET", target)))

        async def opened(name: str, envelope_hash: bytes) -> Answer:
            return await ask(town, handed_in(town, name, [receipt(town, name, envelope_hash)]))

        own = await status(SENDER, message_id)
        others = [await status(name, message_id) for name in (READER, THIRD)]
        missing = await status(THIRD, new_uuid7(town.now * 1000, os.urandom(10)))
        of_another = await opened(THIRD, sealed.envelope_hash)
        of_nothing = await opened(THIRD, os.urandom(32))
        assert await thin(town, THIRD) == []
    assert (own.status, missing.codes, of_nothing.codes) == (200, ["not-found"], ["not-found"])
    assert [bare(one) for one in others] == [bare(missing)] * 2
    assert bare(of_another) == bare(of_nothing)


async def test_promise_9_a_delivery_does_not_say_who_else_got_it(setup: Setup) -> None:
    """Nothing in the bytes that one recipient gets names another one, or a key of it."""
    town = setup.town()
    async with town.served():
        await ask(town, posted(town.sealed([READER, THIRD]).submission))
        deliveries = {name: await thin(town, name) for name in (READER, THIRD)}
    for name, other in ((READER, THIRD), (THIRD, READER)):
        [delivery] = deliveries[name]
        assert name.encode() in delivery
        assert other.encode() not in delivery
        assert bytes(town.public(town.address(other)).key_id) not in delivery


@pytest.mark.parametrize("exercise", [False, True])
async def test_promise_10_a_home_does_not_work_in_a_network_of_the_other_sort(tmp_path: Path, *, exercise: bool) -> None:
    """A home for real work refuses a directory that says it is an exercise, and the reverse; nothing leaves it."""
    town = Town(folder=tmp_path, exercise=exercise)
    async with town.served():
        before = await settled(town.ledger_url)
        async with town.home(SENDER, exercise=not exercise) as sender:
            with pytest.raises(Rejected) as caught:
                await sender.send(content(), to=[READER])
            with pytest.raises(Rejected):
                await anext(sender.inbox())
        assert dump(town.ledger_url) == before
    assert caught.value.code == "network-differs"


async def test_promise_10_what_was_sealed_in_an_exercise_is_nothing_to_a_real_gateway(tmp_path: Path) -> None:
    """The same participants, the same names: neither a sealed message, nor clear text, nor a request of theirs counts."""
    real = Town(folder=tmp_path / "real")
    drill = Town(folder=tmp_path / "drill", network="drill", exercise=True)
    async with real.served():
        before = await settled(real.ledger_url)
        sealed = await ask(real, posted(drill.sealed([READER]).submission))
        unversioned = await ask(real, posted(drill.sealed([READER], version=0).submission))
        readdressed = await ask(real, posted(drill.sealed([f"{READER}@icn"], version=0).submission))
        clear = await ask(real, posted(drill.clear(b"{}"), media.SIGNED))
        asked = await ask(real, plain("GET", media.INBOX, signed(drill.member(READER).keyring, "GET", media.INBOX)))
        assert dump(real.ledger_url) == before
    codes = [one.codes for one in (sealed, unversioned, readdressed, clear, asked)]
    assert codes == [["directory-ahead"], ["cannot-open"], ["cannot-open"], ["sealer-not-allowed"], ["signature-bad"]]


async def test_promise_10_a_home_that_is_sent_to_the_wrong_gateway_trusts_nothing_there(tmp_path: Path) -> None:
    """A real home that is given the address of an exercise's gateway sends nothing and reads nothing."""
    real = Town(folder=tmp_path / "real")
    drill = Town(folder=tmp_path / "drill", network="drill", exercise=True)
    async with drill.served():
        before = await settled(drill.ledger_url)
        async with real.home(SENDER, gateways=[f"http://127.0.0.1:{drill.port}"]) as sender:
            with pytest.raises(Rejected):
                await sender.send(content(), to=[READER])
        assert dump(drill.ledger_url) == before
