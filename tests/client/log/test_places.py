"""Which checkpoint a bundle is made against, and how long a home waits for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import msgspec
import pytest

from gateway.client.log import places as log_places
from gateway.client.log.places import LogPlaces
from gateway.errors import Rejected, Unavailable
from gateway.merkle import leaf_hash, verify_inclusion
from gateway.protocol import media
from gateway.tlog.checkpoint import Checkpoint, encode_checkpoint
from gateway.tlog.cosignature import cosign
from gateway.tlog.note import encode_signatures
from tests.support.fake_log import ORIGIN, FakeLog
from tests.vectors.evidence_forge import witness_key

if TYPE_CHECKING:
    from gateway.client.line.transport import Transport


class Line:
    """Answers as a gateway would, out of a log in memory."""

    def __init__(self, log: FakeLog) -> None:
        self.log = log
        self.asked: list[str] = []
        self.garbled = False

    async def get(self, path: str, *, limit_bytes: int) -> bytes:
        """Return what stands at a path, or refuse as a gateway does."""
        self.asked.append(path)
        answer = await self._answer(path)
        if answer is None:
            raise Rejected(code="not-found")
        assert len(answer) <= limit_bytes
        return b"\xc1" if self.garbled else answer

    async def _answer(self, path: str) -> bytes | None:
        if path == media.LOG_CHECKPOINT:
            return await self.log.checkpoint()
        if path.startswith(media.LOG_STAMPED):
            row = await self.log.stamped(int(path.removeprefix(media.LOG_STAMPED)))
            return None if row is None else msgspec.msgpack.encode([(row.note or b"") + row.cosignatures, row.token])
        leaf, _, size = path.removeprefix(media.LOG_PROOFS).partition("?size=")
        found = await self.log.proof(bytes.fromhex(leaf), int(size) if size else None)
        return None if found is None else msgspec.msgpack.encode([found.index, found.size, found.siblings])


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> FakeLog:
    """Return a log of five leaves; homes look again at once."""
    monkeypatch.setattr(log_places, "LOOK_AGAIN_S", 0.01)
    log = FakeLog()
    log.grow(5)
    return log


def places(log: FakeLog, wait_s: float = 10.0) -> tuple[LogPlaces, Line]:
    """Ask a log, waiting for so long."""
    line = Line(log)
    return LogPlaces(cast("Transport", line), wait_s), line


async def test_the_oldest_time_stamped_checkpoint_is_preferred(log: FakeLog) -> None:
    """A bundle stands on the earliest checkpoint that a time-stamp service saw, not on the newest one."""
    await log.set_token(5, b"token")
    log.grow(5)
    await log.set_token(10, b"later")
    log.grow(5)
    chosen = await places(log)[0].choose(3, cosigned=False)
    assert (chosen.origin, chosen.size, chosen.token) == (ORIGIN, 5, b"token")


async def test_without_a_time_stamp_the_newest_checkpoint_is_taken(log: FakeLog) -> None:
    """Nothing waits for a time-stamp: the newest checkpoint proves as well."""
    log.grow(5)
    asked, _ = places(log)
    chosen = await asked.choose(3, cosigned=False)
    [place] = await asked.places([log.leaves[3]], chosen.size)
    assert (chosen.size, chosen.token, place.index) == (10, None, 3)
    assert verify_inclusion(3, 10, leaf_hash(log.leaves[3]), place.siblings, log.newest.root)


async def test_a_home_waits_until_a_leaf_is_covered(log: FakeLog) -> None:
    """A leaf that was just written is found as soon as a checkpoint holds it."""
    log.commit(1)
    asked, _ = places(log)
    waiting = asyncio.create_task(asked.indices([log.leaves[5]]))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    log.grow(0)
    assert await waiting == [5]


async def test_a_leaf_that_never_comes_is_told_as_missing(log: FakeLog) -> None:
    """After the wait a leaf that the log does not show is nowhere, and no proof of it is made up."""
    asked, _ = places(log, wait_s=0.05)
    assert await asked.indices([b"never written", log.leaves[1]]) == [None, 1]
    with pytest.raises(Unavailable):
        await asked.places([b"never written"], 5)


async def test_a_home_may_wait_for_a_witness(log: FakeLog) -> None:
    """Who asks for a cosigned checkpoint gets one, also where an older time-stamped one has no cosignature."""
    await log.set_token(5, b"token")
    asked, _ = places(log)
    waiting = asyncio.create_task(asked.choose(3, cosigned=True))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    log.grow(2)
    key, secret = witness_key()
    text = encode_checkpoint(Checkpoint(ORIGIN, 7, log.newest.root))
    await log.add_cosignatures(7, encode_signatures([cosign(text, key, secret.sign, log.now)]))
    chosen = await waiting
    assert (chosen.size, chosen.cosigned) == (7, True)


async def test_a_log_without_what_is_asked_for_is_not_available_now(log: FakeLog) -> None:
    """No checkpoint, and none that a witness cosigned, is told as a state that may change."""
    with pytest.raises(Unavailable, match="no cosigned checkpoint"):
        await places(log, wait_s=0.05)[0].choose(3, cosigned=True)
    with pytest.raises(Unavailable, match="no signed checkpoint"):
        await places(FakeLog(), wait_s=0.05)[0].newest()


async def test_an_answer_that_cannot_be_read_is_no_proof(log: FakeLog) -> None:
    """Bytes that are no proof are told as a gateway that cannot be asked, and nothing worse happens."""
    asked, line = places(log)
    line.garbled = True
    with pytest.raises(Unavailable, match="cannot be read"):
        await asked.places([log.leaves[1]], 5)
