"""What a gateway looks at to say that it is ready: each part that it needs, and those that it can do without for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import Corrupt
from gateway.ops import Health, Probe

if TYPE_CHECKING:
    from gateway.exchange import Parts

__all__ = ["health_of"]


def health_of(parts: Parts) -> Health:
    """Return the probes of one gateway."""

    async def ledger() -> bool:
        await parts.ledger.epoch(parts.address)
        return True

    async def directory() -> bool:
        parts.directory.current()
        return True

    async def authority() -> bool:
        parts.directory.check_fresh()
        return True

    async def log() -> bool:
        if parts.audit.halted:
            raise Corrupt("the audit log is halted", code="log-forked")
        return True

    async def broker() -> bool:
        return parts.broker.ready

    return Health(
        {
            "ledger": Probe(ledger, needed=True),
            "directory": Probe(directory, needed=True),
            "authority": Probe(authority, needed=False),
            "broker": Probe(broker, needed=False),
            "log": Probe(log, needed=False),
        }
    )
