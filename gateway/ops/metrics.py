"""
All metrics of a gateway and of a relay: nothing is measured that is not declared here.

Names carry base units; each help sentence says what is not counted. How they are declared, and what labels may be, stands in
`gateway.ops.declaring`; `deploy/metrics.md` is the table, written by `make schemas`.
"""

from __future__ import annotations

from math import inf
from typing import ClassVar, Final

from gateway.errors import CODES
from gateway.ops.declaring import CONTENT_TYPE
from gateway.ops.process import Process

__all__ = ["CONTENT_TYPE", "Metrics", "RelayMetrics"]

_FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_SLOW: Final = (0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0, 86400.0)
_GROUP: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_LAG: Final = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0)
_LINE: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)

# Sets that are closed elsewhere, by the words of the table.
_KIND: Final = "kinds of the registry"
_CODE: Final = "codes of the error tree"
_OK_CODE: Final = "ok, and codes of the error tree"
_DONE_CODE: Final = "done, and codes of the error tree"
_ROUTE: Final = "paths of the interface, and none"
_STATUS: Final = "HTTP status codes"
_USE: Final = "uses of keys"
_ROLE: Final = "roles of the directory's metadata"
_STATE: Final = "states of a delivery"
_VERB: Final = "verbs of operators, and unknown"
_EVENT: Final = "events of receipts"
_WITNESS: Final = "witnesses of the configuration"
_NETWORK: Final = "peers of the signed directory"
_FILE: Final = "types of a bridge's files"

_TASKS: Final = (
    "dispatch", "expire", "erase", "deadlines", "directory", "expiry", "revocations", "sequence", "gauges", "reload", "drain",
    "witness", "timestamp", "orders", "count",
)  # fmt: skip
_LANES: Final = ("lease", "directory", "forwards", "receipts", "files", "giving")
_WATCHED: Final = ("clock-skew", "log-forked", "out-of-time")  # shown from the start: a rule sees the first of them too


