"""
The rules by which a message is taken or refused, and what a decision says.

A rule's id is stable: it stands in logs and metrics; its error code is what the sender sees. The rules stand in the order in
which they are asked. Specs: schemas/envelope.md; schemas/relay.md, "Policy at the border".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.errors import Rejected

__all__ = ["Rule", "Verdict"]


class Rule(StrEnum):
    """
    The rules in the order in which they are asked; `admitted` when none is broken.

    `border-quota` and the ones about replies and recalls need the ledger: they are asked where it is at hand.
    """

    BORDER_PEER = "border-peer"
    BORDER_DIRECTORY = "border-directory"
    BORDER_KIND = "border-kind"
    BORDER_HANDLING = "border-handling"
    BORDER_CEILING = "border-ceiling"
    SENDER_ACTIVE = "sender-active"
    SENDER_KNOWN = "sender-known"
    KIND_KNOWN = "kind-known"
    SENDER_MAY_SEND = "sender-may-send"
    SEALER = "sealer"
    NOT_EXPIRED = "not-expired"
    LIFETIME = "lifetime"
    RECIPIENTS_DISTINCT = "recipients-distinct"
    RECIPIENTS_ACTIVE = "recipients-active"
    KIND_ACCEPTED = "kind-accepted"
    MUST_REACH = "must-reach"
    CLEARANCE = "clearance"
    BORDER_QUOTA = "border-quota"
    REPLY_MARKING = "reply-marking"
    RECALL_POWER = "recall-power"
    REPLY_KIND = "reply-kind"
    REPLY_CONVERSATION = "reply-conversation"
    ADMITTED = "admitted"


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What was decided, and by which rule.

    Args:
        rule: The first rule that was broken, or `admitted`.
        code: Code of the error table, or None where the message is admitted.
        detail: What was seen and what is allowed; names addresses and kinds, never content.
    """

    rule: Rule
    code: str | None = None
    detail: str = ""

    @property
    def admitted(self) -> bool:
        """True when no rule is broken."""
        return self.code is None

    def require(self) -> None:
        """Raise Rejected with the rule's code unless the message is admitted."""
        if self.code is not None:
            raise Rejected(f"{self.detail} (rule {self.rule})", code=self.code)
