"""Runs the demonstration: builds the stage, starts a real gateway on free ports, plays the story, counts."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from gateway.demo.stage import Services, Stage, build
from gateway.demo.stay import Link, stay
from gateway.demo.story import Failed, Story
from gateway.demo.tally import Tally
from gateway.demo.view import View
from gateway.errors import GatewayError
from gateway.staging.running import free_port, require_empty, serving

__all__ = ["performed", "run"]

S = TypeVar("S")


def run(*, brokers: Sequence[str], ledger: str | None, keep: Path | None, link: Link | None = None) -> int:
    """
    Run it to the end.

    Args:
        brokers: AMQP addresses of one cluster; empty is the broker in memory.
        ledger: Address of an empty PostgreSQL database; None is a SQLite file.
        keep: Where the network's files stay; None removes them at the end.
        link: Makes a link to the dashboard; then the network stays, with traffic, until it is stopped. None ends it at once.

    Returns:
        The exit code: 0 only if everything that was accepted was opened, once.

    Raises:
        Rejected: `keep` is no empty folder; nothing was written.
    """
    level = "warning" if link is None else "error"  # orders are told as warnings, and whoever stays gives some
    services = Services(free_port(), free_port(), ledger, brokers, level)
    return performed(keep, lambda folder: build(folder, services, now=time.time()), partial(_play, link=link), _left)


def performed(
    keep: Path | None,
    building: Callable[[Path], S],
    playing: Callable[[S, View], Coroutine[None, None, Tally]],
    left: Callable[[S], str],
) -> int:
    """
    Build a stage, play on it, print the count, and return the exit code.

    Args:
        keep: Where the stage's files stay, an empty folder; None removes them at the end.
        building: Makes the stage in a folder.
        playing: Plays on it and counts.
        left: Says what to do with what was kept.
    """
    if keep is not None:
        require_empty(keep)
    console = Console(highlight=False, soft_wrap=True)
    with ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gateway-demo-")))
        stage = building(folder.resolve())
        try:
            tally = asyncio.run(playing(stage, View(console)))
        except (Failed, GatewayError) as exc:
            advice = f"; {exc.hint}" if isinstance(exc, GatewayError) else ""
            console.print(f"demo: failed: {exc}{advice}", markup=False)
            return 1
    if keep is not None:
        console.print(left(stage), markup=False)
    console.print(f"\n{tally}")
    return 0 if tally.holds else 1


async def _play(stage: Stage, view: View, link: Link | None) -> Tally:
    async with serving(stage) as (url, ledger):
        tally = await Story(stage, url, ledger, view).play()
        if link is not None:
            await stay(stage, view, link)
        return tally


def _left(stage: Stage) -> str:
    """Say what to do with what was kept."""
    homes = " ".join(sorted(path.name for path in stage.home("").iterdir()))
    return (
        f"\nleft in {stage.folder}, for who wants to go on:\n"
        f"  gateway serve {stage.config}\n"
        f"  gateway inbox --home {stage.home('NCB-QM')} --passphrase-file {stage.config.parent / 'passphrase'}\n"
        f"  homes: {homes}"
    )
