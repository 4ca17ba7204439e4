"""Runs the demonstration: builds the stage, starts a real gateway on free ports, plays the story, counts."""

from __future__ import annotations

import asyncio
import socket
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from rich.console import Console

from gateway import server
from gateway.config import load
from gateway.demo.stage import Services, Stage, build
from gateway.demo.story import Failed, Story
from gateway.demo.tally import Tally
from gateway.demo.view import View
from gateway.errors import GatewayError, Rejected
from gateway.ops.logs import configure

__all__ = ["run"]

_GRACE_S = 5.0


def run(*, brokers: Sequence[str], ledger: str | None, keep: Path | None) -> int:
    """
    Run it to the end.

    Args:
        brokers: AMQP addresses of one cluster; empty is the broker in memory.
        ledger: Address of an empty PostgreSQL database; None is a SQLite file.
        keep: Where the network's files stay; None removes them at the end.

    Returns:
        The exit code: 0 only if everything that was accepted was opened, once.

    Raises:
        Rejected: `keep` is no empty folder; nothing was written.
    """
    if keep is not None:
        _require_empty(keep)
    console = Console(highlight=False, soft_wrap=True)
    with ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gateway-demo-")))
        services = Services(port=_free_port(), operations_port=_free_port(), ledger=ledger, brokers=brokers)
        stage = build(folder.resolve(), services, now=time.time())
        try:
            tally = asyncio.run(_play(stage, View(console)))
        except (Failed, GatewayError) as exc:
            advice = f"; {exc.hint}" if isinstance(exc, GatewayError) else ""
            console.print(f"demo: failed: {exc}{advice}", markup=False)
            return 1
    if keep is not None:
        console.print(_left(stage), markup=False)
    console.print(f"\n{tally}")
    return 0 if tally.holds else 1


async def _play(stage: Stage, view: View) -> Tally:
    config = load(stage.config)
    configure(config.operations.log_level)
    adapters = await server.open_adapters(config)
    gateway = await server.compose(config, stage.passphrase, adapters=adapters)
    try:
        return await Story(stage, f"http://127.0.0.1:{gateway.port}", adapters.ledger, view).play()
    finally:
        await gateway.stop(_GRACE_S)


def _require_empty(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        empty = next(folder.iterdir(), None) is None
    except OSError as exc:
        raise Rejected(f"{folder}: {exc.strerror}", code="config", hint="name an empty folder, or one to be made") from exc
    if not empty:
        raise Rejected(f"{folder} is not empty", code="home-exists", hint="name an empty folder, or one to be made")


def _left(stage: Stage) -> str:
    """Say what to do with what was kept."""
    homes = " ".join(sorted(path.name for path in stage.home("").iterdir()))
    return (
        f"\nleft in {stage.folder}, for who wants to go on:\n"
        f"  gateway serve {stage.config}\n"
        f"  gateway inbox --home {stage.home('NCB-QM')} --passphrase-file {stage.config.parent / 'passphrase'}\n"
        f"  homes: {homes}"
    )


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
