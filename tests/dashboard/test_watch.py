"""Watching: one look for all, none for nobody, and the newest for who is slow."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import msgspec
import pytest

from gateway.dashboard import watch
from gateway.dashboard.snapshot import Snapshot
from gateway.dashboard.watch import MAX_WATCHERS, Watch
from gateway.errors import Unavailable
from tests.client.examples import until
from tests.dashboard.given import calm


class Looker:
    """Counts looks; fails when it is told to."""

    def __init__(self) -> None:
        self.looks = 0
        self.begun = 0
        self.fail: Exception | None = None

    async def look(self) -> Snapshot:
        """Take one."""
        self.looks += 1
        if self.fail is not None:
            raise self.fail
        return calm(up_s=self.looks)

    def begin(self) -> None:
        """Somebody came after nobody was there."""
        self.begun += 1


@pytest.fixture
def looker() -> Looker:
    """Who takes the looks."""
    return Looker()


def watch_of(looker: Looker) -> Watch:
    """Look every few milliseconds."""
    return Watch(looker.look, looker.begin, every_s=0.01)


async def test_nobody_costs_nothing(looker: Looker) -> None:
    """Looks begin with the first watcher and end with the last one."""
    one = watch_of(looker)
    await asyncio.sleep(0.05)
    assert looker.looks == 0
    for times in (1, 2):
        async with one.watching(), one.watching():
            assert await one.next(None) is not None
        seen = looker.looks
        await asyncio.sleep(0.05)
        assert (looker.looks, looker.begun, one.watchers) == (seen, times, 0)


async def test_all_get_the_same_look_and_the_slow_one_the_newest(looker: Looker) -> None:
    """Who comes late misses what was between; nothing is kept for him."""
    one = watch_of(looker)
    async with one.watching(), one.watching():
        first = await one.next(None)
        assert first is not None
        await until(lambda: looker.looks >= 5)
        slow, quick = await one.next(first.id), await one.next(first.id)
        assert slow == quick
        assert slow is not None
        assert msgspec.json.decode(slow.data, type=Snapshot).up_s >= 4


async def test_too_many_watchers_are_told_to_come_later(looker: Looker) -> None:
    """The rest go on."""
    one = watch_of(looker)
    async with AsyncExitStack() as stack:
        for _ in range(MAX_WATCHERS):
            await stack.enter_async_context(one.watching())
        with pytest.raises(Unavailable, match="limit 16") as caught:
            await stack.enter_async_context(one.watching())
        assert caught.value.code == "busy"
        assert await one.next(None) is not None


async def test_a_look_that_fails_leaves_a_heartbeat(looker: Looker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line stands, whatever goes wrong behind it, and the next look comes."""
    monkeypatch.setattr(watch, "HEARTBEAT_S", 0.05)
    looker.fail = Unavailable("the ledger is away")
    one = watch_of(looker)
    async with one.watching():
        assert await one.next(None) is None
        looker.fail = None
        assert await one.next(None) is not None


async def test_a_gateway_that_stops_lets_everybody_go(looker: Looker) -> None:
    """Who waits is answered at once, and nobody comes any more."""
    one = watch_of(looker)
    async with one.watching():
        first = await one.next(None)
        assert first is not None
        waiting = asyncio.create_task(one.next(f"{first.id}-later"))
        await one.close()
        await waiting
        assert await one.next(first.id) is None
    with pytest.raises(Unavailable):
        async with one.watching():
            pass
