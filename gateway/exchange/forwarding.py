"""
Forwarding: what waits for another network goes to its relay, and what was said there becomes states of the ledger.

1. one page of what waits   2. those under a signed checkpoint, each with the proof   3. noted as handed out   4. the forwards
5. answers and receipts, each verified from the peer's directory   6. one commit, with the epoch of the relay that brought them
Nothing is believed of the relay: an answer that proves nothing changes nothing, and the forward is handed out again.
Spec: schemas/relay.md, "Answers" and "Requests".
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from gateway.audit.reader import needed_tiles
from gateway.envelope import Event, Inclusion, common_of, make_forward, parse_receipt, verify_receipt
from gateway.errors import Rejected, Unavailable
from gateway.exchange.gong import Gong
from gateway.ids import network_of
from gateway.ledger import Answer, Record, Ref, Said
from gateway.ops.logs import logger
from gateway.policy import recallers
from gateway.protocol.relaying import MAX_FORWARDS, MAX_WAIT_S, decided

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.audit.reader import InclusionProof
    from gateway.envelope import Receipt, SignedReceipt
    from gateway.exchange.parts import Parts
    from gateway.exchange.sequencing import Sequencing
    from gateway.ids import Network
    from gateway.ledger import Lease, Outbound

__all__ = ["Forwarding"]

LEASE_S: Final = 15  # a relay that has not asked for so long may be replaced
_RENEW_S: Final = 10  # with less than that left a relay that waits is noted as still there
PAGE_BYTES: Final = 4 << 20
_LOOK_S: Final = 5.0  # between two looks of a relay that waits
_LOOK_SHARED_S: Final = 0.5  # where other processes accept, too
_VERIFIED_AT_ONCE: Final = 64  # some 5 ms of signatures; then others have their turn
_ROW_BYTES: Final = 34  # a sibling on the wire
_OF_RECIPIENTS: Final = frozenset({Event.DELIVERED, Event.OPENED, Event.REJECTED, Event.DESTROYED})
_OF_GATEWAYS: Final = frozenset({Event.EXPIRED, Event.RECALLED, Event.HELD})


class Forwarding:
    """
    Serves the relays of this network.

    Args:
        parts: Of this process.
        sequencing: Asked for a signature when something waits for it.
    """

    def __init__(self, parts: Parts, sequencing: Sequencing) -> None:
        self._parts = parts
        self._relay = parts.ledger.relay
        self._sequencing = sequencing
        self._signed = Gong()
        self._look_s = _LOOK_SHARED_S if parts.shared else _LOOK_S
        self._log = logger()
        sequencing.on_signed.append(self._signed.strike)

    def accepted(self) -> None:
        """Note that something was accepted for another network: it goes as soon as the log shows it."""
        self._sequencing.ask()

    async def lease(self, network: Network, holder: str, epoch: int | None, *, release: bool = False) -> Lease:
        """Let one relay process be the active one; see `RelayPort.lease`."""
        self._require_peer(network)
        return await self._relay.lease(network, holder, epoch, 0 if release else LEASE_S)

    async def forwards(self, network: Network, epoch: int, wait_s: float) -> list[tuple[int, bytes]]:
        """
        Return what waits for a network, and wait for the first of it.

        Returns:
            Acceptance numbers and forwards, urgent first: at most 64 and 4 MiB, a larger one alone.

        Raises:
            Rejected: `peer-unknown`; `session-replaced`, another relay took over.
        """
        until = self._parts.ticks() + min(wait_s, MAX_WAIT_S)
        while True:
            turn = self._signed.turn()
            self._require_peer(network)
            if found := await self._ready(network, epoch):
                return found  # the epoch was held against the lane's in the commit
            await self._keep(network, epoch)
            left_s = until - self._parts.ticks()
            if left_s <= 0:
                return []
            await self._signed.wait(turn, min(left_s, self._look_s))

    async def answered(self, network: Network, epoch: int, answers: Sequence[tuple[int, str, Sequence[bytes]]]) -> list[str]:
        """
        Take what the other gateway answered.

        Returns:
            For each a code, "" where it counts, or only says that it is to be tried again.
        """
        self._require_peer(network)
        found: list[Answer | str] = []
        for number, code, receipts in answers:
            found.append(await self._answer(network, number, code, receipts))
        kept = [one for one in found if isinstance(one, Answer)]
        codes = iter(await self._relay.answer(network, epoch, kept, self._parts.stamps.problem) if kept else ())
        outcomes = [one if isinstance(one, str) else next(codes) for one in found]
        for one, outcome in zip(found, outcomes, strict=True):
            self._account(network, one, outcome)
        return outcomes

    async def receipts_from(self, network: Network, epoch: int, after: int, receipts: Sequence[bytes]) -> list[str]:
        """
        Record receipts of another network's recipients and gateways.

        Returns:
            For each a code, "" where it is recorded; what proves nothing is dropped with a line in the log.

        Raises:
            Unavailable: A key is not known here yet; the same again once the peer's directory was brought.
        """
        self._require_peer(network)
        found: list[Record | str] = []
        for start in range(0, len(receipts), _VERIFIED_AT_ONCE):
            if start:
                await asyncio.sleep(0)
            found += [self._record(network, data) for data in receipts[start : start + _VERIFIED_AT_ONCE]]
        kept = [one for one in found if isinstance(one, Record)]
        codes = iter(await self._relay.bring_home(network, epoch, after, kept))
        outcomes = [one if isinstance(one, str) else next(codes) for one in found]
        for one, outcome in zip(found, outcomes, strict=True):
            if outcome:
                self._log.warning("relayed-receipt-dropped", origin=network, code=outcome)
            elif isinstance(one, Record):
                self._parts.metrics.relay_receipts(one.event).inc()
        return outcomes

    # --- what goes ------------------------------------------------------------------------------------------------

    def _require_peer(self, network: Network) -> None:
        if network not in self._parts.directory.current().borders:
            raise Rejected(f"{network} is no peer", code="peer-unknown")

    async def _keep(self, network: Network, epoch: int) -> None:
        """Refuse a relay that was replaced; note of one that waits that it is still there."""
        lane = await self._relay.lane(network)
        if lane is None or lane.epoch != epoch:
            raise Rejected(f"another relay to {network} took over", code="session-replaced")
        if lane.until - self._parts.clock() < _RENEW_S:
            await self._relay.lease(network, lane.holder, epoch, LEASE_S)

    async def _ready(self, network: Network, epoch: int) -> list[tuple[int, bytes]]:
        page, found = await self._relay.outbound(network, MAX_FORWARDS, PAGE_BYTES, needed_tiles)
        if not page:
            return []
        proved = self._parts.audit.reader.prove(found)
        logged = [one for one in page if one.leaf in proved.proofs]
        if len(logged) < len(page):
            self._sequencing.ask()
        logged = _that_fit(logged)
        refs = [Ref(one.number, row.index) for one in logged for row in one.rows]
        taken = await self._relay.hand_out(network, epoch, refs) if refs else set()
        forwards = [_forward(one, taken, proved.proofs[one.leaf], proved.note) for one in logged]
        return [(one.number, forward) for one, forward in zip(logged, forwards, strict=True) if forward is not None]

    # --- what comes back ------------------------------------------------------------------------------------------

    async def _answer(self, network: Network, number: int, code: str, receipts: Sequence[bytes]) -> Answer | str:
        """Prove an answer; the text is the outcome of one that changes nothing."""
        if code:
            return Answer(number, None, None, problem=code) if decided(code) else ""
        try:
            said: list[SignedReceipt] = []
            for start in range(0, len(receipts), _VERIFIED_AT_ONCE):
                if start:
                    await asyncio.sleep(0)
                said += [self._verified(network, data) for data in receipts[start : start + _VERIFIED_AT_ONCE]]
            return _answer(number, said)
        except (Rejected, Unavailable) as exc:
            return exc.code

    def _verified(self, network: Network, data: bytes) -> SignedReceipt:
        """Return a receipt that somebody of that network signed; its key may not be known here yet."""
        signed, answers = parse_receipt(data), self._parts.directory.answers()
        if network_of(signed.receipt.signer) != network:
            raise Rejected(f"{signed.receipt.signer} does not speak for {network}", code="not-found")
        if answers.key(signed.key_id) is None:
            raise Unavailable(f"key {signed.key_id.hex()} of {signed.receipt.signer} is not known here yet")
        verify_receipt(signed, answers)
        return signed

    def _record(self, network: Network, data: bytes) -> Record | str:
        try:
            receipt = self._verified(network, data).receipt
            _check(receipt, network)
        except Rejected as exc:
            return exc.code
        destroyed = receipt.event is Event.DESTROYED
        return Record(
            envelope_hash=receipt.envelope_hash,
            event=receipt.event,
            subject=receipt.subject,
            at=receipt.at,
            reason=receipt.reason,
            signed=data,
            recallers=recallers(self._parts.directory.current()) if destroyed else frozenset(),
            network=network,
        )

    def _account(self, network: Network, one: Answer | str, outcome: str) -> None:
        what = "later" if isinstance(one, str) else "held" if one.problem else "relayed" if one.accepted else "refused"
        self._parts.metrics.relay_answers("dropped" if outcome else what).inc()
        if outcome:
            self._log.warning("relay-answer-dropped", origin=network, code=outcome)
        elif isinstance(one, Answer):
            tell = self._log.error if one.problem else self._log.info
            tell(what, origin=network, number=one.number, code=one.problem or "")


def _forward(one: Outbound, taken: set[Ref], proof: InclusionProof, note: bytes) -> bytes | None:
    rows = [row for row in one.rows if Ref(one.number, row.index) in taken]
    inclusion = Inclusion(proof.index, tuple(proof.siblings), note)
    return make_forward(common_of(one.head, one.body), rows, one.receipt, inclusion) if rows else None


def _that_fit(page: Sequence[Outbound]) -> list[Outbound]:
    """Leave out what is too much for one answer; the first one always comes."""
    fit: list[Outbound] = []
    total = 0
    for one in page:
        rows = sum(len(row.stanza) + _ROW_BYTES * (len(row.proof) + 1) for row in one.rows)
        total += len(one.head) + len(one.body) + len(one.receipt) + rows
        if fit and total > PAGE_BYTES:
            break
        fit.append(one)
    return fit


def _answer(number: int, said: Sequence[SignedReceipt]) -> Answer:
    """Read verified receipts as one answer: `accepted` alone, or `refused` for recipients of one envelope."""
    receipts = [one.receipt for one in said]
    if len({receipt.envelope_hash for receipt in receipts}) == 1:
        first = receipts[0]
        if first.event is Event.ACCEPTED and len(said) == 1:
            return Answer(number, first.envelope_hash, first.subject, accepted=Said(first.at, None, said[0].data))
        if all(receipt.event is Event.REFUSED for receipt in receipts):
            refused = {one.receipt.subject: Said(one.receipt.at, one.receipt.reason, one.data) for one in said}
            return Answer(number, first.envelope_hash, None, refused=refused)
    raise Rejected("neither `accepted` nor `refused` of one envelope", code="malformed")


def _check(receipt: Receipt, network: Network) -> None:
    """Raise for what is no receipt about a delivery there; who signed it was proved."""
    if receipt.event not in _OF_RECIPIENTS | _OF_GATEWAYS:
        raise Rejected(f"{receipt.event} is an answer, or none", code="malformed")
    if network_of(receipt.subject) != network:
        raise Rejected(f"{receipt.subject} is not of {network}", code="not-found")
