"""What stands behind the ports of a gateway, as its configuration says: the ledger, and the broker."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.broker import MemoryBroker
from gateway.ledger import Ledger
from gateway.server.given import require_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.broker import Broker
    from gateway.config import Config

__all__ = ["Adapters", "open_adapters"]


@dataclass(frozen=True, slots=True)
class Adapters:
    """What stands behind the ports of one gateway."""

    ledger: Ledger
    broker: Broker


async def open_adapters(config: Config, *, clock: Callable[[], float] = time.time) -> Adapters:
    """
    Pick ledger and broker, and open the ledger; `Exchange.start` starts the broker.

    Raises:
        GatewayError: The ledger cannot be opened.
    """
    require_folder(config)
    migrate = config.ledger.embedded if config.ledger.migrate is None else config.ledger.migrate
    return Adapters(await Ledger.open(config.ledger.url, migrate=migrate, clock=clock), _broker(config))


def _broker(config: Config) -> Broker:
    if config.broker.in_memory:
        return MemoryBroker(config.broker.limit_bytes)
    from gateway.broker.rabbitmq import RabbitBroker  # noqa: PLC0415  an embedded gateway does not load its AMQP client

    return RabbitBroker(config.broker.urls, config.broker.limit_bytes, config.broker.prefix)
