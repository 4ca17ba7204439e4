"""
A gateway as an operator runs it, in a process of its own, and what it costs that process.

A `Stand` is a whole network on one of two set-ups: SQLite with the broker in memory, or PostgreSQL with RabbitMQ on private
servers. The configuration is the default one. Logs are written, to a file.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from gateway.demo.stage import Services, Stage, build
from tests.support.ports import LOOPBACK, free_ports
from tests.support.postgres import Cluster
from tests.support.rabbitmq import RabbitNode

__all__ = [
    "GATEWAY",
    "SETTLED_S",
    "SETUPS",
    "GatewayProcess",
    "Program",
    "Stand",
    "cpu_s",
    "log_as_operators_do",
    "settled",
    "standing",
]

SETUPS: Final = ("sqlite", "rabbitmq")
READY_S: Final = 60.0
STOP_S: Final = 40.0
QUIET: Final = 0.02  # of one processor
SETTLED_S: Final = 0.4  # what is put off (marks) is done by then
GATEWAY: Final = Path(sys.executable).with_name("gateway")  # the command


def log_as_operators_do(stage: Stage) -> None:
    """Log at the default level, not at that of the demonstration."""
    stage.config.write_text(stage.config.read_text().replace('log_level = "warning"\n', ""))
    stage.config.chmod(0o600)  # it may hold the broker's password


def cpu_s(pid: int) -> float:
    """Return the user and system time that a process has used, all of its threads, to the nanosecond."""
    return time.clock_gettime(~pid << 3 | 2)  # what clock_getcpuclockid(3) returns on Linux


def settled(pids: Sequence[int]) -> float:
    """Wait until processes have nothing left to do; return the time that all of them together have used by then."""
    while True:
        seen = sum(map(cpu_s, pids))
        time.sleep(SETTLED_S)
        if sum(map(cpu_s, pids)) - seen < QUIET * SETTLED_S * len(pids):
            return seen


class Program:
    """
    A program of ours, from its start until it is ended.

    Args:
        words: What is run.
        log: Where what it says is appended.
    """

    def __init__(self, words: Sequence[str | Path], log: Path) -> None:
        self._log = log
        self.started = time.perf_counter()
        with log.open("ab") as file:
            self._process = subprocess.Popen(words, stdout=file, stderr=file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Ask it to end, and wait; nothing where it ended before."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def pid(self) -> int:
        """The process that is measured."""
        return self._process.pid

    def cpu_s(self) -> float:
        """Return what it has used until now."""
        return cpu_s(self.pid)

    def memory_mb(self, field: str = "VmRSS") -> float:
        """Return the memory that it holds, in megabytes of 1024 KiB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)
        assert found is not None
        return int(found[1]) / 1024


class GatewayProcess(Program):
    """
    `gateway serve`, from its start until it is ended.

    Args:
        stage: Whose gateway.
        services: Where it listens.
        program: What is run instead, with the configuration as its last word.
        config: Another configuration than the stage's.
    """

    def __init__(
        self, stage: Stage, services: Services, program: Sequence[str | Path] = (), config: Path | None = None
    ) -> None:
        words = program or (GATEWAY, "serve")
        super().__init__([*words, config or stage.config], stage.folder / "gateway.log")
        self._services = services

    @property
    def port(self) -> int:
        """Where participants reach it."""
        return self._services.port

    def wait_ready(self) -> float:
        """Wait until it says that it is ready; return the seconds since its start."""
        deadline = time.monotonic() + READY_S
        while True:
            try:
                self._get("/readyz")
            except OSError as exc:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise RuntimeError(f"the gateway did not start:\n{self._log.read_text()[-2000:]}") from exc
                time.sleep(0.02)
            else:
                return time.perf_counter() - self.started

    def metrics(self) -> dict[str, float]:
        """Return all metrics, by name with labels."""
        lines = self._get("/metrics").decode().splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def wait_for(self, name: str, value: float, limit_s: float = 60.0) -> None:
        """Wait until a metric has reached a value."""
        deadline = time.monotonic() + limit_s
        while (seen := self.metrics().get(name, 0.0)) < value:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{name} is {seen} after {limit_s} s, not {value}")
            time.sleep(0.2)

    def _get(self, path: str) -> bytes:
        url = f"http://{LOOPBACK}:{self._services.operations_port}{path}"
        with urllib.request.urlopen(url, timeout=10) as response:
            return bytes(response.read())


@dataclass(frozen=True, slots=True)
class Stand:
    """
    A network ready to run.

    Args:
        setup: One of `SETUPS`.
        stage: Folder, homes, configuration.
        services: Ports and addresses.
        cluster: The PostgreSQL server, where there is one.
    """

    setup: str
    stage: Stage
    services: Services
    cluster: Cluster | None

    @property
    def url(self) -> str:
        """Where participants reach the gateway."""
        return f"http://{LOOPBACK}:{self.services.port}"

    @property
    def ledger(self) -> str:
        """The address of the gateway's ledger."""
        return self.services.ledger or f"sqlite:///{self.stage.config.parent / 'gateway.db'}"

    def fresh_ledger(self) -> str:
        """Return the address of another ledger on the same server or disk, which is empty or not there yet."""
        if self.cluster is not None:
            return self.cluster.url(self.cluster.create())
        return f"sqlite:///{self.stage.folder / 'fresh.db'}"

    def gateway(self, program: Sequence[str] = ()) -> GatewayProcess:
        """Start the gateway, or another program in its place."""
        return GatewayProcess(self.stage, self.services, program)

    def another(self) -> GatewayProcess:
        """Start one more gateway on the same ledger and broker, with ports of its own."""
        port, operations_port = free_ports(2)
        services = replace(self.services, port=port, operations_port=operations_port)
        text = self.stage.config.read_text().replace(f"port = {self.services.port}\n", f"port = {port}\n")
        config = self.stage.config.with_name(f"gateway-{port}.toml")
        config.touch(mode=0o600)
        config.write_text(text.replace(f"port = {self.services.operations_port}\n", f"port = {operations_port}\n"))
        return GatewayProcess(self.stage, services, config=config)


@contextmanager
def standing(setup: str) -> Iterator[Stand]:
    """Start what the set-up stands on and make its network; everything is gone afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=f"bench-{setup}-")))
        cluster: Cluster | None = None
        ledger: str | None = None
        brokers: tuple[str, ...] = ()
        if setup == "rabbitmq":
            cluster = stack.enter_context(Cluster())
            ledger, brokers = cluster.url(cluster.create()), (stack.enter_context(RabbitNode()).url,)
        port, operations_port = free_ports(2)
        services = Services(port, operations_port, ledger, brokers)
        stage = build(folder, services, now=time.time())
        log_as_operators_do(stage)
        yield Stand(setup, stage, services, cluster)
