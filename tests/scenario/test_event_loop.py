"""Nothing holds a gateway's event loop for more than 50 ms, however large a message is or however many it is for."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Final

import msgspec
import pytest

from gateway.directory.cards import DeliveryCard, parse_card, sign_delivery_card
from gateway.directory.possession import decode_challenges, solve
from gateway.protocol import media
from tests.client.examples import path
from tests.scenario.asking import ask, thin
from tests.scenario.bad import posted
from tests.scenario.lines import Line, plain, signed
from tests.scenario.town import SENDER, Town

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.scenario.lines import Answer
    from tests.support.network import Member

MIB: Final = 1 << 20
MANY: Final = 3_200
TRIES: Final = 4  # a machine that is busy with other things is late by itself; a gateway that holds its loop is late each time
BUCKET: Final = 'gateway_loop_lag_seconds_bucket{le="0.05"}'
COUNT: Final = "gateway_loop_lag_seconds_count"


def measured(town: Town) -> dict[str, float]:
    """Return what the gateway's own metrics say."""
    with Line(town.operations_port) as line:
        text = line.ask(plain("GET", media.METRICS)).body.decode()
    pairs = (one.rpartition(" ") for one in text.splitlines() if not one.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def held(town: Town) -> int:
    """Return how often the loop was held for more than 50 ms."""
    found = measured(town)
    return int(found[COUNT] - found[BUCKET])


def clear_text(size: int) -> bytes:
    """Return content of a kind that the gateway seals, of about that size."""
    fields = json.loads(path("request.response/questions").read_bytes())
    return json.dumps({**fields, "x_padding": "x" * (size - 2_000)}).encode()


@pytest.fixture(scope="module")
def names() -> list[str]:
    """More recipients than any network has."""
    return [SENDER, *(f"UNIT-{number:05}" for number in range(MANY))]


def submissions(town: Town, names: list[str]) -> dict[str, Callable[[], bytes]]:
    """What is submitted, made outside the time that is measured."""
    some, all_ = names[1:201], names[1:]
    answered = bytes.fromhex("90" * 32)
    return {
        "1 MiB to 200": lambda: posted(town.sealed(some, content=bytes(MIB)).submission),
        "1 MiB of clear text to 200": lambda: posted(town.clear(clear_text(MIB), some, in_reply_to=answered), media.SIGNED),
        "4 KiB to 3,200": lambda: posted(town.sealed(all_, content=bytes(4096)).submission),
        "1 MiB to 3,200": lambda: posted(town.sealed(all_, content=bytes(MIB)).submission),
    }


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_nothing_holds_the_event_loop(tmp_path: Path, names: list[str]) -> None:
    """Accepting, sealing, storing and conveying the largest messages leaves the gateway free to answer others."""
    town = Town(folder=tmp_path, names=names)
    async with town.served():
        waits = {
            what: await _least(lambda _, make=make: _held_meanwhile(town, make()))  # type: ignore[misc]
            for what, make in submissions(town, names).items()
        }
        assert len(await thin(town, names[1])) >= len(waits)
        waits["a card among 3,200"] = await _least(lambda turn: _held_by_a_card(town, names[1], 2 + turn))
    assert waits == dict.fromkeys(waits, 0)


async def _least(measure: Callable[[int], Awaitable[int]]) -> int:
    """Return the smallest of some tries."""
    found = []
    for turn in range(TRIES):
        found.append(await measure(turn))
        if not found[-1]:
            break
    return min(found)


async def _held_by_a_card(town: Town, name: str, serial: int) -> int:
    """Publish a card in so large a directory, which is built anew."""
    member, before = town.member(name), held(town)
    card = parse_card(member.delivery_card(int(time.time()), serial=serial))[1]
    assert isinstance(card, DeliveryCard)
    keys = town.world.directory.delivery_cards[member.address].keys
    data = sign_delivery_card(msgspec.structs.replace(card, keys=keys), member.keyring)
    challenges = await _asked(town, member, "POST", media.CHALLENGES, data)
    proofs = solve(data, decode_challenges(challenges.body), member.keyring)
    published = await _asked(town, member, "PUT", media.CARDS, msgspec.msgpack.encode([data, proofs]))
    assert published.status == 204, published
    return held(town) - before


async def _asked(town: Town, member: Member, method: str, target: str, body: bytes) -> Answer:
    return await ask(town, plain(method, target, signed(member.keyring, method, target, body=body, kind=media.MSGPACK), body))


async def _held_meanwhile(town: Town, request: bytes) -> int:
    before = held(town)
    answer = await ask(town, request)
    assert answer.status == 202, answer
    await asyncio.sleep(2.0)  # what the dispatcher does with it
    return held(town) - before
