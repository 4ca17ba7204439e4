"""`gateway demo --two-networks` as a newcomer runs it: judged by its last line, its exit code and what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.scenario.process import Ran, run
from tests.scenario.test_demo import counted

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.postgres import Cluster
    from tests.support.rabbitmq import RabbitNode

SHOWN = (
    "GS to contact-points@eu-network",  # a group of the other network
    "NCB-XA to GN-QA@eu-network",  # an alias
    "(rule border-ceiling)",  # refused before it is sealed
    "GN-QB@eu-network: refused, handling-unknown, by a signed receipt",
    "handled as amber/restricted here",
    "sealed by the gateway",
    "all that is for the other network is `outbound`",
    "GN-QN@eu-network: deleted, by a signed receipt",  # the recall
    "none found",  # of what was said, in what the relays carried
    "refused by the other network, signed: 1",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the embedded default leaves its networks."""
    return tmp_path_factory.mktemp("two")


@pytest.fixture(scope="module")
def embedded(folder: Path) -> Ran:
    """Return what the embedded default did; it runs once."""
    return run("demo", "--two-networks", "--keep", folder / "kept", cwd=folder)


def test_two_networks_lose_nothing(embedded: Ran, folder: Path) -> None:
    """Everything accepted is opened once, but for one that the other network refused; nothing is complained of."""
    messages, deliveries = counted(embedded.out)
    assert (embedded.code, embedded.err, messages, deliveries) == (0, "", 12, 24)
    assert [text for text in SHOWN if text not in " ".join(embedded.out.split())] == []
    assert [line for line in embedded.out.splitlines() if len(line) > 100] == []
    assert {path.name for path in (folder / "kept").iterdir()} == {"icn", "eu-network"}


@pytest.mark.broker
@pytest.mark.postgres
def test_each_network_has_its_own_broker_and_database(
    embedded: Ran, rabbit_node: RabbitNode, postgres_cluster: Cluster, tmp_path: Path
) -> None:
    """The same story and the same count on two virtual hosts of RabbitMQ and two databases of PostgreSQL."""
    names = [postgres_cluster.create() for _ in range(2)]
    try:
        words = [word for name in names for word in ("--ledger", postgres_cluster.url(name))]
        words += [word for name in ("demo-icn", "demo-eu") for word in ("--broker", rabbit_node.vhost(name))]
        done = run("demo", "--two-networks", *words, cwd=tmp_path)
    finally:
        for name in names:
            postgres_cluster.drop(name)
    assert done.code == 0, done.out[-2000:] + done.err[-2000:]
    assert counted(done.out) == counted(embedded.out)


@pytest.mark.parametrize("words", [["--ledger"], ["--broker"], ["--broker", "--broker"]])
def test_what_is_for_one_network_alone_is_refused(words: list[str], tmp_path: Path) -> None:
    """Two networks never share a queue or a table: each has its own, or both are embedded."""
    done = run("demo", "--two-networks", *(part for word in words for part in (word, "amqp://one/")), cwd=tmp_path)
    assert (done.code, "Traceback" in done.err, f"give {words[0]} twice, or not at all" in done.err) == (1, False, True)


def test_one_network_has_one_ledger(tmp_path: Path) -> None:
    """Two of them without two networks are a slip."""
    done = run("demo", "--ledger", "postgresql://a/a", "--ledger", "postgresql://b/b", cwd=tmp_path)
    assert (done.code, "--two-networks" in done.err) == (1, True)
