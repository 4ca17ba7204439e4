"""
What `gateway serve` does in one process: a loop, logs, signals, and a gateway until one of them asks it to stop.

uvloop is used where it is installed.
"""

from __future__ import annotations

import asyncio
import gc
import signal
from functools import partial
from typing import TYPE_CHECKING, Final

from gateway.ending import end_process_in
from gateway.loops import loop_factory
from gateway.ops.logs import adopt_libraries, configure, logger
from gateway.server.composition import compose

if TYPE_CHECKING:
    from gateway.config import Config
    from gateway.server.worker import Worker

__all__ = ["run"]

CUT_OFF_S: Final = 29.5  # after the signal, of the 30 s that are promised: a ledger or a disk that hangs holds no process
COLLECTIONS: Final = (10_000, 20, 100)  # a message leaves no cycles: Python's own pace looks fourteen times as often


def run(config: Config, passphrase: bytes, worker: Worker | None = None) -> None:
    """
    Serve until SIGTERM or SIGINT, then stop gracefully.

    Args:
        config: See `gateway.config`.
        passphrase: Opens the key file.
        worker: Where this process is one of several.

    Raises:
        GatewayError: It cannot start.
    """
    configure(config.operations.log_level)
    adopt_libraries()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(config, passphrase, worker))


async def _serve(config: Config, passphrase: bytes, worker: Worker | None) -> None:
    log = logger()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if not (config.directory.publication / "metadata").is_dir():
        log.warning("publication-missing", path=str(config.directory.publication))
    gateway = await compose(config, passphrase, worker=worker)
    gc.collect()
    gc.set_threshold(*COLLECTIONS)
    gc.freeze()  # what the start made lives as long as the process: collections need not look at it again
    log.info("serving", address=config.address, port=gateway.port, version=gateway.exchange.directory.version)
    log.info("operations", port=gateway.operations_port)
    if worker is not None:
        worker.serves()
    await stop.wait()
    log.info("stopping")
    end_process_in(CUT_OFF_S, partial(log.error, "stop-cut-off"))
    started = loop.time()
    await gateway.stop(config.limits.stop_s)
    log.info("stopped", wait_s=round(loop.time() - started, 2))
