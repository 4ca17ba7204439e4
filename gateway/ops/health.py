"""
Health: alive, and ready to accept.

Alive means that the event loop answers. Ready means that a submission could be accepted now: the ledger answers and a
directory stands. The broker, an authority that is late and an audit log that was halted are shown and do not decide: the
gateway still accepts (promise 8).
A probe that raises or takes too long counts as not well; the answer never says more than its name and a code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.errors import GatewayError

__all__ = ["Health", "Probe", "Report"]

PROBE_LIMIT_S: Final = 2.0  # an orchestrator asks every few seconds

Check = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Probe:
    """
    One part to ask.

    Args:
        check: Returns whether it is well.
        needed: Whether the gateway is unready without it.
    """

    check: Check
    needed: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What each probe said: "ok", or the code of what is wrong."""

    ready: bool
    parts: Mapping[str, str]


class Health:
    """
    Asks the parts of one gateway.

    Args:
        probes: By name, as shown to operators.
    """

    def __init__(self, probes: Mapping[str, Probe]) -> None:
        self._probes = dict(probes)
        self.stopping = False  # set first in a graceful stop, so that load balancers turn away
        self._draining = False

    def drain(self, on: bool) -> None:  # noqa: FBT001  one of those who listen to an order
        """Be unready because an operator ordered it, or no more."""
        self._draining = on

    async def report(self) -> Report:
        """Ask every probe at once."""
        answers = await asyncio.gather(*(_ask(probe.check) for probe in self._probes.values()))
        parts = dict(zip(self._probes, answers, strict=True))
        well = all(parts[name] == "ok" for name, probe in self._probes.items() if probe.needed)
        if self._draining:
            parts["operator"] = "draining"
        return Report(ready=well and not self.stopping and not self._draining, parts=parts)


async def _ask(check: Check) -> str:
    try:
        async with asyncio.timeout(PROBE_LIMIT_S):
            return "ok" if await check() else "unavailable"
    except TimeoutError:
        return "time-limit"
    except GatewayError as exc:
        return exc.code
