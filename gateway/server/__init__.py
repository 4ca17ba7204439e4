"""
The composition root: the only place that picks adapters and reads the machine's clock and randomness.

`compose` builds a gateway from its configuration and starts it, `run` is what `gateway serve` does, and `preflight` tells
whether a start would be refused.
"""

from gateway.server.adapters import Adapters, open_adapters
from gateway.server.composition import Gateway, compose
from gateway.server.given import preflight
from gateway.server.serve import run

__all__ = ["Adapters", "Gateway", "compose", "open_adapters", "preflight", "run"]
