"""
Grafana's two dashboards, operations and border, from a table of panels: `deploy/grafana/*.json`, written by `make schemas`.

A panel is a title, a unit of Grafana's, and expressions with their legends. What they ask is what the rules ask, so that an
alert and the picture beside it agree.
"""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

__all__ = ["BOARDS", "Panel", "dashboards"]

_WIDE: Final = 24
_SOURCE: Final = {"type": "prometheus", "uid": "${source}"}


class Panel(NamedTuple):
    """One picture: `kind` is timeseries, or stat for a number that is looked at now."""

    title: str
    unit: str
    asked: tuple[tuple[str, str], ...]
    kind: str = "timeseries"


_NOW: Final = (
    Panel("Gateways that answer", "none", (('sum(up{job="gateway"})', "gateways"),), "stat"),
    Panel("Ledger", "bool_on_off", (("min(gateway_ledger_ready)", "ledger"),), "stat"),
    Panel("Broker", "bool_on_off", (("min(gateway_broker_ready)", "broker"),), "stat"),
    Panel("Log halted", "bool_yes_no", (("max(gateway_log_halted)", "halted"),), "stat"),
    Panel("Oldest waiting", "s", (("gateway:oldest_waiting_seconds:max", "oldest"),), "stat"),
    Panel("Held deliveries", "none", (('gateway:deliveries:max{state="held"}', "held"),), "stat"),
    Panel("Answers overdue", "none", (('sum(max by (kind) (gateway_deadlines{pace="overdue"}))', "overdue"),), "stat"),
    Panel("Inbox sessions", "none", (("sum(gateway_sessions)", "sessions"),), "stat"),
)
_FLOW: Final = (
    Panel(
        "Messages",
        "mps",
        (
            ("gateway:accepted:rate5m", "accepted"),
            ("sum(rate(gateway_messages_sealed_total[5m]))", "sealed here"),
            ("sum(rate(gateway_deliveries_dispatched_total[5m]))", "queued"),
            ('sum(rate(gateway_receipts_total{event="delivered"}[5m]))', "delivered"),
            ('sum(rate(gateway_receipts_total{event="opened"}[5m]))', "opened"),
        ),
    ),
    Panel("Refused", "mps", (("gateway:refused_by_code:rate5m > 0", "{{code}}"),)),
    Panel("Deliveries by state", "none", (("gateway:deliveries:max", "{{state}}"),)),
    Panel("Receipts outstanding", "none", (("max by (event) (gateway_receipts_outstanding)", "{{event}}"),)),
    Panel("Answers owed", "none", (("sum by (pace) (max by (kind, pace) (gateway_deadlines))", "{{pace}}"),)),
    Panel("Oldest unanswered", "s", (("max by (kind) (gateway_outstanding_oldest_seconds)", "{{kind}}"),)),
)
_TIMES: Final = (
    Panel(
        "Times, 99 of 100",
        "s",
        (
            ("gateway:accept_seconds:p99_5m", "accepting"),
            ("gateway:ledger_commit_seconds:p99_5m", "ledger commit"),
            ("gateway:answer_seconds:p99_5m", "delivered receipt"),
        ),
    ),
    Panel("Event loop, 99 of 100", "s", (("instance:loop_lag_seconds:p99_5m", "{{instance}}"),)),
    Panel("Changes in a commit", "none", (("gateway:ledger_group_changes:mean_5m", "mean"),)),
    Panel("Broker", "ops", (("sum by (outcome) (rate(gateway_broker_returns_total[5m]))", "not confirmed: {{outcome}}"),)),
    Panel("Requests that failed here", "reqps", (("gateway:request_failures:rate5m", "5xx"),)),
    Panel("Processor time for a message", "s", (("gateway:cpu_seconds_per_accepted:mean_5m", "mean"),)),
    Panel("Memory", "bytes", (('process_resident_memory_bytes{job="gateway"}', "{{instance}}"),)),
    Panel("Disk free", "percentunit", (("gateway_disk_free_bytes / gateway_disk_size_bytes", "{{instance}} {{place}}"),)),
)
_TRUST: Final = (
    Panel("Audit log", "none", (("max(gateway_log_size)", "leaves"), ("max(gateway_log_lag_leaves)", "waiting"))),
    Panel(
        "Age of what vouches for it",
        "s",
        (
            ("min by (witness) (gateway_witness_age_seconds)", "{{witness}}"),
            ("min(gateway_timestamp_age_seconds) < Inf", "time-stamp"),
            ("max(gateway_log_lag_seconds)", "unsigned leaf"),
        ),
    ),
    Panel("Metadata ends in", "s", (("min by (role) (gateway_metadata_ends_seconds)", "{{role}}"),)),
    Panel(
        "Keys end in",
        "s",
        (
            ("min by (use) (gateway_own_key_ends_seconds)", "own {{use}}"),
            ("min by (card) (gateway_card_ends_seconds)", "first {{card}} card"),
        ),
    ),
    Panel(
        "Background faults",
        "ops",
        (("sum by (task, code) (rate(gateway_background_faults_total[5m])) > 0", "{{task}} {{code}}"),),
    ),
    Panel(
        "Operators' orders",
        "none",
        (("sum by (verb, outcome) (increase(gateway_operator_actions_total[1h]))", "{{verb}} {{outcome}}"),),
    ),
)
_BORDER: Final = (
    Panel("Relays that answer", "none", (('sum(up{job="relay"})', "relays"),), "stat"),
    Panel("Relays at work", "none", (("sum(gateway_relay_active)", "active"),), "stat"),
    Panel("Files that the bridges miss", "none", (("sum(gateway_bridge_missing_files)", "missing"),), "stat"),
    Panel("Files unanswered", "none", (("sum(gateway_bridge_unanswered_files)", "unanswered"),), "stat"),
    Panel("Waiting for the relay", "none", (("max by (network) (gateway_relay_outbound)", "{{network}}"),)),
    Panel("Oldest for the relay", "s", (("network:relay_oldest_seconds:max", "{{network}}"),)),
    Panel("Taken from other networks", "mps", (("sum by (outcome) (rate(gateway_relay_taken_total[5m]))", "{{outcome}}"),)),
    Panel("Refused for good", "mps", (("sum by (code) (rate(gateway_relay_refusals_total[5m]))", "{{code}}"),)),
    Panel("Their answers", "mps", (("sum by (outcome) (rate(gateway_relay_answers_total[5m]))", "{{outcome}}"),)),
    Panel("Their receipts", "mps", (("sum by (event) (rate(gateway_relay_receipts_total[5m]))", "{{event}}"),)),
    Panel(
        "Forwards handed over",
        "mps",
        (("sum by (instance, outcome) (rate(gateway_relay_forwards_total[5m]))", "{{instance}} {{outcome}}"),),
    ),
    Panel(
        "A page there and back, 99 of 100",
        "s",
        (("histogram_quantile(0.99, sum by (le) (rate(gateway_relay_hand_over_seconds_bucket[5m])))", "p99"),),
    ),
    Panel("Answers not taken", "mps", (("sum by (code) (rate(gateway_relay_refused_answers_total[5m]))", "{{code}}"),)),
    Panel("Pauses after a failure", "s", (("max by (instance, task) (gateway_relay_pause_seconds)", "{{instance}} {{task}}"),)),
    Panel("Age of peers' directories", "s", (("min by (network) (gateway_peer_directory_age_seconds)", "{{network}}"),)),
    Panel(
        "Bridge files",
        "none",
        (
            ("sum by (way, type) (increase(gateway_bridge_files_total[1h]))", "{{way}} {{type}}"),
            ("sum by (code) (increase(gateway_bridge_bad_files_total[1h]))", "bad: {{code}}"),
        ),
    ),
)
BOARDS: Final[dict[str, tuple[str, tuple[Panel, ...]]]] = {
    "operations": ("Gateway: operations", (*_NOW, *_FLOW, *_TIMES, *_TRUST)),
    "border": ("Gateway: relay and border", _BORDER),
}


