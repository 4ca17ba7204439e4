"""
Takes a snapshot: from the metrics, the readiness, the ledger's record, the directory and the audit log.

One look at a time. It costs a pass over the metrics and three indexed reads; what costs more is asked seldom (`record`).
"""

from __future__ import annotations

from math import isinf
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

import gateway
from gateway.dashboard.alarms import alarms_of
from gateway.dashboard.record import MAX_ROWS, Record, Recorder
from gateway.dashboard.samples import Moments, Samples
from gateway.dashboard.shown import (
    shown_deadlines,
    shown_event,
    shown_held,
    shown_late,
    shown_mailboxes,
    shown_suspended,
)
from gateway.dashboard.snapshot import AuditHead, Ending, Lane, Outstanding, Rates, Snapshot, Times, Witness
from gateway.directory.expiry import KEY_WARN_S, METADATA_WARN_S
from gateway.directory.roles import TufRole
from gateway.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.directory.view import Directory
    from gateway.exchange import Exchange, Parts
    from gateway.ops import Health

__all__ = ["Gatherer"]

_MAILBOXES: Final = 24  # that a picture can show


class Gatherer:
    """
    Takes snapshots of one gateway process.

    Args:
        parts: Of it.
        exchange: Whose sessions are open.
        health: Asks the parts.
    """

    def __init__(self, parts: Parts, exchange: Exchange, health: Health) -> None:
        self._parts = parts
        self._exchange = exchange
        self._health = health
        self._began = parts.ticks()
        self._moments = Moments()
        self._recorder = Recorder(parts.ledger, parts.clock, parts.ticks)

    def begin(self) -> None:
        """Forget what was compared with: nobody looked since."""
        self._moments = Moments()

    async def look(self) -> Snapshot:
        """Take one; what is away is shown as it was last."""
        report = await self._health.report()
        record = await self._recorder.look()
        samples = Samples(self._parts.metrics.registry)
        self._moments.add(self._parts.ticks(), samples)
        directory = self._directory()
        seen = Snapshot(
            at=int(self._parts.clock()),
            looked_at=record.at,
            gateway=self._parts.address,
            network=directory.network if directory else "",
            exercise=directory.exercise if directory else False,
            version=gateway.__version__,
            process=self._parts.process,
            up_s=int(self._parts.ticks() - self._began),
            ready=report.ready,
            parts=report.parts,
            gateways=directory.gateways() if directory else (),
            participants=len(directory.participants()) if directory else 0,
            sessions=len(self._exchange.connected),
            rates=_rates(self._moments),
            times=_times(self._moments),
            totals=_totals(samples),
            refusals={code: int(count) for code, count in samples.by("gateway_refusals_total", "code").items() if count},
            states={state.value: count for state, count in record.states.items()},
            oldest_waiting_s=self._age_s(record.oldest_waiting),
            mailboxes=shown_mailboxes(record.mailboxes, self._exchange.connected, self._now)[:_MAILBOXES],
            mailboxes_waiting=len({row.recipient for row in record.mailboxes}),
            lanes=self._lanes(record, samples, directory),
            held=[shown_held(row) for row in record.held],
            suspended=[shown_suspended(row) for row in record.suspended],
            deadlines=shown_deadlines(record.answers),
            late=[shown_late(row) for row in record.late[:MAX_ROWS]],
            outstanding=self._outstanding(record),
            audit=self._audit(record, samples),
            endings=_endings(samples),
            cards_ending={card: int(count) for card, count in samples.by("gateway_cards_ending", "card").items()},
            recent=[shown_event(row) for row in record.recent],
        )
        return replace(seen, alarms=alarms_of(seen))

    @property
    def _now(self) -> int:
        return int(self._parts.clock())

    def _age_s(self, since: int | None) -> int | None:
        return None if since is None else max(0, self._now - since)

    def _directory(self) -> Directory | None:
        try:
            return self._parts.directory.current()
        except GatewayError:  # the readiness says so
            return None

    def _lanes(self, record: Record, samples: Samples, directory: Directory | None) -> Sequence[Lane]:
        ages = samples.by("gateway_peer_directory_age_seconds", "network")
        versions = samples.by("gateway_peer_directory_version", "network")
        lanes = []
        for network in sorted(set(record.outbound) | set(directory.borders if directory else ())):
            waiting, oldest = record.outbound.get(network, (0, None))
            lane = Lane(
                network=network,
                waiting=waiting,
                oldest_s=self._age_s(oldest),
                directory_version=int(versions.get(network, 0)),
                directory_age_s=_whole(ages.get(network)),
            )
            lanes.append(lane)
        return lanes

    def _outstanding(self, record: Record) -> Sequence[Outstanding]:
        return [
            Outstanding(kind=kind, count=found.count, oldest_s=self._age_s(found.since))
            for kind, found in sorted(record.outstanding.items())
        ]

    def _audit(self, record: Record, samples: Samples) -> AuditHead:
        row = record.checkpoint
        forked = samples.by("gateway_witness_forked", "witness")
        ages = samples.by("gateway_witness_age_seconds", "witness")
        return AuditHead(
            size=row.size if row else 0,
            root=row.root.hex() if row else "",
            at=row.at if row else None,
            cosignatures=row.cosignatures.count(b"\n") if row else 0,
            lag_leaves=int(samples.total("gateway_log_lag_leaves")),
            lag_s=int(samples.total("gateway_log_lag_seconds")),
            halted=bool(self._parts.audit.halted),
            stamped_age_s=_whole(samples.total("gateway_timestamp_age_seconds")),
            witnesses=[Witness(name=name, age_s=int(age), forked=bool(forked.get(name))) for name, age in sorted(ages.items())],
        )


def _rates(moments: Moments) -> Rates:
    return Rates(
        accepted=moments.rate("gateway_messages_accepted_total"),
        refused=moments.rate("gateway_refusals_total"),
        dispatched=moments.rate("gateway_deliveries_dispatched_total"),
        handed_over=moments.rate("gateway_deliveries_handed_over_total"),
        delivered=moments.rate("gateway_receipts_total", event="delivered"),
        opened=moments.rate("gateway_receipts_total", event="opened"),
    )


def _times(moments: Moments) -> Times:
    return Times(
        accept_p50_s=moments.quantile("gateway_accept_seconds", 0.5),
        accept_p99_s=moments.quantile("gateway_accept_seconds", 0.99),
        answer_p50_s=moments.quantile("gateway_answer_seconds", 0.5),
        answer_p99_s=moments.quantile("gateway_answer_seconds", 0.99),
        loop_lag_p99_s=moments.quantile("gateway_loop_lag_seconds", 0.99),
    )


def _totals(samples: Samples) -> dict[str, int]:
    names = {"accepted": "gateway_messages_accepted", "repeated": "gateway_messages_repeated", "refused": "gateway_refusals"}
    return {word: int(samples.total(f"{name}_total")) for word, name in names.items()}


def _endings(samples: Samples) -> Sequence[Ending]:
    keys = samples.by("gateway_own_key_ends_seconds", "use")
    roles = samples.by("gateway_metadata_ends_seconds", "role")
    found = [Ending(what="key", name=use, ends_s=int(left), soon=left < KEY_WARN_S) for use, left in keys.items()]
    for role, left in roles.items():
        found.append(Ending(what="metadata", name=role, ends_s=int(left), soon=left < METADATA_WARN_S[TufRole(role)]))
    return sorted(found, key=lambda one: one.ends_s)


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None or isinf(seconds) else int(seconds)
