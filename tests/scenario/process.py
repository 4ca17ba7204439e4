"""
A gateway as operators run it: `gateway serve` in a process of its own, on loopback.

Nothing in it is reached but through its ports, its files and its exit code. Whatever happens to the test, it ends with it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from tests.scenario.lines import Line, plain
from tests.support.zygote import Forked, Ran, run_forked, start_forked

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["GATEWAY", "Ran", "Served", "run", "serving"]

ROOT: Final = Path(__file__).resolve().parents[2]
GATEWAY: Final = (sys.executable, "-c", "import sys; sys.argv[0] = 'gateway'; from gateway.cli.main import main; main()")
START_S: Final = 30.0  # a second when the machine is idle
STOP_S: Final = 30.0  # what a gateway takes at most to stop


def environment(folder: Path | None = None) -> dict[str, str]:
    """Return what a command's process inherits: this source tree, whatever the folder it runs in."""
    own = {} if folder is None else {"HOME": str(folder)}
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "160", **own}


def run(*arguments: str | Path, cwd: Path | None = None, stdin: str = "") -> Ran:
    """Run `gateway ARGUMENTS` to its end."""
    return run_forked([*map(str, arguments)], environment(), stdin.encode(), cwd)


class Served:
    """
    `gateway serve CONFIG` while the context is open.

    Args:
        config: Its TOML file.
        port: Where participants reach it.
        log: Where standard error goes; it is kept over restarts.
        fresh: Whether it is an interpreter of its own; others are forked from one that has imported everything.
    """

    def __init__(self, config: Path, port: int, log: Path, *, fresh: bool = False) -> None:
        self.port = port
        self.fresh = fresh
        self._config = config
        self._log = log
        self._process: subprocess.Popen[bytes] | Forked | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self.kill()

    @property
    def url(self) -> str:
        """What participants are given."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process that was started last."""
        assert self._process is not None
        return self._process.pid

    @property
    def rss_bytes(self) -> int:
        """Memory that the process holds now."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def start(self, *extra: str) -> None:
        """Start it and wait until it would accept a submission."""
        with self._log.open("ab") as log:
            self._process = self._run(["serve", str(self._config), *extra], log.fileno())
        deadline = time.monotonic() + START_S
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"gateway serve did not start:\n{self._log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)

    def stop(self) -> int:
        """Ask it to stop, and return its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(STOP_S)

    def kill(self) -> None:
        """End it as a power cut does."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _run(self, words: list[str], err: int) -> subprocess.Popen[bytes] | Forked:
        inherited = environment()
        if not self.fresh and inherited["PYTHONPATH"] == str(ROOT):  # a start-up file needs an interpreter that starts
            return start_forked(words, inherited, err)
        null = subprocess.DEVNULL
        return subprocess.Popen([*GATEWAY, *words], env=inherited, stdin=null, stdout=null, stderr=err)

    def _ready(self) -> bool:
        try:
            with Line(self.port, timeout_s=2.0) as line:
                return line.ask(plain("GET", "/readyz")).status == 200
        except (TimeoutError, OSError):
            return False


@asynccontextmanager
async def serving(served: Served) -> AsyncIterator[Served]:
    """Run a gateway beside an event loop, which goes on while it starts."""
    await asyncio.to_thread(served.start)
    try:
        yield served
    finally:
        served.kill()
