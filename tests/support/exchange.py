"""
A gateway's exchange in this process, over a real ledger (SQLite) and the broker in memory.

`async with staged(tmp_path) as stage:` gives the exchange and the world around it; `stage.sealed(...)` makes a submission,
`stage.open(...)` a session, `stage.receipt(...)` a signed receipt. Time jumps with `stage.clock.jump(...)`.
"""

from __future__ import annotations

import os
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.audit.log import AuditLog
from gateway.broker import Broker, MemoryBroker
from gateway.config import DirectoryConfig, Limits, RetentionConfig
from gateway.directory.view import Directory, with_peers
from gateway.envelope import (
    Event,
    Header,
    PublicKey,
    Receipt,
    Use,
    addressees_hash,
    draw_addressees,
    encode_clear,
    encode_header,
    make_receipt,
    seal,
    sign_content,
)
from gateway.exchange import Authority, DirectorySource, Exchange, Parts, Stamps
from gateway.ids import Address, ConversationId, EnvelopeHash, Kind, MessageId, Network, Participant, make_address, new_uuid7
from gateway.ledger import Ledger
from gateway.ops import Metrics
from gateway.policy import DirectoryAnswers
from tests.support.network import World, make_world
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from gateway.envelope import Sealed
    from gateway.exchange import Session

__all__ = [
    "MAILBOX_BYTES",
    "NAMES",
    "QUICK",
    "Clock",
    "MemoryPublication",
    "Neighbours",
    "Stage",
    "address",
    "make_parts",
    "staged",
]

NAMES = ("NCB-QM", "TRIB-QX-OTP", "GN-QN", "NCB-XA")
NETWORK = Network("icn")
MAILBOX_BYTES = 1 << 20
QUICK = Limits(poll_s=0.2, expire_every_s=0.05, session_check_s=0.05)


def address(name: str) -> Address:
    """Return the address of a participant of the stage."""
    return make_address(Participant(name), NETWORK)


@dataclass
class Clock:
    """Unix seconds that run on from `now`, so that a test can jump."""

    now: float = field(default_factory=time.time)
    _set_at: float = field(default_factory=time.monotonic)
    _back_s: float = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now + time.monotonic() - self._set_at

    def jump(self, seconds: float) -> None:
        """Move on at once."""
        self.now += seconds

    def set_back(self, seconds: float) -> None:
        """Show an earlier time, as a machine does whose clock was wrong; no less time has passed."""
        self.now -= seconds
        self._back_s += seconds

    def ticks(self) -> float:
        """Return seconds that never go back."""
        return self() + self._back_s


class Neighbours(NamedTuple):
    """A network of several that a test has made: see `tests.support.two_networks`."""

    world: World
    peers: Sequence[World]
    clock: Clock


class _Source(DirectorySource):
    """A directory whose peers' are at hand as they are now."""

    def __init__(self, *args: Any, peers: Sequence[World]) -> None:
        super().__init__(*args)
        self._peers = peers

    def current(self) -> Directory:
        """Return the directory in use, with its peers'."""
        own = super().current()
        return with_peers(own, [one.directory for one in self._peers]) if self._peers else own

    def answers(self) -> DirectoryAnswers:
        """Return what that answers."""
        return DirectoryAnswers(self.current()) if self._peers else super().answers()


class MemoryPublication:
    """The authority's folder, in memory."""

    def __init__(self, files: dict[str, bytes] | None = None) -> None:
        self.files = files

    def read(self) -> dict[str, bytes] | None:
        """Return what was put here since it was taken in."""
        return self.files

    def taken(self) -> None:
        """Forget it."""
        self.files = None


