"""
The processes of a cluster's campaign: gateways, senders, recipients; each writes its console and its log into the folder.

Imports nothing of `gateway`. Only what was started here is ended.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.cluster_stage import Place

__all__ = ["RATE", "RECIPIENTS", "SENDERS", "Parts"]

SENDERS: Final = ("NCB-QM", "GS")
RECIPIENTS: Final = ("NCB-QN", "WCU-QP", "GN-QN")
RATE: Final = 8.0  # messages of each sender in a second, two deliveries each: the servers share the machine
READY_S: Final = 60.0
ANSWER_S: Final = 2.0


class Parts:
    """
    What runs.

    Args:
        place: What it stands on.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def ended(self) -> Path:
        """The file that ends the senders."""
        return self._place.folder / "ended"

    def log(self, name: str) -> Path:
        """Return what the application of a participant wrote down."""
        return self._place.folder / f"{name}.log"

    def gateway(self, number: int) -> subprocess.Popen[bytes]:
        """Return the process of a gateway."""
        return self._running[f"gateway-{number}"]

    def start_gateway(self, number: int) -> None:
        """Start one, and wait until it is ready."""
        self._start(f"gateway-{number}", "cluster_gateway", self._place.config(number), self._place.offset(number))
        port = self._place.operations_ports[number]
        self.await_that(lambda: _is_ready(port), f"gateway {number}")

    def start_recipients(self) -> None:
        """Start all, and wait until each has been in contact once."""
        for name in RECIPIENTS:
            self._start(name, "recipient", *self._home(name), "timed")
        self.await_that(lambda: all(self.log(name).exists() for name in RECIPIENTS), "recipients")

    def start_senders(self) -> None:
        """Start all."""
        for name in SENDERS:
            self._start(name, "cluster_sender", *self._home(name), RATE, self.ended, *RECIPIENTS)

    def end_senders(self, limit_s: float) -> None:
        """Let senders end when nothing is kept any more; raise RuntimeError where one ended by itself, or does not in time."""
        self.ended.touch()
        deadline = time.monotonic() + limit_s
        for name in SENDERS:
            try:
                code = self._running[name].wait(max(1.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                code = None
            if code != 0:
                raise RuntimeError(f"the sender {name} ended with {code}\n{self.last_words()}")

    def kill_all(self) -> None:
        """End everything."""
        for process in self._running.values():
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()

    def await_that(self, ready: Callable[[], bool], who: str) -> None:
        """Wait, within a limit; raise RuntimeError with what all processes said last."""
        deadline = time.monotonic() + READY_S
        while not ready():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{who}: not within {READY_S:.0f} s\n{self.last_words()}")
            time.sleep(0.1)

    def _home(self, name: str) -> tuple[Path, Path, Path]:
        return self._place.folder / "homes" / name, self._place.folder / "passphrase", self.log(name)

    def _start(self, name: str, module: str, *words: object) -> None:
        with (self._place.folder / f"{name}.console").open("ab") as console:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", f"tests.faults.{module}", *map(str, words)],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, env=dict(os.environ),
            )  # fmt: skip

    def last_words(self) -> str:
        """Return the end of what each process printed."""
        return "\n".join(f"{path.stem}: {path.read_text()[-1000:]}" for path in self._place.folder.glob("*.console"))


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=ANSWER_S) as answer:
            return bool(answer.status == 200)
    except OSError:  # also an answer that says that it is not
        return False
