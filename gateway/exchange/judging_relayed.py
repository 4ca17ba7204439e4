"""
Judging a forward: every step of "Forward" in schemas/relay.md but those that ask the ledger.

A fault of the line proves nothing about the sender and is told to the relay: steps 1 to 4, and the proofs that travel beside
what was signed, for whoever carries them could damage them. What fails beside these, after the acceptance of the sender's
network was proved, is the sender's, and is answered with a signed refusal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.envelope import check_forward, head
from gateway.errors import CannotOpen, Rejected
from gateway.evidence.inclusion import check_accepted_in_log
from gateway.exchange.judging import Ready
from gateway.policy import admit_relayed, border

if TYPE_CHECKING:
    from gateway.envelope import Forward
    from gateway.evidence.inclusion import SeenLog
    from gateway.exchange.judging import View
    from gateway.ids import Network

__all__ = ["Judged", "check_carrier", "judge_forward"]

_ACCEPTED: Final = "accepted-"  # reasons of step 4
_LINE: Final = frozenset({"directory-ahead", "recipient-repeated", "addressees-differ", "checkpoint-bad", "proof-bad"})


class Judged(NamedTuple):
    """
    A forward whose acceptance was proved.

    Args:
        found: What passed, or why it is refused.
        seen: The tree of its gateway's log to remember; None where none was proved.
    """

    found: Ready | Rejected
    seen: SeenLog | None


def check_carrier(forward: Forward, carrier: Network | None, view: View) -> None:
    """
    Step 2: who brings it.

    Args:
        forward: Parsed.
        carrier: The network whose relay brings it; None for a bridge of this one.
        view: What it is judged by.

    Raises:
        Rejected: `network-differs`, `peer-unknown`; `directory-stale` where the peer's directory is not at hand.
    """
    origin, directory = forward.origin, view.directory
    if origin == directory.network or carrier not in {None, origin}:
        raise Rejected(f"a message of {origin}, brought by a relay of {carrier or directory.network}", code="network-differs")
    if origin not in directory.borders:
        raise Rejected(f"{origin} is no peer of {directory.network}", code="peer-unknown")
    if origin not in directory.peers:
        raise Rejected(f"no fresh directory of {origin} is at hand", code="directory-stale")


def judge_forward(forward: Forward, view: View, seen: SeenLog | None) -> Judged:
    """
    Steps 3 to 8.

    Args:
        forward: Its carrier was checked.
        view: Directory with its peers, and one `now`.
        seen: What was verified of this log before.

    Raises:
        Rejected: A fault of the line: `directory-ahead`, the acceptance is none (`cannot-open`), or a proof does not hold.
    """
    broken: Rejected | None = None
    try:
        check_forward(forward, view.answers, view.now, view.directory.delivery_key_ok)
    except Rejected as refusal:
        broken = _of_the_sender(refusal)
    if view.directory.active(forward.accepted.receipt.signer) is None:
        # It may be resumed: until then nothing that it accepted is taken, and what is held at home may be released.
        raise CannotOpen(f"{_ACCEPTED}suspended")
    try:
        tree = check_accepted_in_log(forward, view.directory, seen, view.now)
    except Rejected as refusal:
        return Judged(_of_the_sender(refusal), None)
    return Judged(broken or _admitted(forward, view), tree)


def _of_the_sender(refusal: Rejected) -> Rejected:
    """Return what is the sender's fault, raise what is the line's."""
    if refusal.code in _LINE or (isinstance(refusal, CannotOpen) and refusal.reason.startswith(_ACCEPTED)):
        raise refusal
    return refusal


def _admitted(forward: Forward, view: View) -> Ready | Rejected:
    directory, header = view.directory, forward.header
    stolen = directory.stolen_keys()
    if any(stanza.key_id in stolen for stanza in forward.stanzas):
        return Rejected("sealed to a key that was stolen since", code="key-revoked")
    try:
        admit_relayed(header, [row.recipient for row in forward.rows], directory, view.now)
    except Rejected as refusal:
        return refusal
    return Ready(
        envelope=forward,
        head=head(forward),
        rows=forward.rows,
        submission_hash=None,
        handling=border.meant_here(header.sender, header.handling, directory),
        first_receipt=forward.accepted.data,
    )
