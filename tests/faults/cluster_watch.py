"""
What an operator sees of a cluster while it suffers: metrics of each gateway, and the conditions at which alarms are raised.

Imports nothing of `gateway`: it asks, as Prometheus does, twice a second, in a thread of its own.
"""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["ALARMS", "Watch", "metrics_of"]

EVERY_S: Final = 0.5
ANSWER_S: Final = 2.0
LAG_S: Final = 10.0  # of the audit log; a second is usual
ALARMS: Final[dict[str, Callable[[dict[str, float]], bool]]] = {
    "away": lambda seen: not seen,
    "not-ready": lambda seen: bool(seen) and not seen["ready"],
    "broker": lambda seen: bool(seen) and not seen["gateway_broker_ready"],
    "log-lag": lambda seen: bool(seen) and seen["gateway_log_lag_seconds"] > LAG_S,
    "log-halted": lambda seen: bool(seen) and seen["gateway_log_halted"] > 0,
}


class Watch:
    """
    Looks at every gateway while the context is open.

    Args:
        ports: Of the operators' listeners.

    Attributes:
        raised: How often each alarm began, over all gateways.
        standing: Those that are raised now, with the number of the gateway.
    """

    def __init__(self, ports: Sequence[int]) -> None:
        self.raised: Counter[str] = Counter()
        self.standing: set[tuple[str, int]] = set()
        self._ports = ports
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._look, args=(number,), daemon=True) for number in range(len(ports))]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _look(self, number: int) -> None:
        while not self._stop.is_set():
            seen = metrics_of(self._ports[number])
            for alarm, condition in ALARMS.items():
                if not condition(seen):
                    self.standing.discard((alarm, number))
                elif (alarm, number) not in self.standing:
                    self.standing.add((alarm, number))
                    self.raised[alarm] += 1
            time.sleep(EVERY_S)


def metrics_of(port: int) -> dict[str, float]:
    """Return the metrics without labels of a gateway, and whether it is ready; empty where it does not answer."""
    try:
        ready = _get(port, "/readyz")[0] == 200
        text = _get(port, "/metrics")[1].decode()
    except OSError:
        return {}
    pairs = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#") and "{" not in line)
    return {"ready": float(ready), **{name: float(value) for name, value in pairs}}


def _get(port: int, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=ANSWER_S) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as exc:
        return exc.code, exc.read()
