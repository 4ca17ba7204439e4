"""
Run one set-up through a campaign of kills, and count. Imports nothing of `gateway`.

What it starts are processes of their own: the gateway (`victim`, whose ports kill it at a named call), senders, recipients and,
where there is one, the broker. It ends only what it started. Every wait has a limit.
"""

from __future__ import annotations

import itertools
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from tests.faults.counting import Count, count

__all__ = ["PORT_CALLS", "SESSION_CALLS", "TRIES", "Campaign", "Node", "Plan"]

KILL_WAIT_S: Final = 5  # a named call that does not come within this is killed at random instead, and is tried again
TRIES: Final = 3
KEPT_BACK: Final = 0.2  # of the messages: they flow while calls are tried again
READY_S: Final = 30
RELEASED: Final = "released"  # a file: the share of their messages that senders may have sent
SETTLED_S: Final = 2  # RabbitMQ 3.10 may forget a queue that is killed within half a second of its making
SETTLE_S: Final = 90  # after the last kill: how long the backlog may take
# Each call through the ports while messages flow, and how many of them the gateway survives at most before it dies there.
PORT_CALLS: Final = {
    "ledger.requeue_all": 1,
    "ledger.find": 20,
    "ledger.accept": 20,
    "ledger.waiting": 1,
    "ledger.mark_queued": 10,
    "ledger.expire": 1,
    "broker.start": 1,
    "broker.declare": 1,
    "broker.publish": 10,
}
# The same, for calls that a gateway makes when a recipient is connected: one comes anew with the gateway that dies there.
SESSION_CALLS: Final = {
    "ledger.remember_nonce": 1,
    "ledger.begin_session": 1,
    "ledger.waiting_count": 1,
    "ledger.wanted": 3,
    "ledger.record": 3,
    "ledger.epoch": 1,
    "consumer.get": 10,
    "consumer.ack": 3,
}
IDLE_CALL: Final = "ledger.waiting_count"  # asked for a mailbox that ran empty: it is the idle recipient that comes


class Node(Protocol):
    """A broker that can be killed and started again; what `tests.support.rabbitmq.RabbitNode` is."""

    def kill(self) -> None:
        """End it as a power cut does."""

    def start(self) -> None:
        """Start it on the same data."""


@dataclass(frozen=True)
class Plan:
    """
    How much of what.

    Args:
        messages: Over all senders; each goes to two recipients.
        idle: A participant that reads, and to whom nobody writes.
        pace_s: Over which they are sent if the kills take no longer.
        spared: Calls that this set-up does not make while messages flow.
    """

    messages: int
    recipients: tuple[str, ...]
    senders: tuple[str, ...]
    idle: str
    random_kills: int
    broker_kills: int
    recipient_kills: int
    pace_s: int
    spared: frozenset[str] = frozenset()


