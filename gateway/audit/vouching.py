"""
Who vouches for the log from outside, as the operator named them: witnesses, and a time-stamp service.

Each is asked by a task of its own, which waits for nobody and for which nobody waits. What is configured is read before the
gateway listens, so that a key or a certificate that cannot be used stops the start.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from gateway.audit.timestamps import Stamper, Stamping
from gateway.audit.witnesses import Cosigning, WitnessLine, read_witness_key
from gateway.errors import Rejected
from gateway.evidence.token import read_roots
from gateway.ops.logs import logger

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from gateway.audit.outside import Outside
    from gateway.audit.reader import LogReader
    from gateway.config import AuditConfig
    from gateway.ledger import LogTable
    from gateway.ops import Metrics
    from gateway.tlog.note import VerifierKey

__all__ = ["Vouchers"]

Work = Callable[[], Awaitable[None]]


class Vouchers:
    """
    What was configured, read.

    Args:
        config: See `AuditConfig`.

    Raises:
        Rejected: `config`; a key or the roots cannot be used.
    """

    def __init__(self, config: AuditConfig) -> None:
        self._config = config
        self._keys: list[tuple[str, VerifierKey]] = [(one.url, read_witness_key(one.key)) for one in config.witnesses]
        self._roots: list[Certificate] = _roots(config)

    def works(
        self, table: LogTable, reader: LogReader, outside: Outside, metrics: Metrics, clock: Callable[[], float]
    ) -> list[tuple[str, Work]]:
        """
        Return what asks for ever, each with the name of its task.

        Args:
            table: The log's rows.
            reader: Proves that the log grew.
            outside: Carries the requests.
            metrics: Shows who vouches.
            clock: Unix seconds.
        """
        every_s, url = self._config.witness_every_s, self._config.timestamp_url
        parts = Cosigning(table=table, prove=reader.consistency, outside=outside, metrics=metrics, clock=clock, every_s=every_s)
        works: list[tuple[str, Work]] = [("witness", WitnessLine(at, key, parts).run) for at, key in self._keys]
        if url is None:
            logger().info("timestamp-missing", detail="no audit.timestamp_url: the log has no time but ours")
        else:
            stamping = Stamping(url=url, roots=self._roots, table=table, outside=outside, metrics=metrics, clock=clock)
            works.append(("timestamp", Stamper(stamping).run))
        return works


def _roots(config: AuditConfig) -> list[Certificate]:
    if config.timestamp_ca is None:
        return []
    try:
        return read_roots(config.timestamp_ca.read_bytes())
    except OSError as exc:
        raise Rejected(f"audit.timestamp_ca: cannot read {config.timestamp_ca}: {exc.strerror}", code="config") from exc
    except Rejected as exc:
        raise Rejected(f"audit.timestamp_ca: {exc.detail}", code="config") from exc
