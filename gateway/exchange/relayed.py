"""
Relayed: forwards of other networks are accepted here, or refused by a signed receipt for each recipient.

1. forms, and who brings it   2. answered before: the first answer again   3. proofs and policy, in a thread where large
4. what it replies to   5. the peer's share   6. one commit, with our own receipt and number   7. dispatch
8. the largest tree that was seen is kept, before anything is answered
Messages of one conversation are decided in the order in which they come; after one that cannot be decided now the later ones
wait; conversations go side by side. A refusal is final, so it is given only where the sender's network proved its acceptance.
Spec: schemas/relay.md, "Forward" and "Requests".
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from gateway.envelope import Forward
from gateway.errors import GatewayError, Rejected
from gateway.evidence.inclusion import SeenLog
from gateway.exchange.accepting import make_acceptance, make_dispatch
from gateway.exchange.gong import Gong
from gateway.exchange.judging import Ready, View
from gateway.exchange.judging_relayed import check_carrier, judge_forward
from gateway.exchange.quotas import Quotas
from gateway.ids import Address, format_id, network_of
from gateway.ledger import Refusal, SeenTree
from gateway.ops.logs import logger
from gateway.policy import admit_reply, is_answer, may_recall
from gateway.protocol.relaying import MAX_RECEIPTS, MAX_WAIT_S, decided

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Executor

    from gateway.exchange.dispatch import Dispatcher
    from gateway.exchange.judging_relayed import Judged
    from gateway.exchange.parts import Parts
    from gateway.ids import ConversationId, EnvelopeHash, Network

__all__ = ["Relayed", "Reply"]

DAY_S: Final = 86_400
LONGEST_LIFE_S: Final = 90 * DAY_S
REPEATABLE_S: Final = 30 * DAY_S  # after `expires`: promise 4
_SIGNED_INLINE: Final = 16  # refusals; more of them are signed in a thread
_LOOK_S: Final = 5.0  # between two looks of a relay that waits for receipts
_LOOK_SHARED_S: Final = 0.5  # where other processes write, too
_GATHER_S: Final = 0.05  # from the first receipt of a page: `opened` follows `delivered`, and a request costs as much as ten

_ROW_COST: Final = 256  # a row is judged about as fast as so many bytes of a body

T = TypeVar("T")
Reply = tuple[str, "Sequence[bytes]"]  # a code, or "" and signed receipts


class Relayed:
    """
    Takes what relays of other networks, and bridges of this one, bring.

    Args:
        parts: Of this process.
        dispatcher: Gets what was accepted.
        executor: Threads for what would hold the event loop.
    """

    def __init__(self, parts: Parts, dispatcher: Dispatcher, executor: Executor) -> None:
        self._parts = parts
        self._relay = parts.ledger.relay
        self._dispatcher = dispatcher
        self._executor = executor
        self._quotas = Quotas(parts.ledger, parts.ticks)
        self._trees: dict[Address, SeenLog] = {}
        self._saving: dict[Address, asyncio.Future[None]] = {}  # gateways whose newest tree may not be kept yet
        self._told = Gong()
        self._look_s = _LOOK_SHARED_S if parts.shared else _LOOK_S
        self._log = logger()
        parts.ledger.on_told(self._told.strike)

    async def take(self, forwards: Sequence[bytes], carrier: Network | None) -> list[Reply]:
        """
        Take forwards.

        Args:
            forwards: At most 64; their order counts within a conversation.
            carrier: The network whose relay brings them; None for a bridge of this one.

        Returns:
            One answer for each.

        Raises:
            Unavailable: The ledger is away; nothing was decided.
        """
        view = self._view()
        parsed = [await self._parsed(data, carrier, view) for data in forwards]
        good = [one for one in parsed if isinstance(one, Forward)]
        known = await self._relay.first_answers([one.envelope_hash for one in good]) if good else {}
        replies: list[Reply] = [("", ()) if isinstance(one, Forward) else (one.code, ()) for one in parsed]
        turns: dict[ConversationId, list[int]] = {}
        for place, one in enumerate(parsed):
            if isinstance(one, Forward):
                turns.setdefault(one.header.conversation_id, []).append(place)

        async def in_order(places: Sequence[int]) -> None:
            waits = False
            for place in places:
                one = parsed[place]
                assert isinstance(one, Forward), "others are in no conversation"
                replies[place] = ("busy", ()) if waits else await self._decided(one, view, known)
                waits = not decided(replies[place][0])

        await asyncio.gather(*map(in_order, turns.values()))
        await self._save_trees()
        for code, _ in replies:
            if code:
                self._parts.metrics.relay_taken("problem" if decided(code) else "later").inc()
        return replies

    async def receipts_for(self, network: Network, after: int, wait_s: float) -> Sequence[tuple[int, bytes]]:
        """
        Return receipts about envelopes of a network's participants, and wait for the first of them.

        Returns:
            Positions and signed receipts, at most 512.

        Raises:
            Rejected: `peer-unknown`.
        """
        until = self._parts.ticks() + min(wait_s, MAX_WAIT_S)
        gathered = False
        while True:
            turn = self._told.turn()
            if network not in self._parts.directory.current().borders:
                raise Rejected(f"{network} is no peer", code="peer-unknown")
            found = await self._parts.ledger.outcomes(Address(f"@{network}"), after, MAX_RECEIPTS)
            left_s = until - self._parts.ticks()
            if len(found) == MAX_RECEIPTS or (found and gathered) or left_s <= 0:
                return found
            gathered = bool(found)
            if found:
                await asyncio.sleep(_GATHER_S)
            else:
                await self._told.wait(turn, min(left_s, self._look_s))

    def _view(self) -> View:
        source = self._parts.directory
        return View(source.current(), source.answers(), int(self._parts.clock()))

    async def _parsed(self, data: bytes, carrier: Network | None, view: View) -> Forward | Rejected:
        try:
            forward = await self._apart(len(data), partial(Forward, data))
            check_carrier(forward, carrier, view)
        except Rejected as refusal:
            self._log.warning("forward-refused", origin=carrier or "", code=refusal.code, detail=refusal.detail)
            return refusal
        return forward

    async def _decided(self, forward: Forward, view: View, known: Mapping[EnvelopeHash, Sequence[bytes]]) -> Reply:
        """Decide on one forward; a fault of the ledger, or of the line, is an answer of its own."""
        first = known.get(forward.envelope_hash)
        if first is not None:
            self._parts.metrics.relay_taken("repeated").inc()
            return "", first
        try:
            try:
                return "", await self._accepted(forward, view)
            except _Refused as exc:
                return "", await self._refused(forward, exc.refusal, view)
        except GatewayError as exc:
            self._log.warning("forward-not-taken", origin=forward.origin, code=exc.code, detail=exc.detail)
            return exc.code, ()

    async def _accepted(self, forward: Forward, view: View) -> Sequence[bytes]:
        """Accept it and return our receipt; raise `_Refused` for what is refused for good."""
        judged = await self._judged(forward, view)
        if isinstance(judged.found, Rejected):
            raise _Refused(judged.found)
        ready = await self._replying(judged.found, view)
        await self._quotas.take(forward.origin, view.directory.borders[forward.origin], len(forward.body))
        try:
            stored = await self._parts.ledger.accept(make_acceptance(ready, view, self._parts.stamps))
        except Rejected as refusal:
            raise _Refused(refusal) from None
        if stored.repeated:
            self._parts.metrics.relay_taken("repeated").inc()
            return [stored.receipt]
        self._dispatcher.offer(make_dispatch(ready, stored, view))
        header = forward.header
        self._parts.metrics.relay_taken("accepted").inc()
        self._parts.metrics.accepted(header.kind).inc()
        self._log.info(
            "accepted",
            origin=forward.origin,
            number=stored.number,
            message_id=format_id(header.message_id),
            envelope_hash=forward.envelope_hash.hex(),
            kind=header.kind,
            recipients=len(forward.rows),
        )
        return [stored.receipt]

    async def _judged(self, forward: Forward, view: View) -> Judged:
        gateway = forward.accepted.receipt.signer
        seen = await self._seen(gateway)
        size = len(forward.body) + len(forward.rows) * _ROW_COST
        judged = await self._apart(size, lambda: judge_forward(forward, view, seen))
        if judged.seen is not None and judged.seen != seen:
            self._remember(gateway, judged.seen)
            # Handed over before the message, so that one commit keeps both.
            self._save(gateway)
        return judged

    def _remember(self, gateway: Address, tree: SeenLog) -> None:
        known = self._trees.get(gateway)
        if known is None or known.size < tree.size:
            self._trees[gateway] = tree

    async def _save_trees(self) -> None:
        """Keep what was seen, once for a request: the messages did not wait for it. What fails is tried with the next one."""
        for gateway, saving in list(self._saving.items()):
            failed = saving.done() and saving.exception() is not None
            last = self._save(gateway) if failed else saving
            await asyncio.shield(last)
            if self._saving.get(gateway) is last:
                del self._saving[gateway]

    def _save(self, gateway: Address) -> asyncio.Future[None]:
        saving = self._saving[gateway] = self._relay.saw(gateway, SeenTree(*self._trees[gateway]))
        return saving

    async def _seen(self, gateway: Address) -> SeenLog | None:
        """Return the largest tree that was seen; other processes may have seen a larger one."""
        if gateway not in self._trees or self._parts.shared:
            kept = await self._relay.seen(gateway)
            if kept is not None:
                self._remember(gateway, SeenLog(*kept))
        return self._trees.get(gateway)

    async def _replying(self, ready: Ready, view: View) -> Ready:
        """Hold a reply against what it answers; who recalls what another wrote may do so within his own network."""
        header = ready.envelope.header
        if header.in_reply_to is None:
            return ready
        target = await self._parts.ledger.answered(header.in_reply_to, header.sender)
        try:
            admit_reply(header, target, view.directory)
        except Rejected as refusal:
            raise _Refused(refusal) from None
        theirs = target is not None and network_of(target.sender) == network_of(header.sender)
        recalls = may_recall(header, view.directory) if theirs else frozenset()
        return ready._replace(answers=is_answer(header, target), may_recall=recalls)

    async def _refused(self, forward: Forward, refusal: Rejected, view: View) -> Sequence[bytes]:
        """Refuse for good: signed for each recipient, kept for repeats, a leaf each."""
        self._quotas.charge(forward.origin, view.directory.borders[forward.origin], len(forward.rows))
        envelope_hash, code, stamps = forward.envelope_hash, refusal.code, self._parts.stamps
        names = [row.recipient for row in forward.rows]

        def sign() -> list[tuple[Address, bytes]]:
            return [(who, stamps.refused(envelope_hash, who, code)) for who in dict.fromkeys(names)]

        receipts = sign() if len(names) <= _SIGNED_INLINE else await self._apart(self._inline_bytes + 1, sign)
        until = min(forward.header.expires, view.now + LONGEST_LIFE_S) + REPEATABLE_S
        kept = await self._relay.refuse(Refusal(envelope_hash, code, receipts, until))
        self._parts.metrics.relay_taken("refused").inc()
        self._parts.metrics.relay_refused(code).inc()
        tell = self._log.error if code == "log-forked" else self._log.warning
        hash_text = envelope_hash.hex()
        tell("relayed-refused", origin=forward.origin, envelope_hash=hash_text, code=code, detail=refusal.detail)
        return kept

    @property
    def _inline_bytes(self) -> int:
        return self._parts.limits.inline_bytes

    async def _apart(self, size_bytes: int, work: Callable[[], T]) -> T:
        """Do what is large in a thread."""
        if size_bytes <= self._inline_bytes:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)


class _Refused(Exception):  # noqa: N818  named for what it says
    """It is refused for good, and its sender's network proved that it accepted it."""

    def __init__(self, refusal: Rejected) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal
