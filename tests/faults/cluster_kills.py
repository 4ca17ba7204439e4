"""
Three gateways behind one address, on PostgreSQL and three RabbitMQ nodes: let each part suffer in turn, and count.

Imports nothing of `gateway`. Besides what was lost or doubled it judges how soon after each trouble messages flow again,
whether each alarm was cleared, whether an alarm was raised where one must be, and whether all gateways together kept one
audit log.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.faults.cluster_lines import ClusterLines
from tests.faults.cluster_watch import Watch, metrics_of
from tests.faults.counting import Count, count
from tests.support.ports import free_ports
from tests.support.postgres import Cluster
from tests.support.rabbitmq_cluster import RabbitCluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.rabbitmq import RabbitNode

__all__ = ["ROUND", "run"]

GATEWAYS: Final = 3
SENDERS: Final = ("NCB-QM", "GS")
RECIPIENTS: Final = ("NCB-QN", "WCU-QP", "GN-QN")
RATE: Final = 8.0  # messages of each sender in a second, two deliveries each: the servers share the machine
ROUND: Final = (
    *("kill 0", "cut front", "stop 1", "node", "cut ledger", "disk 2", "clock 0", "postgres", "kill 1"),
    *("slow front", "slow ledger", "cut brokers"),
)
SHARED: Final = frozenset({"cut", "slow", "node", "postgres"})  # of all gateways: after these the whole exchange must be back
MUST_RAISE: Final = {"away", "not-ready", "broker"}  # by what `ROUND` does
SUFFER_S: Final = (2.0, 3.0)
JUMP_S: Final = (-60.0, 60.0)  # what partners' clocks may be wrong by, and the protocol bears
READY_S: Final = 60.0
BACK_S: Final = 10.0
BACK_LIMIT_S: Final = 60.0
SETTLE_S: Final = 120.0
LOOK_S: Final = 0.25
WINDOW_S: Final = 1.0
_GATEWAY_FILE: Final = "gateway/gateway.toml"


class _Place(NamedTuple):
    """What a campaign stands on."""

    folder: Path
    ports: list[int]
    operations_ports: list[int]
    postgres: Cluster
    ledger: str
    nodes: list[RabbitNode]
    lines: ClusterLines


@dataclass
class _Campaign:
    """The cluster under fire."""

    place: _Place
    watch: Watch
    say: Callable[[str], None]
    rng: random.Random = field(default_factory=lambda: random.Random(1))
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    back_s: list[tuple[float, str]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)  # alarms that stand at the end
    _quiet_rate: float = 0.0

    def run(self, least_s: float) -> Count:
        """Run rounds until so many seconds under load are over, then let everything arrive; return the count."""
        try:
            self._begin()
            started = time.monotonic()
            while time.monotonic() - started < least_s:
                for deed in self.rng.sample(ROUND, len(ROUND)):
                    self._do(deed)
                    if time.monotonic() - started >= least_s and len(self.back_s) >= len(ROUND):
                        break
            self._end()
        finally:
            for process in self.running.values():
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()
        return self._count()

    def _begin(self) -> None:
        for number in range(GATEWAYS):  # the first one makes the schema
            self._start_gateway(number)
        for name in RECIPIENTS:
            self._start(name, "recipient", *self._home(name))
        self._await(lambda: all(self._log(name).exists() for name in RECIPIENTS), "recipients")
        for name in SENDERS:
            self._start(name, "cluster_sender", *self._home(name), RATE, self.place.folder / "ended", *RECIPIENTS)
        self._await(lambda: self._count().opened > RATE, "the first messages")
        before, since = self._count().opened, time.monotonic()
        time.sleep(3 * WINDOW_S)
        self._quiet_rate = (self._count().opened - before) / (time.monotonic() - since)

    def _do(self, deed: str) -> None:
        """Let one part suffer, mend it, and wait until messages flow again."""
        what, _, where = deed.partition(" ")
        {
            "kill": self._kill,
            "stop": self._freeze,
            "cut": lambda where: self._line(where, "cut"),
            "slow": lambda where: self._line(where, "slow"),
            "disk": self._fill_disk,
            "clock": self._jump,
            "node": self._lose_node,
            "postgres": self._restart_postgres,
        }[what](where)
        took_s = self._back()
        self.back_s.append((took_s if what in SHARED else 0.0, deed))
        now = self._count()
        so_far = f"accepted {now.accepted}, opened {now.opened}, on the way {now.lost}"
        self.say(f"  {len(self.back_s):3d} {deed:<12} back after {took_s:4.1f} s, {so_far}")

    def _kill(self, where: str) -> None:
        process = self.running[f"gateway-{where}"]
        process.kill()
        process.wait()
        self._suffer()
        self._start_gateway(int(where))

    def _freeze(self, where: str) -> None:
        process = self.running[f"gateway-{where}"]
        process.send_signal(signal.SIGSTOP)
        self._suffer()
        process.send_signal(signal.SIGCONT)

    def _line(self, where: str, trouble: str) -> None:
        self.place.lines.suffer(where, trouble)
        self._suffer()
        self.place.lines.heal(where)

    def _fill_disk(self, where: str) -> None:
        """Let a gateway write no file beyond its first byte: its logs, and what it remembers of the audit log."""
        pid = self.running[f"gateway-{where}"].pid
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, hard))
        self._suffer()
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))

    def _jump(self, where: str) -> None:
        file = self._offset(int(where))
        for wrong_s in (*JUMP_S, 0.0):
            with file.open("r+b") as offset:
                offset.write(struct.pack("d", wrong_s))
            if wrong_s:
                self._suffer()

    def _lose_node(self, _: str) -> None:
        node = self.rng.choice(self.place.nodes)
        node.kill()
        self._suffer()
        node.start()

    def _restart_postgres(self, _: str) -> None:
        self.place.postgres.stop()
        time.sleep(WINDOW_S)
        self.place.postgres.start()

    def _suffer(self) -> None:
        time.sleep(self.rng.uniform(*SUFFER_S))

    def _back(self) -> float:
        """Return the seconds until messages flow at half of the quiet rate, from the start of a whole window of that."""
        started = time.monotonic()
        seen = [(started, self._count().opened)]
        while time.monotonic() - started < BACK_LIMIT_S:
            time.sleep(LOOK_S)
            seen.append((time.monotonic(), self._count().opened))
            at, before = next(one for one in reversed(seen) if seen[-1][0] - one[0] >= WINDOW_S or one is seen[0])
            if seen[-1][0] - at >= WINDOW_S and seen[-1][1] - before >= self._quiet_rate * WINDOW_S / 2:
                return at - started
        return BACK_LIMIT_S

    def _end(self) -> None:
        """Let senders end and everything arrive."""
        (self.place.folder / "ended").touch()
        deadline = time.monotonic() + SETTLE_S
        for name in SENDERS:
            if self.running[name].wait(max(1.0, deadline - time.monotonic())):
                raise RuntimeError(f"the sender {name} ended with {self.running[name].returncode}\n{self._last_words()}")
        while (self._count().lost or self.watch.standing) and time.monotonic() < deadline:
            time.sleep(LOOK_S)
        self.left = sorted(alarm for alarm, _ in self.watch.standing)

    def _start_gateway(self, number: int) -> None:
        config = self.place.folder / f"gateway/gateway-{number}.toml"
        self._start(f"gateway-{number}", "cluster_gateway", config, self._offset(number))
        port = self.place.operations_ports[number]
        self._await(lambda: bool(metrics_of(port).get("ready")), f"gateway {number}")

    def _start(self, name: str, module: str, *words: object) -> None:
        with (self.place.folder / f"{name}.console").open("ab") as console:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", f"tests.faults.{module}", *map(str, words)],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, env=dict(os.environ),
            )  # fmt: skip

    def _home(self, name: str) -> tuple[Path, Path, Path]:
        return self.place.folder / "homes" / name, self.place.folder / "passphrase", self._log(name)

    def _log(self, name: str) -> Path:
        return self.place.folder / f"{name}.log"

    def _offset(self, number: int) -> Path:
        return self.place.folder / f"offset-{number}"

    def _count(self) -> Count:
        return count(map(self._log, SENDERS), map(self._log, RECIPIENTS))

    def _await(self, ready: Callable[[], bool], who: str) -> None:
        deadline = time.monotonic() + READY_S
        while not ready():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{who}: not within {READY_S:.0f} s\n{self._last_words()}")
            time.sleep(0.1)

    def _last_words(self) -> str:
        return "\n".join(f"{path.stem}: {path.read_text()[-1000:]}" for path in self.place.folder.glob("*.console"))


def run(seconds: float, say: Callable[[str], None]) -> bool:
    """
    Run the campaign.

    Args:
        seconds: Under load, at least; a whole round is done in any case.
        say: Prints a line.

    Returns:
        Whether nothing was lost or doubled, no alarm was missing or left, the log is one, and all came back in time.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-cluster-") as folder, _stage(Path(folder)) as place:
        with Watch(place.operations_ports) as watch:
            campaign = _Campaign(place, watch, say)
            result = campaign.run(seconds)
        one_log = subprocess.run([sys.executable, "-m", "tests.support.one_log", place.ledger], check=False).returncode == 0
    worst_s, after = max(campaign.back_s)
    missing = sorted(MUST_RAISE - watch.raised.keys())
    took_s = time.monotonic() - started
    say(f"cluster: {len(campaign.back_s)} troubles in {took_s:.0f} s; slowest back: {worst_s:.1f} s, after {after}")
    raised = ", ".join(f"{alarm} {times}" for alarm, times in sorted(watch.raised.items()))
    left = ", ".join(campaign.left) or "none"
    say(f"cluster: alarms raised: {raised}; missing: {', '.join(missing) or 'none'}; left: {left}")
    say(f"cluster: {result}, logs {'1' if one_log else 'forked'}")
    return result.clean and one_log and not missing and not campaign.left and worst_s <= BACK_S


