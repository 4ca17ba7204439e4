"""What operators see: metrics, logs, health and the lag of the event loop."""

from __future__ import annotations

from gateway.ops.health import Health, Probe, Report
from gateway.ops.loop_lag import LoopLag
from gateway.ops.metrics import Metrics

__all__ = ["Health", "LoopLag", "Metrics", "Probe", "Report"]
