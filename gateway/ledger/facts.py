"""
What goes into the ledger and what comes out of it.

Plain immutable values, named as `schemas` names them. Participants are full addresses; times are whole Unix seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from gateway.envelope import Row
from gateway.ids import Address, ConversationId, EnvelopeHash, Kind, MessageId, Network
from gateway.ledger.states import State

__all__ = [
    "URGENT",
    "Acceptance",
    "Advance",
    "Answer",
    "Answered",
    "CheckpointRow",
    "Erasure",
    "EventRow",
    "Lease",
    "LogLook",
    "LogProofs",
    "LogState",
    "MessageStatus",
    "NeededTiles",
    "Outbound",
    "Outstanding",
    "Overdue",
    "RecipientStatus",
    "Record",
    "Ref",
    "Refusal",
    "Said",
    "SeenTree",
    "SignEnd",
    "SignHeld",
    "SignNumber",
    "Stored",
    "TileKey",
    "Waiting",
]

URGENT: Final = frozenset({"flash", "urgent"})  # these overtake

SignNumber = Callable[[int], bytes]  # acceptance number -> signed `accepted` receipt
SignEnd = Callable[[EnvelopeHash, Address], bytes]  # envelope, recipient -> signed `expired`, `recalled` or `held` receipt
SignHeld = Callable[[EnvelopeHash, Address, str], bytes]  # and the problem: signed `held` receipt


class Ref(NamedTuple):
    """One delivery: acceptance number of its message, place of its recipient."""

    number: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody asks of a reference


class Acceptance(Struct, frozen=True, kw_only=True):
    """
    A checked message that is to be kept.

    Args:
        message_id: 16 bytes; with `sender` it names the message.
        sender: The author's address.
        envelope_hash: 32 bytes.
        submission_hash: 32 bytes for clear text that the gateway sealed, else None; what "same message" compares there.
        kind: From the header, like `urgency`, `handling`, `conversation_id`, `created` and `expires`.
        urgency: `flash` and `urgent` overtake.
        handling: Code of the marking.
        conversation_id: 16 bytes.
        created: The author's claim.
        expires: When nothing of it may be delivered any more.
        head: What outlives the body.
        body: The sealed body; deleted when every delivery has ended.
        rows: One for each recipient.
        sign: Makes the signed receipt from the acceptance number; runs in the writer thread, inside the commit.
        sign_recalled: Makes the receipt of a delivery that a recall stops; like `sign`.
        in_reply_to: Envelope hash of what it answers, or recalls.
        respond_by: Until when its recipients are to answer, Unix seconds; None where nothing is asked.
        at_risk_at: From when an answer is at risk; stands with `respond_by`.
        answers: Whether it is an answer to what it names, so that its sender owes none any more.
        may_recall: For a recall: kinds of messages of others that its sender may recall.
        network: This gateway's; rows of others wait for the relay. None: all rows are of this network.
        first_receipt: Of the sender's network, where that is another one; `rows` are then those of this network alone.
    """

    message_id: MessageId
    sender: Address
    envelope_hash: EnvelopeHash
    submission_hash: bytes | None
    kind: Kind
    urgency: str
    handling: str
    conversation_id: ConversationId
    created: int
    expires: int
    head: bytes
    body: bytes
    rows: Sequence[Row]
    sign: SignNumber
    sign_recalled: SignEnd
    in_reply_to: EnvelopeHash | None = None
    respond_by: int | None = None
    at_risk_at: int | None = None
    answers: bool = False
    may_recall: frozenset[Kind] = frozenset()
    network: Network | None = None
    first_receipt: bytes | None = None


class Answered(NamedTuple):
    """A message that a participant sent or got, as far as it binds what is said about it."""

    sender: Address
    kind: Kind
    handling: str
    conversation_id: ConversationId


class Stored(NamedTuple):
    """An accepted message as its sender is answered; `repeated` says that it was there before."""

    number: int
    receipt: bytes
    head: bytes
    envelope_hash: EnvelopeHash
    submission_hash: bytes | None
    repeated: bool


class Waiting(NamedTuple):
    """A message with those of its rows that are to be conveyed."""

    number: int
    head: bytes
    body: bytes
    receipt: bytes
    urgent: bool
    expires: int
    rows: list[Row]
    first_receipt: bytes | None = None  # of the sender's network, where that is another one

    @property
    def receipts(self) -> list[bytes]:
        """The `accepted` receipts as a delivery has them: of the sender's network first."""
        return [self.receipt] if self.first_receipt is None else [self.first_receipt, self.receipt]


class Page(NamedTuple):
    """What a reading of bounded size found, and whether that is the whole."""

    messages: list[Waiting]
    whole: bool


class Record(NamedTuple):
    """
    A verified receipt.

    Args:
        event: Delivered, opened, rejected or destroyed, by the recipient; the gateway of another network may also say expired,
            recalled or held.
        network: Of the recipient, where that is another one.
    """

    envelope_hash: EnvelopeHash
    event: str
    subject: Address
    at: int
    reason: str | None
    signed: bytes
    recallers: frozenset[tuple[Address, Kind]] = frozenset()  # who may have recalled a destroyed copy, if it is of this kind
    network: Network | None = None


