"""
Whether a message is taken: on its header and its recipients alone, for the content is sealed.

Rules are asked in the order of `Rule`; the first one that is broken decides, for all recipients at once (all or nothing). What
is submitted here must be of this network's own participants; what another network's gateway accepted is asked the same of
its author, and the rest of its recipients here. The rules about replies need the ledger, and are asked by
`gateway.policy.replies`. Promise 5, promise 2. Spec: schemas/relay.md, "Policy at the border".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.envelope.header import CONFIDENTIALITY
from gateway.ids import network_of
from gateway.message.registry import KINDS
from gateway.policy import border
from gateway.policy.verdict import Rule, Verdict

if TYPE_CHECKING:
    from gateway.directory.entries import Entry
    from gateway.directory.view import Directory
    from gateway.envelope.header import Header
    from gateway.ids import Address, Kind
    from gateway.message.kind_spec import KindSpec

__all__ = ["EXPIRES_WITHIN_S", "admit", "admit_relayed", "judge", "judge_relayed"]

EXPIRES_WITHIN_S: Final = 90 * 86_400  # after `created`; delivery keys are kept for 91 days after they were sealed to
_ADMITTED: Final = Verdict(Rule.ADMITTED)


class _Case(NamedTuple):
    header: Header
    recipients: Sequence[Address]
    entries: Sequence[Entry]  # of the recipients that are active, and known to the sender's network
    directory: Directory
    now: int
    kinds: Mapping[Kind, KindSpec]
    marking: str  # the handling code as it is meant here


_Rules = Mapping[Rule, tuple[str, Callable[[_Case], str | None]]]


def admit(
    header: Header, recipients: Sequence[Address], directory: Directory, now: float, kinds: Mapping[Kind, KindSpec] = KINDS
) -> None:
    """Raise Rejected with the code of the first broken rule; arguments as for `judge`."""
    judge(header, recipients, directory, now, kinds).require()


def admit_relayed(
    header: Header, recipients: Sequence[Address], directory: Directory, now: float, kinds: Mapping[Kind, KindSpec] = KINDS
) -> None:
    """Raise Rejected with the code of the first broken rule; arguments as for `judge_relayed`."""
    judge_relayed(header, recipients, directory, now, kinds).require()


def judge(
    header: Header, recipients: Sequence[Address], directory: Directory, now: float, kinds: Mapping[Kind, KindSpec] = KINDS
) -> Verdict:
    """
    Decide on one submission and say by which rule.

    Args:
        header: As its author signed it.
        recipients: All of them, as the stanzas or the addressees name them; of this network and of its peers.
        directory: Of this network, with its peers.
        now: Unix seconds.
        kinds: The registry.
    """
    reached = _reached(header, recipients, directory)
    case = _Case(header, recipients, reached, directory, int(now), kinds, header.handling)
    return border.leaving(header, recipients, directory) or _first_broken(_SUBMITTED, case)


def judge_relayed(
    header: Header, recipients: Sequence[Address], directory: Directory, now: float, kinds: Mapping[Kind, KindSpec] = KINDS
) -> Verdict:
    """
    Decide on what another network's gateway accepted and say by which rule.

    Args:
        header: As its author signed it.
        recipients: Those of this network: the others are not known here, so whom the kind must reach is not asked.
        directory: Of this network, with its peers.
        now: Unix seconds.
        kinds: The registry.
    """
    broken = border.coming(header, directory)
    if broken is not None:
        return broken
    ours = [address for address in recipients if network_of(address) == directory.network]
    marking = border.meant_here(header, directory)
    case = _Case(header, recipients, _reached(header, ours, directory), directory, int(now), kinds, marking)
    return _first_broken(_RELAYED, case)


def _reached(header: Header, recipients: Sequence[Address], directory: Directory) -> list[Entry]:
    asking = network_of(header.sender)
    found = (directory.active(address) for address in recipients)
    return [entry for entry in found if entry is not None and entry.is_known_to(asking)]


def _first_broken(rules: _Rules, case: _Case) -> Verdict:
    for rule, (code, broken) in rules.items():
        detail = broken(case)
        if detail is not None:
            return Verdict(rule, code, detail)
    return _ADMITTED


def _sender_here(case: _Case) -> str | None:
    """What a peer's participant sends is submitted to the gateway of its own network."""
    sender = case.header.sender
    if network_of(sender) == case.directory.network:
        return _sender_active(case)
    return f"{sender} is not a participant of {case.directory.network}"


def _sender_active(case: _Case) -> str | None:
    active = case.directory.active(case.header.sender) is not None
    return None if active else f"{case.header.sender} is not an active participant of {network_of(case.header.sender)}"


def _sender_known(case: _Case) -> str | None:
    entry = case.directory.entry(case.header.sender)
    others = dict.fromkeys(map(network_of, case.recipients))
    strange = [network for network in others if entry is None or not entry.is_known_to(network)]
    return f"{case.header.sender} is not known to {strange[0]}" if strange else None


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
    at_home = network_of(header.sealer) == network_of(header.sender)
    if at_home and entry is not None and entry.is_gateway and case.kinds[header.kind].gateway_may_seal:
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
    reached = {entry.address for entry in case.entries}
    missing = next(address for address in case.recipients if address not in reached)
    return f"{missing} is not an active participant that {network_of(case.header.sender)} knows"


def _kind_accepted(case: _Case) -> str | None:
    refusing = [entry.address for entry in case.entries if not entry.accepts(case.header.kind)]
    return f"{refusing[0]} does not accept {case.header.kind}" if refusing else None


def _must_reach(case: _Case) -> str | None:
    must_reach = case.kinds[case.header.kind].must_reach
    if not must_reach or any(not must_reach.isdisjoint(entry.roles) for entry in case.entries):
        return None
    return f"{case.header.kind} must reach {' or '.join(sorted(must_reach))}"


def _clearance(case: _Case) -> str | None:
    marking = case.marking.rpartition("/")[2]
    level = CONFIDENTIALITY.index(marking)
    below = [entry.address for entry in case.entries if CONFIDENTIALITY.index(entry.clearance) < level]
    return f"{below[0]} is not cleared for {marking}" if below else None


_SUBMITTED: Final[_Rules] = {
    Rule.SENDER_ACTIVE: ("sender-unknown", _sender_here),
    Rule.SENDER_KNOWN: ("sender-unknown", _sender_known),
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
_RELAYED: Final[_Rules] = {
    **{rule: asked for rule, asked in _SUBMITTED.items() if rule not in {Rule.SENDER_KNOWN, Rule.MUST_REACH}},
    Rule.SENDER_ACTIVE: ("sender-unknown", _sender_active),
}