class Metrics(Process):
    """
    The gauges, counters and histograms of one gateway.

    Those with labels return a cached child; the rest are used directly.
    """

    process: ClassVar[str] = "gateway"

    def __init__(self) -> None:
        super().__init__()
        self._submissions()
        self._deliveries()
        self._machinery()
        self._endings()
        self._owed()
        self._log()
        self._vouching()
        self._relay()
        self._peers()
        for code in _WATCHED:
            for counted in (self.refused, self.problems, self.relay_refused):
                counted(code)

    def _submissions(self) -> None:
        self.accepted = self._counters(
            "gateway_messages_accepted", "Messages committed to the ledger; repeats are not counted.", kind=_KIND
        )
        self.sealed = self._counters(
            "gateway_messages_sealed",
            "Accepted messages that were sealed here, for thin clients; blind ones are not counted.",
            kind=_KIND,
        )
        self.repeated = self._counter("gateway_messages_repeated", "Submissions answered with the first receipt once more.")
        self.refused = self._counters(
            "gateway_refusals", "Submissions refused, by code of the error tree; other requests are not counted.", code=_CODE
        )
        self.accept_seconds = self._histogram(
            "gateway_accept_seconds", "From the whole body to the commit; the transfer is not counted.", _FAST
        )

    def _deliveries(self) -> None:
        self.dispatched = self._counter(
            "gateway_deliveries_dispatched", "Parcels that the broker confirmed: queued deliveries, repeats included."
        )
        self.broker_returns = self._counters(
            "gateway_broker_returns",
            "Parcels that the broker did not confirm: its mailbox full, absent (returned), or its answer lost.",
            outcome=("full", "absent", "uncertain"),
        )
        self.mailbox_full = self._counter(
            "gateway_mailbox_full", "Times that a mailbox took no more; its rows wait in the ledger."
        )
        self.handed_over = self._counter("gateway_deliveries_handed_over", "Deliveries given to sessions and thin clients.")
        self.unwanted = self._counter("gateway_parcels_unwanted", "Parcels dropped because the ledger wants them no more.")
        self.held = self._counter(
            "gateway_deliveries_held", "Deliveries held after too many sessions left them unanswered, or for a revoked key."
        )
        self.expired = self._counter("gateway_deliveries_expired", "Deliveries that passed their expiry unread.")
        self.repaired = self._counter("gateway_deliveries_repaired", "Rows sent back to be dispatched again.")
        self.receipts = self._counters(
            "gateway_receipts", "Receipts of recipients that were recorded, repeats included.", event=_EVENT
        )
        self.answer_seconds = self._histogram(
            "gateway_answer_seconds", "From handing over to the recorded receipt; unanswered ones are not counted.", _SLOW
        )
        self.sessions = self._gauge("gateway_sessions", "Inbox sessions open in this process.")
        self.sessions_ended = self._counters("gateway_sessions_ended", "Sessions ended by the gateway, by code.", code=_CODE)

    def _machinery(self) -> None:
        self.requests = self._counters(
            "gateway_http_requests", "Answered HTTP requests; upgrades count when they end.", route=_ROUTE, status=_STATUS
        )
        self.turned_away = self._counters(
            "gateway_connections_turned_away",
            "Connections closed at once, before TLS: one too many in all, or of one address; operators' are not counted.",
            bound=("all", "source"),
        )
        self.problems = self._counters(
            "gateway_http_problems", "Requests answered with a problem, submissions included, by its code.", code=_CODE
        )
        self.request_seconds = self._histogram(
            "gateway_http_request_seconds", "Time of a request; upgrades are not counted.", _FAST
        )
        self.directory_version = self._gauge("gateway_directory_version", "Version of the directory in use.")
        self.directory_age_seconds = self._gauge(
            "gateway_directory_age_seconds", "Time since the authority's folder was last read and found good."
        )
        self.directory_expires_seconds = self._gauge(
            "gateway_directory_expires_seconds", "Time until the authority's metadata expires; below 0 homes refuse it."
        )
        self.broker_ready = self._gauge("gateway_broker_ready", "1 while the broker's line stands.")
        self.ledger_ready = self._gauge("gateway_ledger_ready", "1 while the ledger answers what these gauges are read from.")
        self.ledger_group = self._histogram(
            "gateway_ledger_group_changes", "Changes that the ledger committed together; reads are not counted.", _GROUP
        )
        self.ledger_commit_seconds = self._histogram(
            "gateway_ledger_commit_seconds", "Time of such a commit, its repeats on a new line included.", _FAST
        )
        self.loop_lag_seconds = self._histogram("gateway_loop_lag_seconds", "How late the event loop woke a sleeper.", _LAG)
        self.operations = self._counters(
            "gateway_operator_actions",
            "Signed orders of operators; `outcome` is `done`, or the code of the refusal.",
            verb=_VERB,
            outcome=_DONE_CODE,
        )
        self.suspended = self._gauge(
            "gateway_suspended_participants",
            "Participants whom an operator of this gateway suspended; the authority's suspensions are not counted.",
        )
        self.draining = self._gauge("gateway_draining", "1 while an operator's order keeps sessions away from this process.")
        self.faults = self._counters(
            "gateway_background_faults", "Rounds of a background task that failed and were retried.", task=_TASKS, code=_CODE
        )

    def _endings(self) -> None:
        self.own_key_ends_seconds = self._gauges(
            "gateway_own_key_ends_seconds",
            "Time until the last key of a use ends on this gateway's card; revoked ones are not counted.",
            use=_USE,
        )
        self.cards_ending = self._gauges(
            "gateway_cards_ending",
            "Active participants whose key card ends within 30 days, or delivery card within 7; absent ones are not counted.",
            card=("key", "delivery"),
        )
        self.card_ends_seconds = self._gauges(
            "gateway_card_ends_seconds", "Time until the first card of an active participant ends.", card=("key", "delivery")
        )
        self.metadata_ends_seconds = self._gauges(
            "gateway_metadata_ends_seconds", "Time until the directory's metadata of a role expires.", role=_ROLE
        )

    def _owed(self) -> None:
        self.waiting = self._gauges(
            "gateway_deliveries", "Rows of the ledger by state, counted every few seconds.", state=_STATE
        )
        self.oldest_waiting_seconds = self._gauge(
            "gateway_oldest_waiting_seconds", "Age of the oldest message that still waits for a recipient."
        )
        self.receipts_outstanding = self._gauges(
            "gateway_receipts_outstanding",
            "Deliveries of which the next receipt is not there: delivered, of those that wait; opened, of those in a home.",
            event=("delivered", "opened"),
        )
        self.deadlines = self._gauges(
            "gateway_deadlines",
            "Answers that recipients owe, by kind of what asks for them; of what ended unread none are counted.",
            kind=_KIND,
            pace=("due", "at-risk", "overdue"),
        )
        self.outstanding = self._gauges(
            "gateway_outstanding",
            "What holders have not answered, by kind: of system.recall, copies that reached them and are not known to be"
            " destroyed; of notice.lifecycle and system.correction, deliveries not opened. What ends at a day that its content"
            " names is not counted.",
            kind=_KIND,
        )
        self.outstanding_oldest_seconds = self._gauges(
            "gateway_outstanding_oldest_seconds", "Age of the oldest of those; 0 without one.", kind=_KIND
        )
        self.erased = self._counters(
            "gateway_messages_erased", "Messages whose metadata was erased after their retention.", kind=_KIND
        )

    def _log(self) -> None:
        self.log_size = self._gauge("gateway_log_size", "Leaves of the audit log under the newest signed checkpoint.")
        self.log_lag_leaves = self._gauge("gateway_log_lag_leaves", "Leaves that wait for their place in the audit log.")
        self.log_lag_seconds = self._gauge(
            "gateway_log_lag_seconds", "Age of the oldest leaf that no signed checkpoint covers; 0 without one."
        )
        self.log_halted = self._gauge(
            "gateway_log_halted", "1 when this process signs no checkpoint any more: the log was cut or forked."
        )

    def _vouching(self) -> None:
        self.witness_age_seconds = self._gauges(
            "gateway_witness_age_seconds",
            "Time since a witness cosigned last, or since the start; it is not asked while the log stands still.",
            witness=_WITNESS,
        )
        self.witness_forked = self._gauges(
            "gateway_witness_forked", "1 while a witness refuses the log as another one than before.", witness=_WITNESS
        )
        self.witness_answers = self._counters(
            "gateway_witness_answers",
            "Rounds with a witness, by code, `ok` for a cosignature.",
            witness=_WITNESS,
            code=_OK_CODE,
        )
        self.timestamp_age_seconds = self._gauge(
            "gateway_timestamp_age_seconds", "Age of the newest time-stamp of the log; +Inf where there is none."
        )
        self.timestamp_age_seconds.set(inf)
        self.timestamp_answers = self._counters(
            "gateway_timestamp_answers",
            "Rounds with the time-stamp service, by code; `ok` is a token that verified.",
            code=_OK_CODE,
        )

    def _relay(self) -> None:
        self.relay_taken = self._counters(
            "gateway_relay_taken",
            "Forwards of other networks by outcome.",
            outcome=("accepted", "repeated", "refused", "later", "problem"),
        )
        self.relay_refused = self._counters(
            "gateway_relay_refusals",
            "Forwards of other networks refused for good: out-of-time are dated back, log-forked of a log that has two trees.",
            code=_CODE,
        )
        self.relay_answers = self._counters(
            "gateway_relay_answers",
            "Answers of other networks by outcome; dropped are those that prove nothing.",
            outcome=("relayed", "refused", "held", "later", "dropped"),
        )
        self.relay_receipts = self._counters(
            "gateway_relay_receipts", "Receipts of other networks that were recorded, repeats included.", event=_EVENT
        )
        self.relay_outbound = self._gauges(
            "gateway_relay_outbound",
            "Rows that wait for the relay, by network; what was handed out and not answered is counted.",
            network=_NETWORK,
        )
        self.relay_oldest_seconds = self._gauges(
            "gateway_relay_oldest_seconds",
            "Age of the oldest message that waits for the relay, by network; 0 without one.",
            network=_NETWORK,
        )

    def _peers(self) -> None:
        self.peer_directory_version = self._gauges(
            "gateway_peer_directory_version", "Version of a peer's directory in use; 0 while none is at hand.", network=_NETWORK
        )
        self.peer_directory_age_seconds = self._gauges(
            "gateway_peer_directory_age_seconds",
            "Time since a peer's gateway signed the timestamp at hand, if it lives for a day; +Inf without one.",
            network=_NETWORK,
        )

    def forget_peer(self, network: str) -> None:
        """Show nothing more of a network that is no peer any more."""
        self._forget(self.peer_directory_version, network)
        self._forget(self.peer_directory_age_seconds, network)


