"""
Submit: from the bytes of a request to a signed receipt.

1. forms and sizes   2. every check of "Accepting", then policy   3. one commit with the signed receipt   4. dispatch
A repeat gets the first receipt whatever the checks say now; another message under the same id is a conflict, told only when
its own signature is good. A refusal is marked `proved` where that signature was good, and the interface signs it then.
The ledger is asked before the commit only when a check failed: the commit itself knows repeats.
What is proved to be its sender's is taken into that sender's share; what is beyond it is answered late, unsigned, not final.
One `now` serves checks and receipt: keys that were good for the gateway are good for every recipient.
Clear text to be sealed here lives in the memory of its request alone, and is never logged.
Spec: schemas/envelope.md, "Accepting", "Clear text".
"""

from __future__ import annotations

import asyncio
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from gateway.envelope import Examined, check_seal, encode_sealed_answer, examine_clear
from gateway.errors import Rejected, Unavailable
from gateway.exchange.accepting import make_acceptance, make_dispatch
from gateway.exchange.judging import Ready, View, judge, prove_author, proved, seal_for
from gateway.exchange.shares import HELD_BACK_S
from gateway.ids import format_id
from gateway.ops.logs import logger
from gateway.policy import admit_reply, is_answer, may_recall

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from gateway.exchange.dispatch import Dispatcher
    from gateway.exchange.parts import Parts
    from gateway.exchange.shares import Shares
    from gateway.ids import Address
    from gateway.ledger import Stored

__all__ = ["ACCEPTED", "REPEATED", "Answer", "Submitter"]

ACCEPTED = 202
REPEATED = 200
T = TypeVar("T")


class Answer(NamedTuple):
    """The answer to a submission: 202 or 200, and its body."""

    status: int
    body: bytes