@dataclass
class Campaign:
    """
    One set-up under fire.

    Args:
        folder: As `tests.faults.prepare` made it.
        port: Where the gateway listens.
        plan: How much of what.
        node: The broker, or None where it lives in the gateway.
        say: Where progress goes.
    """

    folder: Path
    port: int
    plan: Plan
    node: Node | None
    say: Callable[[str], None]
    rng: random.Random = field(default_factory=lambda: random.Random(1))
    kills: dict[str, int] = field(default_factory=dict)
    _released: float = 0.0

    def run(self) -> Count:
        """Run to the end; raise RuntimeError when a process ends that nobody killed."""
        gateway = self._gateway()
        self._await(self._answers, "the gateway")
        readers = {name: self._recipient(name) for name in (*self.plan.recipients, self.plan.idle)}
        writers: dict[str, subprocess.Popen[bytes]] = {}
        try:
            self._await_ready(tuple(readers))
            self._release(0)
            writers |= {name: self._sender(name) for name in self.plan.senders}
            self._await_ready(self.plan.senders)
            gateway = self._fire(gateway, readers)
            self._await_senders(writers)
            self._settle()
        finally:
            for process in (*readers.values(), *writers.values(), gateway):
                _end(process)
        return self._count()

    @property
    def missed(self) -> list[str]:
        """The calls at which the gateway should have died, before or after, and never did."""
        return [what for what in self._calls() if what not in self.kills]

    def _fire(self, gateway: subprocess.Popen[bytes], readers: dict[str, subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
        """Kill by plan, one thing after the other; return the gateway that lives at the end."""
        schedule = self._schedule()
        each = (1 - KEPT_BACK) / len(schedule)
        for turn in range(TRIES):
            for what in schedule if turn == 0 else self.missed:
                self._release(each)
                gateway = self._kill(what, gateway, readers)
        _end(gateway)
        self._release(1)
        return self._gateway()

    def _kill(
        self, what: str, gateway: subprocess.Popen[bytes], readers: dict[str, subprocess.Popen[bytes]]
    ) -> subprocess.Popen[bytes]:
        """Kill one thing; return the gateway, dead or alive."""
        if what in {"broker", "recipient"} and gateway.poll() is not None:
            gateway = self._gateway()
        if what == "broker":
            self._kill_broker()
        elif what == "recipient":
            self._kill_recipient(readers, self.rng.choice(self.plan.recipients))
            self._note("recipient")
        else:
            _end(gateway)
            gateway = self._doomed(what, readers)
        return gateway

    def _kill_recipient(self, readers: dict[str, subprocess.Popen[bytes]], name: str) -> None:
        """Kill one, and start it again: it comes at once, where one that waits for the gateway comes when it comes."""
        _end(readers[name])
        readers[name] = self._recipient(name)

    def _release(self, share: float) -> None:
        """Let senders send some more of their messages: some are left for the last kill, however long all of them take."""
        self._released = min(1.0, self._released + share)
        fresh = self.folder / "released.new"
        fresh.write_text(f"{self._released:.4f}")
        fresh.rename(self.folder / RELEASED)

    def _calls(self) -> list[str]:
        made = [call for call in (*PORT_CALLS, *SESSION_CALLS) if call not in self.plan.spared]
        return [f"{call}:{side}" for call, side in itertools.product(made, ("before", "after"))]

    def _schedule(self) -> list[str]:
        """Mix kills of the gateway at every port call, at random, of the broker and of recipients."""
        others = ["recipient"] * self.plan.recipient_kills + ["broker"] * (self.plan.broker_kills if self.node else 0)
        mixed = self._calls() + ["random"] * self.plan.random_kills + others
        self.rng.shuffle(mixed)
        return mixed

    def _doomed(self, what: str, readers: dict[str, subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
        """Run a gateway that dies by plan, and wait for that: from when it listens, or it died before."""
        call = what.partition(":")[0]
        most = (PORT_CALLS | SESSION_CALLS).get(call, 0)
        gateway = self._gateway(f"{what}:{self.rng.randint(1, most)}" if most else "")
        self._await(lambda: gateway.poll() is not None or self._answers(), "the gateway")
        if call in SESSION_CALLS:
            self._kill_recipient(readers, self.plan.idle if call == IDLE_CALL else self.rng.choice(self.plan.recipients))
        limit_s = KILL_WAIT_S if most else self.rng.uniform(0.0, 2.0)
        try:
            gateway.wait(limit_s)
            self._note(what)
        except subprocess.TimeoutExpired:
            _end(gateway)
            self._note(f"{what} (not called, killed at random)" if most else what)
        return gateway

    def _kill_broker(self) -> None:
        assert self.node is not None
        self.node.kill()
        time.sleep(self.rng.uniform(0.2, 1.0))
        self.node.start()
        self._note("broker")

    def _note(self, what: str) -> None:
        self.kills[what] = self.kills.get(what, 0) + 1
        now = self._count()
        so_far = f"accepted {now.accepted}, opened {now.opened}, on the way {now.lost}"
        self.say(f"  {sum(self.kills.values()):3d} killed: {what:<52} {so_far}")

    def _count(self) -> Count:
        logs = [[self.folder / f"{name}.log" for name in names] for names in (self.plan.senders, self.plan.recipients)]
        return count(*logs)

    def _await_ready(self, names: tuple[str, ...]) -> None:
        """Wait until each has been in contact once: recipients can be sealed to, senders know the directory."""
        self._await(lambda: all((self.folder / f"{name}.log").exists() for name in names), ", ".join(names))
        time.sleep(SETTLED_S)

    def _await(self, ready: Callable[[], bool], who: str) -> None:
        deadline = time.monotonic() + READY_S
        while not ready():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{who}: not ready within {READY_S} s\n{self._last_words()}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def _last_words(self) -> str:
        """Return the end of what each process printed."""
        return "\n".join(f"{path.stem}: {path.read_text()[-1000:]}" for path in self.folder.glob("*.console"))

    def _await_senders(self, writers: dict[str, subprocess.Popen[bytes]]) -> None:
        deadline = time.monotonic() + SETTLE_S
        for name, writer in writers.items():
            if writer.wait(max(1.0, deadline - time.monotonic())) != 0:
                raise RuntimeError(f"the sender {name} ended with {writer.returncode}\n{self._last_words()}")

    def _settle(self) -> None:
        """Wait until everything accepted was opened, or the limit."""
        deadline = time.monotonic() + SETTLE_S
        while self._count().lost and time.monotonic() < deadline:
            time.sleep(0.5)

    def _gateway(self, death: str = "") -> subprocess.Popen[bytes]:
        return self._start("victim", "gateway", self.folder / "gateway" / "gateway.toml", death=death)

    def _recipient(self, name: str) -> subprocess.Popen[bytes]:
        return self._start("recipient", name, *self._home(name), self.folder / f"{name}.log")

    def _sender(self, name: str) -> subprocess.Popen[bytes]:
        each = self.plan.messages // len(self.plan.senders)
        log = self.folder / f"{name}.log"
        pace = (self.plan.pace_s, self.folder / RELEASED)
        return self._start("sender", name, *self._home(name), log, each, *pace, *self.plan.recipients)

    def _home(self, name: str) -> tuple[Path, Path]:
        return self.folder / "homes" / name, self.folder / "passphrase"

    def _start(self, module: str, name: str, *words: object, death: str = "") -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.console").open("ab") as console:
            return subprocess.Popen(
                [sys.executable, "-m", f"tests.faults.{module}", *map(str, words)],
                env={**os.environ, "DEATH": death},
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
            )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that was started here; it has no say in it."""
    process.kill()
    process.wait()