@dataclass(kw_only=True)
class Stage:
    """An exchange at work, and the people around it."""

    exchange: Exchange
    parts: Parts
    world: World
    clock: Clock
    publication: MemoryPublication

    @property
    def ledger(self) -> Ledger:
        """The record."""
        return self.parts.ledger

    def address(self, name: str) -> Address:
        """Return the address of a participant of this network; an address is one already."""
        return Address(name) if "@" in name else make_address(Participant(name), self.world.network)

    def sealed(
        self, sender: str, recipients: Sequence[str], content: bytes = b"{}", *, version: int | None = None, **changes: Any
    ) -> Sealed:
        """
        Seal a message.

        Args:
            sender: Participant.
            recipients: Participants.
            content: Anything: the gateway cannot read it.
            version: Of the directory that the sender has, else the gateway's.
            changes: Fields of the header.
        """
        header, addressees = self._header(sender, recipients, changes)
        keyring = self.world.members[self.address(sender)].keyring
        now = int(self.clock())
        keys = {}
        for name in recipients:
            record = self.world.directory.delivery_key(self.address(name), now)
            assert record is not None, f"{name} has no delivery key"
            keys[self.address(name)] = PublicKey(self.address(name), Use.DELIVERY, record.key)
        return seal(
            header,
            content,
            author=sign_content(header, content, keyring),
            addressees=addressees,
            keys=keys,
            keyring=keyring,
            directory_version=version or self.exchange.directory.version,
            rng=os.urandom,
        )

    def clear(self, sender: str, recipients: Sequence[str], content: bytes, **changes: Any) -> bytes:
        """Hand over clear text that names the gateway as sealer; arguments as for `sealed`."""
        changes = {"kind": "request.response", "sealer": self.parts.address, **changes}
        header, addressees = self._header(sender, recipients, changes)
        author = sign_content(header, content, self.world.members[self.address(sender)].keyring)
        return encode_clear(header, addressees, author, content)

    def receipt(self, name: str, envelope_hash: EnvelopeHash, event: Event = Event.DELIVERED, **changes: Any) -> bytes:
        """Sign a receipt as a recipient does."""
        fields: dict[str, object] = {
            "event": event,
            "envelope_hash": envelope_hash,
            "subject": self.address(name),
            "signer": self.address(name),
        }
        fields |= {"at": int(self.clock()), "salt": os.urandom(16)}
        fields |= {"reason": "content-schema"} if event is Event.REJECTED else {}
        return make_receipt(Receipt(**{**fields, **changes}), self.world.members[self.address(name)].keyring)

    async def open(self, name: str, messages: int = 1000, size_bytes: int = 1 << 30) -> Session:
        """Open a session with credit."""
        session = await self.exchange.open_session(self.address(name))
        session.credit(messages, size_bytes)
        return session

    async def states(self, sender: str, message_id: MessageId) -> dict[str, str]:
        """Return where each delivery stands, by recipient."""
        found = await self.exchange.status(self.address(sender), message_id)
        return {one.recipient.partition("@")[0]: str(one.state) for one in found.recipients}

    async def totals(self) -> dict[str, int]:
        """Return how many deliveries are in each state."""
        return {state.value: count for state, count in (await self.ledger.totals()).items()}

    async def reached(self, state: str, count: int) -> None:
        """Wait until so many deliveries are in a state."""

        async def enough() -> bool:
            return (await self.totals()).get(state, 0) == count

        await until(enough)

    def _header(self, sender: str, recipients: Sequence[str], changes: dict[str, Any]) -> tuple[bytes, list]:  # type: ignore[type-arg]
        now = int(self.clock())
        addressees = draw_addressees([self.address(name) for name in recipients], os.urandom)
        fields = {
            "message_id": MessageId(new_uuid7(now * 1000, os.urandom(10))),
            "sender": self.address(sender),
            "sealer": self.address(sender),
            "kind": Kind("cooperation.request"),
            "schema_version": "1.0.0",
            "created": now,
            "expires": now + 86_400,
            "urgency": "normal",
            "handling": "amber+strict/restricted",
            "conversation_id": ConversationId(os.urandom(16)),
            "recipients": len(addressees),
            "addressees": addressees_hash(addressees),
            "blobs": (),
        }
        return encode_header(Header(**{**fields, **changes})), addressees


@asynccontextmanager
async def staged(
    folder: Path,
    names: Sequence[str] = NAMES,
    *,
    neighbours: Neighbours | None = None,
    broker: Broker | None = None,
    limits: Limits = QUICK,
    shared: bool = False,
    url: str | None = None,
) -> AsyncIterator[Stage]:
    """
    Run an exchange for a test.

    Args:
        folder: For the ledger's file.
        names: Participants.
        neighbours: The network, its peers and its clock, where the test has made them.
        broker: Else one in memory.
        limits: Else quick ones.
        shared: Whether it should think that other processes work on the same ledger.
        url: Of the ledger, else a file in `folder`.
    """
    clock = Clock() if neighbours is None else neighbours.clock
    world = make_world(names, clock()) if neighbours is None else neighbours.world
    publication = MemoryPublication()
    async with await Ledger.open(url or f"sqlite:///{folder}/ledger.db", migrate=True, clock=clock) as ledger:
        if not await ledger.directory.version():
            await ledger.directory.publish(0, world.files)
        parts = make_parts(
            world,
            ledger=ledger,
            broker=broker or MemoryBroker(MAILBOX_BYTES),
            clock=clock,
            publication=publication,
            memory=folder / "audit-memory",
            limits=limits,
            shared=shared,
            peers=() if neighbours is None else neighbours.peers,
        )
        schedule = DirectoryConfig(import_every_s=0.1, reload_every_s=0.05)
        exchange = Exchange(parts, mailbox_bytes=MAILBOX_BYTES, schedule=schedule, volatile=broker is None)
        await exchange.start()
        try:
            yield Stage(exchange=exchange, parts=parts, world=world, clock=clock, publication=publication)
        finally:
            await exchange.close()


def make_parts(
    world: World,
    *,
    ledger: Ledger,
    broker: Broker,
    clock: Clock,
    publication: MemoryPublication,
    memory: Path,
    limits: Limits = QUICK,
    shared: bool = False,
    peers: Sequence[World] = (),
) -> Parts:
    """Put the parts of one process together."""
    metrics = Metrics()
    keyring = world.gateway
    gate = world.gate.address
    audit = AuditLog(ledger, keyring, gate, clock, memory=memory, patience_s=0)
    return Parts(
        address=gate,
        process="test",
        ledger=ledger,
        audit=audit,
        broker=broker,
        keyring=keyring,
        directory=_Source(ledger, Authority(world.root, publication, world.online), clock, metrics, peers=peers),
        stamps=Stamps(gate, keyring, clock, os.urandom, view=audit.view),
        limits=limits,
        retention=RetentionConfig(),
        metrics=metrics,
        clock=clock,
        rng=os.urandom,
        shared=shared,
        ticks=clock.ticks,
    )
