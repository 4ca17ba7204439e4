"""Promise 7, by weight of numbers: ten thousand bad inputs change nothing, and each is answered with its code."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import local
from typing import TYPE_CHECKING, Final

import pytest

from gateway.protocol import frames
from tests.scenario import bad_asking, bad_cards, bad_clear, bad_receipts, bad_requests, bad_sealed
from tests.scenario.bad import Bad, posted
from tests.scenario.bad_frames import FRAMES, ended, opening
from tests.scenario.bad_orders import good_order, ordered, orders
from tests.scenario.lines import Line
from tests.scenario.rogues import VISITORS, Rogues
from tests.scenario.town import READER, THIRD
from tests.support.ledger_dump import dump, settled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.scenario.bad_frames import Opened, Session
    from tests.scenario.process import Served

INPUTS: Final = 10_000
WARM_UP: Final = 2_500  # buffers, statements and threads that a gateway makes once
THREADS: Final = 6
MAX_GROWTH_BYTES: Final = 16 << 20

CLASSES: Final = (
    bad_sealed.sealed,
    bad_clear.clear,
    bad_requests.requests,
    bad_asking.asking,
    bad_receipts.receipts,
    bad_cards.cards,
)
Mismatch = Counter[tuple[str, tuple[str, ...], tuple[str, ...]]]


class Flood:
    """
    Sends bad inputs from several threads and compares what comes back.

    Args:
        port: Of the gateway.
        classes: What is sent.
    """

    def __init__(self, port: int, classes: Sequence[Bad]) -> None:
        self._port = port
        self._classes = classes
        self._own = local()
        self._lines: list[Line] = []
        self.mismatches: Mismatch = Counter()
        self.sent: Counter[str] = Counter()

    def send(self, inputs: int, seed: int) -> None:
        """Send at least so many inputs, every class in its share, in an order drawn from the seed."""
        drawn = random.Random(seed)
        weight = sum(one.share * len(one.codes) for one in self._classes)
        work = [(one, seed * 1000 + n) for one in self._classes for n in range(1 + round(inputs * one.share / weight))]
        drawn.shuffle(work)
        with ThreadPoolExecutor(THREADS) as threads:
            for _ in threads.map(self._one, work, chunksize=8):
                pass
        for line in self._lines:
            line.close()
        self._lines.clear()
        self._own = local()

    def _one(self, work: tuple[Bad, int]) -> None:
        bad, number = work
        if not hasattr(self._own, "line"):
            self._own.line = Line(self._port)
            self._lines.append(self._own.line)
        seen = tuple(self._own.line.ask(bad.make(number)).codes)
        self.sent[bad.name] += len(bad.codes)
        if seen != bad.codes:
            self.mismatches[bad.name, bad.codes, seen] += 1


@pytest.fixture
def town(tmp_path: Path) -> Rogues:
    """A network with every kind of participant that must be refused."""
    return Rogues(folder=tmp_path)


def _live_a_little(town: Rogues) -> None:
    """Accept some messages, and let one of them be opened: there must be something to damage."""
    with Line(town.port) as line:
        for sealed in (*town.taken, town.unseen):
            assert line.ask(posted(sealed.submission)).status == 202
        opened = bad_receipts.receipt(town, READER, town.taken[1].envelope_hash)
        assert line.ask(bad_receipts.handed_in(town, READER, [opened])).codes == [""]


async def _bad_frames(town: Rogues, sessions: Sequence[Session]) -> dict[str, tuple[str, int | None]]:
    """Send one bad frame in each session, and return what it ended with."""
    found = {}
    for session, (name, (_, _, make)) in zip(sessions, FRAMES.items(), strict=False):
        data = make(session, town)
        await (session.socket.send_str(data) if isinstance(data, str) else session.socket.send_bytes(data))
        found[name] = await ended(session)
    return found


async def _bad_receipts(town: Rogues, session: Session) -> list[str]:
    """Send every bad kind of receipt in a session, and return the outcomes."""
    made = [make() for _, _, make in bad_receipts.forged(town)]
    await session.socket.send_bytes(frames.encode(frames.Receipts(1, made)))
    while True:
        frame = frames.read_gateway_frame(await session.socket.receive_bytes(timeout=10))
        if isinstance(frame, frames.Recorded):
            return frame.outcomes


async def _open_all(opened: Opened) -> tuple[Session, list[Session]]:
    reader = await opened.open(READER)
    return reader, [await opened.open(name) for name in VISITORS[: len(FRAMES)]]


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_promise_7_ten_thousand_bad_inputs_change_nothing(town: Rogues) -> None:
    """Every bad input gets its documented code; the ledger stays as it was, byte for byte, and memory does not grow."""
    with asyncio.run(town.prepare()) as served:
        _live_a_little(town)
        flood = Flood(served.port, [bad for make in CLASSES for bad in make(town)])
        flood.send(WARM_UP, seed=1)
        asyncio.run(_flooded(town, served, flood))
    assert flood.mismatches == {}
    assert flood.sent.total() >= INPUTS + WARM_UP
    assert min(flood.sent.values()) >= 2


async def _flooded(town: Rogues, served: Served, flood: Flood) -> None:
    async with opening(town) as opened:
        reader, sessions = await _open_all(opened)
        before, held_bytes = dump(town.ledger_url), served.rss_bytes
        assert town.taken[0].envelope_hash.hex() in before
        await asyncio.to_thread(flood.send, INPUTS, 2)
        assert await _bad_frames(town, sessions) == {name: (code, close) for name, (code, close, _) in FRAMES.items()}
        assert await _bad_receipts(town, reader) == [code for _, code, _ in bad_receipts.forged(town)]
        assert await opened.again(reader) == 401
        assert dump(town.ledger_url) == before
        assert served.rss_bytes - held_bytes < MAX_GROWTH_BYTES
        await reader.socket.close()


def test_promise_7_bad_orders_change_nothing(town: Rogues) -> None:
    """On the operators' listener nothing but an order signed by the operator is done; of the rest at most a nonce remains."""
    with asyncio.run(town.prepare()) as served:
        _live_a_little(town)
        before = _but_nonces(town)
        flood = Flood(town.operations_port, orders(town))
        flood.send(600, seed=4)
        assert _but_nonces(town) == before
        with Line(town.operations_port) as line:
            order = ordered(good_order(town, "999/0"))
            assert [line.ask(order).codes for _ in range(2)] == [["not-found"], ["nonce-used"]]
        assert served.stop() == 0
    assert flood.mismatches == {}
    assert min(flood.sent.values()) >= 2


def _but_nonces(town: Rogues) -> str:
    found, tables = re.subn(r"^nonce: .*\n(  .*\n)*", "", asyncio.run(settled(town.ledger_url)), flags=re.MULTILINE)
    assert tables == 1
    return found


def test_what_was_good_before_a_flood_is_good_after_it(town: Rogues) -> None:
    """A gateway that was attacked accepts, and hands over what it held, as before."""
    with asyncio.run(town.prepare()) as served:
        _live_a_little(town)
        Flood(served.port, bad_sealed.sealed(town)).send(300, seed=3)
        with Line(served.port) as line:
            again = line.ask(posted(town.taken[0].submission))
            new = line.ask(posted(town.sealed([READER, THIRD]).submission))
        assert (again.status, new.status) == (200, 202)
        assert served.stop() == 0
