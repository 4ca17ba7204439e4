"""
What every use case of the exchange works with, put together once by the composition root.

The use cases know no adapter: ledger and broker are ports, clock and randomness are passed in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from gateway.audit.log import AuditLog
from gateway.broker import Broker
from gateway.config import Limits, RetentionConfig
from gateway.envelope import Keyring, Rng
from gateway.exchange.directory_source import DirectorySource
from gateway.exchange.orders import Orders
from gateway.exchange.stamps import Stamps
from gateway.ids import Address
from gateway.ledger import Ledger
from gateway.ops import Metrics

__all__ = ["Clock", "Parts"]

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """
    The parts of one gateway process.

    Args:
        address: The gateway's own.
        process: Names this process among those that share the ledger.
        ledger: The record.
        audit: The log over it.
        broker: Carries parcels; never trusted with the only copy.
        keyring: The gateway's keys.
        directory: Who is who now.
        stamps: Signs what the gateway states.
        limits: Bounds.
        retention: How long metadata is kept.
        metrics: Counts.
        clock: Unix seconds.
        ticks: Seconds that never go back; by them sessions wait and are watched, whatever becomes of the machine's time.
        rng: Secure random bytes.
        orders: What operators ordered, and stands.
        shared: Whether other processes work on the same ledger: then epochs and rows change from outside.
    """

    address: Address
    process: str
    ledger: Ledger
    audit: AuditLog
    broker: Broker
    keyring: Keyring
    directory: DirectorySource
    stamps: Stamps
    limits: Limits
    retention: RetentionConfig
    metrics: Metrics
    clock: Clock
    rng: Rng
    shared: bool
    ticks: Clock = monotonic
    orders: Orders = field(default_factory=Orders)
