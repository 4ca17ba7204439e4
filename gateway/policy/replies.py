"""
Whether a reply is taken: on its header, and on what the ledger knows of the message that it names.

Rules are asked in the order of `_RULES`; the first one that is broken decides. A target that is not here, or that its sender
neither sent nor got, cannot be judged and binds nothing: both are answered alike (promise 9), and the recipients' SDKs judge.
What a conversation means is in its content, which a gateway cannot read: it enforces what headers show, no more.
Spec: schemas/api.md, "Replies and recalls".
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from gateway.ids import Kind
from gateway.message.flows import flows
from gateway.message.handling import as_strict
from gateway.message.information.sharing_consent import SharingConsent
from gateway.message.kind_spec import COORDINATION
from gateway.message.registry import KINDS
from gateway.message.system.correction import Correction
from gateway.message.system.recall import Recall
from gateway.policy.verdict import Rule, Verdict

if TYPE_CHECKING:
    from gateway.directory.view import Directory
    from gateway.envelope.header import Header
    from gateway.ids import Address, ConversationId

__all__ = ["Target", "admit_reply", "is_answer", "may_recall", "recallers"]

_OWN_CONVERSATION: Final = frozenset({SharingConsent.kind})  # may open one of its own


class Target(Protocol):
    """A message that is answered, as its sender and its recipients know it."""

    @property
    def sender(self) -> Address:
        """Its author."""

    @property
    def kind(self) -> Kind:
        """Its kind."""

    @property
    def handling(self) -> str:
        """Its header code."""

    @property
    def conversation_id(self) -> ConversationId:
        """Its conversation."""


class _Case(NamedTuple):
    header: Header
    target: Target
    recalls: frozenset[Kind]  # kinds of messages of others that the sender may recall

    @property
    def own(self) -> bool:
        """Whether its author speaks of its own message."""
        return self.header.sender == self.target.sender


def admit_reply(header: Header, target: Target | None, directory: Directory) -> None:
    """
    Refuse a reply that its target does not allow.

    Args:
        header: As its author signed it.
        target: What it names; None where there is none that its sender sent or got.
        directory: Of this network.

    Raises:
        Rejected: `handling-laxer`, marked more laxly than what its author got; `recall-not-allowed`; `conversation-state`, of a
            kind that does not follow, or in another conversation.
    """
    if target is None:
        return
    case = _Case(header, target, may_recall(header, directory))
    for rule, (code, broken) in _RULES.items():
        detail = broken(case)
        if detail is not None:
            Verdict(rule, code, detail).require()


def may_recall(header: Header, directory: Directory) -> frozenset[Kind]:
    """Return the kinds of messages of others that the sender of a recall may recall; none for another kind or sender."""
    entry = directory.entry(header.sender)
    if header.kind != Recall.kind or entry is None or COORDINATION.isdisjoint(entry.roles):
        return frozenset()
    return _recallable()


def recallers(directory: Directory) -> frozenset[tuple[Address, Kind]]:
    """Return who may recall messages of others, each with the kinds of these."""
    desk = [address for address, entry in directory.entries.items() if not COORDINATION.isdisjoint(entry.roles)]
    return frozenset((address, kind) for address in desk for kind in _recallable())


def is_answer(header: Header, target: Target | None) -> bool:
    """Say whether a reply is one that its target's author asked for: of a kind that answers it, by somebody else."""
    if target is None or header.sender == target.sender:
        return False
    return header.kind in _replies(target.kind) | _moves_after(target.kind)


def _reply_marking(case: _Case) -> str | None:
    """Whoever wrote the target may lower its marking, nobody else."""
    header, target = case.header, case.target
    if case.own or as_strict(header.handling, target.handling):
        return None
    return f"{header.handling}, and what it answers is {target.handling}"


def _recall_power(case: _Case) -> str | None:
    if case.header.kind != Recall.kind or case.own or case.target.kind in case.recalls:
        return None
    return f"{case.header.sender} is not who wrote it, nor does it answer for {case.target.kind}"


def _reply_kind(case: _Case) -> str | None:
    kind, target = case.header.kind, case.target.kind
    if kind in {Recall.kind, SharingConsent.kind} or kind in _replies(target) | _openings() | _moves_after(target):
        return None
    if case.own and kind in {Correction.kind, target}:
        return None
    return f"{kind} does not follow {target}"


def _reply_conversation(case: _Case) -> str | None:
    header = case.header
    if header.kind in _OWN_CONVERSATION or header.conversation_id == case.target.conversation_id:
        return None
    return f"{header.kind} stands in another conversation than what it answers"


def _replies(kind: Kind) -> frozenset[Kind]:
    row = KINDS.get(kind)
    return frozenset() if row is None else row.replies


@cache
def _recallable() -> frozenset[Kind]:
    return frozenset(row.kind for row in KINDS.values() if row.recalled_by_desk)


@cache
def _moves_after(kind: Kind) -> frozenset[str]:
    """Return the other kinds that move a conversation in which a message of this kind stands."""
    tables = (table for table in flows().tables if kind in table.kinds or any(kind == one.kind for one in table.opens))
    return frozenset(moving for table in tables for moving in table.kinds) - {kind}


@cache
def _openings() -> frozenset[str]:
    """Return the kinds that begin something of their own, whatever they answer."""
    return frozenset(opening.kind for table in flows().tables for opening in table.opens)


_RULES: Final[dict[Rule, tuple[str, Callable[[_Case], str | None]]]] = {
    Rule.REPLY_MARKING: ("handling-laxer", _reply_marking),
    Rule.RECALL_POWER: ("recall-not-allowed", _recall_power),
    Rule.REPLY_KIND: ("conversation-state", _reply_kind),
    Rule.REPLY_CONVERSATION: ("conversation-state", _reply_conversation),
}
