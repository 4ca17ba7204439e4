"""
One look at a running gateway, as the dashboard's page gets it: JSON of `Snapshot`, once a second.

All times are Unix seconds, all ages and durations seconds, all rates per second; what is not known is null. Names come from the
directory, codes and states from closed sets; there is no content and no signed byte in it, because nobody reads any here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

__all__ = [
    "Alarm",
    "AuditHead",
    "Deadline",
    "Ending",
    "Event",
    "Held",
    "Lane",
    "Late",
    "Mailbox",
    "Outstanding",
    "Rates",
    "Snapshot",
    "Suspended",
    "Times",
    "Witness",
]

Severity = Literal["critical", "warning", "notice"]


class _Part(Struct, frozen=True, kw_only=True):
    """A part of a snapshot."""


class Rates(_Part, frozen=True, kw_only=True):
    """
    What happens, per second over the last ten seconds; null until two looks are there to compare. Of this process.

    Args:
        accepted: Messages committed to the ledger.
        refused: Submissions refused.
        dispatched: Parcels that the broker confirmed.
        handed_over: Deliveries given to sessions and thin clients.
        delivered: Receipts that say that the sealed bytes are safe.
        opened: Receipts that say that the application has it.
    """

    accepted: float | None
    refused: float | None
    dispatched: float | None
    handed_over: float | None
    delivered: float | None
    opened: float | None


class Times(_Part, frozen=True, kw_only=True):
    """
    How long things take, over the last minute of this process; null while nothing happened.

    Args:
        accept_p50_s: From the whole body to the commit, half are faster.
        accept_p99_s: The same, 99 of 100 are faster.
        answer_p50_s: From handing over to the recipient's receipt.
        answer_p99_s: The same.
        loop_lag_p99_s: How late the event loop wakes a sleeper.
    """

    accept_p50_s: float | None
    accept_p99_s: float | None
    answer_p50_s: float | None
    answer_p99_s: float | None
    loop_lag_p99_s: float | None


class Mailbox(_Part, frozen=True, kw_only=True):
    """
    A recipient for whom something waits, or whose session is open.

    Args:
        address: Whose it is.
        accepted: Deliveries in the ledger that wait for the broker.
        queued: Deliveries in the mailbox that wait for the recipient.
        oldest_s: Age of the oldest of both; 0 without one.
        connected: Whether its inbox session is open in this process.
    """

    address: str
    accepted: int
    queued: int
    oldest_s: int
    connected: bool


class Held(_Part, frozen=True, kw_only=True):
    """
    A delivery that waits for an operator's decision.

    Args:
        ref: `NUMBER/INDEX`, as `gateway operate release` takes it.
        recipient: For whom it is.
        message_id: Of its message.
        kind: Of its message.
        since: When it was held.
        expires: When it ends, if nobody releases it.
        reason: The code of why; null for too many unanswered sessions.
    """

    ref: str
    recipient: str
    message_id: str
    kind: str
    since: int
    expires: int
    reason: str | None


class Suspended(_Part, frozen=True, kw_only=True):
    """
    A participant whom this gateway serves no more, by an operator's order.

    Args:
        address: Who.
        since: When it was ordered.
    """

    address: str
    since: int


class Deadline(_Part, frozen=True, kw_only=True):
    """
    Answers that recipients owe to messages of one kind.

    Args:
        kind: Of what asks for them.
        due: With time enough.
        at_risk: With little of it left.
        overdue: Past their time.
    """

    kind: str
    due: int
    at_risk: int
    overdue: int


class Late(_Part, frozen=True, kw_only=True):
    """
    One answer that is at risk or overdue.

    Args:
        number: Acceptance number of what asks for it.
        message_id: Of the same.
        recipient: Who owes it.
        kind: Of what asks for it.
        pace: `at-risk` or `overdue`.
        respond_by: When it is, or was, to be there.
    """

    number: int
    message_id: str
    recipient: str
    kind: str
    pace: str
    respond_by: int


class Outstanding(_Part, frozen=True, kw_only=True):
    """
    What holders have not answered, by the kind of what asks for it: recalls, corrections, steps of a notice.

    Args:
        kind: Of what asks.
        count: Copies, or deliveries, that are not answered.
        oldest_s: Age of the oldest; null without one.
    """

    kind: str
    count: int
    oldest_s: int | None


class Lane(_Part, frozen=True, kw_only=True):
    """
    Another network, and what waits for its relay.

    Args:
        network: Its name.
        waiting: Deliveries that wait for the relay.
        oldest_s: Age of the oldest; null without one.
        directory_version: Of its directory at hand; 0 without one.
        directory_age_s: Since its gateway signed that; null without one.
    """

    network: str
    waiting: int
    oldest_s: int | None
    directory_version: int
    directory_age_s: int | None


class Witness(_Part, frozen=True, kw_only=True):
    """
    Who vouches for the audit log.

    Args:
        name: Of its key.
        age_s: Since it cosigned last, or since the start.
        forked: Whether it says that the log is another one than before.
    """

    name: str
    age_s: int
    forked: bool


class AuditHead(_Part, frozen=True, kw_only=True):
    """
    The audit log.

    Args:
        size: Leaves under the newest signed checkpoint.
        root: Its root hash, 64 hex digits; empty before the first.
        at: When it was made; null before the first.
        cosignatures: Of witnesses, on it.
        lag_leaves: Leaves that wait for their place.
        lag_s: Age of the oldest leaf that no signed checkpoint covers.
        halted: Whether this process signs none any more.
        stamped_age_s: Age of the newest time-stamp; null without one.
        witnesses: Those of the configuration.
    """

    size: int
    root: str
    at: int | None
    cosignatures: int
    lag_leaves: int
    lag_s: int
    halted: bool
    stamped_age_s: int | None
    witnesses: Sequence[Witness]


class Ending(_Part, frozen=True, kw_only=True):
    """
    Something that ends by itself.

    Args:
        what: `key` of this gateway, or `metadata` of the directory.
        name: The key's use, or the role.
        ends_s: Time left; below 0 it has ended.
        soon: Whether it is time to act.
    """

    what: Literal["key", "metadata"]
    name: str
    ends_s: int
    soon: bool


class Event(_Part, frozen=True, kw_only=True):
    """
    One event of the ledger.

    Args:
        seq: Its place in the history.
        at: When.
        event: What, by its code.
        subject: Whom it is about; of an operator's action, what he ordered.
        reason: The code of why.
        number: Acceptance number of its message; null where it is about none.
        logged: Whether it is a leaf of the audit log.
    """

    seq: int
    at: int
    event: str
    subject: str
    reason: str | None
    number: int | None
    logged: bool


class Alarm(_Part, frozen=True, kw_only=True):
    """
    Something that a person should do.

    Args:
        code: Its stable name.
        severity: `critical`: mail or proof is at stake; `warning`: it will be; `notice`: to know.
        text: What is wrong, in one sentence.
        advice: What to do, in one sentence.
        commands: To type, in order; capitals stand for what only the operator knows.
    """

    code: str
    severity: Severity
    text: str
    advice: str
    commands: Sequence[str] = ()


class Snapshot(_Part, frozen=True, kw_only=True):
    """
    The whole look.

    Args:
        at: When it was taken.
        looked_at: When the ledger answered last; earlier than `at` where it does not.
        gateway: The gateway's address.
        network: Its network.
        exercise: Whether that is one for training.
        version: Of this software.
        process: Names this process among those that share the ledger.
        up_s: Since this process started.
        ready: Whether a submission could be accepted now.
        parts: What each probe of the readiness says: "ok", or a code; `operator` is there while this process is drained.
        gateways: Active ones of this network, this one too.
        participants: How many others of this network are active.
        sessions: Inbox sessions open in this process.
        rates: See `Rates`.
        times: See `Times`.
        totals: Since the start of this process: accepted, repeated, refused.
        refusals: Submissions refused since the start, by code.
        states: Deliveries in the ledger, by state.
        oldest_waiting_s: Age of the oldest message that still waits for a recipient; null without one.
        mailboxes: Those that wait longest, then those that are connected; at most 24.
        mailboxes_waiting: How many wait in all.
        lanes: Other networks.
        held: At most 50 deliveries.
        suspended: At most 50 participants, by name.
        deadlines: Of each kind with answers that are owed.
        late: At most 50 answers, the oldest time first; where more are late, any of them.
        outstanding: Of each kind that asks for it.
        audit: The audit log.
        endings: Keys and metadata, the first to end first.
        cards_ending: Participants whose card ends soon, by card.
        recent: The newest 30 events, the newest first.
        alarms: The worst first.
    """

    at: int
    looked_at: int
    gateway: str
    network: str
    exercise: bool
    version: str
    process: str
    up_s: int
    ready: bool
    parts: Mapping[str, str]
    gateways: Sequence[str]
    participants: int
    sessions: int
    rates: Rates
    times: Times
    totals: Mapping[str, int]
    refusals: Mapping[str, int]
    states: Mapping[str, int]
    oldest_waiting_s: int | None
    mailboxes: Sequence[Mailbox]
    mailboxes_waiting: int
    lanes: Sequence[Lane]
    held: Sequence[Held]
    suspended: Sequence[Suspended]
    deadlines: Sequence[Deadline]
    late: Sequence[Late]
    outstanding: Sequence[Outstanding]
    audit: AuditHead
    endings: Sequence[Ending]
    cards_ending: Mapping[str, int]
    recent: Sequence[Event]
    alarms: Sequence[Alarm] = ()
