"""
Light live traffic after the demonstration, until somebody stops it: something to look at on the dashboard.

Everybody but one follows his inbox; that one comes back now and then, so that something waits meanwhile. What is sent here is
no part of the demonstration's count.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from itertools import count, cycle
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.client import ContactPoint
from gateway.demo.script import REQUESTS, Line, content_of
from gateway.demo.stage import CAST, Stage
from gateway.ending import end
from gateway.errors import GatewayError

if TYPE_CHECKING:
    from gateway.demo.view import View
    from gateway.message import Content

__all__ = ["Link", "stay"]

Link = Callable[[Path], str]  # a configuration file -> a one-time link to the dashboard of its gateway; blocks

PAUSE_S: Final = 1.2
AWAY: Final = "WCU-QO"
AWAY_S: Final = 40.0
_SPOKEN: Final = (
    *(line for line in REQUESTS if line.example.startswith("information.report/")),
    Line("information.report/sighting", "NCB-QN", (AWAY, "GS")),
    Line("information.report/open-source-video", "GN-QN", ("NCB-QM", "JA-QN", AWAY)),
    Line("information.report/sighting", "WCU-QP", ("NCB-QN", "TRIB-QX-OTP")),
)


async def stay(stage: Stage, view: View, link: Link) -> None:
    """Show the link, and let people of the stage write to each other until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        points = {str(one.participant): await stack.enter_async_context(_open(stage, one.participant)) for one in CAST}
        work = [_follow(point) for name, point in points.items() if name != AWAY]
        tasks = [asyncio.create_task(one) for one in (*work, _come_and_go(points[AWAY]), _talk(points))]
        stack.push_async_callback(end, tasks)
        view.scene("The network stays, with light traffic; its dashboard, by a link that is good once, for 60 seconds:")
        view.plain(await asyncio.to_thread(link, stage.config))
        view.note(f"another one: gateway operate login --config {stage.config}")
        view.note("Ctrl-C ends it")
        await stop.wait()


def _open(stage: Stage, name: str) -> ContactPoint:
    return ContactPoint.open(stage.home(name), passphrase=stage.passphrase)


async def _follow(point: ContactPoint) -> None:
    async for delivery in point.inbox(follow=True):
        await delivery.acknowledge()


async def _come_and_go(point: ContactPoint) -> None:
    while True:
        await asyncio.sleep(AWAY_S)
        with suppress(GatewayError):
            async for delivery in point.inbox():
                await delivery.acknowledge()


async def _talk(points: dict[str, ContactPoint]) -> None:
    for number, line in zip(count(), cycle(_SPOKEN), strict=False):
        with suppress(GatewayError):  # shown on the dashboard, where it counts
            await points[line.sender].send(_content(line), to=line.to)
        await asyncio.sleep(PAUSE_S if number % 7 else 3 * PAUSE_S)


def _content(line: Line) -> Content:
    return content_of(line, {}, time.time())
