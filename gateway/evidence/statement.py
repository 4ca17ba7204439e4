"""
What a verified bundle proves, in plain words: who, what kind, when, who acknowledged what, where in the log, and what not.

Everything here stood behind a check that held. What no check can show is said as plainly (`not_proved`), so that nobody reads
more into a bundle than is in it. Times are Unix seconds, and each is somebody's word: `accepted_at` the gateway's, `at` of an
acknowledgement the recipient's, `cosigned_at` a witness's, `stamped_at` the time-stamp service's.
Spec: schemas/audit.md, "Evidence bundle".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway.ids import Address, EnvelopeHash, format_id, network_of

if TYPE_CHECKING:
    from gateway.envelope.header import Header

__all__ = ["ANCHORED", "CONSISTENT", "Acknowledgement", "Crossing", "Doubts", "LogPosition", "Statement", "Witness", "unproved"]

ANCHORED: Final = "proved"
CONSISTENT: Final = "consistent, not anchored"


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """What a recipient, or the gateway about a recipient, signed."""

    recipient: Address
    event: str
    at: int
    signer: Address
    reason: str | None
    index: int


class LogPosition(msgspec.Struct, frozen=True, kw_only=True):
    """The checkpoint, and where the acceptance stands in its tree."""

    origin: str
    size: int
    root: bytes
    index: int

    def to_json(self) -> dict[str, Any]:
        """Return it for a JSON encoder."""
        return {"origin": self.origin, "size": self.size, "root": self.root.hex(), "index": self.index}


class Witness(msgspec.Struct, frozen=True, kw_only=True):
    """A witness that saw the checkpoint as a continuation of what it had seen."""

    name: str
    cosigned_at: int


class Crossing(msgspec.Struct, frozen=True, kw_only=True):
    """
    The other network of a message that crossed a border.

    Args:
        network: Its name.
        directory_version: Of its directory, as the log of this one has it.
        accepted_by: Its gateway, which accepted the message too; None where that is not shown, as for the others.
        accepted_at: Its word.
        number: Its acceptance number there.
    """

    network: str
    directory_version: int
    accepted_by: Address | None
    accepted_at: int | None
    number: int | None


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is proved.

    Args:
        verdict: `ANCHORED`, or `CONSISTENT` where no key of the log was named.
        header: What the author wrote.
        envelope_hash: Names the message in every receipt.
        accepted_by: The gateway.
        accepted_at: Its word.
        number: The acceptance number.
        approved: A second officer of the sender signed.
        named: Recipients whom the author wrote to, as far as the bundle says.
        acknowledgements: In the order of the bundle.
        content: What the author signed; None where the bundle does not have it.
        log: Where it stands.
        witnesses: Those that were named by the verifier.
        stamped_at: Time of the token; None where none was looked at.
        directory_version: Keys and revocations are those of this version.
        relayed: The other network of a message that crossed a border; None for one within a network.
        not_proved: Sentences.
    """

    verdict: str
    header: Header
    envelope_hash: EnvelopeHash
    accepted_by: Address
    accepted_at: int
    number: int
    approved: bool
    named: tuple[Address, ...]
    acknowledgements: tuple[Acknowledgement, ...]
    content: bytes | None
    log: LogPosition
    witnesses: tuple[Witness, ...]
    stamped_at: int | None
    directory_version: int
    relayed: Crossing | None = None
    not_proved: tuple[str, ...]

    @property
    def anchored(self) -> bool:
        """Tell whether it is proved to others than its holder."""
        return self.verdict == ANCHORED

    def __repr__(self) -> str:
        return f"Statement({self.verdict}: {self.envelope_hash.hex()} from {self.header.sender})"

    def to_json(self) -> dict[str, Any]:
        """Return the statement for a JSON encoder of `msgspec`: ids as text, content as its author wrote it."""
        header = self.header
        crossing = {} if self.relayed is None else {"relayed": self.relayed}
        return {
            "verdict": self.verdict,
            "sender": header.sender,
            "kind": header.kind,
            "message_id": format_id(header.message_id),
            "conversation_id": format_id(header.conversation_id),
            "envelope_hash": format_id(self.envelope_hash),
            "in_reply_to": None if header.in_reply_to is None else format_id(header.in_reply_to),
            "created": header.created,
            "expires": header.expires,
            "sealer": header.sealer,
            "approved": self.approved,
            "accepted_by": self.accepted_by,
            "accepted_at": self.accepted_at,
            "number": self.number,
            "recipients": header.recipients,
            "named": self.named,
            "acknowledgements": self.acknowledgements,
            "log": self.log.to_json(),
            "witnesses": self.witnesses,
            "stamped_at": self.stamped_at,
            "directory_version": self.directory_version,
            **crossing,
            "content": None if self.content is None else msgspec.Raw(self.content),
            "not_proved": self.not_proved,
        }


@dataclass(frozen=True, slots=True)
class Doubts:
    """
    What a verifier knows beside the statement.

    Args:
        unlisted: Who is listed otherwise in its directory; None where it has none.
        stolen: Whose key is known there as stolen since.
        token: The bundle has a time-stamp token.
    """

    unlisted: tuple[Address, ...] | None
    stolen: tuple[Address, ...]
    token: bool


def unproved(statement: Statement, doubts: Doubts) -> tuple[str, ...]:
    """Say what the bundle leaves open."""
    header, found = statement.header, []
    if not statement.anchored:
        found.append("that this log is the network's: no key of the log was named")
    if hidden := header.recipients - len(statement.named):
        found.append(f"who {hidden} of {header.recipients} recipients are")
    silent = set(statement.named) - {one.recipient for one in statement.acknowledgements}
    found += [f"whether {name} received it" for name in sorted(silent)]
    if statement.content is None:
        found.append("what it says: the content is not in the bundle")
    if not statement.witnesses:
        found.append("that others see the same log: no witness was named")
    if statement.stamped_at is None:
        why = "no root of a time-stamp service was named" if doubts.token else "the bundle has no time-stamp"
        found.append(f"the time by anybody but gateway and signers: {why}")
    if doubts.unlisted is None:
        found.append("that the authority listed these participants: the log shows their entries to all who read it")
    found += [f"that {name} is who it was: this directory lists another identity key today" for name in doubts.unlisted or ()]
    found += [
        f"that {name} signed this before its key was stolen: the bundle was made before that was known"
        for name in doubts.stolen
    ]
    found.append(f"which keys were revoked after directory version {statement.directory_version}")
    return (*found, *_beyond(statement))


def _beyond(statement: Statement) -> list[str]:
    """Say what this log leaves open about the other network."""
    crossing, found = statement.relayed, []
    if crossing is None:
        return []
    if crossing.network == network_of(statement.header.sender):
        told = f"{statement.accepted_by} had that proved before it accepted"
        found.append(f"that the acceptance of {crossing.accepted_by} stands in the log of {crossing.network}: {told}")
    told = f"which keys of {crossing.network} were revoked after version {crossing.directory_version} of its directory"
    return [*found, told]
