"""
A participant's side of the exchange, for applications.

    async with ContactPoint.open("homes/NCB-QM", passphrase=...) as qm:
        receipt = await qm.send(CooperationRequest(...), to=["TRIB-QX-OTP"])
        async for delivery in qm.inbox():
            await delivery.acknowledge()

Opening reads the home and contacts nobody: everything that needs no gateway works without one. Every call may be made from any
task of the event loop that opened it. What fails is raised as the errors of `gateway.errors`: their class says what to do.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self, Unpack

from gateway.client.cases.reader import CaseReader
from gateway.client.home.aliases import home_of
from gateway.client.home.home import Home
from gateway.client.inbox.inbox import Inbox
from gateway.client.log.auditor import Auditor
from gateway.client.parts import Parts
from gateway.client.point_approvals import FourEyes
from gateway.client.point_keeping import Keeping
from gateway.client.point_keys import OwnKeys
from gateway.client.proof.evidence import PLAIN, Collected, ProofWish, collect
from gateway.client.receiving.delivery import Delivery
from gateway.client.receiving.opening import Refused
from gateway.client.sending.send_receipt import SendReceipt
from gateway.client.sent.status import MessageStatus, ask_status
from gateway.client.ties.lineage import passed_on
from gateway.client.warnings import EarlyWarning
from gateway.client.writing.compose import Wish
from gateway.directory.view import Directory
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.ids import Address, EnvelopeHash, MessageId, Network
from gateway.message import Content

__all__ = ["ContactPoint"]

FLUSH_S: Final = 5.0  # for the last receipts when the home closes; what is late goes out next time


class ContactPoint(FourEyes, Keeping, OwnKeys):
    """
    An open home with its connections; made by `open`, used as an asynchronous context manager.

    Args:
        folder: The home.
        passphrase: Opens it; forgotten as soon as it did.
        clock: Unix seconds.
        gateways: Addresses to use in place of the home's own; None uses those.
    """

    def __init__(self, folder: Path, passphrase: bytes, clock: Callable[[], float], gateways: Sequence[str] | None) -> None:
        self._folder = folder
        self._passphrase: bytes | None = passphrase
        self._clock = clock
        self._gateways = gateways
        self._open: Parts | None = None
        self._inbox: Inbox | None = None

    @classmethod
    def open(
        cls,
        folder: str | Path,
        *,
        passphrase: str | bytes,
        clock: Callable[[], float] = time.time,
        gateways: Sequence[str] | None = None,
        alias: str | None = None,
    ) -> Self:
        """
        Name a home to open with `async with`; with `alias` the participant of that name that is kept in it.

        Raises:
            Rejected: `bad-address`, an alias that is no participant's id. On entering: `home-missing`, `passphrase`.
            Corrupt: On entering: the home is damaged.
        """
        secret = passphrase.encode() if isinstance(passphrase, str) else passphrase
        return cls(home_of(Path(folder), alias), secret, clock, gateways)

    async def __aenter__(self) -> Self:
        assert self._passphrase is not None, "a contact point is entered once"
        home = await asyncio.to_thread(Home.unlock, self._folder, self._passphrase)
        self._passphrase = None
        self._open = Parts.of(home, tuple(self._gateways or home.gateways), self._clock)
        await self._open.monitor.load()
        await self._open.conversations.index()
        await self._open.twins.index()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def address(self) -> Address:
        """Who this is."""
        return self._parts.home.address

    async def send(self, content: Content, to: str | Sequence[str], **wish: Unpack[Wish]) -> SendReceipt:
        """
        Send a message to participants and groups; keep it while no gateway can be reached.

        Args:
            content: What is said; checked as a recipient would.
            to: Participants (`NCB-QM`), addresses, or names of groups; of a peer with its network (`units@eu-network`). One
                alone may be a string.
            wish: See `Wish`; what is left out is what the content says, else a default.

        Returns:
            The verified receipt; `kept` is true where the message still waits for a gateway, `waiting` where it waits for a
            second officer (`approve`).

        Raises:
            Rejected: It is not allowed, or a gateway refused it.
            Unavailable: There is no directory yet: no gateway was ever reached.
        """
        parts = self._parts
        await parts.directory.current()
        with suppress(Unavailable, Uncertain):  # then the message is kept, and the card goes out with it
            await parts.cards.ensure()
        receipt = await parts.outbox.send(content, [to] if isinstance(to, str) else to, wish)
        if receipt.number is not None:
            await parts.monitor.follow()
        return receipt

    async def reply(
        self, delivery: Delivery, content: Content, to: str | Sequence[str] = (), **wish: Unpack[Wish]
    ) -> SendReceipt:
        """
        Answer a delivery within its conversation; the marking is inherited. For errors see `send`.

        Args:
            delivery: What is answered.
            content: The answer; its marking is raised to what it inherits.
            to: Whom to; its sender by default.
            wish: See `Wish`.
        """
        in_reply_to, conversation_id = delivery.envelope_hash, delivery.conversation_id
        wish = {"in_reply_to": in_reply_to, "conversation_id": conversation_id, "inherit": True, **wish}
        return await self.send(content, to or delivery.sender, **wish)

    async def forward(self, envelope_hash: EnvelopeHash, to: str | Sequence[str], **wish: Unpack[Wish]) -> SendReceipt:
        """
        Pass on what arrived, under my name and with the marking that it came with.

        Args:
            envelope_hash: Of a message that arrived here.
            to: As for `send`; the marking, or a consent of its originators, must allow each.
            wish: See `Wish`.

        Raises:
            Rejected: `not-found`, no such message is here; `consent-missing`, its originators did not allow it; or as `send`.
            Unavailable: There is no directory yet: no gateway was ever reached.
        """
        await self._parts.directory.current()
        ancestor = await self._parts.lineage.find(envelope_hash)
        if ancestor is None:
            raise Rejected(f"no message {envelope_hash.hex()} arrived here", code="not-found")
        return await self.send(passed_on(ancestor), to, **wish)

    def inbox(self, *, follow: bool = False) -> Inbox:
        """
        Return an iterator over deliveries; a newer one takes the place of an older one.

        Args:
            follow: Wait for more when the mailbox is empty, through lost lines; False ends then.
        """
        self._inbox = Inbox(self._parts, follow=follow, older=self._inbox)
        return self._inbox

    async def status(self, message_id: MessageId | str) -> MessageStatus:
        """Return what became of a message of this home; for errors see `ask_status`."""
        return await ask_status(self._parts, message_id)

    async def proof(self, message_id: MessageId, wish: ProofWish = PLAIN) -> Collected:
        """
        Return the evidence bundle for a message that this home sent or got; for errors see `collect`.

        Args:
            message_id: As `send` returned it, or as the delivery says.
            wish: Whom to name, and whether to show the content.
        """
        return await collect(self._parts, message_id, wish)

    async def directory(self) -> Directory:
        """
        Return who is who, refreshed where a gateway can be reached.

        Raises:
            Unavailable: There is no directory yet: no gateway was ever reached.
        """
        directory = await self._parts.directory.current()
        await self._parts.monitor.follow()
        return directory

    async def known_directory(self) -> Directory:
        """Return the directory that this home verified last; asks nobody. Unavailable where it never had one."""
        found = await self._parts.directory.read_copy()
        if found is None:
            raise Unavailable("no directory yet: connect to a gateway once")
        return found

    async def read(self, delivery: bytes) -> Delivery:
        """
        Open a delivery that was kept as a file; nobody is told.

        Raises:
            Rejected: It cannot be opened, or may not be used; `recalled`: a recall of it came to this home.
        """
        await self._parts.directory.current()
        try:
            message = await self._parts.opener.read_current(delivery)
        except Refused as exc:
            raise Rejected(exc.reason, code=exc.code) from exc
        if await self._parts.recalls.forbids(message.opened):
            raise Rejected("a recall of it came to this home", code="recalled")
        found = Delivery(None, None, message)
        found.corrected_by = await self._parts.corrections.of(found.envelope_hash, found.sender)
        found.same_as = await self._parts.twins.of(found.envelope_hash)
        return found

    @property
    def cases(self) -> CaseReader:
        """Reads the conversations of this home; asks nobody."""
        return self._parts.cases

    @property
    def auditor(self) -> Auditor:
        """Verifies the audit log, and follows it."""
        return self._parts.auditor

    async def warnings(self) -> list[EarlyWarning]:
        """Return what of this home ends soon, and what mends it; asks nobody."""
        return await self._parts.watch.warnings()

    async def key_card(self, participant: str) -> bytes:
        """
        Return the signed key card of a participant of this network or a peer as it was published.

        Raises:
            Rejected: `not-found`: the directory has none.
            Unavailable: There is no directory yet.
        """
        parts = self._parts
        await parts.directory.current()
        local, _, network = participant.partition("@")
        card = await asyncio.to_thread(parts.directory.card, f"cards/{local}/key", Network(network) if network else None)
        if card is None:
            raise Rejected(f"the directory has no key card of {participant[:80]}", code="not-found")
        return card

    async def close(self) -> None:
        """Send the last receipts if a gateway is near, and end everything; may be called again."""
        parts, self._open = self._open, None
        if parts is None:
            return
        try:
            if self._inbox is not None:
                await self._inbox.aclose()
            await parts.post.flush(FLUSH_S)
            await parts.watch.tell()
        finally:
            await parts.transport.close()
            await parts.home.close()

    @property
    def _parts(self) -> Parts:
        if self._open is None:
            raise RuntimeError("this contact point is not open: use `async with`")
        return self._open
