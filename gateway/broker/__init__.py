"""Mailbox queues: the contract and the adapter in memory; `gateway.broker.rabbitmq` is imported by those who have a broker."""

from __future__ import annotations

from gateway.broker.base import Arrived, Broker, Consumer, Keep, Outcome, Parcel, Ref
from gateway.broker.memory import MemoryBroker

__all__ = ["Arrived", "Broker", "Consumer", "Keep", "MemoryBroker", "Outcome", "Parcel", "Ref"]