@contextmanager
def _stage(folder: Path) -> Iterator[_Place]:
    """Start what the gateways stand on, make their network, and write what each of them reads."""
    with ExitStack() as stack:
        cluster = stack.enter_context(Cluster())
        nodes = stack.enter_context(RabbitCluster()).nodes
        ports = free_ports(2 * GATEWAYS)
        lines = stack.enter_context(ClusterLines(ports[:GATEWAYS], cluster.port, [node.port for node in nodes]))
        ledger = cluster.url(cluster.create())
        brokers = [f"amqp://guest:guest@127.0.0.1:{port}/" for port in lines.brokers]
        words = [str(lines.front), str(ports[GATEWAYS]), ledger.replace(f":{cluster.port}/", f":{lines.ledger}/"), *brokers]
        subprocess.run([sys.executable, "-m", "tests.faults.prepare", str(folder), *words], check=True)
        text = (folder / _GATEWAY_FILE).read_text()
        for number in range(GATEWAYS):
            own = folder / f"gateway/gateway-{number}.toml"
            shutil.copy(folder / _GATEWAY_FILE, own)  # with its mode: there is a password in it
            changed = text.replace(f"port = {lines.front}\n", f"port = {ports[number]}\n")
            own.write_text(changed.replace(f"port = {ports[GATEWAYS]}\n", f"port = {ports[GATEWAYS + number]}\n"))
            (folder / f"offset-{number}").write_bytes(struct.pack("d", 0.0))
        yield _Place(folder, ports[:GATEWAYS], ports[GATEWAYS:], cluster, ledger, nodes, lines)
