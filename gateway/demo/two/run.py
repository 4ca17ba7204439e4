"""Runs the demonstration of two networks: builds both, starts two real gateways on free ports, plays the story, counts."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.demo.run import performed
from gateway.demo.stage import Services
from gateway.demo.two.stage import build_two
from gateway.demo.two.story import StoryOfTwo
from gateway.errors import Rejected
from gateway.staging.running import free_port, serving

if TYPE_CHECKING:
    from gateway.demo.tally import Tally
    from gateway.demo.view import View
    from gateway.staging.pair import Side

__all__ = ["run_two"]


def run_two(*, brokers: Sequence[str], ledgers: Sequence[str], keep: Path | None) -> int:
    """
    Run it to the end.

    Args:
        brokers: AMQP addresses, one for each network; empty: both brokers are in memory.
        ledgers: Addresses of empty PostgreSQL databases, one for each network; empty: both are SQLite files.
        keep: Where the networks' files stay; None removes them at the end.

    Returns:
        The exit code: 0 only if everything that was accepted was opened, once, or refused by a signed receipt.

    Raises:
        Rejected: `config`, addresses for one network alone or for more than two, or the same for both; `home-exists`, `keep`
            is no empty folder; nothing was written.
    """
    for option, given in (("--broker", brokers), ("--ledger", ledgers)):
        if len(given) not in {0, 2} or len(set(given)) != len(given):
            hint = f"give {option} twice, or not at all: each network has its own"
            raise Rejected(f"{len(set(given))} different {option} for two networks", code="config", hint=hint)
    services = [
        Services(free_port(), free_port(), ledger, () if broker is None else (broker,), log_level="error")
        for broker, ledger in zip(brokers or (None, None), ledgers or (None, None), strict=True)
    ]
    return performed(keep, lambda folder: build_two(folder, services, now=time.time()), _play, _left)


async def _play(sides: tuple[Side, Side], view: View) -> Tally:
    logging.getLogger("gateway.client").setLevel(logging.ERROR)  # what is refused on purpose is shown in its scene
    icn, eu = sides
    async with serving(icn.stage) as (_, here), serving(eu.stage) as (_, there):
        tally = await StoryOfTwo(sides, (here, there), view).play()
    view.note(f"refused by the other network, signed: {len(tally.refused)}; counted neither as opened nor as lost")
    return tally


def _left(sides: tuple[Side, Side]) -> str:
    """Say what to do with what was kept."""
    lines = (f"  gateway serve {side.stage.config}" for side in sides)
    return "\n".join((f"\nleft in {sides[0].stage.folder.parent}, for who wants to go on:", *lines))
