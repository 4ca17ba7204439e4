"""
Kill processes that rotate keys, at every call through their ports and at random, and judge what is left after each kill.

Three places: homes of participants at a real gateway in this process, a gateway's directory, an authority's folder. The judges
(`rotation_count`) import nothing of `gateway`; `rotation_looks` reads for them what stands on the disk.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import random
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.ops.logs import configure
from tests.faults.rotating_directory import DirectoryLife, live_directory
from tests.faults.rotating_home import HomeLife, live_home
from tests.faults.rotating_office import OfficeLife, live_office
from tests.faults.rotation_count import DirectoryJudge, HomeJudge, OfficeJudge
from tests.faults.rotation_looks import Authority, Directory, served

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

__all__ = ["KILLS", "run"]

KILLS: Final = {"homes": 36, "directory": 24, "authority": 30}
# Each call through the ports, and how many of them a life survives at most before it dies there.
HOME_CALLS: Final = {"home.read": 6, "home.write": 6, "transport.ask": 4, "transport.get": 4}
DIRECTORY_CALLS: Final = {
    "ledger.directory.publish": 6,
    "ledger.directory.read": 1,
    "ledger.directory.version": 1,
    "ledger.directory.logged": 1,
    "publication.read": 1,
    "publication.taken": 1,
}
OFFICE_CALLS: Final = {"os.fsync": 12, "path.replace": 24, "path.unlink": 2}
CALL_WAIT_S: Final = 2.0  # a named call that does not come within this is killed at random instead
RANDOM_S: Final = 0.8
RANDOM_SHARE: Final = 0.25
SHARED_SHARE: Final = 0.25  # of the lives of a home that have another process beside them
LAST_S: Final = 30.0

Live = Callable[[Any], None]
Promises = Callable[[], list[str]]

_fork = multiprocessing.get_context("forkserver")
_fork.set_forkserver_preload([live.__module__ for live in (live_home, live_directory, live_office)])


class _Killer:
    """Starts lives and ends them, in one place."""

    def __init__(self, calls: Mapping[str, int]) -> None:
        ways = [(call, count) for call, most in calls.items() for count in range(1, most + 1)]
        deaths = [f"{call}:{side}:{count}" for call, count in ways for side in ("before", "after")]
        self.chance = random.Random(1)
        self.chance.shuffle(deaths)
        self._deaths = itertools.cycle(deaths)
        self.kills = self.named = 0
        self.faults: list[str] = []

    def start(self, live: Live, life: tuple[Any, ...]) -> ForkServerProcess:
        """Start a process."""
        process = _fork.Process(target=live, args=(life,), daemon=True)
        process.start()
        return process

    async def kill(self, live: Live, life_of: Callable[[str], tuple[Any, ...]]) -> None:
        """Let one life end, by its own doom or at random."""
        random_one = self.chance.random() < RANDOM_SHARE
        process = self.start(live, life_of("" if random_one else next(self._deaths)))
        await asyncio.to_thread(process.join, self.chance.uniform(0.05, RANDOM_S) if random_one else CALL_WAIT_S)
        if process.exitcode is not None and process.exitcode >= 0:
            self.faults.append(f"a life ended by itself: {life_of('')}")
        self.named += process.exitcode is not None
        self.end(process)

    def end(self, process: ForkServerProcess) -> None:
        """Kill a process that may be dead already."""
        process.kill()
        process.join()
        self.kills += 1

    async def settle(self, live: Live, life: tuple[Any, ...]) -> None:
        """Let a last life bring to an end what was begun."""
        process = self.start(live, life)
        await asyncio.to_thread(process.join, LAST_S)
        if process.exitcode != 0:
            process.kill()
            process.join()
            self.faults.append(f"the last life did not bring it to an end: {process.exitcode}")


async def _homes(folder: Path, kills: int) -> tuple[_Killer, str]:
    """Rotate the keys of homes; what was sent before the first kill, and what is sent after the last, must open."""
    killer, seeds = _Killer(HOME_CALLS), itertools.count()
    async with served(folder) as network:
        judges = {name: HomeJudge() for name in network.rotating}

        def life_of(name: str, death: str = "", **told: bool) -> HomeLife:
            return HomeLife(network.home(name), network.identity(name), folder / f"{name}.promises", death, next(seeds), **told)

        for name in judges:
            await killer.settle(live_home, life_of(name, last=True))
        await network.send("before")
        for name in itertools.cycle(judges):
            shared = killer.chance.random() < SHARED_SHARE
            beside = [killer.start(live_home, life_of(name, shared=True))] if shared else []
            await killer.kill(live_home, partial(life_of, name, shared=shared))
            for process in beside:
                killer.end(process)
            killer.faults += judges[name].look(await network.look(name))
            if killer.faults or killer.kills >= kills:
                break
        for name, judge in judges.items():
            await killer.settle(live_home, life_of(name, last=True))
            killer.faults += judge.look(await network.look(name), finished=True)
        await network.send("after")
        for name in judges:
            killer.faults += await network.unopened(name, ["before", "after"])
        rotations = len(_lines(folder))
    return killer, f"{rotations} rotations of {len(judges)} homes"


async def _directory(folder: Path, kills: int) -> tuple[_Killer, str]:
    """Publish cards and take in what an authority publishes."""
    killer, seeds, judge, directory = _Killer(DIRECTORY_CALLS), itertools.count(), DirectoryJudge(), Directory(folder)

    def life_of(death: str, *, last: bool = False) -> DirectoryLife:
        return DirectoryLife(
            directory.url, directory.publication, directory.world_at, folder / "0.promises", death, next(seeds), last
        )

    directory.publish()
    await killer.settle(live_directory, life_of("", last=True))
    while killer.kills < kills and not killer.faults:
        directory.publish()
        await killer.kill(live_directory, life_of)
        killer.faults += judge.look(directory.look(), _lines(folder))
    await killer.settle(live_directory, life_of("", last=True))
    facts = directory.look()
    killer.faults += judge.look(facts, _lines(folder))
    killer.faults += directory.missing(facts)
    return killer, f"version {facts.version}, {judge.leaves} leaves, {sum('answered' in one for one in _lines(folder))} cards"


async def _authority(folder: Path, kills: int) -> tuple[_Killer, str]:
    """Rotate officers and online keys, and publish."""
    killer, seeds, judge, authority = _Killer(OFFICE_CALLS), itertools.count(), OfficeJudge(), Authority(folder)

    def life_of(death: str, *, last: bool = False) -> OfficeLife:
        return OfficeLife(authority.path, authority.request, folder / "0.promises", death, next(seeds), last)

    await killer.settle(live_office, life_of("", last=True))
    while killer.kills < kills and not killer.faults:
        await killer.kill(live_office, life_of)
        killer.faults += judge.look(authority.look(), _lines(folder))
    await killer.settle(live_office, life_of("", last=True))
    facts = authority.look()
    killer.faults += judge.look(facts, _lines(folder), finished=True)
    return killer, f"root {facts.versions[0]}, {len(_lines(folder))} drafts"


def _lines(folder: Path) -> list[str]:
    return [line for path in folder.glob("*.promises") for line in path.read_text().splitlines()]


_PLACES: Final = {"homes": _homes, "directory": _directory, "authority": _authority}


def run(place: str, kills: int, say: Callable[[str], None]) -> bool:
    """
    Run one campaign.

    Args:
        place: `homes`, `directory` or `authority`.
        kills: How many.
        say: Prints a line.

    Returns:
        Whether nothing was broken.
    """
    started = time.monotonic()
    configure("critical")  # the gateway of the homes works in this process
    with tempfile.TemporaryDirectory(prefix="rotation-kills-") as name:
        killer, done = asyncio.run(_PLACES[place](Path(name), kills))
    took = time.monotonic() - started
    say(f"keys of {place}: {killer.kills} kills, {killer.named} of them at a named call, in {took:.0f} s")
    say(f"keys of {place}: {done}, {len(killer.faults)} broken")
    for fault in killer.faults[:5]:
        say(f"keys of {place}: {fault}")
    return not killer.faults
