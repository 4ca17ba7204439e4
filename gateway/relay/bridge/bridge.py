"""
A bridge at work: a relay whose other side is a folder, and the folder served for the bridge on the other side.

Three things go on at once: the relay, the look at what came, and the laying out of receipts. Each pauses when it fails, up to a
minute, and goes on; only another process with the folder, or a mistake in the configuration, stops the start.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.ending import end
from gateway.errors import GatewayError, Rejected
from gateway.ids import Network, network_of
from gateway.ops.logs import adopt_libraries, configure, logger
from gateway.ops.metrics import RelayMetrics
from gateway.protocol.bridge import FileType, Reader, parse_key
from gateway.relay.bridge.far import FarSide
from gateway.relay.bridge.folder import Folder
from gateway.relay.bridge.near import NearLine
from gateway.relay.bridge.post import LOOK_S, Post
from gateway.relay.identity import read_agent
from gateway.relay.lane import Lines
from gateway.relay.pauses import Backoff, Time
from gateway.relay.process import gateway_line, until_stopped
from gateway.relay.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.envelope.keys import MemoryKeyring
    from gateway.relay.config import BridgeConfig
    from gateway.relay.line import Line

__all__ = ["Bridge", "run_bridge"]


class Bridge:
    """
    One bridge.

    Args:
        way: This network, and the other one.
        home: To a gateway of this network.
        post: Our files and theirs.
        metrics: Of this process.
        holder: Name of this process.
        per_s: Messages that may be laid out in a second; None for no limit.
        time: Its clock.
    """

    def __init__(
        self,
        way: tuple[Network, Network],
        home: Line,
        post: Post,
        metrics: RelayMetrics,
        *,
        holder: str,
        per_s: float | None = None,
        time: Time | None = None,
    ) -> None:
        own, network = way
        self._time = time or Time()
        near = NearLine(own, home, post, self._time)
        far = FarSide(network, home, post, self._time)
        self.relay = Relay(own, network, Lines(home, near), metrics, holder=holder, per_s=per_s, time=self._time)
        self._post = post
        self._far = far
        self._metrics = metrics
        self._handlers = {
            FileType.FORWARDS: far.forwards,
            FileType.DIRECTORY: far.directory,
            FileType.RECEIPTS: near.take,
        }
        self.troubles: dict[str, str] = {}  # task to code of its last failure

    async def run(self) -> None:
        """Work until cancelled."""
        tasks = [
            asyncio.create_task(self.relay.run()),
            asyncio.create_task(self._repeat("files", self._look)),
            asyncio.create_task(self._repeat("giving", self._far.give_receipts)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await end(tasks)

    async def _look(self) -> None:
        await self._post.turn(self._handlers)
        await self._time.sleep(LOOK_S)

    async def _repeat(self, task: str, turn: Callable[[], Awaitable[object]]) -> None:
        backoff = Backoff()
        while True:
            began = self._time.clock()
            try:
                moved = await turn()
            except (GatewayError, OSError) as exc:  # a full disk is mended by whoever empties it
                code = exc.code if isinstance(exc, GatewayError) else "unavailable"
                self._note(task, code, str(exc))
                await self._time.sleep(backoff.failed())
                continue
            backoff.well()
            self._note(task, "")
            if not moved and self._time.clock() - began < LOOK_S:
                await self._time.sleep(LOOK_S)

    def _note(self, task: str, code: str, detail: str = "") -> None:
        if code:
            self._metrics.faults(task, self._metrics.known(code)).inc()
        if self.troubles.get(task, "") != code:
            logger().warning("bridge-trouble" if code else "bridge-well", task=task, code=code, detail=detail)
        self.troubles[task] = code

    @property
    def well(self) -> bool:
        """Whether nothing fails just now."""
        return not self.relay.troubles and not any(self.troubles.values())


def run_bridge(config: BridgeConfig, passphrase: bytes) -> None:
    """
    Bridge until SIGTERM or SIGINT.

    Raises:
        Rejected: It cannot start: key, keys of the other side, TLS files or addresses.
        Unavailable: Another process has the folder.
    """
    configure(config.operations.log_level if config.operations else "info")
    adopt_libraries()
    keyring = read_agent(config.key_file, passphrase)
    keys = [parse_key(text) for text in config.their_keys]
    reader = Reader(network_of(keyring.address), keys)
    if network_of(keys[0].address) != config.network:
        raise Rejected(f"their_keys are of {network_of(keys[0].address)}, network is {config.network}", code="config")
    folder = Folder(config.folder)
    try:
        asyncio.run(_bridge(config, keyring, reader, folder))
    finally:
        folder.close()


async def _bridge(config: BridgeConfig, keyring: MemoryKeyring, reader: Reader, folder: Folder) -> None:
    time, metrics = Time(), RelayMetrics()
    metrics.watch_disk("bridge", config.folder)
    way = network_of(keyring.address), Network(config.network)
    home = gateway_line(config, keyring, config.home, config.tls_ca, time)
    try:
        post = Post(folder, way, keyring, reader, metrics, time, config.again_s)
        bridge = Bridge(way, home, post, metrics, holder=config.holder, per_s=config.messages_per_s, time=time)
        await until_stopped(bridge.run, config.operations, metrics, lambda: bridge.well)
    finally:
        await home.close()
