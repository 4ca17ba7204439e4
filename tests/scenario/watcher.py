"""
An operator who watches while a test runs: signed in at the dashboard, with a scraper beside him.

Whatever comes to him is kept in files, so that it can be searched like the gateway's own.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final

import aiohttp

from gateway.cli.operate import login_link
from gateway.dashboard.files import static_files
from gateway.ending import end
from gateway.protocol import media

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from tests.scenario.town import Town

__all__ = ["Watcher", "watching"]

SCRAPE_S: Final = 0.25


@dataclass
class Watcher:
    """
    One browser that is signed in.

    Args:
        folder: Where what comes is kept: `snapshots`, `metrics`, and a file for each answer.
        browser: With its cookie.
        token: Of the link.
    """

    folder: Path
    browser: aiohttp.ClientSession
    token: str

    @property
    def secrets(self) -> dict[str, str]:
        """What signed him in, and keeps him so."""
        (cookie,) = self.browser.cookie_jar
        return {"token of the link": self.token, "session": cookie.value}

    async def look_up(self, mailboxes: Iterable[str], messages: Iterable[str]) -> None:
        """Open every page and file, and drill down to mailboxes and messages."""
        names = ["", "login", "session", *static_files()]
        paths = [media.DASHBOARD + name for name in names]
        paths += [media.DASHBOARD_MAILBOX + name for name in mailboxes] + [media.DASHBOARD_MESSAGE + one for one in messages]
        for number, path in enumerate(paths):
            self._keep(f"answer-{number}", await self._got(path))

    async def stream(self) -> None:
        """Keep what the page is sent."""
        async with self.browser.get(media.DASHBOARD_EVENTS) as got:
            async for piece in got.content.iter_any():
                self._keep("snapshots", piece)

    async def scrape(self) -> None:
        """Keep the metrics of every moment."""
        for moment in count():
            self._keep(f"metrics-{moment}", await self._got(media.METRICS))
            await asyncio.sleep(SCRAPE_S)

    async def _got(self, path: str) -> bytes:
        async with self.browser.get(path) as got:
            assert got.status == 200, path
            return await got.read()

    def _keep(self, name: str, data: bytes) -> None:
        with (self.folder / name).open("ab") as file:
            file.write(data)


@asynccontextmanager
async def watching(town: Town, folder: Path) -> AsyncIterator[Watcher]:
    """Watch a gateway that is served, as long as the context is open."""
    await asyncio.to_thread(folder.mkdir)
    link = await asyncio.to_thread(login_link, town.folder / "gateway.toml")
    base, _, token = link.partition(media.DASHBOARD_LOGIN + "#")
    jar = aiohttp.CookieJar(unsafe=True)  # an address has no name that a cookie could be bound to
    async with aiohttp.ClientSession(base, cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=None)) as browser:
        async with browser.post(media.DASHBOARD_SESSION, data=token, headers={"Content-Type": "text/plain"}) as signed_in:
            assert signed_in.status == 204
        watcher = Watcher(folder, browser, token)
        tasks = [asyncio.create_task(one) for one in (watcher.stream(), watcher.scrape())]
        try:
            yield watcher
            assert not [one for one in tasks if one.done()], "nobody watched any more"
        finally:
            await end(tasks)
