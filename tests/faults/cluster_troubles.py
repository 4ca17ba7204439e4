"""
What a cluster suffers, one trouble at a time: it begins where the context begins, and is mended where that ends.

    with troubles.of("cut ledger"): ...

`ROUND` names them all; what suffers stands behind the trouble. Imports nothing of `gateway`.
"""

from __future__ import annotations

import random
import resource
import signal
import struct
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tests.faults.cluster_stage import LEDGER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from tests.faults.cluster_parts import Parts
    from tests.faults.cluster_stage import Place

__all__ = ["ROUND", "Troubles", "is_shared"]

ROUND: Final = (
    *("kill 0", "cut front", "stop 1", "node", "cut ledger", "full 2", "clock 0", "postgres", "kill 1"),
    *("slow front", "slow ledger", "cut brokers", "full ledger"),
)
WITHOUT_DISKS: Final = {"full 2": "files 2", "full ledger": ""}  # what is done in place of what is not possible
SHARED: Final = frozenset({"cut", "slow", "node", "postgres"})  # by all gateways; so is the disk of the ledger
JUMP_S: Final = (-60.0, 60.0)  # what partners' clocks may be wrong by, and the protocol bears
JUMPED_S: Final = 1.5


def is_shared(trouble: str) -> bool:
    """Say whether all gateways suffer; after that the whole exchange must be back soon."""
    what, _, where = trouble.partition(" ")
    return what in SHARED or where == LEDGER


class Troubles:
    """
    Makes and mends them.

    Args:
        place: What suffers.
        parts: The same.
        rng: Draws the node that is lost.
    """

    def __init__(self, place: Place, parts: Parts, rng: random.Random) -> None:
        self._place = place
        self._parts = parts
        self._rng = rng

    @property
    def round(self) -> list[str]:
        """Every trouble that this machine allows."""
        if self._place.disks:
            return list(ROUND)
        return [found for trouble in ROUND if (found := WITHOUT_DISKS.get(trouble, trouble))]

    def of(self, trouble: str) -> AbstractContextManager[None]:
        """Let something suffer while the context is open."""
        what, _, where = trouble.partition(" ")
        return {
            "kill": self._kill,
            "stop": self._freeze,
            "cut": lambda where: self._line(where, "cut"),
            "slow": lambda where: self._line(where, "slow"),
            "full": self._fill_ledger if where == LEDGER else self._fill_memory,
            "files": self._limit_files,
            "clock": self._jump,
            "node": self._lose_node,
            "postgres": self._stop_postgres,
        }[what](where)

    @contextmanager
    def _kill(self, where: str) -> Iterator[None]:
        process = self._parts.gateway(int(where))
        process.kill()
        process.wait()
        yield
        self._parts.start_gateway(int(where))

    @contextmanager
    def _freeze(self, where: str) -> Iterator[None]:
        process = self._parts.gateway(int(where))
        process.send_signal(signal.SIGSTOP)
        yield
        process.send_signal(signal.SIGCONT)

    @contextmanager
    def _line(self, where: str, trouble: str) -> Iterator[None]:
        self._place.lines.suffer(where, trouble)
        yield
        self._place.lines.heal(where)

    @contextmanager
    def _fill_ledger(self, where: str) -> Iterator[None]:
        """Leave PostgreSQL no block: it refuses to write, or ends; then it is started again, as by whoever runs it."""
        self._place.disks[where].fill()
        yield
        self._place.disks[where].empty()
        self._place.postgres.recover()

    @contextmanager
    def _fill_memory(self, where: str) -> Iterator[None]:
        """Leave a gateway no block; what it overwrites in place would not notice, so it may write no file either."""
        self._place.disks[where].fill()
        with self._limit_files(where):
            yield
        self._place.disks[where].empty()

    @contextmanager
    def _limit_files(self, where: str) -> Iterator[None]:
        """Let a gateway write no file beyond its first byte: its logs, and what it remembers of the audit log."""
        pid = self._parts.gateway(int(where)).pid
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, hard))
        yield
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))

    @contextmanager
    def _jump(self, where: str) -> Iterator[None]:
        file = self._place.offset(int(where))

        def jump(wrong_s: float) -> None:
            with file.open("r+b") as offset:
                offset.write(struct.pack("d", wrong_s))

        jump(JUMP_S[0])
        time.sleep(JUMPED_S)
        jump(JUMP_S[1])
        yield
        jump(0.0)

    @contextmanager
    def _lose_node(self, _: str) -> Iterator[None]:
        node = self._rng.choice(self._place.nodes)
        node.kill()
        yield
        node.start()

    @contextmanager
    def _stop_postgres(self, _: str) -> Iterator[None]:
        self._place.postgres.stop()
        yield
        self._place.postgres.start()
