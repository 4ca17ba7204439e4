"""
Directories, brought from one network to the other: each gateway verifies the other's from the root that its authority pinned.

A publication begins with the timestamp, which names everything else; the gateway says what it still needs. Ours goes there,
and theirs comes here where their gateway lets us read it: else their own relay brings it.
What cannot be brought now is brought with the next turn. A network that was no peer for a while has lost what it got: what is
remembered, the timestamp that arrived last, counts for a minute.
Spec: schemas/relay.md, "Peering" and "Requests".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.directory.roles import TIMESTAMP_FILE, TufRole, metadata_file
from gateway.errors import GatewayError, Rejected, Unavailable
from gateway.ops.logs import logger
from gateway.protocol import media, relaying
from gateway.protocol.relaying import Bodies
from gateway.relay.line import there

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.ids import Network
    from gateway.ops.metrics import RelayMetrics
    from gateway.relay.lane import Lines
    from gateway.relay.line import Line

__all__ = ["EVERY_S", "DirectoryMirror", "fetch"]

EVERY_S: Final = 5.0  # what did not change costs a small request; who is new can be written to within seconds
ANEW_TURNS: Final = 12  # turns after which nothing counts as known: a gateway may have lost what it got, or let us read now
BUNDLE_PATHS: Final = 256  # in one request: cards are a few KiB each
MAX_PUBLICATION_BYTES: Final = 40 << 20  # a directory of 4,096 participants with its metadata
MAX_ROUNDS: Final = 64  # timestamp, snapshot, lists, targets in pieces; and one for each root that was not seen there


class DirectoryMirror:
    """
    Brings each network's directory to the other.

    Args:
        own: This network.
        network: The other one.
        lines: To the gateways of both.
        metrics: Of this process.
    """

    def __init__(self, own: Network, network: Network, lines: Lines, metrics: RelayMetrics) -> None:
        self._own = own
        self._network = network
        self._home, self._other = lines
        self._metrics = metrics
        self._brought: dict[Network, bytes] = {}  # the timestamp that arrived last
        self._there: set[Network] = set()  # those that arrived, as far as we know
        self._refused = False  # their gateway lets no stranger read
        self._turns = 0
        self._log = logger()

    async def turn(self) -> None:
        """
        Bring what has a new timestamp since the last turn, and once a minute whatever the other one has lost.

        Raises:
            GatewayError: Our directory could not be brought there; it is tried again.
        """
        if self._turns % ANEW_TURNS == 0:
            self._there.clear()
            self._refused = False
        self._turns += 1
        if not self._refused:
            await self._bring_theirs()
        with there(self._other):  # a refusal there is no word of the gateway at home
            await self._bring(self._own, self._home, self._other)

    async def push(self) -> None:
        """Bring our directory there now: a gateway says that its copy lags behind. What fails is told by the next turn."""
        self._there.discard(self._own)
        try:
            await self._bring(self._own, self._home, self._other)
        except GatewayError as exc:
            self._metrics.faults("directory", exc.code).inc()
            self._log.warning("directory-not-published", network=self._own, code=exc.code, detail=exc.detail)

    async def _bring_theirs(self) -> None:
        try:
            await self._bring(self._network, self._other, self._home)
        except Rejected as exc:
            # Their gateway lets no stranger read: their own relay publishes it here.
            self._refused = True
            self._log.debug("directory-not-fetched", network=self._network, code=exc.code)
        except GatewayError as exc:
            self._metrics.faults("directory", self._metrics.known(exc.code)).inc()

    async def _bring(self, network: Network, source: Line, target: Line) -> None:
        timestamp = await source.ask("GET", media.DIRECTORY + TIMESTAMP_FILE)
        news = self._brought.get(network) != timestamp
        if not news and network in self._there:
            return
        version = await _publish(network, {TIMESTAMP_FILE: timestamp}, source, target)
        self._brought[network] = timestamp
        self._there.add(network)
        if not news:
            return
        self._metrics.published("other" if network == self._own else "home").inc()
        self._log.info("directory", network=network, version=version)


async def fetch(source: Line, names: Sequence[str]) -> dict[str, bytes]:
    """Return those files of a gateway's own directory that it has."""
    found: dict[str, bytes] = {}
    for start in range(0, len(names), BUNDLE_PATHS):
        body = Bodies.names.encode(list(names[start : start + BUNDLE_PATHS]))
        answer = await source.ask("POST", media.DIRECTORY_BUNDLE, body, kind=media.JSON)
        found.update(Bodies.files.decode(answer))
        if sum(map(len, found.values())) > MAX_PUBLICATION_BYTES:
            raise Rejected(f"a directory above {MAX_PUBLICATION_BYTES} bytes", code="too-large")
    return found


async def _publish(network: Network, files: dict[str, bytes], source: Line, target: Line) -> int:
    """Bring files until none is missing, and return the version that the target has then."""
    held, sent = dict(files), files
    for _ in range(MAX_ROUNDS):
        answer = Bodies.published.decode(await _offer(network, sent, target))
        root = metadata_file(TufRole.ROOT, answer.root + 1)
        wanted = [name for name in (root, *answer.missing) if name not in held]
        new = await fetch(source, wanted[:BUNDLE_PATHS])
        held |= new
        if root in new:
            # A new root may change every key: it goes with the timestamp alone.
            sent = {**files, root: new[root]}
            continue
        if not answer.missing:
            return answer.version
        # What is asked for again was not kept there, or came with a root and was not sent: then all of it goes.
        again = any(name in held and name not in new for name in answer.missing)
        if not new and len(sent) == len(held):
            break
        sent = dict(held) if again else new
        if not sent:
            break
    raise Unavailable(f"the directory of {network} stays incomplete there")


async def _offer(network: Network, files: Mapping[str, bytes], target: Line) -> bytes:
    return await target.ask("POST", relaying.publish_path(network), Bodies.files.encode(list(files.items())))
