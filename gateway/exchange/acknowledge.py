"""
Acknowledge: signed receipts of recipients become states of the ledger.

A receipt counts when the asker signed it about itself, with an agent key that was good at the time it names, and that time
is not ahead of our clock. Each is judged alone: one bad receipt does not keep the others from being recorded.
Recording is idempotent; what the ledger does not know, or knows otherwise, is told by code.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.envelope import Event, parse_receipt, verify_receipt
from gateway.errors import Rejected
from gateway.ledger import Record
from gateway.ops.logs import logger
from gateway.policy import recallers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.envelope import Receipt
    from gateway.exchange.parts import Parts
    from gateway.ids import Address, EnvelopeHash

__all__ = ["Acknowledger", "Outcome"]

AHEAD_S: Final = 300  # clocks of partners drift by minutes, not more
OF_RECIPIENTS: Final = frozenset({Event.DELIVERED, Event.OPENED, Event.REJECTED, Event.DESTROYED})
# Each is kept once, so they are few.
DESTROYED_BECAUSE: Final = frozenset({None, "deleted", "use-stopped", "never-had", "expired"})
_VERIFIED_AT_ONCE: Final = 64  # some 5 ms of signatures; then others have their turn


class Outcome(NamedTuple):
    """What became of one receipt: the code ("" when it was recorded), and the envelope it named if it could be read."""

    code: str
    envelope_hash: EnvelopeHash | None


class Acknowledger:
    """
    Records receipts.

    Args:
        parts: Of this process.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._log = logger()

    async def record(self, asker: Address, signed: Sequence[bytes]) -> list[Outcome]:
        """
        Verify receipts and commit them together.

        Args:
            asker: Who hands them in, proved.
            signed: Signed receipts.

        Returns:
            One outcome for each, in the same order.

        Raises:
            Unavailable: The ledger is away; nothing was recorded.
            Uncertain: Some may be recorded; hand them in again.
        """
        found: list[Record | str] = []
        for start in range(0, len(signed), _VERIFIED_AT_ONCE):
            if start:
                await asyncio.sleep(0)
            found += [self._verified(asker, data) for data in signed[start : start + _VERIFIED_AT_ONCE]]
        records = self._addressed([one for one in found if not isinstance(one, str)])
        codes = iter(await self._parts.ledger.record(records) if records else ())
        outcomes = [Outcome(one, None) if isinstance(one, str) else Outcome(next(codes), one.envelope_hash) for one in found]
        self._account(asker, found, outcomes)
        return outcomes

    def _verified(self, asker: Address, data: bytes) -> Record | str:
        try:
            signed = parse_receipt(data)
            self._check(asker, signed.receipt)
            receipt = verify_receipt(signed, self._parts.directory.answers())
        except Rejected as exc:
            return exc.code
        return Record(
            envelope_hash=receipt.envelope_hash,
            event=receipt.event,
            subject=receipt.subject,
            at=receipt.at,
            reason=receipt.reason,
            signed=data,
        )

    def _addressed(self, records: list[Record]) -> list[Record]:
        """Say of destroyed copies who may have recalled them, besides their author."""
        if all(one.event != Event.DESTROYED for one in records):
            return records
        may = recallers(self._parts.directory.current())
        return [one._replace(recallers=may) if one.event == Event.DESTROYED else one for one in records]

    def _check(self, asker: Address, receipt: Receipt) -> None:
        if receipt.event not in OF_RECIPIENTS:
            raise Rejected(f"a recipient does not state {receipt.event}", code="malformed")
        if receipt.event is Event.DESTROYED and receipt.reason not in DESTROYED_BECAUSE:
            raise Rejected(f"destroyed because of {receipt.reason!r}", code="malformed")
        if not receipt.signer == receipt.subject == asker:
            raise Rejected("a receipt about somebody else", code="not-found")
        if receipt.at > self._parts.clock() + AHEAD_S:
            raise Rejected(f"a receipt for {receipt.at}, in the future", code="clock-skew")

    def _account(self, asker: Address, found: Sequence[Record | str], outcomes: Sequence[Outcome]) -> None:
        for one, outcome in zip(found, outcomes, strict=True):
            if isinstance(one, str):
                self._log.info("receipt", asker=asker, outcome=one)
                continue
            if not outcome.code:
                self._parts.metrics.receipts(one.event).inc()
            self._log.info(one.event, asker=asker, envelope_hash=one.envelope_hash.hex(), outcome=outcome.code or "recorded")
