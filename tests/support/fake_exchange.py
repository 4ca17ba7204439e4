"""
An exchange in memory for tests of the HTTP interface: it keeps what it was given and does what it is told.

Misbehaviour is one line: `fail = Unavailable(...)` makes every call raise, `hang = True` makes every call wait for ever.
Participants are made with `join`; their keys are real, so requests are signed and verified for real.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gateway.directory.entries import Entry, Status
from gateway.directory.peers import Peer
from gateway.directory.possession import Challenge
from gateway.envelope.keys import MemoryKeyring, SigningKey, Use
from gateway.envelope.trust import KeyRecord
from gateway.errors import Rejected
from gateway.ids import Address, EnvelopeHash, KeyId, Network, participant_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.ids import MessageId

__all__ = ["FakeDirectory", "FakeExchange", "FakeSession", "RecipientRow", "StatusRow", "SubmitRow"]

ALWAYS = (0, 1 << 40)
REFUSED = {b"another's": "not-found", b"from the future": "clock-skew"}


class SubmitRow(NamedTuple):
    """The answer to a submission."""

    status: int
    body: bytes


class RecipientRow(NamedTuple):
    """Where one delivery stands."""

    recipient: str
    state: str
    at: int
    reason: str | None
    receipt: bytes | None


class StatusRow(NamedTuple):
    """What became of a message."""

    recipients: Sequence[RecipientRow]
    number: int = 1
    envelope_hash: EnvelopeHash = EnvelopeHash(bytes(32))
    accepted_at: int = 1_900_000_000


class FakeDirectory:
    """Who is who: participants come and go by one call, and so do peers."""

    def __init__(self) -> None:
        self.network = Network("icn")
        self.borders: dict[Network, Peer] = {}
        self.entries: dict[Address, Entry] = {}
        self.keys: dict[KeyId, KeyRecord] = {}

    def key(self, key_id: KeyId) -> KeyRecord | None:
        """Return a key."""
        return self.keys.get(key_id)

    def entry(self, address: Address) -> Entry | None:
        """Return a participant."""
        return self.entries.get(address)

    def name_peer(self, network: str, relay: str) -> None:
        """Name a peer, and the participant that carries mail to it."""
        self.borders[Network(network)] = Peer(
            network=network,
            root=b"root",
            endpoints=("https://gateway.example",),
            relay=relay,
            sends=("*",),
            takes=("*",),
            ceiling="red/confidential",
        )

    def join(self, address: str, *, times: tuple[int, int] = ALWAYS, use: Use = Use.AGENT, role: str = "ncb") -> MemoryKeyring:
        """Let a participant in, with a key that is good between two times, and return its keyring."""
        whose = Address(address)
        key = SigningKey.generate(whose, use, os.urandom)
        self.keys[key.key_id] = KeyRecord.of(key.public, *times)
        self.entries.setdefault(whose, _entry(whose, role=role))
        return MemoryKeyring(whose, [key])

    def set_status(self, address: str, status: Status) -> None:
        """Suspend or revoke a participant, or let it back."""
        self.entries[Address(address)] = _entry(Address(address), status)

    def revoke_keys(self, address: str, at: int) -> None:
        """Revoke every key of a participant."""
        for key_id, record in self.keys.items():
            if record.address == address:
                times = (record.not_before, record.not_after)
                self.keys[key_id] = KeyRecord(record.address, record.use, record.key, record.key_id, *times, at)


def _entry(address: Address, status: Status = Status.ACTIVE, role: str = "ncb") -> Entry:
    return Entry(
        participant=participant_of(address),
        address=address,
        name="A unit",
        country="QM",
        organisation_type="ncb",
        roles=(role,),
        status=status,
        clearance="confidential",
        kinds_accepted=("*",),
        identity="00" * 32,
    )


@dataclass
class FakeSession:
    """One session: `put` lets deliveries arrive, `end` ends it."""

    epoch: int
    arrived: asyncio.Queue[list[tuple[int, bytes]] | Exception] = field(default_factory=asyncio.Queue)
    credited: list[tuple[int, int]] = field(default_factory=list)
    recorded: list[bytes] = field(default_factory=list)
    counted: bool = False
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, *deliveries: tuple[int, bytes]) -> None:
        """Let deliveries arrive together; none at all says that the mailbox has run empty."""
        self.arrived.put_nowait(list(deliveries))

    def end(self, reason: Exception) -> None:
        """End the session from the exchange's side."""
        self.arrived.put_nowait(reason)

    def credit(self, messages: int, size_bytes: int) -> None:
        """Note the credit."""
        self.credited.append((messages, size_bytes))

    async def next(self) -> list[tuple[int, bytes]]:
        """Wait for what `put` gives."""
        found = await self.arrived.get()
        if isinstance(found, Exception):
            raise found
        return found

    async def record(self, receipts: Sequence[bytes]) -> list[str]:
        """Keep receipts; those that say so are refused."""
        self.recorded += receipts
        return [REFUSED.get(receipt, "") for receipt in receipts]

    async def close(self, *, counted: bool = True) -> None:
        """Note the end."""
        self.counted = counted
        self.closed.set()