class RelayMetrics(Process):
    """The gauges, counters and histograms of one relay or bridge process; those with labels return a cached child."""

    process: ClassVar[str] = "relay"

    def __init__(self) -> None:
        super().__init__()
        self._lanes()
        self._bridge()

    def _lanes(self) -> None:
        self.active = self._gauge("gateway_relay_active", "1 while this process has the lease of its lane.")
        self.receipts = self._counter(
            "gateway_relay_receipts_brought", "Receipts that the home gateway took; refused ones are not counted."
        )
        self.hand_over_seconds = self._histogram(
            "gateway_relay_hand_over_seconds",
            "From handing over a page of forwards to its answer; what fails is counted too.",
            _LINE,
        )
        self.forwards = self._counters(
            "gateway_relay_forwards",
            "Forwards handed over: settled, or to come again later; refused answers are not counted.",
            outcome=("settled", "later"),
        )
        self.refused_answers = self._counters(
            "gateway_relay_refused_answers",
            "Answers and receipts of the other network that the home gateway did not take.",
            code=_CODE,
        )
        self.faults = self._counters(
            "gateway_relay_faults", "Turns of a task that failed and were retried.", task=_LANES, code=_CODE
        )
        self.pause_seconds = self._gauges(
            "gateway_relay_pause_seconds", "The pause after a task's last failure; 0 while it goes well.", task=_LANES
        )
        self.published = self._counters(
            "gateway_relay_published", "Versions of a directory that were brought to a side.", side=("home", "other")
        )

    def _bridge(self) -> None:
        self.files = self._counters(
            "gateway_bridge_files", "Files written and taken; those written again are counted.", way=("in", "out"), type=_FILE
        )
        self.bad_files = self._counters("gateway_bridge_bad_files", "Files that were set aside, by code.", code=_CODE)
        self.repeated_files = self._counter("gateway_bridge_repeated_files", "Files that came once more.")
        self.missing_files = self._gauge(
            "gateway_bridge_missing_files", "Files that later ones show to be missing: lost, or overtaken."
        )
        self.unanswered_files = self._gauge("gateway_bridge_unanswered_files", "Files that the other side has not answered.")

    @staticmethod
    def known(code: str) -> str:
        """Return a code of the error tree; what another gateway made up is `internal`."""
        return code if code in CODES else "internal"
