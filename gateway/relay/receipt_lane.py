"""
The lane back: receipts of the other network's gateways and participants about what this network sent there.

The position of the last receipt that is recorded at home comes with the lease, and moves with each page that was brought there;
the relay remembers it while it runs, and nowhere else.
A receipt that the home gateway does not want is told and left behind: one forged receipt must not hold up all others.
Spec: schemas/relay.md, "Answers" and "Requests".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import Rejected, Unavailable
from gateway.ops.logs import logger
from gateway.protocol import relaying
from gateway.protocol.relaying import Bodies, decided
from gateway.relay.lane import Lines, NotYet
from gateway.relay.line import there

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.ids import Network
    from gateway.ops.metrics import RelayMetrics
    from gateway.protocol.relaying import Numbered

__all__ = ["ReceiptLane"]


class ReceiptLane:
    """
    Carries the receipts from one network.

    Args:
        own: This network, whose envelopes they are about.
        network: The other one.
        lines: To the gateways of both.
        metrics: Of this process.
    """

    def __init__(self, own: Network, network: Network, lines: Lines, metrics: RelayMetrics) -> None:
        self._own = own
        self._network = network
        self._home, self._other = lines
        self._metrics = metrics
        self._after = 0
        self._log = logger()

    def begin(self, after: int) -> None:
        """Continue after the position that a new lease names."""
        self._after = after

    async def turn(self, epoch: int, wait_s: int = relaying.MAX_WAIT_S) -> int:
        """
        Carry one page, and return how many receipts it had; for errors see `Lane.turn`.

        Args:
            epoch: Of this process' lease.
            wait_s: How long the other gateway may wait for a receipt.
        """
        with there(self._other):
            data = await self._other.ask("GET", relaying.receipts_path(self._own, self._after, wait_s))
            page = Bodies.receipt_page.decode(data)
            _require_order(page, self._after)
        if not page:
            return 0
        last = page[-1][0]
        body = Bodies.receipts_taken.encode((last, [receipt for _, receipt in page]))
        codes = Bodies.codes.decode(await self._home.ask("POST", relaying.taken_path(self._network, epoch), body))
        if len(codes) != len(page):
            raise Unavailable(f"{len(codes)} codes for {len(page)} receipts")
        self._note(page, codes)
        if waiting := [code for code in codes if not decided(code)]:
            raise NotYet(waiting[0], moved=False)
        self._after = last
        return len(page)

    def _note(self, page: Sequence[Numbered], codes: Sequence[str]) -> None:
        refused = [(number, code) for (number, _), code in zip(page, codes, strict=True) if code]
        for number, code in refused:
            self._log.error("receipt-refused", network=self._network, number=number, code=code)
            self._metrics.refused_answers(self._metrics.known(code)).inc()
        self._metrics.receipts.inc(len(page) - len(refused))
        self._log.info("receipts", network=self._network, count=len(page), number=page[-1][0])


def _require_order(page: Sequence[Numbered], after: int) -> None:
    for number, _ in page:
        if number <= after:
            raise Rejected(f"a receipt at {number} where one after {after} is due", code="malformed")
        after = number
