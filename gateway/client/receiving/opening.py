"""
From a delivery to what the application gets: opening steps 1 to 9, and what happens when one fails.

Steps 1 to 7 are the envelope's; 8 and 9 are here. A failure is never believed at once: the directory may be behind, the broker
may have damaged a copy, my clock may be wrong. So the directory is refreshed and the delivery fetched once more from the
ledger, and only then it is refused; while that cannot be done, or with a clock more than 300 s off, it is held in the home
and tried again later.
Spec: schemas/envelope.md, "Opening".
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from gateway.client.receiving.handled import handled_as, still_handled_as
from gateway.client.records import arrivals
from gateway.client.records.sealed import delivery_of, sealed_delivery
from gateway.envelope.common import Envelope
from gateway.envelope.open import Opened, open_delivery
from gateway.envelope.payload import SUITES
from gateway.envelope.receipt import read_receipt
from gateway.envelope.wire import DELIVERY, STANZA
from gateway.errors import CannotOpen, Rejected, Unavailable, Uncertain
from gateway.ids import EnvelopeHash, Kind, network_of
from gateway.message import check_repeats, read, require_listed
from gateway.message.registry import spec
from gateway.protocol import media
from gateway.protocol.request import MAX_SKEW_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.client.home.home import Home
    from gateway.client.line.transport import Transport
    from gateway.client.records.arrivals import Claimed
    from gateway.client.trust.directory import HomeDirectory
    from gateway.envelope.header import Header
    from gateway.ids import Network
    from gateway.message import Content

__all__ = [
    "NOT_YET",
    "Held",
    "Identified",
    "Identity",
    "Opener",
    "ReadMessage",
    "Refused",
    "identify",
    "identify_claim",
]

_inbox: Final = msgspec.msgpack.Decoder(tuple[list[bytes], bool])
NOT_YET: Final = frozenset({"clock-skew", "directory-ahead"})  # they tell of me and the gateway, not of the message
_log: Final = logging.getLogger(__name__)


class ReadMessage(NamedTuple):
    """A delivery that passed every step; `handled_as` is the strictest of its header's code and what that means here."""

    opened: Opened
    content: Content
    handled_as: str


class Identity(NamedTuple):
    """What names a delivery before it is opened."""

    envelope_hash: EnvelopeHash
    number: int


class Identified(NamedTuple):
    """What bytes that have the form of a delivery say before it is opened."""

    envelope_hash: EnvelopeHash
    number: int
    kind: Kind  # as the header says, which the hash fixes and nobody has proved yet


class Held(Exception):  # noqa: N818  # no error: a state
    """It cannot be told yet whether the delivery is good: it stays in the home."""


class Refused(Exception):  # noqa: N818  # no error of ours: a verdict
    """
    The delivery is refused for good.

    Args:
        code: What the author is told.
        reason: The exact reason, for the local log.
        opened: What steps 1 to 7 proved, if they did.
        recalled: What a recall that came earlier wants done with it.
    """

    def __init__(self, code: str, reason: str, opened: Opened | None = None, recalled: str | None = None) -> None:
        super().__init__(f"{code} ({reason})")
        self.code = code
        self.reason = reason
        self.opened = opened
        self.recalled = recalled


