"""
Kill what stands between two networks, and break the line between them; then count. Imports nothing of `gateway`.

Each network has a gateway, a broker, a database and a relay to the other, all as operators run them. A delivery is lost that
its recipient did not acknowledge, or that is not told as opened at home; a receipt is false that tells at home of an opening of
which the recipient's application knows nothing.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.faults.border_line import TROUBLES, BorderLine
from tests.faults.counting import Count, count
from tests.support.ports import free_ports
from tests.support.postgres import Cluster
from tests.support.rabbitmq import RabbitNode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["MOST", "run"]

MOST: Final = 3000  # messages each way: a peer takes 3,600 in an hour
PACE_S: Final = 80
KILLS: Final = ("relay", "relay", "gateway", "gateway", "broker")  # of each network
READY_S: Final = 60
SETTLE_S: Final = 200  # for senders: to send the rest, and to be told
SUFFER_S: Final = (3.0, 5.0)
KEPT_BACK: Final = 0.1
GATEWAY: Final = (sys.executable, "-c", "from gateway.cli.main import main; main()")
SIDES: Final = {"icn": ("NCB-QM", "NCB-QN"), "eu-network": ("GN-QM", "GN-QN")}  # who writes, and who reads


@dataclass
class _Side:
    """One network, and the line of its relay."""

    name: str
    folder: Path
    port: int
    node: RabbitNode
    line: BorderLine
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)


@dataclass
class _Campaign:
    """Both networks under fire."""

    folder: Path
    sides: list[_Side]
    messages: int
    say: Callable[[str], None]
    rng: random.Random = field(default_factory=lambda: random.Random(1))
    suffered: list[str] = field(default_factory=list)
    _released: float = 0.0

    def run(self) -> tuple[Count, int]:
        """Run to the end; return the count and how many receipts were false."""
        try:
            self._begin()
            self._fire()
            self._end()
        finally:
            for process in (process for side in self.sides for process in side.running.values()):
                process.kill()
                process.wait()
        return self._count()

    def _begin(self) -> None:
        self._release(0)
        for side in self.sides:
            self._start(side, "gateway")
        for side in self.sides:
            self._await(lambda side=side: _answers(side.port), f"the gateway of {side.name}")  # type: ignore[misc]
            self._start(side, "reader")
        self._await_logs(1)
        for side in self.sides:
            self._start(side, "relay")
            self._start(side, "writer")
        self._await_logs(0)

    def _fire(self) -> None:
        """Do one thing after the other, and let messages flow meanwhile."""
        deeds = [(what, side) for what in (*KILLS, *TROUBLES) for side in self.sides]
        self.rng.shuffle(deeds)
        for what, side in deeds:
            self._release((1 - KEPT_BACK) / len(deeds))
            (self._suffer if what in TROUBLES else self._kill)(what, side)
            self._note(f"{what} of {side.name}")
        self._release(1)

    def _kill(self, what: str, side: _Side) -> None:
        """End one thing as a power cut does, and start it again."""
        if what == "broker":
            side.node.kill()
        else:
            side.running[what].send_signal(signal.SIGKILL)
            side.running[what].wait()
        time.sleep(self.rng.uniform(0.2, 1.0))
        if what == "broker":
            side.node.start()
        else:
            self._start(side, what)
        if what == "gateway":
            self._await(lambda: _answers(side.port), f"the gateway of {side.name}")
        time.sleep(self.rng.uniform(0.5, 1.5))

    def _suffer(self, trouble: str, side: _Side) -> None:
        """Let the line of a relay misbehave for a while; one that lies until it lied: who pauses asks again in a minute."""
        before = side.line.seen.total()
        side.line.suffer(trouble)
        time.sleep(self.rng.uniform(*SUFFER_S))
        if trouble == "lie":
            self._await(lambda: side.line.seen["lied"] > 0, f"a lie to the relay of {side.name}")
        side.line.suffer("")
        self.say(f"      {side.line.seen.total() - before} requests met {trouble}")

    def _end(self) -> None:
        """Wait for the senders, who wait for their receipts."""
        deadline = time.monotonic() + SETTLE_S
        for side in self.sides:
            code = side.running["writer"].wait(max(1.0, deadline - time.monotonic()))
            if code:
                raise RuntimeError(f"the sender of {side.name} ended with {code}\n{self._last_words()}")

    def _start(self, side: _Side, what: str) -> None:
        writer, reader = SIDES[side.name]
        secret = side.folder / "passphrase"
        if what in {"gateway", "relay"}:
            config = side.folder / ("gateway/gateway.toml" if what == "gateway" else "relay.toml")
            words = [*GATEWAY, "serve" if what == "gateway" else "relay", str(config)]
        elif what == "reader":
            home = side.folder / "homes" / reader
            words = [sys.executable, "-m", "tests.faults.recipient", str(home), str(secret), str(self._log(side, 1))]
        else:
            home = side.folder / "homes" / writer
            pace = (str(self.messages), str(PACE_S), str(self.folder / "released"))
            words = [sys.executable, "-m", "tests.faults.border_sender", str(home), str(secret), str(self._log(side, 0)), *pace]
            words += [f"{names[1]}@{name}" for name, names in SIDES.items()]
        with (self.folder / f"{side.name}-{what}.console").open("ab") as console:
            null = subprocess.DEVNULL
            side.running[what] = subprocess.Popen(words, stdin=null, stdout=console, stderr=console, env=dict(os.environ))

    def _log(self, side: _Side, place: int) -> Path:
        return self.folder / f"{SIDES[side.name][place]}@{side.name}.log"

    def _release(self, share: float) -> None:
        self._released = min(1.0, self._released + share)
        fresh = self.folder / "released.new"
        fresh.write_text(f"{self._released:.4f}")
        fresh.rename(self.folder / "released")

    def _count(self) -> tuple[Count, int]:
        """Count by what applications wrote, and by what senders were told of it."""
        writers, readers = ([self._log(side, place) for side in self.sides] for place in (0, 1))
        found = count(writers, readers)
        acknowledged = {(words[1], path.stem) for path in readers for words in _lines(path) if words[0] == "ack"}
        accepted = {(words[1], to) for path in writers for words in _lines(path) if words[0] == "accepted" for to in words[2:]}
        told = {
            (words[1], words[2]) for path in writers for words in _lines(path) if (words[0], words[-1]) == ("told", "opened")
        }
        opened = accepted & acknowledged & told
        result = Count(len(accepted), len(opened), len(accepted - opened), found.duplicated)
        return result, len(told - acknowledged)

    def _note(self, what: str) -> None:
        self.suffered.append(what)
        writers, readers = ([self._log(side, place) for side in self.sides] for place in (0, 1))
        now = count(writers, readers)
        on_the_way = f"accepted {now.accepted}, opened {now.opened}, on the way {now.lost}"
        self.say(f"  {len(self.suffered):3d} {what:<28} {on_the_way}")

    def _await_logs(self, place: int) -> None:
        for side in self.sides:
            self._await(lambda side=side: self._log(side, place).exists(), SIDES[side.name][place])  # type: ignore[misc]

    def _await(self, ready: Callable[[], bool], who: str) -> None:
        deadline = time.monotonic() + READY_S
        while not ready():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{who}: not within {READY_S} s\n{self._last_words()}")
            time.sleep(0.1)

    def _last_words(self) -> str:
        return "\n".join(f"{path.stem}: {path.read_text()[-1000:]}" for path in self.folder.glob("*.console"))


def run(messages: int, say: Callable[[str], None]) -> bool:
    """
    Run the campaign.

    Args:
        messages: In each direction, at most `MOST`; each goes to one recipient of each network.
        say: Prints a line.

    Returns:
        Whether nothing was lost, doubled or forged, and the line lied.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-border-") as folder, _stage(Path(folder)) as sides:
        campaign = _Campaign(Path(folder), sides, min(messages, MOST), say)
        result, false_receipts = campaign.run()
        lied = sum(side.line.seen["lied"] for side in sides)
    say(f"border: {len(campaign.suffered)} troubles, {lied} lies, in {time.monotonic() - started:.0f} s")
    say(f"border: {result}, false receipts {false_receipts}")
    return result.clean and not false_receipts and lied > 0


@contextmanager
def _stage(folder: Path) -> Iterator[list[_Side]]:
    """Start what both networks stand on, and make them."""
    with ExitStack() as stack:
        cluster = Cluster()
        stack.callback(cluster.remove)
        cluster.start()
        ports = free_ports(4)
        nodes = [stack.enter_context(RabbitNode()) for _ in SIDES]
        lines = [stack.enter_context(BorderLine(port)) for port in (ports[1], ports[0])]
        places = [(ports[i], ports[i + 2], cluster.url(cluster.create()), nodes[i].url, lines[i].port) for i in (0, 1)]
        words = [",".join(map(str, place)) for place in places]
        subprocess.run([sys.executable, "-m", "tests.faults.border_prepare", str(folder), *words], check=True)
        yield [_Side(name, folder / name, ports[i], nodes[i], lines[i]) for i, name in enumerate(SIDES)]


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _lines(path: Path) -> Iterator[list[str]]:
    """Return the whole lines of a log, in words."""
    if path.exists():
        yield from (line.split() for line in path.read_text().splitlines(keepends=True) if line.endswith("\n"))
