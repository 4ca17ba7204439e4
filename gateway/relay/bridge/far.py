"""
The other end of a bridge: what came in files is brought to the gateway here, and its answers are laid out.

To the gateway this is a relay of its own network that brings what another network's relay would. Receipts are laid out as they
come, a few files ahead of what the other side has answered. Spec: schemas/relay.md, "Bridge".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.protocol import relaying
from gateway.protocol.bridge import Answered, BridgeFile, FileType, Receipts, write_body
from gateway.protocol.relaying import Bodies
from gateway.relay.bridge.post import LOOK_S

if TYPE_CHECKING:
    from gateway.ids import Network
    from gateway.relay.bridge.post import Post
    from gateway.relay.line import Line
    from gateway.relay.pauses import Time

__all__ = ["FarSide"]

AHEAD: Final = 16  # files of receipts that are laid out and not answered


class FarSide:
    """
    Serves the bridge on the other side.

    Args:
        network: The other one.
        home: To a gateway of this network.
        post: Our files and theirs.
        time: Its clock.
    """

    def __init__(self, network: Network, home: Line, post: Post, time: Time) -> None:
        self._network = network
        self._home = home
        self._post = post
        self._time = time

    async def forwards(self, file: BridgeFile) -> Answered:
        """Bring forwards to the gateway; a refusal of the request is an answer, a gateway that is away is none."""
        return Answered(file.digest, "", await self._home.ask("POST", relaying.TAKE, file.payload))

    async def directory(self, file: BridgeFile) -> Answered:
        """Bring the other network's directory to the gateway."""
        return Answered(file.digest, "", await self._home.ask("POST", relaying.publish_path(self._network), file.payload))

    async def give_receipts(self) -> int:
        """Lay out the next receipts that the gateway has for the other network; return how many."""
        if len(self._post.unanswered(FileType.RECEIPTS)) >= AHEAD:
            await self._time.sleep(LOOK_S)
            return 0
        after = self._post.after
        page = Bodies.receipt_page.decode(await self._home.ask("GET", relaying.receipts_path(self._network, after)))
        if page:
            await self._post.send(FileType.RECEIPTS, write_body(Receipts(after, page)))
        return len(page)
