"""
Submit: from the bytes of a request to a signed receipt.

1. forms and sizes   2. every check of "Accepting", then policy   3. one commit with the signed receipt   4. dispatch
A repeat gets the first receipt whatever the checks say now; another message under the same id is a conflict, told only when
its own signature is good. A refusal is marked `proved` where that signature was good, and the interface signs it then.
The ledger is asked before the commit only when a check failed: the commit itself knows repeats.
One `now` serves checks and receipt: keys that were good for the gateway are good for every recipient.
Clear text to be sealed here lives in the memory of its request alone, and is never logged.
Spec: schemas/envelope.md, "Accepting", "Clear text".
"""

from __future__ import annotations

import asyncio
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from gateway.envelope import (
    Examined,
    ExaminedClear,
    PublicKey,
    Row,
    Use,
    check_clear,
    check_clear_author,
    check_seal,
    check_submission,
    encode_sealed_answer,
    examine,
    examine_clear,
    head,
    rows,
    seal_clear,
)
from gateway.errors import Rejected
from gateway.exchange.parcels import Dispatch
from gateway.ids import format_id
from gateway.ledger import URGENT, Acceptance
from gateway.message import check_repeats, read
from gateway.message.flows import flows
from gateway.ops.logs import logger
from gateway.policy import admit, admit_reply, is_answer, may_recall

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from gateway.directory.view import Directory
    from gateway.envelope import Answers
    from gateway.exchange.dispatch import Dispatcher
    from gateway.exchange.parts import Parts
    from gateway.ids import Address, Kind
    from gateway.ledger import Stored

__all__ = ["ACCEPTED", "REPEATED", "Answer", "Submitter"]

ACCEPTED = 202
REPEATED = 200
T = TypeVar("T")


class Answer(NamedTuple):
    """The answer to a submission: 202 or 200, and its body."""

    status: int
    body: bytes


class _View(NamedTuple):
    """What one submission is judged by."""

    directory: Directory
    answers: Answers
    now: int


class _Ready(NamedTuple):
    """A submission that passed, cut for the ledger."""

    examined: Examined
    head: bytes
    rows: list[Row]
    submission_hash: bytes | None
    answers: bool = False
    may_recall: frozenset[Kind] = frozenset()


