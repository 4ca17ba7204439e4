"""Runs the gateway of a stage in this process, on loopback; whoever enters it has an address to write to."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Final

from gateway import server
from gateway.config import load
from gateway.errors import Rejected
from gateway.ledger import Ledger
from gateway.ops.logs import configure
from gateway.staging.stage import Stage

__all__ = ["free_port", "require_empty", "serving"]

_GRACE_S: Final = 5.0
_NAME_ANOTHER: Final = "name an empty folder, or one to be made"


@asynccontextmanager
async def serving(stage: Stage) -> AsyncIterator[tuple[str, Ledger]]:
    """Start the gateway, give its address and its database (what its operator can see), and stop it at the end."""
    config = load(stage.config)
    configure(config.operations.log_level)
    adapters = await server.open_adapters(config)
    gateway = await server.compose(config, stage.passphrase, adapters=adapters)
    try:
        yield f"http://127.0.0.1:{gateway.port}", adapters.ledger
    finally:
        await gateway.stop(_GRACE_S)


def require_empty(folder: Path) -> None:
    """Make a folder; Rejected `home-exists` where something is in it, `config` where it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        empty = next(folder.iterdir(), None) is None
    except OSError as exc:
        raise Rejected(f"{folder}: {exc.strerror}", code="config", hint=_NAME_ANOTHER) from exc
    if not empty:
        raise Rejected(f"{folder} is not empty", code="home-exists", hint=_NAME_ANOTHER)


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