def dashboards() -> dict[str, bytes]:
    """Return each dashboard: file name to JSON that Grafana imports."""
    return {f"{uid}.json": (json.dumps(_board(uid, *board), indent=1) + "\n").encode() for uid, board in BOARDS.items()}


def _board(uid: str, title: str, panels: tuple[Panel, ...]) -> dict[str, Any]:
    source = {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    return {
        "uid": f"gateway-{uid}",
        "title": title,
        "tags": ["gateway"],
        "schemaVersion": 39,
        "timezone": "utc",
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [source]},
        "panels": _placed(panels),
    }


def _placed(panels: tuple[Panel, ...]) -> list[dict[str, Any]]:
    """Lay panels out in rows: numbers three columns wide, pictures eight."""
    placed, x, y, height = [], 0, 0, 0
    for number, panel in enumerate(panels, 1):
        wide, high = (3, 4) if panel.kind == "stat" else (8, 8)
        if x + wide > _WIDE or high != height > 0:
            x, y = 0, y + height
        height = high
        placed.append(_panel(number, panel, {"x": x, "y": y, "w": wide, "h": high}))
        x += wide
    return placed


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    targets = [
        {"refId": chr(65 + at), "datasource": _SOURCE, "expr": expression, "legendFormat": legend}
        for at, (expression, legend) in enumerate(panel.asked)
    ]
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": targets,
    }
