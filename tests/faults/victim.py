"""
A gateway that kills itself at a named call through its ports: `python -m tests.faults.victim CONFIG`.

DEATH=ledger.accept:after:3 ends the process with SIGKILL when the third `accept` of the ledger has returned; `before`, when it
is about to be made; without DEATH it is an ordinary gateway. The ports are decorated here: no hook stands in `gateway/`.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

import uvloop

from gateway import server
from gateway.config import Config, load
from gateway.ops.logs import configure

OBJECTS: Final = {"broker.consume": "consumer"}  # what a call returns is a port of its own
PARTS: Final = frozenset({"ledger.directory"})  # as is what stands there


class Doom:
    """
    Counts one call of one port, and ends the process at it.

    Args:
        text: `PORT.CALL:before|after:COUNT`, or empty for a long life.
    """

    def __init__(self, text: str) -> None:
        self._call, self._side, count = text.split(":") if text else ("", "", "0")
        self._left = int(count)

    def at(self, call: str, side: str) -> None:
        """Die here if this is the place and the time."""
        if (call, side) == (self._call, self._side):
            self._left -= 1
            if self._left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


class Deadly:
    """A port whose calls can be the last ones; everything else passes through."""

    def __init__(self, inner: Any, port: str, doom: Doom) -> None:
        self._inner, self._port, self._doom = inner, port, doom

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        call = f"{self._port}.{name}"
        if inspect.iscoroutinefunction(found):
            return self._deadly(call, found)
        if call in PARTS:
            return Deadly(found, call, self._doom)
        if call in OBJECTS:
            return lambda *args, **kwargs: Deadly(found(*args, **kwargs), OBJECTS[call], self._doom)
        return found

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._inner.__aexit__(*failure)

    def _deadly(self, call: str, found: Callable[..., Any]) -> Callable[..., Any]:
        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            self._doom.at(call, "before")
            result = await found(*args, **kwargs)
            self._doom.at(call, "after")
            return result

        return wrapped


async def serve(config: Config, passphrase: bytes, doom: Doom) -> None:
    """Run until somebody, or the doom, kills it."""
    real = await server.open_adapters(config)
    adapters = server.Adapters(Deadly(real.ledger, "ledger", doom), Deadly(real.broker, "broker", doom))  # type: ignore[arg-type]
    await server.compose(config, passphrase, adapters=adapters)
    await asyncio.Event().wait()


if __name__ == "__main__":
    settings = load(Path(sys.argv[1]))
    assert settings.keys.passphrase_file is not None
    configure("warning")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings, settings.keys.passphrase_file.read_bytes(), Doom(os.environ.get("DEATH", ""))))
