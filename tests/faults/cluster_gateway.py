"""
One gateway of the cluster, whose clock can jump: `python -m tests.faults.cluster_gateway CONFIG OFFSET`.

OFFSET is a file of eight bytes, the seconds by which its clock is wrong (a double, native order); it is mapped, so that whoever
writes it moves the clock at once. It looks at what its gauges show as often as the campaign's Prometheus asks for them, as is
usual (deploy/prometheus/prometheus.yml). All else is a gateway as `gateway serve` runs it: SIGTERM stops it gracefully.
"""

from __future__ import annotations

import asyncio
import mmap
import signal
import struct
import sys
import time
from pathlib import Path
from unittest.mock import patch

import uvloop

from gateway import server
from gateway.config import Config, load
from gateway.exchange import gauges
from gateway.ops.logs import adopt_libraries, configure
from tests.faults.cluster_watch import EVERY_S


async def serve(config: Config, passphrase: bytes, offset: mmap.mmap) -> None:
    """Run until a signal, or until somebody kills it."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    def clock() -> float:
        wrong_s: float = struct.unpack("d", offset[:8])[0]
        return time.time() + wrong_s

    gateway = await server.compose(config, passphrase, clock=clock)
    await stop.wait()
    await gateway.stop(config.limits.stop_s)


if __name__ == "__main__":
    settings = load(Path(sys.argv[1]))
    assert settings.keys.passphrase_file is not None
    configure("warning")
    adopt_libraries()
    often = patch.object(gauges, "PAUSE_S", EVERY_S)
    with often, Path(sys.argv[2]).open("r+b") as file, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        wrong = mmap.mmap(file.fileno(), 8)
        runner.run(serve(settings, settings.keys.passphrase_file.read_bytes(), wrong))
