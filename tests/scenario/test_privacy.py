"""Promises 2, 9 and 10 on real gateways: what a gateway cannot see, what others cannot, and what an exercise cannot reach."""

from __future__ import annotations

import base64
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
from tests.scenario.canary import CANARY, content_of, forms, forms_within, found_in, secrets, told_to, with_canary
from tests.scenario.lines import plain, signed
from tests.scenario.process import serving
from tests.scenario.town import PASSPHRASE, READER, SENDER, THIRD, Town
from tests.scenario.watcher import watching
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


async def _run(town: Town, watched: Path) -> dict[str, str]:
    """Let everything happen while an operator watches; return what signed him in."""
    served = await town.prepare()
    served.fresh = True  # a process with arguments of its own
    async with serving(served):
        async with watching(town, watched) as watcher:
            async with town.home(SENDER) as sender:
                sent = await sender.send(content_of(with_canary(REQUEST)), to=[READER, THIRD])
                data = with_canary("request.response/questions")
                await sender.send(content_of(data), to=[READER], sealed_by_gateway=True)
            refused = await _refusals(town)
            assert refused == ["content-schema", "content-schema", "must-understand", *["content-json"] * 3]
            async with town.home(READER) as reader:
                assert [CANARY.encode() in one.content.raw for one in await drain(reader)] == [True, True]
            messages = ["1", "2", format_id(sent.message_id)]
            await watcher.look_up([town.address(name) for name in (SENDER, READER, THIRD)], messages)
            (watched / "arguments").write_bytes(told_to(served.pid))
            signed_in = watcher.secrets
        served.stop()
    return signed_in


async def test_promise_2_no_clear_text_and_no_secret_is_anywhere_at_the_gateway(
    setup: Setup, request: pytest.FixtureRequest
) -> None:
    """
    Neither in the ledger, logs at their most talkative, metrics, what the dashboard shows, arguments nor the broker's files.

    Nor open in a home. Each place is known to hold something else, so the search does look there.
    """
    town, watched = setup.town(log_level="debug"), setup.folder / "watched"
    signed_in = await _run(town, watched)
    (watched / "ledger").write_text(dump(town.ledger_url))  # a database may keep long values compressed in its files
    places = {town.folder: "sender", watched: "sender", watched / "metrics-0": "metric", watched / "arguments": "command"}
    if setup.node is not None:
        cluster: Cluster = request.getfixturevalue("postgres_cluster")
        places |= {setup.node.folder: "sender", cluster.folder: "sender"}
    visible = {
        "sender": {town.address(SENDER).encode()},
        "metric": {b"gateway_messages_accepted_total"},
        "command": {b"serve\0"},
    }
    for place, what in places.items():
        assert any(found_in([place], {what: visible[what]})), f"no {what} in {place}"
    told = {name: forms(text.encode()) for name, text in signed_in.items()}
    hidden = {**secrets(town), **told, "passphrase": forms(PASSPHRASE)}
    where = [one for one in places if one.is_dir()]
    assert list(found_in(where, hidden)) == [f"passphrase in {town.folder / 'passphrase'}"]  # where it was put


@pytest.mark.parametrize("spelling", sorted(forms_within(CANARY.encode())))
def test_the_search_finds_what_leaked(tmp_path: Path, spelling: bytes) -> None:
    """A word in a file somewhere below, as it is, in hexadecimal or within base64, is told with its place."""
    file = tmp_path / "deep" / "queue.wal"
    file.parent.mkdir()
    file.write_bytes(bytes(1000) + spelling + bytes(1000))
    assert list(found_in([tmp_path], {"clear text": forms_within(CANARY.encode())})) == [f"clear text in {file}"]


@pytest.mark.parametrize("before", range(3))
def test_a_word_within_base64_is_found_wherever_it_begins(before: int) -> None:
    """Base64 writes a word in three ways, by what stands before it."""
    text = base64.b64encode(bytes(before) + CANARY.encode() + b" and more")
    assert any(one in text for one in forms_within(CANARY.encode()))


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
