"""
Three private RabbitMQ nodes that are one cluster, on one machine: `with RabbitCluster() as cluster`, then `cluster.urls`.

It takes about fifteen seconds to start, so it is for the few tests that lose a node. The first node is started alone; the
others find it by their configuration, with its cookie and its port mapper. Three brokers that did not find each other would
serve most tests as well, so it is asked whether they are one.
"""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Final, Self

from tests.support.rabbitmq import CONTROL, START_LIMIT_S, RabbitNode

__all__ = ["NODES", "RabbitCluster"]

NODES: Final = 3


class RabbitCluster:
    """
    The cluster, from its start until the context ends.

    Attributes:
        nodes: The first is the one that the others joined.
    """

    def __init__(self) -> None:
        self.nodes: list[RabbitNode] = []
        self._stack = ExitStack()

    @property
    def urls(self) -> tuple[str, ...]:
        """The address of each node."""
        return tuple(node.url for node in self.nodes)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            first = stack.enter_context(RabbitNode())
            others = [RabbitNode(joins=first) for _ in range(NODES - 1)]
            for node in others:
                stack.callback(node.close)
            with ThreadPoolExecutor() as pool:
                list(pool.map(RabbitNode.start, others))
            _require_one(first)
            self.nodes = [first, *others]
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *failure: object) -> None:
        self._stack.close()


def _require_one(node: RabbitNode) -> None:
    """Raise RuntimeError where a node does not see all the others."""
    command = [CONTROL, "-n", node.name, "cluster_status", "--formatter", "json"]
    told = subprocess.run(command, env=node._environment(), check=True, capture_output=True, timeout=START_LIMIT_S)
    running = json.loads(told.stdout)["running_nodes"]
    if len(running) != NODES:
        raise RuntimeError(f"{NODES} nodes were started, and {node.name} sees {running}")