class Opener:
    """
    Opens a home's deliveries.

    Args:
        home: Whose keys open them.
        directory: Whose keys count.
        transport: To fetch a better copy.
        clock: Unix seconds.
    """

    def __init__(self, home: Home, directory: HomeDirectory, transport: Transport, clock: Callable[[], float]) -> None:
        self._home = home
        self._directory = directory
        self._transport = transport
        self._clock = clock
        self.clock_off_s = 0.0  # the gateway's clock less mine, as its last greeting told

    async def open(self, claimed: Claimed) -> ReadMessage:
        """
        Open a delivery of the home.

        Raises:
            Refused: It is to be rejected.
            Held: It is to be left where it is.
        """
        data = delivery_of(self._home, claimed)
        try:
            return self._read(data)
        except (Rejected, Refused) as exc:
            _log.info("delivery %s: %s; looking again", claimed.envelope_hash.hex(), exc)
        better = await self._look_again(claimed, data)
        try:
            return self._read(better)
        except Rejected as exc:
            if exc.code == "directory-ahead" and (stranger := self._stranger(better)):
                raise Refused("peer-unknown", f"{stranger} is no peer any more") from exc
            if exc.code in NOT_YET:
                raise Held(str(exc)) from exc
            raise Refused(exc.code, exc.reason if isinstance(exc, CannotOpen) else exc.detail) from exc

    async def read_current(self, data: bytes) -> ReadMessage:
        """Read a delivery that nobody waits for an answer to, with a directory as new as it asks for; raise as `read`."""
        try:
            return self._read(data)
        except Rejected as exc:
            if exc.code != "directory-ahead":
                raise
        await self._directory.refresh()
        return self._read(data)

    def _read(self, data: bytes) -> ReadMessage:
        """
        Take a delivery through steps 1 to 8.

        Raises:
            Rejected: Steps 1 to 7 failed.
            Refused: Step 8 failed: it is the author's message, and it may not be used.
        """
        now = int(self._clock())
        # 1 to 7.
        try:
            opened = open_delivery(
                data, me=self._home.address, keyring=self._home.keyring, answers=self._directory.answers(), now=now
            )
        except CannotOpen as exc:
            # The directory may not list a key any more whose destruction this home remembers.
            if (
                exc.reason == "stanza-key"
                and STANZA.decode(DELIVERY.decode(data).stanza).key_id in self._home.keyring.destroyed
            ):
                raise CannotOpen("key-gone") from None
            raise
        # 8. The sender may send this kind; content strict and after its schema; repeats agree; not past its expiry.
        try:
            return ReadMessage(opened, self._checked(opened, now), handled_as(opened.header, self._directory.last()))
        except Rejected as exc:
            raise Refused(exc.code, exc.detail, opened) from exc

    async def better_copy(self, claim: Identity) -> bytes | None:
        """
        Fetch a delivery from the ledger.

        Returns:
            None when the ledger does not hand it over any more.

        Raises:
            Rejected: A gateway refused the request.
            Unavailable: No gateway answered.
        """
        found, _ = await self.ledger(claim.number - 1)
        return next((data for data in found if identify_claim(data) == claim), None)

    async def ledger(self, after: int) -> tuple[list[bytes], bool]:
        """Return what the ledger has for this home after an acceptance number, and whether there is more; raises alike."""
        answer = await self._transport.get(f"{media.INBOX}?after={after}")
        try:
            return _inbox.decode(answer)
        except msgspec.MsgspecError as exc:
            raise Unavailable("an inbox that cannot be read") from exc

    async def _look_again(self, claimed: Claimed, data: bytes) -> bytes:
        """Bring keys and directory up to date, and return the ledger's copy of the delivery where it still has one."""
        if abs(self.clock_off_s) > MAX_SKEW_S:
            raise Held(f"my clock is {self.clock_off_s:.0f} s behind the gateway's")
        await self._home.reload_keys()
        try:
            await self._directory.refresh()
            better = await self.better_copy(Identity(EnvelopeHash(claimed.envelope_hash), claimed.number))
        except (Rejected, Unavailable, Uncertain) as exc:
            raise Held(str(exc)) from exc
        if better is None or better == data:
            return data
        sealed = sealed_delivery(self._home, claimed.envelope_hash, better)
        await self._home.store.write(lambda connection: arrivals.replace(connection, claimed.row, sealed))
        return better

    def still_handled_as(self, header: Header, kept: str) -> str:
        """Return the code by which a message that was acknowledged before is handled now."""
        return still_handled_as(header, kept, self._directory.at_hand)

    def _stranger(self, data: bytes) -> Network | None:
        """Return the network of a delivery's sender where that is neither this one nor a peer; None where it is."""
        network, directory = network_of(Envelope(DELIVERY.decode(data).common, SUITES).header.sender), self._directory.last()
        return None if network in {directory.network, *directory.borders} else network

    def _checked(self, opened: Opened, now: int) -> Content:
        header = opened.header
        entry = self._directory.last().entry(header.sender)
        if entry is None or spec(header.kind).may_send.isdisjoint(entry.roles):
            raise Rejected(f"{header.sender} may not send {header.kind}", code="kind-not-allowed")
        content = read(header.kind, header.schema_version, opened.content)
        check_repeats(header, content)
        require_listed(content, [self._home.address])
        if now >= header.expires:
            raise Rejected(f"expired at {header.expires}", code="expired")
        if content.last_at is not None and now >= content.last_at:
            raise Rejected("its author lets nobody keep it any longer", code="expired")
        return content


def identify(delivery: bytes) -> Identified:
    """
    Return the envelope hash that these bytes have, their acceptance number and their kind.

    Raises:
        Rejected: They have not the form of a delivery, or their accepted receipt names another: the copy is damaged.
    """
    form = DELIVERY.decode(delivery)
    envelope = Envelope(form.common, SUITES)
    receipt = read_receipt(form.accepted[-1]).receipt
    if receipt.envelope_hash != envelope.envelope_hash or receipt.number is None:
        raise Rejected("the accepted receipt names another envelope", code="cannot-open")
    return Identified(envelope.envelope_hash, receipt.number, envelope.header.kind)


def identify_claim(delivery: bytes) -> Identity | None:
    """Return what the accepted receipt of a damaged delivery names, if that much can be read."""
    try:
        receipt = read_receipt(DELIVERY.decode(delivery).accepted[-1]).receipt
    except Rejected:
        return None
    return None if receipt.number is None else Identity(receipt.envelope_hash, receipt.number)