class FakeExchange:
    """Keeps what it was given; see the rules of this file."""

    def __init__(self) -> None:
        self.directory = FakeDirectory()
        self.submitted: list[tuple[str, bytes]] = []
        self.sessions: list[FakeSession] = []
        self.session_made = asyncio.Event()
        self.nonces: set[bytes] = set()
        self.messages: dict[tuple[Address, bytes], StatusRow] = {}
        self.waiting: dict[Address, list[bytes]] = {}
        self.told: dict[Address, list[tuple[int, bytes]]] = {}
        self.orders: list[bytes] = []
        self.files: dict[str, bytes] = {}
        self.cards: list[tuple[Address, bytes, list[bytes]]] = []
        self.fail: BaseException | None = None
        self.no_session: Exception | None = None
        self.hang = False
        self.hung = asyncio.Event()

    async def submit_sealed(self, body: bytes) -> SubmitRow:
        """Keep a sealed submission; the same bytes again are a repeat."""
        return await self._submit("sealed", body)

    async def submit_signed(self, body: bytes) -> SubmitRow:
        """Keep signed clear text; the same bytes again are a repeat."""
        return await self._submit("signed", body)

    async def status(self, asker: Address, message_id: MessageId) -> StatusRow:
        """Return what a test put there."""
        await self._misbehave()
        found = self.messages.get((asker, message_id))
        if found is None:
            raise Rejected(f"no message {message_id.hex()} of {asker}", code="not-found")
        return found

    async def receipts(self, asker: Address, receipts: Sequence[bytes]) -> list[str]:
        """Refuse receipts for what is another's."""
        await self._misbehave()
        return [REFUSED.get(receipt, "") for receipt in receipts]

    async def inbox(self, asker: Address, after: int) -> tuple[list[bytes], bool]:
        """Return what waits beyond a number, two at once."""
        await self._misbehave()
        rest = self.waiting.get(asker, [])[after:]
        return rest[:2], len(rest) > 2

    async def outcomes(self, asker: Address, after: int) -> list[tuple[int, bytes]]:
        """Return what a test put there, beyond a number."""
        await self._misbehave()
        return [one for one in self.told.get(asker, []) if one[0] > after]

    async def operate(self, action: bytes) -> None:
        """Keep an order."""
        await self._misbehave()
        self.orders.append(action)

    def require_session(self, asker: Address) -> None:
        """Let everybody open sessions, unless the test says otherwise."""
        if self.no_session is not None:
            raise self.no_session

    async def open_session(self, asker: Address) -> FakeSession:
        """Open a session that the test feeds."""
        await self._misbehave()
        self.sessions.append(FakeSession(len(self.sessions) + 1))
        self.session_made.set()
        return self.sessions[-1]

    async def remember_nonce(self, asker: Address, nonce: bytes, expires: int) -> bool:
        """Remember a nonce."""
        await self._misbehave()
        known = nonce in self.nonces
        self.nonces.add(nonce)
        return not known

    async def challenge(self, asker: Address, card: bytes) -> list[Challenge]:
        """Return one challenge, whatever the card."""
        await self._misbehave()
        return [Challenge(bytes(16), bytes(32), bytes(24), bytes(48))]

    async def publish_card(self, asker: Address, card: bytes, answers: Sequence[bytes]) -> None:
        """Keep a card."""
        await self._misbehave()
        self.cards.append((asker, card, list(answers)))

    async def directory_files(self, names: Sequence[str]) -> Mapping[str, bytes]:
        """Return what a test put there."""
        await self._misbehave()
        return {name: self.files[name] for name in names if name in self.files}

    async def _submit(self, how: str, body: bytes) -> SubmitRow:
        await self._misbehave()
        repeated = (how, body) in self.submitted
        self.submitted.append((how, body))
        return SubmitRow(200 if repeated else 202, b"receipt")

    async def _misbehave(self) -> None:
        if self.fail is not None:
            raise self.fail
        if self.hang:
            self.hung.set()
            await asyncio.Event().wait()
