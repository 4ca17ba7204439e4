"""The parts of an open home that work together; made once by `ContactPoint`, closed once by it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from gateway.client.cases.reader import CaseReader
from gateway.client.home.home import Home
from gateway.client.keeping.retention import RetentionKeeper
from gateway.client.keeping.tombstones import Eraser
from gateway.client.line.transport import Transport
from gateway.client.log.auditor import Auditor
from gateway.client.log.monitor import Monitor
from gateway.client.receiving.corrections import Corrections
from gateway.client.receiving.delivery import Desk
from gateway.client.receiving.opening import Opener
from gateway.client.receiving.recalls import RecallKeeper
from gateway.client.receiving.receipts import ReceiptPost
from gateway.client.receiving.twins import Twins
from gateway.client.sending.approvals import Approvals
from gateway.client.sending.outbox import Outbox, Ties
from gateway.client.sending.outcomes import OutcomeKeeper
from gateway.client.ties.asking import Asking
from gateway.client.ties.conversations import Conversations
from gateway.client.ties.lineage import Lineage
from gateway.client.trust.cards import CardKeeper
from gateway.client.trust.directory import HomeDirectory
from gateway.client.trust.keys import KeyKeeper
from gateway.client.warnings import Watch
from gateway.envelope.receipt import Event

__all__ = ["Parts", "WithParts"]


@dataclass(frozen=True, slots=True)
class Parts:
    """
    Who does what.

    Attributes:
        home: Keys and what is kept.
        transport: To the gateways.
        directory: Who is who.
        cards: The home's own delivery card.
        keys: The life of its keys.
        outbox: What is sent.
        approvals: What waits for a second officer.
        outcomes: How it ended.
        post: Receipts on their way.
        opener: Opens deliveries.
        lineage: Looks up what content was made from.
        conversations: Where what was said stands.
        cases: The same for applications.
        desk: Settles them.
        recalls: Obeys recalls and corrections.
        corrections: Knows which message has another one right.
        twins: Knows which messages are the same request.
        retention: Knows until when what is here is kept, and erases it then.
        eraser: Erases.
        watch: Tells what ends soon.
        monitor: Watches over the audit log.
        auditor: Reads it when asked to.
        clock: Unix seconds.
    """

    home: Home
    transport: Transport
    directory: HomeDirectory
    cards: CardKeeper
    keys: KeyKeeper
    outbox: Outbox
    approvals: Approvals
    outcomes: OutcomeKeeper
    post: ReceiptPost
    opener: Opener
    lineage: Lineage
    conversations: Conversations
    cases: CaseReader
    desk: Desk
    recalls: RecallKeeper
    corrections: Corrections
    twins: Twins
    retention: RetentionKeeper
    eraser: Eraser
    watch: Watch
    monitor: Monitor
    auditor: Auditor
    clock: Callable[[], float]

    @classmethod
    def of(cls, home: Home, gateways: tuple[str, ...], clock: Callable[[], float]) -> Parts:
        """Put the parts of a home together; needs a running event loop."""
        transport = Transport(gateways, home.keyring, clock, home.tls_context)
        directory = HomeDirectory(home, transport, clock)
        monitor = Monitor(home, directory, transport, clock)
        opener = Opener(home, directory, transport, clock)
        eraser, corrections = Eraser(home), Corrections(home)
        twins = Twins(home, corrections)
        lineage = Lineage(home, opener, clock, corrections)
        conversations = Conversations(home, directory, opener, clock)
        ties = Ties(lineage, conversations, Asking(home, eraser, corrections, clock))
        outbox = Outbox(home, directory, transport, clock, monitor.saw, ties)
        approvals = Approvals(home, directory, outbox, clock)
        cases = CaseReader(home, conversations, lineage, approvals, twins, clock)
        post = ReceiptPost(home.store, transport)
        desk = Desk(home, post, clock, lambda: monitor.view)
        sign = partial(desk.receipt, Event.DESTROYED)
        retention = RetentionKeeper(home, directory, eraser, clock, sign=sign, send=post.send)
        return cls(
            home=home,
            transport=transport,
            directory=directory,
            cards=CardKeeper(home, transport, directory, clock),
            keys=KeyKeeper(home, transport, directory, clock),
            outbox=outbox,
            approvals=approvals,
            outcomes=OutcomeKeeper(home, transport, directory, outbox, clock, monitor.saw),
            post=post,
            opener=opener,
            lineage=lineage,
            conversations=conversations,
            cases=cases,
            desk=desk,
            recalls=RecallKeeper(home, directory, opener, desk, post, eraser, clock),
            corrections=corrections,
            twins=twins,
            retention=retention,
            eraser=eraser,
            watch=Watch(home, directory, cases, clock, retention.asked),
            monitor=monitor,
            auditor=Auditor(home, monitor, directory, clock),
            clock=clock,
        )

    async def make_ready(self) -> None:
        """
        Do what every contact with a gateway begins with: directory, own keys and card, kept messages, outcomes, the log.

        Raises:
            Unavailable: No gateway can be reached, and there is nothing to go on with.
            Rejected: A gateway refuses this home.
        """
        await self.directory.current()
        await self.keys.settle()
        await self.cards.ensure()
        await self.approvals.settle()
        if await self.outbox.flush():
            await self.outcomes.collect()
        await self.monitor.follow()


class WithParts(ABC):
    """What an open contact point is made of: it does something with the parts."""

    @property
    @abstractmethod
    def _parts(self) -> Parts:
        """The parts of the open home."""
