"""
What is another's answers in the same time as what does not exist (promise 9), through a real gateway.

One participant asks for another's object and for a missing one, in pairs and in an order that is drawn for each pair, on one
line; signing is not measured. A median stands against a median, because a few late answers say nothing about the object.
The guess rate is what an observer could do with the times: of a foreign and a missing answer, how often the foreign one is the
slower. 0.5 says nothing; a stranger would have to ask thousands of times to learn from 0.51.
"""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
import time
from bisect import bisect_left, bisect_right
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from gateway.envelope import Event, Receipt, make_receipt
from gateway.ids import EnvelopeHash, MessageId, format_id, new_uuid7
from gateway.protocol import media
from tests.bench.figures import Figure
from tests.scenario.bad import posted
from tests.scenario.lines import Line, plain, signed
from tests.scenario.town import THIRD, Town

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MESSAGES: Final = 64
PAIRS: Final = 2000
WARM_UP: Final = 200  # pairs that are not counted: statements and buffers are made once


class Times(NamedTuple):
    """Seconds for each answer."""

    foreign: list[float]
    missing: list[float]

    @property
    def ratio(self) -> float:
        """The median of foreign answers against that of missing ones."""
        return median(self.foreign) / median(self.missing)

    @property
    def guess_rate(self) -> float:
        """How often a foreign answer is slower than a missing one, of all pairs; ties count half (Mann-Whitney)."""
        missing = sorted(self.missing)
        wins = sum(bisect_left(missing, one) + bisect_right(missing, one) for one in self.foreign)
        return wins / 2 / (len(self.foreign) * len(missing))


def figures() -> Iterator[Figure]:
    """Measure both objects that a participant can ask for by name."""
    with tempfile.TemporaryDirectory(prefix="bench-answers-") as folder:
        town = Town(folder=Path(folder))
        with asyncio.run(town.prepare()) as served, Line(served.port) as line:
            theirs = [_accepted(town, line) for _ in range(MESSAGES)]
            status = _measured(line, theirs, lambda message_id, _: _status(town, message_id))
            receipts = _measured(line, theirs, lambda _, envelope_hash: _receipt(town, envelope_hash))
    yield _figure("not_found_time_ratio", status, "GET /v1/messages/{id}")
    yield _figure("not_found_receipt_time_ratio", receipts, "POST /v1/receipts with one receipt")
    for name, times, aim in (("not_found_guess_rate", status, "0.45 to 0.55"), ("not_found_receipt_guess_rate", receipts, "")):
        note = f"how often the foreign answer is the slower, of {PAIRS} and {PAIRS}; 0.5 says nothing"
        yield Figure(name=name, value=times.guess_rate, unit="rate", against="0.5", note=note, aim=aim)


def _figure(name: str, times: Times, what: str) -> Figure:
    note = f"medians over {PAIRS} pairs in drawn order, {what}: {median(times.foreign) * 1e6:.0f} microseconds a foreign one"
    return Figure(name=name, value=times.ratio, unit="ratio", against="a missing object", note=note, aim="0.95 to 1.05")


def _accepted(town: Town, line: Line) -> tuple[MessageId, EnvelopeHash]:
    """Let somebody else's message be accepted."""
    message_id = _fresh_id()
    sealed = town.sealed(message_id=message_id)
    answer = line.ask(posted(sealed.submission))
    assert answer.status == 202, answer
    return message_id, sealed.envelope_hash


def _measured(
    line: Line, theirs: Sequence[tuple[MessageId, EnvelopeHash]], ask: Callable[[MessageId, EnvelopeHash], bytes]
) -> Times:
    drawn = random.Random(1)
    times = Times([], [])
    for pair in range(WARM_UP + PAIRS):
        foreign = ask(*drawn.choice(theirs))
        missing = ask(_fresh_id(), EnvelopeHash(os.urandom(32)))
        order = [(foreign, times.foreign), (missing, times.missing)]
        drawn.shuffle(order)
        for request, into in order:
            seconds = _timed(line, request)
            if pair >= WARM_UP:
                into.append(seconds)
    return times


def _timed(line: Line, request: bytes) -> float:
    started = time.perf_counter()
    answer = line.ask(request)
    seconds = time.perf_counter() - started
    assert answer.codes == ["not-found"], answer
    return seconds


def _status(town: Town, message_id: MessageId) -> bytes:
    path = f"{media.MESSAGES}/{format_id(message_id)}"
    return plain("GET", path, signed(town.member(THIRD).keyring, "GET", path))


def _receipt(town: Town, envelope_hash: EnvelopeHash) -> bytes:
    asker, keyring = town.address(THIRD), town.member(THIRD).keyring
    receipt = Receipt(
        event=Event.DELIVERED,
        envelope_hash=envelope_hash,
        subject=asker,
        signer=asker,
        at=int(time.time()),
        salt=os.urandom(16),
    )
    body = msgspec.msgpack.encode([make_receipt(receipt, keyring)])
    headers = signed(keyring, "POST", media.RECEIPTS, body=body, kind=media.MSGPACK)
    return plain("POST", media.RECEIPTS, headers, body)


def _fresh_id() -> MessageId:
    return MessageId(new_uuid7(int(time.time() * 1000), os.urandom(10)))
