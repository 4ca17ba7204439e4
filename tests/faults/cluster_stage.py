"""
What a campaign over a cluster stands on: PostgreSQL, three RabbitMQ nodes, the lines to them, what each gateway reads.

Where a file system may be mounted, PostgreSQL's data and what each gateway remembers of the audit log lie on disks of their own
that can be filled. Imports nothing of `gateway`.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.faults.cluster_lines import ClusterLines
from tests.support.ports import free_ports
from tests.support.postgres import Cluster
from tests.support.rabbitmq_cluster import RabbitCluster
from tests.support.small_disk import SmallDisk, small_disk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.rabbitmq import RabbitNode

__all__ = ["GATEWAYS", "LEDGER", "Place", "stage"]

GATEWAYS: Final = 3
LEDGER: Final = "ledger"
LEDGER_DISK_BYTES: Final = 384 << 20  # an empty server takes 50 MB, its write-ahead log 64, five minutes of load the rest
MEMORY_DISK_BYTES: Final = 1 << 20
SEGMENT_MB: Final = 1  # of the write-ahead log: a full disk is met within seconds
_GATEWAY_FILE: Final = "gateway/gateway.toml"


class Place(NamedTuple):
    """
    What there is.

    Args:
        folder: Of the whole network.
        ports: Of the gateways.
        operations_ports: The same, for operators.
        postgres: The database server.
        ledger: The address of the ledger, past the lines.
        nodes: Of the broker.
        lines: From and to the gateways.
        disks: `ledger`, and by the number of a gateway; empty where none may be mounted.
    """

    folder: Path
    ports: list[int]
    operations_ports: list[int]
    postgres: Cluster
    ledger: str
    nodes: list[RabbitNode]
    lines: ClusterLines
    disks: dict[str, SmallDisk]

    def config(self, number: int) -> Path:
        """Return what a gateway reads."""
        return self.folder / f"gateway/gateway-{number}.toml"

    def offset(self, number: int) -> Path:
        """Return the file that says by how much the clock of a gateway is wrong."""
        return self.folder / f"offset-{number}"


@contextmanager
def stage(folder: Path) -> Iterator[Place]:
    """Start all that the gateways stand on, make their network, and write what each of them reads."""
    with ExitStack() as stack:
        disks = _disks(stack)
        own = disks[LEDGER].folder if disks else None
        cluster = stack.enter_context(Cluster(own, segment_mb=SEGMENT_MB))
        nodes = stack.enter_context(RabbitCluster()).nodes
        ports = free_ports(2 * GATEWAYS)
        lines = stack.enter_context(ClusterLines(ports[:GATEWAYS], cluster.port, [node.port for node in nodes]))
        ledger = cluster.url(cluster.create())
        place = Place(folder, ports[:GATEWAYS], ports[GATEWAYS:], cluster, ledger, nodes, lines, disks)
        brokers = [f"amqp://guest:guest@127.0.0.1:{port}/" for port in lines.brokers]
        words = [str(lines.front), str(ports[GATEWAYS]), ledger.replace(f":{cluster.port}/", f":{lines.ledger}/"), *brokers]
        subprocess.run([sys.executable, "-m", "tests.faults.prepare", str(folder), *words], check=True)
        for number in range(GATEWAYS):
            _configure(place, number)
        yield place


def _disks(stack: ExitStack) -> dict[str, SmallDisk]:
    """Mount all disks, or none."""
    sizes = {LEDGER: LEDGER_DISK_BYTES, **{str(number): MEMORY_DISK_BYTES for number in range(GATEWAYS)}}
    disks = {where: stack.enter_context(small_disk(size)) for where, size in sizes.items()}
    mounted = {where: disk for where, disk in disks.items() if disk is not None}
    return mounted if len(mounted) == len(sizes) else {}


def _configure(place: Place, number: int) -> None:
    """Write what a gateway of its own machine would have."""
    shared, own = place.folder / _GATEWAY_FILE, place.config(number)
    shutil.copy(shared, own)  # with its mode: there is a password in it
    text = shared.read_text().replace(f"port = {place.lines.front}\n", f"port = {place.ports[number]}\n")
    text = text.replace(f"port = {place.operations_ports[0]}\n", f"port = {place.operations_ports[number]}\n")
    if place.disks:
        text += f'\n[audit]\nmemory = "{place.disks[str(number)].folder / "audit-memory"}"\n'
    own.write_text(text)
    place.offset(number).write_bytes(struct.pack("d", 0.0))
