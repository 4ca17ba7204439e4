"""
What the HTTP interface asks of the gateway behind it.

The exchange and its directory implement these; tests put a small fake in their place. What relays and peers bring has ports of
its own, `border_ports`. `asker` was proved by `auth`, all
bytes are checked by whoever gets them, and every error is of the error tree. None of the calls holds the event loop for more
than a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.directory.entries import Entry
    from gateway.directory.peers import Peer
    from gateway.directory.possession import Challenge
    from gateway.envelope.trust import KeyRecord
    from gateway.ids import Address, EnvelopeHash, KeyId, MessageId, Network
    from gateway.tlog.tiles import Tile

__all__ = [
    "ExchangePort",
    "InclusionPort",
    "LogPort",
    "OperatorPort",
    "RecipientPort",
    "SessionPort",
    "SignProblem",
    "StampedPort",
    "Standing",
    "StatusPort",
    "SubmitAnswer",
]

SignProblem = Callable[[bytes, bytes], str]  # body of the request, problem document -> value of `Problem-Signature`


class Standing(Protocol):
    """Who stands in the directory now, and in those of peers."""

    @property
    def network(self) -> Network:
        """The network of this gateway."""

    @property
    def borders(self) -> Mapping[Network, Peer]:
        """The peers that the authority names."""

    def key(self, key_id: KeyId) -> KeyRecord | None:
        """Return a key that was ever published, with its times."""

    def entry(self, address: Address) -> Entry | None:
        """Return a participant, active or not."""


class RecipientPort(Protocol):
    """Where one delivery stands."""

    @property
    def recipient(self) -> str:
        """Its address."""

    @property
    def state(self) -> str:
        """`accepted`, `queued`, `delivered`, `opened`, `rejected`, `expired`, `recalled` or `held`."""

    @property
    def at(self) -> int:
        """Since when, in Unix seconds."""

    @property
    def reason(self) -> str | None:
        """A code, where it was rejected or held."""

    @property
    def receipt(self) -> bytes | None:
        """The signed receipt of the last event that has one."""


class StatusPort(Protocol):
    """What became of a message."""

    @property
    def number(self) -> int:
        """The acceptance number."""

    @property
    def envelope_hash(self) -> EnvelopeHash:
        """What every receipt names."""

    @property
    def accepted_at(self) -> int:
        """When it was accepted, in Unix seconds."""

    @property
    def recipients(self) -> Sequence[RecipientPort]:
        """One for each delivery."""


class SubmitAnswer(Protocol):
    """The answer to a submission."""

    @property
    def status(self) -> int:
        """202 for a new message, 200 for a repeat."""

    @property
    def body(self) -> bytes:
        """The signed receipt, for clear text with the hashes of what was sealed."""


class SessionPort(Protocol):
    """One inbox session: a participant's mailbox, handed over as far as its credit goes."""

    @property
    def epoch(self) -> int:
        """Rises with each session of a participant."""

    def credit(self, messages: int, size_bytes: int) -> None:
        """Let so much more be handed over."""

    async def next(self) -> Sequence[tuple[int, bytes]]:
        """
        Wait for deliveries and return them with their acceptance numbers; none at all says that the mailbox has run empty.

        Raises:
            Rejected: `session-replaced`; this session gets nothing more.
        """

    async def record(self, receipts: Sequence[bytes]) -> Sequence[str]:
        """Commit signed receipts and return for each "" or the code of its refusal."""

    async def close(self, *, counted: bool = True) -> None:
        """
        Give back what was not answered.

        Args:
            counted: Whether the session counts as one that left its deliveries unanswered; not when the gateway stops.
        """


class ExchangePort(Protocol):
    """The use cases of a gateway."""

    async def submit_sealed(self, body: bytes) -> SubmitAnswer:
        """Take a sealed submission."""

    async def submit_signed(self, body: bytes) -> SubmitAnswer:
        """Take signed clear text and seal it."""

    async def status(self, asker: Address, message_id: MessageId) -> StatusPort:
        """Return what became of the asker's own message; `not-found` for any other."""

    async def receipts(self, asker: Address, receipts: Sequence[bytes]) -> Sequence[str]:
        """Commit receipts of a thin client; see `SessionPort.record`."""

    async def inbox(self, asker: Address, after: int) -> tuple[Sequence[bytes], bool]:
        """Return what waits beyond an acceptance number, and whether there is more."""

    async def outcomes(self, asker: Address, after: int) -> Sequence[tuple[int, bytes]]:
        """Return numbers and receipts of how the asker's own messages ended, after a number."""

    def require_session(self, asker: Address) -> None:
        """Raise Unavailable `quota` or `draining` where the asker may not open a session now."""

    async def open_session(self, asker: Address) -> SessionPort:
        """Open the asker's inbox session; an older one ends."""

    async def remember_nonce(self, asker: Address, nonce: bytes, expires: int) -> bool:
        """Remember a nonce until `expires`; False when it was there."""

    async def challenge(self, asker: Address, card: bytes) -> Sequence[Challenge]:
        """Return a challenge for each delivery key of a card."""

    async def publish_card(self, asker: Address, card: bytes, answers: Sequence[bytes]) -> None:
        """Publish a card when possession of its keys was proved."""

    async def directory_files(self, names: Sequence[str]) -> Mapping[str, bytes]:
        """Return those files of the directory that are there."""


class OperatorPort(Protocol):
    """What operators order."""

    async def operate(self, action: bytes) -> None:
        """Do one signed action, once."""


class InclusionPort(Protocol):
    """The proof that a leaf is in the log."""

    @property
    def index(self) -> int:
        """Its place, from 0."""

    @property
    def size(self) -> int:
        """Leaves of the tree that the siblings lead to the root of."""

    @property
    def siblings(self) -> Sequence[bytes]:
        """RFC 6962, from the leaf upwards."""


class StampedPort(Protocol):
    """A checkpoint with a time-stamp."""

    @property
    def note(self) -> bytes | None:
        """The signed note; None is not asked for here."""

    @property
    def cosignatures(self) -> bytes:
        """Signature lines of witnesses, which follow the note."""

    @property
    def token(self) -> bytes | None:
        """Of RFC 3161, over the note's text."""


class LogPort(Protocol):
    """The audit log, as far as a signed checkpoint covers it."""

    async def checkpoint(self) -> bytes | None:
        """Return the newest signed note with its cosignatures; None before the first."""

    async def tile(self, tile: Tile) -> bytes | None:
        """Return the hashes of a tile; None where the log has none."""

    async def entries(self, tile: Tile) -> bytes | None:
        """Return the entries of a tile, as C2SP writes them; None where the log has none."""

    async def proof(self, leaf_hash: bytes, size: int | None = None) -> InclusionPort | None:
        """Prove a leaf in a tree of `size` leaves, or of the newest checkpoint's; None where it is not in it."""

    async def stamped(self, index: int) -> StampedPort | None:
        """Return the oldest time-stamped checkpoint that holds a leaf; None where there is none."""
