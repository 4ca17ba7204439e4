"""
All metrics of the gateway: nothing is measured that is not declared here.

Names carry base units; each help sentence says what is not counted. Labels come from closed sets (kinds of the registry,
codes of the error tree, events of receipts, witnesses of the configuration, networks of the signed directory), never from a
participant or a message.
Children with labels are looked up once and kept: `labels()` costs as much as a hash of 4 KiB.
Metrics live in a registry of their own, so that a process can run several gateways (demo, tests).
"""

from __future__ import annotations

from functools import cache
from math import inf
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from gateway.ops.histogram import LoopHistogram

__all__ = ["CONTENT_TYPE", "Metrics"]

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_SLOW: Final = (0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0, 86400.0)
_GROUP: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_LAG: Final = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0)


class Metrics:
    """
    The gauges, counters and histograms of one gateway.

    Methods that take a label return a cached child; the rest are used directly.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._submissions()
        self._deliveries()
        self._machinery()
        self._endings()
        self._owed()
        self._log()
        self._vouching()
        self._relay()
        self._peers()
        # One cache for each gateway, not for the class: children belong to this registry.
        self.accepted = cache(self._accepted.labels)
        self.refused = cache(self._refused.labels)
        self.receipts = cache(self._receipts.labels)
        self.sessions_ended = cache(self._sessions_ended.labels)
        self.requests = cache(self._requests.labels)
        self.waiting = cache(self._waiting.labels)
        self.faults = cache(self._faults.labels)
        self.operations = cache(self._operations.labels)
        self.deadlines = cache(self._deadlines.labels)
        self.outstanding = cache(self._outstanding.labels)
        self.outstanding_oldest_seconds = cache(self._outstanding_oldest_seconds.labels)
        self.erased = cache(self._erased.labels)
        self.own_key_ends_seconds = cache(self._own_key_ends_seconds.labels)
        self.cards_ending = cache(self._cards_ending.labels)
        self.metadata_ends_seconds = cache(self._metadata_ends_seconds.labels)
        self.witness_age_seconds = cache(self._witness_age_seconds.labels)
        self.witness_forked = cache(self._witness_forked.labels)
        self.witness_answers = cache(self._witness_answers.labels)
        self.timestamp_answers = cache(self._timestamp_answers.labels)
        self.relay_taken = cache(self._relay_taken.labels)
        self.relay_answers = cache(self._relay_answers.labels)
        self.relay_receipts = cache(self._relay_receipts.labels)
        self.relay_outbound = cache(self._relay_outbound.labels)
        self.relay_oldest_seconds = cache(self._relay_oldest_seconds.labels)
        self.peer_directory_version = cache(self._peer_directory_version.labels)
        self.peer_directory_age_seconds = cache(self._peer_directory_age_seconds.labels)

    def _submissions(self) -> None:
        own = self.registry
        self._accepted = Counter(
            "gateway_messages_accepted", "Messages committed to the ledger; repeats are not counted.", ["kind"], registry=own
        )
        self.repeated = Counter(
            "gateway_messages_repeated", "Submissions answered with the first receipt once more.", registry=own
        )
        self._refused = Counter(
            "gateway_refusals",
            "Submissions refused, by code of the error tree; other requests are not counted.",
            ["code"],
            registry=own,
        )
        self.accept_seconds = LoopHistogram(
            "gateway_accept_seconds",
            "From the whole body to the commit; the transfer is not counted.",
            buckets=_FAST,
            registry=own,
        )

    def _deliveries(self) -> None:
        own = self.registry
        self.dispatched = Counter(
            "gateway_deliveries_dispatched", "Parcels that the broker confirmed, repeats included.", registry=own
        )
        self.mailbox_full = Counter(
            "gateway_mailbox_full", "Times that a mailbox took no more; its rows wait in the ledger.", registry=own
        )
        self.handed_over = Counter(
            "gateway_deliveries_handed_over", "Deliveries given to sessions and thin clients.", registry=own
        )
        self.unwanted = Counter(
            "gateway_parcels_unwanted", "Parcels dropped because the ledger wants them no more.", registry=own
        )
        self.held = Counter(
            "gateway_deliveries_held", "Deliveries held after too many sessions left them unanswered.", registry=own
        )
        self.expired = Counter("gateway_deliveries_expired", "Deliveries that passed their expiry unread.", registry=own)
        self.repaired = Counter("gateway_deliveries_repaired", "Rows sent back to be dispatched again.", registry=own)
        self._receipts = Counter(
            "gateway_receipts", "Receipts of recipients that were recorded, repeats included.", ["event"], registry=own
        )
        self.answer_seconds = Histogram(
            "gateway_answer_seconds",
            "From handing over to the recorded receipt; unanswered ones are not counted.",
            buckets=_SLOW,
            registry=own,
        )
        self.sessions = Gauge("gateway_sessions", "Inbox sessions open in this process.", registry=own)
        self._sessions_ended = Counter(
            "gateway_sessions_ended", "Sessions ended by the gateway, by code.", ["code"], registry=own
        )

    def _machinery(self) -> None:
        own = self.registry
        self._requests = Counter(
            "gateway_http_requests", "Answered HTTP requests; upgrades count when they end.", ["route", "status"], registry=own
        )
        self.request_seconds = LoopHistogram(
            "gateway_http_request_seconds", "Time of a request; upgrades are not counted.", buckets=_FAST, registry=own
        )
        self._waiting = Gauge(
            "gateway_deliveries", "Rows of the ledger by state, counted every few seconds.", ["state"], registry=own
        )
        self.oldest_waiting_seconds = Gauge(
            "gateway_oldest_waiting_seconds", "Age of the oldest message that still waits for a recipient.", registry=own
        )
        self.directory_version = Gauge("gateway_directory_version", "Version of the directory in use.", registry=own)
        self.directory_age_seconds = Gauge(
            "gateway_directory_age_seconds", "Time since the authority's folder was last read and found good.", registry=own
        )
        self.directory_expires_seconds = Gauge(
            "gateway_directory_expires_seconds",
            "Time until the authority's metadata expires; below 0 homes refuse it.",
            registry=own,
        )
        self.broker_ready = Gauge("gateway_broker_ready", "1 while the broker's line stands.", registry=own)
        self.ledger_group = LoopHistogram(
            "gateway_ledger_group_changes",
            "Changes that the ledger committed together; reads are not counted.",
            buckets=_GROUP,
            registry=own,
        )
        self.loop_lag_seconds = LoopHistogram(
            "gateway_loop_lag_seconds", "How late the event loop woke a sleeper.", buckets=_LAG, registry=own
        )
        self._operations = Counter(
            "gateway_operator_actions",
            "Signed orders of operators; `outcome` is `done`, or the code of the refusal.",
            ["verb", "outcome"],
            registry=own,
        )
        self._faults = Counter(
            "gateway_background_faults",
            "Rounds of a background task that failed and were retried.",
            ["task", "code"],
            registry=own,
        )

    def _endings(self) -> None:
        own = self.registry
        self._own_key_ends_seconds = Gauge(
            "gateway_own_key_ends_seconds",
            "Time until the last key of a use ends on this gateway's card; revoked ones are not counted.",
            ["use"],
            registry=own,
        )
        self._cards_ending = Gauge(
            "gateway_cards_ending",
            "Active participants whose key card ends within 30 days, or delivery card within 7; absent ones are not counted.",
            ["card"],
            registry=own,
        )
        self._metadata_ends_seconds = Gauge(
            "gateway_metadata_ends_seconds", "Time until the directory's metadata of a role expires.", ["role"], registry=own
        )

    def _owed(self) -> None:
        own = self.registry
        self._deadlines = Gauge(
            "gateway_deadlines",
            "Answers that recipients owe, by kind of what asks for them; of what ended unread none are counted.",
            ["kind", "pace"],
            registry=own,
        )
        self._outstanding = Gauge(
            "gateway_outstanding",
            "What holders have not answered, by kind: of system.recall, copies that reached them and are not known to be"
            " destroyed; of notice.lifecycle and system.correction, deliveries not opened. What ends at a day that its content"
            " names is not counted.",
            ["kind"],
            registry=own,
        )
        self._outstanding_oldest_seconds = Gauge(
            "gateway_outstanding_oldest_seconds", "Age of the oldest of those; 0 without one.", ["kind"], registry=own
        )
        self._erased = Counter(
            "gateway_messages_erased", "Messages whose metadata was erased after their retention.", ["kind"], registry=own
        )

    def _log(self) -> None:
        own = self.registry
        self.log_size = Gauge("gateway_log_size", "Leaves of the audit log under the newest signed checkpoint.", registry=own)
        self.log_lag_leaves = Gauge(
            "gateway_log_lag_leaves", "Leaves that wait for their place in the audit log.", registry=own
        )
        self.log_lag_seconds = Gauge(
            "gateway_log_lag_seconds", "Age of the oldest leaf that no signed checkpoint covers; 0 without one.", registry=own
        )
        self.log_halted = Gauge(
            "gateway_log_halted", "1 when this process signs no checkpoint any more: the log was cut or forked.", registry=own
        )

    def _vouching(self) -> None:
        own = self.registry
        self._witness_age_seconds = Gauge(
            "gateway_witness_age_seconds",
            "Time since a witness cosigned last, or since the start; it is not asked while the log stands still.",
            ["witness"],
            registry=own,
        )
        self._witness_forked = Gauge(
            "gateway_witness_forked", "1 while a witness refuses the log as another one than before.", ["witness"], registry=own
        )
        self._witness_answers = Counter(
            "gateway_witness_answers",
            "Rounds with a witness, by code, `ok` for a cosignature.",
            ["witness", "code"],
            registry=own,
        )
        self.timestamp_age_seconds = Gauge(
            "gateway_timestamp_age_seconds", "Age of the newest time-stamp of the log; +Inf where there is none.", registry=own
        )
        self.timestamp_age_seconds.set(inf)
        self._timestamp_answers = Counter(
            "gateway_timestamp_answers",
            "Rounds with the time-stamp service, by code; `ok` is a token that verified.",
            ["code"],
            registry=own,
        )

    def _relay(self) -> None:
        own = self.registry
        self._relay_taken = Counter(
            "gateway_relay_taken",
            "Forwards of other networks by outcome: accepted, repeated, refused, later, problem.",
            ["outcome"],
            registry=own,
        )
        self._relay_answers = Counter(
            "gateway_relay_answers",
            "Answers of other networks by outcome: relayed, refused, held, later; dropped are those that prove nothing.",
            ["outcome"],
            registry=own,
        )
        self._relay_receipts = Counter(
            "gateway_relay_receipts",
            "Receipts of other networks that were recorded, repeats included.",
            ["event"],
            registry=own,
        )
        self._relay_outbound = Gauge(
            "gateway_relay_outbound",
            "Rows that wait for the relay, by network; what was handed out and not answered is counted.",
            ["network"],
            registry=own,
        )
        self._relay_oldest_seconds = Gauge(
            "gateway_relay_oldest_seconds",
            "Age of the oldest message that waits for the relay, by network; 0 without one.",
            ["network"],
            registry=own,
        )

    def _peers(self) -> None:
        own = self.registry
        self._peer_directory_version = Gauge(
            "gateway_peer_directory_version",
            "Version of a peer's directory in use; 0 while none is at hand.",
            ["network"],
            registry=own,
        )
        self._peer_directory_age_seconds = Gauge(
            "gateway_peer_directory_age_seconds",
            "Time since a peer's gateway signed the timestamp at hand, if it lives for a day; +Inf without one.",
            ["network"],
            registry=own,
        )

    def forget_peer(self, network: str) -> None:
        """Show nothing more of a network that is no peer any more."""
        for gauge, children in (
            (self._peer_directory_version, self.peer_directory_version),
            (self._peer_directory_age_seconds, self.peer_directory_age_seconds),
        ):
            children(network)  # there is something to remove
            gauge.remove(network)
            children.cache_clear()

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text form."""
        return generate_latest(self.registry)