class Submitter:
    """
    Takes submissions.

    Args:
        parts: Of this process.
        dispatcher: Gets what was accepted.
        executor: Threads for what would hold the event loop: large submissions, and sealing.
        on_outbound: Told when something was accepted for another network.
        shares: How much each sender may have.
    """

    def __init__(
        self, parts: Parts, dispatcher: Dispatcher, executor: Executor, on_outbound: Callable[[], object], shares: Shares
    ) -> None:
        self._parts = parts
        self._dispatcher = dispatcher
        self._executor = executor
        self._on_outbound = on_outbound
        self._shares = shares
        self._log = logger()

    async def sealed(self, body: bytes) -> Answer:
        """
        Accept what its author sealed.

        Returns:
            202 and the signed receipt, or 200 and the first one again.

        Raises:
            Rejected: The code says why; nothing changed.
            Unavailable: Nothing changed; `quota` or `suspended`, or the ledger is away.
            Uncertain: It may have been accepted; the same bytes will tell.
        """
        view, started = self._view(), perf_counter()
        examined, found = await self._judged(body, view)
        if isinstance(found, Rejected) and await self._outdated(view):
            view = self._view()
            examined, found = await self._judged(body, view)
        if not isinstance(found, Rejected):
            first = await self._within_share(examined, len(body))
            if first is not None:
                return self._repeated(first.receipt)
            found = await self._replying(found, view)
        if isinstance(found, Rejected):
            return await self._refused(examined, found, view)
        stored = await self._commit(found, view, started)
        return Answer(REPEATED if stored.repeated else ACCEPTED, stored.receipt)

    async def signed(self, body: bytes) -> Answer:
        """
        Seal and accept clear text that its author signed, for kinds that allow it.

        Returns:
            As `sealed`; the body also has the hashes of what was sealed, so that the author can check the receipt.

        Raises:
            GatewayError: As `sealed`.
        """
        view, started = self._view(), perf_counter()
        clear = await self._apart(lambda: examine_clear(body))
        first = await self._parts.ledger.find(clear.header.sender, clear.header.message_id)
        if first is not None and first.submission_hash == clear.submission_hash:
            return self._repeated(encode_sealed_answer(first.receipt, first.head))
        try:
            if first is not None:
                raise _conflict(clear.header.message_id)
            ready = await self._apart(lambda: seal_for(clear, view, self._parts))
            await self._take(clear.header.sender, len(body))
            found = await self._replying(ready, view)
            if isinstance(found, Rejected):
                raise found
        except Rejected as refusal:
            # A stranger learns of no conflict: without a good signature that alone is told.
            await self._apart(partial(prove_author, clear, view, refusal))
            raise proved(refusal) from None
        stored = await self._commit(found, view, started)
        if not stored.repeated:
            self._parts.metrics.sealed(clear.header.kind).inc()
        answer = encode_sealed_answer(stored.receipt, stored.head)
        return Answer(REPEATED if stored.repeated else ACCEPTED, answer)

    def _view(self) -> View:
        source = self._parts.directory
        return View(source.current(), source.answers(), int(self._parts.clock()))

    async def _outdated(self, view: View) -> bool:
        """Say whether a newer directory is in use now: the sender may have read what another process published a moment ago."""
        if self._parts.shared:
            await self._parts.directory.reload()
        return self._parts.directory.current() is not view.directory

    async def _within_share(self, examined: Examined, size_bytes: int) -> Stored | None:
        """Take a proved message into its sender's share; return what is stored where it is a repeat that has no room there."""
        header = examined.header
        try:
            await self._take(header.sender, size_bytes)
        except Unavailable as exc:
            if exc.code == "quota":
                first = await self._parts.ledger.find(header.sender, header.message_id)
                if first is not None and first.envelope_hash == examined.envelope_hash:
                    return first
            raise
        return None

    async def _take(self, sender: Address, size_bytes: int) -> None:
        self._parts.orders.require(sender)
        try:
            self._shares.take(sender, size_bytes)
        except Unavailable:
            # Whoever floods waits for the answer: others go on meanwhile.
            await asyncio.sleep(HELD_BACK_S)
            raise

    async def _judged(self, body: bytes, view: View) -> tuple[Examined, Ready | Rejected]:
        if len(body) <= self._parts.limits.inline_bytes:
            return judge(body, view)
        return await self._apart(partial(judge, body, view))

    async def _replying(self, ready: Ready, view: View) -> Ready | Rejected:
        """Hold a reply against what it answers, as far as the ledger knows it; the content is for the SDKs."""
        header = ready.envelope.header
        if header.in_reply_to is None:
            return ready
        target = await self._parts.ledger.answered(header.in_reply_to, header.sender)
        try:
            admit_reply(header, target, view.directory)
        except Rejected as refusal:
            return refusal
        return ready._replace(answers=is_answer(header, target), may_recall=may_recall(header, view.directory))

    async def _apart(self, work: Callable[[], T]) -> T:
        """Do in a thread what would hold the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    async def _refused(self, examined: Examined, refusal: Rejected, view: View) -> Answer:
        """Tell a repeat and a conflict from a refusal; only who signed well learns of a conflict."""
        header = examined.header
        first = await self._parts.ledger.find(header.sender, header.message_id)
        if first is not None and first.envelope_hash == examined.envelope_hash:
            return self._repeated(first.receipt)
        try:
            check_seal(examined, view.answers, view.now)
        except Rejected:
            raise refusal from None
        raise proved(refusal if first is None else _conflict(header.message_id))

    def _repeated(self, body: bytes) -> Answer:
        self._parts.metrics.repeated.inc()
        return Answer(REPEATED, body)

    async def _commit(self, ready: Ready, view: View, started: float) -> Stored:
        envelope, header = ready.envelope, ready.envelope.header
        await self._shares.turn(header.sender)
        try:
            stored = await self._parts.ledger.accept(make_acceptance(ready, view, self._parts.stamps))
        except Rejected as refusal:
            raise proved(refusal) from None
        finally:
            self._shares.done(header.sender)
        metrics = self._parts.metrics
        if stored.repeated:
            metrics.repeated.inc()
            return stored
        self._hand_on(ready, stored, view)
        duration_s = perf_counter() - started
        metrics.accepted(header.kind).inc()
        metrics.accept_seconds.observe(duration_s)
        self._log.info(
            "accepted",
            number=stored.number,
            message_id=format_id(header.message_id),
            envelope_hash=envelope.envelope_hash.hex(),
            kind=header.kind,
            recipients=header.recipients,
            duration_ms=round(duration_s * 1000, 2),
        )
        return stored

    def _hand_on(self, ready: Ready, stored: Stored, view: View) -> None:
        """Give the rows of this network to the dispatcher; let those who carry to others know."""
        dispatch = make_dispatch(ready, stored, view)
        if dispatch.rows:
            self._dispatcher.offer(dispatch)
        if len(dispatch.rows) < len(ready.rows):
            self._on_outbound()


def _conflict(message_id: bytes) -> Rejected:
    return Rejected(f"{format_id(message_id)} was used for another message", code="conflict")
