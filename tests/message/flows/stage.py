"""Turns without envelopes: who says what to whom, one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gateway.ids import Address, ConversationId, EnvelopeHash, Kind, MessageId
from gateway.message.flows import Conversation, Thread, Turn, converse, flows

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["DESK", "GS", "START", "A", "B", "C", "Talk"]

DAY: Final = 86_400
START: Final = 1_800_000_000
A, B, C, GS = (Address(f"{name}@icn") for name in ("NCB-QM", "NCB-QN", "TRIB-QX-OTP", "GS"))
DESK: Final = frozenset({GS})


@dataclass
class Talk:
    """A conversation that grows; each turn comes a second after the one before unless a time is given."""

    urgency: str = "normal"
    turns: list[Turn] = field(default_factory=list)

    def says(
        self,
        who: Address,
        kind: str,
        to: Iterable[Address] = (),
        *,
        re: Turn | None = None,
        at: int | None = None,
        **values: Any,
    ) -> Turn:
        """Add a message; `values` stand in the body, `respond_by` in the header."""
        number = len(self.turns) + 1
        respond_by = values.pop("respond_by", None)
        turn = Turn(
            number=number,
            at=at if at is not None else (self.turns[-1].at + 1 if self.turns else START),
            message_id=MessageId(number.to_bytes(16)),
            envelope_hash=EnvelopeHash(number.to_bytes(32)),
            conversation_id=ConversationId(bytes(16)),
            sender=who,
            recipients=tuple(to) or tuple(one for one in (A, B, C, GS) if one != who),
            kind=Kind(kind),
            urgency=self.urgency,
            handling="amber/restricted",
            created=START,
            expires=START + 90 * DAY,
            respond_by=respond_by,
            in_reply_to=None if re is None else re.envelope_hash,
            values={f"/body/{name.replace('__', '/')}": str(value) for name, value in values.items()},
        )
        self.turns.append(turn)
        return turn

    def now(self, at: int | None = None) -> Conversation:
        """Return how it stands."""
        (found,) = converse(self.turns, DESK, at if at is not None else self.turns[-1].at, flows())
        return found

    def thread(self, root: Turn, at: int | None = None) -> Thread:
        """Return how a thread stands."""
        return self.now(at).threads[root.envelope_hash]

    def states(self, root: Turn, at: int | None = None) -> dict[str, str]:
        """Return the state of each side of a thread."""
        return {who.partition("@")[0]: side.state for who, side in self.thread(root, at).sides.items()}

    def crossed(self) -> list[int]:
        """Return the numbers of the messages that crossed."""
        return [said.turn.number for said in self.now().history if said.crossed]
