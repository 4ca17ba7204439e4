"""Snapshots for tests: a calm one, and changes of it."""

from __future__ import annotations

from typing import Any

from gateway.dashboard.snapshot import AuditHead, Rates, Snapshot, Times

__all__ = ["NOW", "audit", "calm"]

NOW = 1_800_000_000
_NOTHING = {"accepted": 0.0, "refused": 0.0, "dispatched": 0.0, "handed_over": 0.0, "delivered": 0.0, "opened": 0.0}
_AT_ONCE = {"accept_p50_s": None, "accept_p99_s": None, "answer_p50_s": None, "answer_p99_s": None, "loop_lag_p99_s": 0.001}


def audit(**changes: Any) -> AuditHead:
    """Return the head of a log that is well."""
    fields = {"size": 3, "root": "5f" * 32, "at": NOW, "cosignatures": 0, "lag_leaves": 0, "lag_s": 0, "halted": False}
    return AuditHead(**{**fields, "stamped_age_s": None, "witnesses": (), **changes})


def calm(**changes: Any) -> Snapshot:
    """Return a look at a gateway where nothing is wrong."""
    fields: dict[str, Any] = {
        "at": NOW,
        "looked_at": NOW,
        "gateway": "GW-ICN@icn",
        "network": "icn",
        "exercise": False,
        "version": "0.1.0",
        "process": "here:1",
        "up_s": 60,
        "ready": True,
        "parts": dict.fromkeys(("ledger", "directory", "authority", "broker", "log"), "ok"),
        "gateways": ("GW-ICN@icn",),
        "participants": 2,
        "sessions": 0,
        "rates": Rates(**_NOTHING),
        "times": Times(**_AT_ONCE),
        "totals": {"accepted": 0, "repeated": 0, "refused": 0},
        "refusals": {},
        "states": {"accepted": 0},
        "oldest_waiting_s": None,
        "mailboxes_waiting": 0,
        "audit": audit(),
        "cards_ending": {"key": 0, "delivery": 0},
    }
    empty = ("mailboxes", "lanes", "held", "suspended", "deadlines", "late", "outstanding", "endings", "recent")
    return Snapshot(**{**fields, **dict.fromkeys(empty, ()), **changes})
