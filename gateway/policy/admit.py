"""
Whether a message is taken: on its header and its recipients alone, for the content is sealed.

Rules are asked in the order of `Rule`; the first one that is broken decides, for all recipients at once (all or nothing). What
is submitted here must be of this network's own participants; what another network's gateway accepted is asked the same of
its author, and the rest of its recipients here. The rules about replies need the ledger, and are asked by
`gateway.policy.replies`. Promise 5, promise 2. Spec: schemas/relay.md, "Policy at the border".

All rules but two are standing: they look at the parties and the directory alone, so a directory remembers what they said of the
same parties of a submission. The next version of a directory begins with nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.envelope.header import CONFIDENTIALITY
from gateway.ids import network_of
from gateway.message.registry import KINDS
from gateway.policy import border
from gateway.policy.parties import Parties, parties
from gateway.policy.verdict import Rule, Verdict

if TYPE_CHECKING:
    from gateway.directory.entries import Entry
    from gateway.directory.view import Directory
    from gateway.envelope.header import Header
    from gateway.ids import Address

__all__ = ["EXPIRES_WITHIN_S", "REMEMBERED", "admit", "admit_relayed", "judge", "judge_relayed"]

EXPIRES_WITHIN_S: Final = 90 * 86_400  # after `created`; delivery keys are kept for 91 days after they were sealed to
REMEMBERED: Final = 1024  # parties, of one version of a directory
_FEW: Final = 16  # recipients: verdicts on longer lists would take too much memory
_ADMITTED: Final = Verdict(Rule.ADMITTED)
_PLACE: Final = {rule: place for place, rule in enumerate(Rule)}


class _Case(NamedTuple):
    parties: Parties
    entries: Sequence[Entry]  # of the recipients that are active, and known to the sender's network
    directory: Directory
    marking: str  # the handling code as it is meant here


_Rules = Mapping[Rule, tuple[str, Callable[[_Case], str | None]]]


def admit(header: Header, recipients: Sequence[Address], directory: Directory, now: float) -> None:
    """Raise Rejected with the code of the first broken rule; arguments as for `judge`."""
    judge(header, recipients, directory, now).require()


def admit_relayed(header: Header, recipients: Sequence[Address], directory: Directory, now: float) -> None:
    """Raise Rejected with the code of the first broken rule; arguments as for `judge_relayed`."""
    judge_relayed(header, recipients, directory, now).require()


def judge(header: Header, recipients: Sequence[Address], directory: Directory, now: float) -> Verdict:
    """
    Decide on one submission and say by which rule.

    Args:
        header: As its author signed it.
        recipients: All of them, as the stanzas or the addressees name them; of this network and of its peers.
        directory: Of this network, with its peers.
        now: Unix seconds.
    """
    asked = parties(header, recipients)
    standing: Verdict | None = directory.verdicts.get(asked)
    if standing is None:
        standing = _submitted(asked, directory)
        if len(asked.recipients) <= _FEW:
            if len(directory.verdicts) >= REMEMBERED:
                directory.verdicts.clear()
            directory.verdicts[asked] = standing
    return _first(standing, header, now)


def judge_relayed(header: Header, recipients: Sequence[Address], directory: Directory, now: float) -> Verdict:
    """
    Decide on what another network's gateway accepted and say by which rule.

    Args:
        header: As its author signed it.
        recipients: Those of this network: the others are not known here, so whom the kind must reach is not asked.
        directory: Of this network, with its peers.
        now: Unix seconds.
    """
    asked = parties(header, recipients)
    return _first(border.coming(asked, directory) or _relayed(asked, directory), header, now)


def _submitted(asked: Parties, directory: Directory) -> Verdict:
    case = _Case(asked, _reached(asked.sender, asked.recipients, directory), directory, asked.handling)
    return border.leaving(asked, directory) or _first_broken(_SUBMITTED, case)


def _relayed(asked: Parties, directory: Directory) -> Verdict:
    ours = [address for address in asked.recipients if network_of(address) == directory.network]
    case = _Case(
        asked, _reached(asked.sender, ours, directory), directory, border.meant_here(asked.sender, asked.handling, directory)
    )
    return _first_broken(_RELAYED, case)


def _first(standing: Verdict, header: Header, now: float) -> Verdict:
    """Return the standing verdict, unless a rule about time that stands before it is broken."""
    for rule, (code, broken) in _TIMELY.items():
        detail = broken(header, int(now))
        if detail is not None and _PLACE[rule] < _PLACE[standing.rule]:
            return Verdict(rule, code, detail)
    return standing


def _reached(sender: Address, recipients: Sequence[Address], directory: Directory) -> list[Entry]:
    asking = network_of(sender)
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
    sender = case.parties.sender
    if network_of(sender) == case.directory.network:
        return _sender_active(case)
    return f"{sender} is not a participant of {case.directory.network}"


def _sender_active(case: _Case) -> str | None:
    active = case.directory.active(case.parties.sender) is not None
    return None if active else f"{case.parties.sender} is not an active participant of {network_of(case.parties.sender)}"


def _sender_known(case: _Case) -> str | None:
    entry = case.directory.entry(case.parties.sender)
    others = dict.fromkeys(map(network_of, case.parties.recipients))
    strange = [network for network in others if entry is None or not entry.is_known_to(network)]
    return f"{case.parties.sender} is not known to {strange[0]}" if strange else None


def _kind_known(case: _Case) -> str | None:
    return None if case.parties.kind in KINDS else f"the kind {case.parties.kind} is not in the registry"


def _sender_may_send(case: _Case) -> str | None:
    entry = case.directory.entry(case.parties.sender)
    may_send = KINDS[case.parties.kind].may_send
    if entry is not None and not may_send.isdisjoint(entry.roles):
        return None
    return f"{case.parties.kind} is sent by {', '.join(sorted(may_send))}"


def _sealer(case: _Case) -> str | None:
    sender, sealer, kind = case.parties.sender, case.parties.sealer, case.parties.kind
    if sealer == sender:
        return None
    entry = case.directory.active(sealer)
    at_home = network_of(sealer) == network_of(sender)
    if at_home and entry is not None and entry.is_gateway and KINDS[kind].gateway_may_seal:
        return None
    return f"{sealer} may not seal {kind} for {sender}"


def _recipients_distinct(case: _Case) -> str | None:
    distinct = len(set(case.parties.recipients)) == len(case.parties.recipients)
    return None if distinct else "a recipient stands twice"


def _recipients_active(case: _Case) -> str | None:
    if len(case.entries) == len(case.parties.recipients):
        return None
    reached = {entry.address for entry in case.entries}
    missing = next(address for address in case.parties.recipients if address not in reached)
    return f"{missing} is not an active participant that {network_of(case.parties.sender)} knows"


def _kind_accepted(case: _Case) -> str | None:
    refusing = [entry.address for entry in case.entries if not entry.accepts(case.parties.kind)]
    return f"{refusing[0]} does not accept {case.parties.kind}" if refusing else None


def _must_reach(case: _Case) -> str | None:
    must_reach = KINDS[case.parties.kind].must_reach
    if not must_reach or any(not must_reach.isdisjoint(entry.roles) for entry in case.entries):
        return None
    return f"{case.parties.kind} must reach {' or '.join(sorted(must_reach))}"


def _clearance(case: _Case) -> str | None:
    marking = case.marking.rpartition("/")[2]
    level = CONFIDENTIALITY.index(marking)
    below = [entry.address for entry in case.entries if CONFIDENTIALITY.index(entry.clearance) < level]
    return f"{below[0]} is not cleared for {marking}" if below else None


def _not_expired(header: Header, now: int) -> str | None:
    past_s = now - header.expires
    return f"expired {past_s} s ago" if past_s >= 0 else None


def _lifetime(header: Header, _: int) -> str | None:
    lives_s = header.expires - header.created
    return None if lives_s <= EXPIRES_WITHIN_S else f"lives {lives_s} s, at most {EXPIRES_WITHIN_S}"


_SUBMITTED: Final[_Rules] = {
    Rule.SENDER_ACTIVE: ("sender-unknown", _sender_here),
    Rule.SENDER_KNOWN: ("sender-unknown", _sender_known),
    Rule.KIND_KNOWN: ("kind-unknown", _kind_known),
    Rule.SENDER_MAY_SEND: ("kind-not-allowed", _sender_may_send),
    Rule.SEALER: ("sealer-not-allowed", _sealer),
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
_TIMELY: Final = {Rule.NOT_EXPIRED: ("expired", _not_expired), Rule.LIFETIME: ("out-of-time", _lifetime)}
