"""
The folder as a relay sees it: a line to a gateway whose answers take hours or days.

A page of forwards becomes a file, and the request ends when its answer comes. Receipts are what came in files, in order; a file
is answered when the relay asks beyond it, for then the gateway at home has recorded it. Our directory is laid out whole, for a
question what is missing would take another journey. Spec: schemas/relay.md, "Bridge".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from gateway.errors import Rejected, error_of
from gateway.protocol import media, relaying
from gateway.protocol.bridge import Answered, BridgeFile, FileType, Receipts, read_receipts
from gateway.protocol.relaying import Bodies, Published
from gateway.relay.bridge.post import LOOK_S
from gateway.relay.repository import fetch_whole

if TYPE_CHECKING:
    from gateway.ids import Network
    from gateway.protocol.relaying import Numbered
    from gateway.relay.bridge.post import Post
    from gateway.relay.line import Line
    from gateway.relay.pauses import Time

__all__ = ["NearLine"]

_PAGE: Final = relaying.MAX_RECEIPTS


class NearLine:
    """
    A `Line` over a folder.

    Args:
        own: This network.
        home: To its gateway: our directory is read from there.
        post: Our files and theirs.
        time: Its clock.
    """

    def __init__(self, own: Network, home: Line, post: Post, time: Time) -> None:
        self._own = own
        self._home = home
        self._post = post
        self._time = time

    async def ask(self, method: str, path: str, body: bytes = b"", *, kind: str = media.MSGPACK) -> bytes:
        """Do what a relay asks of the other gateway; see `Line`, but that it takes as long as files do."""
        del kind
        parts = urlsplit(path)
        if (method, parts.path) == ("POST", relaying.TAKE):
            return await self._exchange(body)
        if (method, parts.path) == ("POST", relaying.publish_path(self._own)):
            return await self._publish()
        if (method, parts.path) == ("GET", urlsplit(relaying.receipts_path(self._own, 0)).path):
            query = {name: int(values[0]) for name, values in parse_qs(parts.query).items()}
            return await self._receipts(query["after"], query["wait"])
        raise Rejected(f"no file answers {method} {parts.path}", code="not-found")

    def prefer_next(self) -> None:
        """Do nothing: there is one other side."""

    async def close(self) -> None:
        """Do nothing: the folder is closed by who opened it."""

    async def take(self, file: BridgeFile) -> Answered | None:
        """Let receipts that came wait until the relay asks for them."""
        del file
        return None

    async def _exchange(self, body: bytes) -> bytes:
        answer = await self._post.answer_to(await self._post.send(FileType.FORWARDS, body))
        if answer.code:
            raise error_of(answer.code)
        return answer.body

    async def _publish(self) -> bytes:
        older = self._post.unanswered(FileType.DIRECTORY)
        files = await fetch_whole(self._home)
        digest = await self._post.send(FileType.DIRECTORY, Bodies.files.encode(sorted(files.items())))
        for one in older:
            if one != digest:
                await self._post.drop(one)
        return Bodies.published.encode(Published(0, 0))

    async def _receipts(self, after: int, wait_s: int) -> bytes:
        until = self._time.clock() + wait_s
        while True:
            await self._settle(after)
            page = self._page(after)
            if page or self._time.clock() >= until:
                return Bodies.receipt_page.encode(page)
            await self._time.sleep(LOOK_S)

    async def _settle(self, after: int) -> None:
        """Answer the files whose receipts are recorded."""
        for name, file in list(self._post.kept.items()):
            if file.type is FileType.RECEIPTS and read_receipts(file.payload).page[-1][0] <= after:
                await self._post.settle(name, Answered(file.digest, ""))

    def _page(self, after: int) -> list[Numbered]:
        """Return what follows a position; nothing beyond a file that is missing."""
        page: list[Numbered] = []
        for found in sorted(self._waiting(), key=lambda one: one.after):
            last = page[-1][0] if page else after
            if found.after > last:
                break
            page += [one for one in found.page if one[0] > last]
        return page[:_PAGE]

    def _waiting(self) -> list[Receipts]:
        return [read_receipts(file.payload) for file in self._post.kept.values() if file.type is FileType.RECEIPTS]
