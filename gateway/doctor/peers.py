"""The clocks of gateways of other networks, by the `Date` of an answer: what crosses the border is judged by both."""

from __future__ import annotations

import time
from collections.abc import Iterable
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp

from gateway.doctor import machine
from gateway.doctor.finding import Finding, warn
from gateway.protocol import media

__all__ = ["clocks", "date_of"]

LIMIT_S: Final = 5.0


async def clocks(endpoints: Iterable[tuple[str, str]]) -> list[Finding]:
    """
    Compare our clock with theirs.

    Args:
        endpoints: Network and address of a gateway there; one of each is enough.
    """
    findings = []
    timeout = aiohttp.ClientTimeout(total=LIMIT_S)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
        for network, base in endpoints:
            try:
                async with session.get(base.rstrip("/") + media.HEALTH, allow_redirects=False) as answer:
                    findings.append(date_of(network, answer.headers.get("Date", ""), time.time()))
            except (aiohttp.ClientError, TimeoutError, OSError) as exc:
                mend = f"only its relay needs it: see that {base} can be reached from the relay's machine"
                findings.append(warn(f"clock.{network}", f"{base} does not answer here: {type(exc).__name__}", mend))
    return findings


def date_of(network: str, date: str, now: float) -> Finding:
    """Judge the `Date` of an answer."""
    try:
        theirs = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return warn(f"clock.{network}", "its answer has no date", "compare the clocks by hand")
    return machine.clock(network, theirs, now)