class Submitter:
    """
    Takes submissions.

    Args:
        parts: Of this process.
        dispatcher: Gets what was accepted.
        executor: Threads for what would hold the event loop: large submissions, and sealing.
    """

    def __init__(self, parts: Parts, dispatcher: Dispatcher, executor: Executor) -> None:
        self._parts = parts
        self._dispatcher = dispatcher
        self._executor = executor
        self._log = logger()

    async def sealed(self, body: bytes) -> Answer:
        """
        Accept what its author sealed.

        Returns:
            202 and the signed receipt, or 200 and the first one again.

        Raises:
            Rejected: The code says why; nothing changed.
            Unavailable: Nothing changed; the ledger is away.
            Uncertain: It may have been accepted; the same bytes will tell.
        """
        view, started = self._view(), perf_counter()
        examined, found = await self._judged(body, view)
        if isinstance(found, Rejected) and await self._outdated(view):
            view = self._view()
            examined, found = await self._judged(body, view)
        if not isinstance(found, Rejected):
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
            ready = await self._apart(lambda: self._seal(clear, view))
            found = await self._replying(ready, view)
            if isinstance(found, Rejected):
                raise found
        except Rejected as refusal:
            # A stranger learns of no conflict: without a good signature that alone is told.
            await self._apart(partial(_check_author, clear, view, refusal))
            raise _proved(refusal) from None
        stored = await self._commit(found, view, started)
        answer = encode_sealed_answer(stored.receipt, stored.head)
        return Answer(REPEATED if stored.repeated else ACCEPTED, answer)

    def _view(self) -> _View:
        source = self._parts.directory
        return _View(source.current(), source.answers(), int(self._parts.clock()))

    async def _outdated(self, view: _View) -> bool:
        """Say whether a newer directory is in use now: the sender may have read what another process published a moment ago."""
        if self._parts.shared:
            await self._parts.directory.reload()
        return self._parts.directory.current() is not view.directory

    async def _judged(self, body: bytes, view: _View) -> tuple[Examined, _Ready | Rejected]:
        if len(body) <= self._parts.limits.inline_bytes:
            return _judge(body, view)
        return await self._apart(lambda: _judge(body, view))

    async def _replying(self, ready: _Ready, view: _View) -> _Ready | Rejected:
        """Hold a reply against what it answers, as far as the ledger knows it; the content is for the SDKs."""
        header = ready.examined.header
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

    async def _refused(self, examined: Examined, refusal: Rejected, view: _View) -> Answer:
        """Tell a repeat and a conflict from a refusal; only who signed well learns of a conflict."""
        header = examined.header
        first = await self._parts.ledger.find(header.sender, header.message_id)
        if first is not None and first.envelope_hash == examined.envelope_hash:
            return self._repeated(first.receipt)
        try:
            check_seal(examined, view.answers, view.now)
        except Rejected:
            raise refusal from None
        raise _proved(refusal if first is None else _conflict(header.message_id))

    def _repeated(self, body: bytes) -> Answer:
        self._parts.metrics.repeated.inc()
        return Answer(REPEATED, body)

    def _seal(self, clear: ExaminedClear, view: _View) -> _Ready:
        """Check clear text as each recipient would, and seal it."""
        header = clear.header
        check_clear(clear, view.answers, view.now, self._parts.address)
        recipients = [addressee.recipient for addressee in clear.addressees]
        admit(header, recipients, view.directory, view.now)
        check_repeats(header, read(header.kind, header.schema_version, clear.content))
        keys = {recipient: _delivery_key(view, recipient) for recipient in recipients}
        sealed = seal_clear(clear, keys, self._parts.keyring, view.directory.version, self._parts.rng)
        examined = examine(sealed.submission)
        return _Ready(examined, head(examined), rows(examined), clear.submission_hash)

    async def _commit(self, ready: _Ready, view: _View, started: float) -> Stored:
        examined, header = ready.examined, ready.examined.header
        try:
            stored = await self._parts.ledger.accept(self._acceptance(ready, view))
        except Rejected as refusal:
            raise _proved(refusal) from None
        metrics = self._parts.metrics
        if stored.repeated:
            metrics.repeated.inc()
            return stored
        self._dispatcher.offer(_dispatch(ready, stored, view.now))
        duration_s = perf_counter() - started
        metrics.accepted(header.kind).inc()
        metrics.accept_seconds.observe(duration_s)
        self._log.info(
            "accepted",
            number=stored.number,
            message_id=format_id(header.message_id),
            envelope_hash=examined.envelope_hash.hex(),
            kind=header.kind,
            recipients=header.recipients,
            duration_ms=round(duration_s * 1000, 2),
        )
        return stored

    def _acceptance(self, ready: _Ready, view: _View) -> Acceptance:
        examined, header = ready.examined, ready.examined.header
        return Acceptance(
            message_id=header.message_id,
            sender=header.sender,
            envelope_hash=examined.envelope_hash,
            submission_hash=ready.submission_hash,
            kind=header.kind,
            urgency=header.urgency,
            handling=header.handling,
            conversation_id=header.conversation_id,
            created=header.created,
            expires=header.expires,
            head=ready.head,
            body=examined.body,
            rows=ready.rows,
            sign=self._parts.stamps.accepted(examined.envelope_hash, header.sender, view.now),
            sign_recalled=self._parts.stamps.recalled,
            in_reply_to=header.in_reply_to,
            respond_by=header.respond_by,
            at_risk_at=_at_risk_at(header.respond_by, view.now),
            answers=ready.answers,
            may_recall=ready.may_recall,
        )


def _judge(body: bytes, view: _View) -> tuple[Examined, _Ready | Rejected]:
    """Make steps 1 and 2; a refusal of step 2 comes back, because it may be the repeat of what was accepted."""
    examined = examine(body)
    try:
        check_submission(examined, view.answers, view.now, view.directory.delivery_key_ok)
        recipients = [stanza.recipient for stanza in examined.stanzas]
        admit(examined.header, recipients, view.directory, view.now)
    except Rejected as refusal:
        return examined, refusal
    return examined, _Ready(examined, head(examined), rows(examined), None)


def _dispatch(ready: _Ready, stored: Stored, now: int) -> Dispatch:
    examined, header = ready.examined, ready.examined.header
    return Dispatch(
        number=stored.number,
        accepted_at=now,
        urgent=header.urgency in URGENT,
        expires=header.expires,
        envelope_hash=examined.envelope_hash,
        common=examined.common_bytes,
        receipt=stored.receipt,
        rows=ready.rows,
    )


def _at_risk_at(respond_by: int | None, now: int) -> int | None:
    """Return from when an answer is at risk, as the tables of conversations say it of their clocks."""
    if respond_by is None:
        return None
    return now + max(0, respond_by - now) * flows().at_risk_after_percent // 100


def _delivery_key(view: _View, recipient: Address) -> PublicKey:
    record = view.directory.delivery_key(recipient, view.now)
    if record is None:
        raise Rejected(f"{recipient} has no current delivery key", code="recipient-key")
    return PublicKey(recipient, Use.DELIVERY, record.key)


def _check_author(clear: ExaminedClear, view: _View, refusal: Rejected) -> None:
    """Prove the author of what is refused; raise where that fails: a refusal of the author's own fault is told as it is."""
    try:
        check_clear_author(clear, view.answers, view.now)
    except Rejected as exc:
        raise (exc if refusal.code == "conflict" else refusal) from None


def _proved(refusal: Rejected) -> Rejected:
    """Mark the refusal of a submission whose own signature is good; nothing else may be marked."""
    refusal.proved = True
    return refusal


def _conflict(message_id: bytes) -> Rejected:
    return Rejected(f"{format_id(message_id)} was used for another message", code="conflict")
