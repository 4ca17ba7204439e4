"""
A private RabbitMQ node in a temporary folder, never the system's one.

Run as `with RabbitNode() as node:`; `node.url` is then good for any AMQP client on this machine.
The wrapper in /usr/sbin changes user and folder, so the server's own script is run, with its own home, cookie, node name,
ports, plugins and logs, all on loopback. Its port mapper (epmd) would outlive it: ours is a child that ends by its process id.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from tests.support.ports import free_ports

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

__all__ = ["RabbitNode"]

SERVER: Final = "/usr/lib/rabbitmq/bin/rabbitmq-server"
CONTROL: Final = "/usr/lib/rabbitmq/bin/rabbitmqctl"
START_LIMIT_S: Final = 50  # two cores shared with other suites; 4 s when they are idle
STOP_LIMIT_S: Final = 20
PROTOCOL_HEADER: Final = b"AMQP\x00\x00\x09\x01"

CONFIG: Final = """\
listeners.tcp.local = 127.0.0.1:{port}
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.absolute = 1GB
raft.wal_max_size_bytes = 33554432
log.file.level = warning
"""

JOINING: Final = """\
cluster_formation.peer_discovery_backend = classic_config
cluster_formation.classic_config.nodes.1 = {other}
cluster_formation.classic_config.nodes.2 = {us}
cluster_partition_handling = pause_minority
"""

# Sleeping schedulers instead of spinning ones: the node shares its cores with the tests.
ERLANG_ARGUMENTS: Final = "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}"


class RabbitNode:
    """
    One broker node; data survives `stop`, `kill` and `restart`, and goes when the context ends.

    Every method blocks: call it through `asyncio.to_thread` in an event loop.

    Args:
        folder: Where home, data and logs go; None makes a temporary folder that is removed at the end.
        joins: Another node, running and whose port mapper lives as long as this one's: they become one cluster.
    """

    def __init__(self, folder: Path | None = None, joins: RabbitNode | None = None) -> None:
        self._own_folder = folder is None
        self._joins = joins
        self.folder = folder or Path(tempfile.mkdtemp(prefix="rabbit-"))
        self.port, self._dist_port, self._epmd_port = free_ports(3)
        self._epmd: subprocess.Popen[bytes] | None = None
        self._node: subprocess.Popen[bytes] | None = None
        self._prepare()

    @property
    def url(self) -> str:
        """The address with the guest account, which RabbitMQ admits from loopback alone."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    @property
    def running(self) -> bool:
        """Whether the node's process lives."""
        return self._node is not None and self._node.poll() is None

    @property
    def name(self) -> str:
        """What the nodes of a cluster call it."""
        return f"private{self.port}@localhost"

    def vhost(self, name: str) -> str:
        """Make a virtual host for the guest account if it is not there, and return its address."""
        for words in (["add_vhost", name], ["set_permissions", "-p", name, "guest", ".*", ".*", ".*"]):
            command = [CONTROL, "-n", self.name, *words]
            subprocess.run(command, env=self._environment(), check=True, capture_output=True, timeout=START_LIMIT_S)
        return self.url + name

    def start(self) -> None:
        """Start the node and wait until it speaks AMQP; raise RuntimeError with its log if it does not."""
        if self.running:
            return
        self._start_epmd()
        with (self.folder / "console.log").open("ab") as console:
            self._node = subprocess.Popen(
                [SERVER], env=self._environment(), cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=console, stderr=console, start_new_session=True,
            )  # fmt: skip
        self._wait_until_ready()

    def stop(self) -> None:
        """Let the node finish its work and end; kill it if it does not within the limit."""
        if self._node is None:
            return
        self._node.terminate()
        try:
            self._node.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._node = None

    def kill(self) -> None:
        """End the node as a power cut does (SIGKILL), its helpers with it."""
        if self._node is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._node.pid, signal.SIGKILL)
        self._node.wait()
        self._node = None

    def restart(self) -> None:
        """Stop or find dead, then start on the same data and port."""
        self.stop()
        self.start()

    def close(self) -> None:
        """End node and port mapper, and remove the folder if it is ours."""
        self.kill()
        if self._epmd is not None:
            self._epmd.terminate()
            self._epmd.wait()
            self._epmd = None
        if self._own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _prepare(self) -> None:
        for name in ("mnesia", "log"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "rabbitmq.conf").write_text(CONFIG.format(port=self.port) + self._clustering())
        (self.folder / "enabled_plugins").write_text("[].\n")
        (self.folder / "environment").write_text("")

    def _clustering(self) -> str:
        """Return what lets this node join the other one at its first start, which knows it by the same cookie."""
        if self._joins is None:
            return ""
        self._epmd_port = self._joins._epmd_port
        cookie = self.folder / ".erlang.cookie"
        cookie.touch(mode=0o600)
        cookie.write_text((self._joins.folder / cookie.name).read_text())
        cookie.chmod(0o400)
        return JOINING.format(us=self.name, other=self._joins.name)

    def _environment(self) -> dict[str, str]:
        folder = self.folder
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(folder),
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_CONF_ENV_FILE": str(folder / "environment"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_DIST_PORT": str(self._dist_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG_ARGUMENTS,
            # Makes the script `exec` the virtual machine: the process we start is the one we stop.
            "RUNNING_UNDER_SYSTEMD": "true",
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }

    def _start_epmd(self) -> None:
        if self._joins is not None or (self._epmd is not None and self._epmd.poll() is None):
            return
        self._epmd = subprocess.Popen(
            ["epmd", "-address", "127.0.0.1", "-port", str(self._epmd_port)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._wait_for(lambda: _answers(self._epmd_port, b"") is not None, "epmd")

    def _wait_until_ready(self) -> None:
        self._wait_for(lambda: bool(_answers(self.port, PROTOCOL_HEADER)), "node")

    def _wait_for(self, ready: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while not ready():
            dead = what == "node" and not self.running
            if dead or time.monotonic() > deadline:
                log = (self.folder / "console.log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"the {what} of RabbitMQ did not start:\n{log}")
            time.sleep(0.1)


def _answers(port: int, greeting: bytes) -> bytes | None:
    """Connect, greet and read a byte; None when nobody listens, empty when nobody greets back."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as line:
            line.sendall(greeting)
            return line.recv(1) if greeting else b""
    except OSError:
        return None