class Outstanding(NamedTuple):
    """How many holders have not answered what asks them to destroy or correct something; `since` is None without one."""

    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody asks of this
    since: int | None


class Overdue(NamedTuple):
    """An answer that is at risk, or overdue since a moment ago: of which message, and who owes it."""

    number: int
    recipient: Address
    message_id: MessageId
    envelope_hash: EnvelopeHash
    kind: Kind
    respond_by: int
    overdue: bool


class Erasure(NamedTuple):
    """
    What may be erased.

    Args:
        kind: Of the messages.
        ended_by: They ended at this time or before, Unix seconds.
        expired_by: And their expiry is this or before.
        limit_messages: So many in one commit.
        limit_rows: Deliveries in one commit; the first message goes even when it has more.
    """

    kind: Kind
    ended_by: int
    expired_by: int
    limit_messages: int
    limit_rows: int


class RecipientStatus(NamedTuple):
    """How one delivery stands; `at` is the time of its receipt, or of the gateway's own step."""

    recipient: Address
    state: State
    at: int
    reason: str | None
    receipt: bytes | None


class MessageStatus(NamedTuple):
    """What a sender sees of its own message."""

    number: int
    envelope_hash: EnvelopeHash
    accepted_at: int
    expires: int
    receipt: bytes
    recipients: list[RecipientStatus]


class EventRow(NamedTuple):
    """One line of the history; `seq` grows in the order of commits."""

    seq: int
    at: int
    event: str
    envelope_hash: EnvelopeHash | None
    subject: str
    reason: str | None
    receipt: bytes | None
    leaf: bytes | None


class Lease(NamedTuple):
    """Who carries to another network, until when (Unix seconds), and how far it has read the receipts there."""

    epoch: int
    until: int
    after: int
    holder: str


class Outbound(NamedTuple):
    """A message that waits for another network, with its rows there; `leaf` is the hash of its receipt's leaf in the log."""

    number: int
    head: bytes
    body: bytes
    receipt: bytes
    leaf: bytes
    rows: list[Row]


class Said(NamedTuple):
    """A verified receipt of another network's gateway."""

    at: int
    reason: str | None
    signed: bytes


class Answer(NamedTuple):
    """
    What another network said of a message; one of the last three.

    Args:
        number: Of the message.
        envelope_hash: That the receipts name.
        sender: That `accepted` names; None where it says nothing of it.
        accepted: It is there, for all recipients.
        refused: By recipient; it is final.
        problem: A code: it is not there, and an operator must look.
    """

    number: int
    envelope_hash: EnvelopeHash | None
    sender: Address | None
    accepted: Said | None = None
    refused: Mapping[Address, Said] = {}
    problem: str | None = None

    def fits(self, envelope_hash: EnvelopeHash, sender: Address) -> bool:
        """Say whether it speaks of this message."""
        return self.envelope_hash in {None, envelope_hash} and self.sender in {None, sender}


class Refusal(NamedTuple):
    """A refusal of what came from another network: why, signed for each recipient, and until when it is kept."""

    envelope_hash: EnvelopeHash
    reason: str
    receipts: Sequence[tuple[Address, bytes]]
    until: int


class SeenTree(NamedTuple):
    """A tree of another gateway's log: leaves, root, and when it was seen here."""

    size: int
    root: bytes
    at: int


TileKey = tuple[int, int]  # level and index of a hash tile
NeededTiles = Callable[[Sequence[int], int], Collection[TileKey]]  # places of leaves, size of the tree -> for their proofs


class LogState(NamedTuple):
    """The whole log: its size, the root over it, the last event that was looked at, and when that was written."""

    size: int
    root: bytes
    seq: int
    at: int


class CheckpointRow(NamedTuple):
    """A size that the log once had; `note` is None until it is signed, `token` until a time-stamp service answered."""

    size: int
    root: bytes
    at: int
    note: bytes | None
    cosignatures: bytes
    token: bytes | None


class LogLook(NamedTuple):
    """One look at the log: all of one state of the ledger."""

    state: LogState
    newest: CheckpointRow | None
    signed: CheckpointRow | None
    pending: list[tuple[int, bytes | None]]


class LogProofs(NamedTuple):
    """
    What proves leaves, all of one state of the ledger.

    Args:
        row: The newest signed checkpoint.
        places: Of those leaves that it covers, by their hash.
        tiles: That their proofs need.
    """

    row: CheckpointRow
    places: Mapping[bytes, int]
    tiles: Mapping[TileKey, bytes]


class Advance(NamedTuple):
    """
    What makes the log grow, or only move on over events that are no leaves.

    Args:
        expected_size: Of the log that it follows, with the root of that.
        expected_root: 32 bytes.
        size: Afterwards; the same when there are no leaves.
        root: Afterwards.
        seq: The last event that was looked at.
        leaves: Event and RFC 6962 hash of each new leaf, in order.
        tiles: Hash tiles that are new or have grown, whole.
    """

    expected_size: int
    expected_root: bytes
    size: int
    root: bytes
    seq: int
    leaves: Sequence[tuple[int, bytes]]
    tiles: Mapping[TileKey, bytes]
