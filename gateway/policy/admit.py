"""
Whether a message is taken: on its header and its recipients alone, for the content is sealed.

Rules are asked in the order of `Rule`; the first one that is broken decides, for all recipients at once (all or nothing). The
ones about replies need the ledger, and are asked by `gateway.policy.replies`.
A rule's id is stable: it stands in logs and metrics; its error code is what the sender sees. Promise 5, promise 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.envelope.header import CONFIDENTIALITY
from gateway.errors import Rejected
from gateway.message.registry import KINDS

if TYPE_CHECKING:
    from gateway.directory.entries import Entry
    from gateway.directory.view import Directory
    from gateway.envelope.header import Header
    from gateway.ids import Address, Kind
    from gateway.message.kind_spec import KindSpec

__all__ = ["EXPIRES_WITHIN_S", "Rule", "Verdict", "admit", "judge"]

EXPIRES_WITHIN_S: Final = 90 * 86_400  # after `created`; delivery keys are kept for 91 days after they were sealed to


class Rule(StrEnum):
    """The rules in the order in which they are asked; `admitted` when none is broken."""

    SENDER_ACTIVE = "sender-active"
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


_ADMITTED: Final = Verdict(Rule.ADMITTED)


class _Case(NamedTuple):
    header: Header
    recipients: Sequence[Address]
    entries: Sequence[Entry]  # of the recipients that are active
    directory: Directory
    now: int
    kinds: Mapping[Kind, KindSpec]


def admit(
    header: Header, recipients: Sequence[Address], directory: Directory, now: float, kinds: Mapping[Kind, KindSpec] = KINDS
) -> None:
    """Raise Rejected with the code of the first broken rule; arguments as for `judge`."""
    judge(header, recipients, directory, now, kinds).require()


def judge(
    header: Header, recipients: Sequence[Address], directory: Directory, now: float, kinds: Mapping[Kind, KindSpec] = KINDS
) -> Verdict:
    """
    Decide on one submission and say by which rule.

    Args:
        header: As its author signed it.
        recipients: All of them, as the stanzas or the addressees name them.
        directory: Of this network.
        now: Unix seconds.
        kinds: The registry.
    """
    entries = [entry for address in recipients if (entry := directory.active(address))]
    case = _Case(header, recipients, entries, directory, int(now), kinds)
    for rule, (code, broken) in _RULES.items():
        detail = broken(case)
        if detail is not None:
            return Verdict(rule, code, detail)
    return _ADMITTED


def _sender_active(case: _Case) -> str | None:
    active = case.directory.active(case.header.sender) is not None
    return None if active else f"{case.header.sender} is not an active participant of {case.directory.network}"


def _kind_known(case: _Case) -> str | None:
    return None if case.header.kind in case.kinds else f"the kind {case.header.kind} is not in the registry"


def _sender_may_send(case: _Case) -> str | None:
    entry = case.directory.entry(case.header.sender)
    may_send = case.kinds[case.header.kind].may_send
    if entry is not None and not may_send.isdisjoint(entry.roles):
        return None
    return f"{case.header.kind} is sent by {', '.join(sorted(may_send))}"


def _sealer(case: _Case) -> str | None:
    header = case.header
    if header.sealer == header.sender:
        return None
    entry = case.directory.active(header.sealer)
    if entry is not None and entry.is_gateway and case.kinds[header.kind].gateway_may_seal:
        return None
    return f"{header.sealer} may not seal {header.kind} for {header.sender}"


def _not_expired(case: _Case) -> str | None:
    past_s = case.now - case.header.expires
    return f"expired {past_s} s ago" if past_s >= 0 else None


def _lifetime(case: _Case) -> str | None:
    lives_s = case.header.expires - case.header.created
    return None if lives_s <= EXPIRES_WITHIN_S else f"lives {lives_s} s, at most {EXPIRES_WITHIN_S}"


def _recipients_distinct(case: _Case) -> str | None:
    distinct = len(set(case.recipients)) == len(case.recipients)
    return None if distinct else "a recipient stands twice"


def _recipients_active(case: _Case) -> str | None:
    if len(case.entries) == len(case.recipients):
        return None
    missing = next(address for address in case.recipients if case.directory.active(address) is None)
    return f"{missing} is not an active participant of {case.directory.network}"


def _kind_accepted(case: _Case) -> str | None:
    refusing = [entry.address for entry in case.entries if not entry.accepts(case.header.kind)]
    return f"{refusing[0]} does not accept {case.header.kind}" if refusing else None


def _must_reach(case: _Case) -> str | None:
    must_reach = case.kinds[case.header.kind].must_reach
    if not must_reach or any(not must_reach.isdisjoint(entry.roles) for entry in case.entries):
        return None
    return f"{case.header.kind} must reach {' or '.join(sorted(must_reach))}"


def _clearance(case: _Case) -> str | None:
    marking = case.header.handling.rpartition("/")[2]
    level = CONFIDENTIALITY.index(marking)
    below = [entry.address for entry in case.entries if CONFIDENTIALITY.index(entry.clearance) < level]
    return f"{below[0]} is not cleared for {marking}" if below else None


_RULES: Final[dict[Rule, tuple[str, Callable[[_Case], str | None]]]] = {
    Rule.SENDER_ACTIVE: ("sender-unknown", _sender_active),
    Rule.KIND_KNOWN: ("kind-unknown", _kind_known),
    Rule.SENDER_MAY_SEND: ("kind-not-allowed", _sender_may_send),
    Rule.SEALER: ("sealer-not-allowed", _sealer),
    Rule.NOT_EXPIRED: ("expired", _not_expired),
    Rule.LIFETIME: ("out-of-time", _lifetime),
    Rule.RECIPIENTS_DISTINCT: ("recipient-repeated", _recipients_distinct),
    Rule.RECIPIENTS_ACTIVE: ("recipient-unknown", _recipients_active),
    Rule.KIND_ACCEPTED: ("kind-not-accepted", _kind_accepted),
    Rule.MUST_REACH: ("recipient-missing", _must_reach),
    Rule.CLEARANCE: ("clearance", _clearance),
}
