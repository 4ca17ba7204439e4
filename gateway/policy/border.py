"""
What may pass between two networks: each asks its own rules, of what leaves and of what comes.

Both networks' rules are asked, each by its own gateway, so what one of them forbids does not pass. An author's software asks
the rules for leaving before it seals. Recipients and clearance are not asked here but with the ordinary rules
(`gateway.policy.admit`), and the quota where it is counted.
Spec: schemas/relay.md, "Policy at the border".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.directory.peers import within
from gateway.ids import Network, network_of
from gateway.policy.verdict import Rule, Verdict

if TYPE_CHECKING:
    from gateway.directory.peers import Peer
    from gateway.directory.view import Directory
    from gateway.ids import Address
    from gateway.policy.parties import Parties

__all__ = ["coming", "leaving", "meant_here"]


class _Crossing(NamedTuple):
    parties: Parties
    network: Network  # the other one
    directory: Directory  # of this one, with its peers

    @property
    def peer(self) -> Peer:
        """What this network's authority says of the other one; asked once `border-peer` holds."""
        return self.directory.borders[self.network]


_Rules = Mapping[Rule, tuple[str, Callable[[_Crossing], str | None]]]


def leaving(asked: Parties, directory: Directory) -> Verdict | None:
    """
    Decide whether a message may leave for the other networks among its recipients.

    Args:
        asked: As the author signed it, or is about to; recipients of this network pass no border.
        directory: Of this network, with its peers.

    Returns:
        The first rule that is broken, of whichever network; None where it may leave.
    """
    others = [one for one in dict.fromkeys(map(network_of, asked.recipients)) if one != directory.network]
    return _first_broken(_LEAVING, [_Crossing(asked, one, directory) for one in others]) if others else None


def coming(asked: Parties, directory: Directory) -> Verdict | None:
    """
    Decide whether a message of another network's participant may come in.

    Args:
        asked: As the author signed it; the network of its sender is where it comes from.
        directory: Of this network, with its peers.

    Returns:
        The first rule that is broken; None where it may come in.
    """
    return _first_broken(_COMING, [_Crossing(asked, network_of(asked.sender), directory)])


def meant_here(sender: Address, handling: str, directory: Directory) -> str:
    """Return the code by which a message is handled in this network: never laxer than its header; for `coming` ones alone."""
    return directory.borders[network_of(sender)].meant_here(handling) or handling


def _first_broken(rules: _Rules, crossings: Iterable[_Crossing]) -> Verdict | None:
    """Ask rule by rule, so that the order of the recipients decides nothing but the network that is named."""
    broken = (
        Verdict(rule, code, detail)
        for rule, (code, ask) in rules.items()
        for crossing in crossings
        if (detail := ask(crossing)) is not None
    )
    return next(broken, None)


def _peer(case: _Crossing) -> str | None:
    return None if case.network in case.directory.borders else f"{case.network} is no peer of {case.directory.network}"


def _at_hand(case: _Crossing) -> str | None:
    return None if case.network in case.directory.peers else f"no fresh directory of {case.network} is at hand"


def _sent(case: _Crossing) -> str | None:
    kind = case.parties.kind
    return None if case.peer.may_send(kind) else f"{kind} is not sent from {case.directory.network} to {case.network}"


def _taken(case: _Crossing) -> str | None:
    kind = case.parties.kind
    return None if case.peer.may_take(kind) else f"{case.directory.network} does not take {kind} from {case.network}"


def _listed(case: _Crossing) -> str | None:
    code = case.parties.handling
    known = case.peer.meant_here(code) is not None
    return None if known else f"{code} of {case.network} has no meaning in {case.directory.network}"


def _within_as_written(case: _Crossing) -> str | None:
    return _above(case, case.parties.handling)


def _within_as_meant(case: _Crossing) -> str | None:
    return _above(case, meant_here(case.parties.sender, case.parties.handling, case.directory))


def _above(case: _Crossing, code: str) -> str | None:
    if within(code, case.peer.ceiling):
        return None
    return f"{code} is above {case.peer.ceiling}, the most between {case.directory.network} and {case.network}"


_LEAVING: Final[_Rules] = {
    Rule.BORDER_PEER: ("peer-unknown", _peer),
    Rule.BORDER_DIRECTORY: ("directory-stale", _at_hand),
    Rule.BORDER_KIND: ("border-kind", _sent),
    Rule.BORDER_CEILING: ("border-ceiling", _within_as_written),
}
_COMING: Final[_Rules] = {
    Rule.BORDER_PEER: ("peer-unknown", _peer),
    Rule.BORDER_DIRECTORY: ("directory-stale", _at_hand),
    Rule.BORDER_KIND: ("border-kind", _taken),
    Rule.BORDER_HANDLING: ("handling-unknown", _listed),
    Rule.BORDER_CEILING: ("border-ceiling", _within_as_meant),
}
