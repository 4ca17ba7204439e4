"""
The composition root: the only place that picks adapters and reads the machine's clock and randomness.

`compose` builds a gateway from its configuration and starts it, `run` is what `gateway serve` does, `run_workers` does it in
several processes, and `preflight` tells whether a start would be refused.
"""

from gateway.server.adapters import Adapters, open_adapters
from gateway.server.composition import Gateway, compose
from gateway.server.given import preflight
from gateway.server.serve import run
from gateway.server.worker import Worker, for_worker
from gateway.server.workers import MAX_WORKERS, run_workers

__all__ = [
    "MAX_WORKERS",
    "Adapters",
    "Gateway",
    "Worker",
    "compose",
    "for_worker",
    "open_adapters",
    "preflight",
    "run",
    "run_workers",
]
