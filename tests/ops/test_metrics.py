"""Metrics: declared once, named by the rules, countable for each gateway by itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gateway
from gateway.ops import Metrics
from gateway.ops.declaring import Declared
from gateway.ops.metrics import RelayMetrics


def test_what_happened_is_shown() -> None:
    """A counted event stands in the text that Prometheus reads."""
    metrics = Metrics()
    metrics.accepted("cooperation.request").inc()
    metrics.refused("expired").inc(2)
    text = metrics.render().decode()
    assert 'gateway_messages_accepted_total{kind="cooperation.request"} 1.0' in text
    assert 'gateway_refusals_total{code="expired"} 2.0' in text


def test_two_gateways_in_one_process_count_apart() -> None:
    """A demo with several gateways does not mix their counts."""
    one, two = Metrics(), Metrics()
    one.repeated.inc()
    assert "gateway_messages_repeated_total 1.0" in one.render().decode()
    assert "gateway_messages_repeated_total 0.0" in two.render().decode()


def test_a_label_is_looked_up_once() -> None:
    """The same labels give the same child, so that counting stays cheap."""
    metrics = Metrics()
    assert metrics.requests("/v1/messages", "202") is metrics.requests("/v1/messages", "202")


def test_names_carry_units_and_help_says_what_is_counted() -> None:
    """Every metric is named `gateway_...`, or by the library, has a sentence of help, and durations are in seconds."""
    for process in (Metrics(), RelayMetrics()):
        assert all(row.name.startswith(("gateway_", "process_")) and len(row.text) > 20 for row in process.rows)
        assert not [row.name for row in process.rows if row.name.endswith(("_ms", "_minutes"))]


@pytest.mark.parametrize("process", [Metrics, RelayMetrics])
def test_what_is_shown_is_what_is_declared(process: type[Declared]) -> None:
    """Nothing is scraped that is not in the operators' table, and nothing is in it that is not scraped."""
    metrics = process()
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", metrics.render().decode(), re.MULTILINE))
    shown = {(name, kind) for name, kind in types.items() if not name.endswith("_created")}
    assert shown == {(row.name, row.type) for row in metrics.rows}


def test_a_name_means_the_same_in_every_process() -> None:
    """A gateway and a relay that are scraped together share no metric but those of any process, with the same labels."""
    gateway, relay = ({row.name: row.labels for row in process.rows} for process in (Metrics(), RelayMetrics()))
    assert {name for name in gateway.keys() & relay.keys() if gateway[name] != relay[name]} == set()


def test_a_disk_that_is_gone_has_no_room(tmp_path: Path) -> None:
    """Free bytes are looked up when somebody asks, and a folder that was removed does not stop the others."""
    metrics = Metrics()
    metrics.watch_disk("ledger", tmp_path)
    metrics.watch_disk("memory", tmp_path / "gone")
    free = [metrics.registry.get_sample_value("gateway_disk_free_bytes", {"place": place}) for place in ("ledger", "memory")]
    assert free[0]
    assert free[1] == 0


def test_every_task_is_a_label() -> None:
    """The names of background tasks are a closed set: what is started is in the table."""
    (row,) = (row for row in Metrics().rows if row.name == "gateway_background_faults_total")
    source = "".join(path.read_text() for path in Path(gateway.__file__).parent.glob("[ae]*/*.py"))
    started = set(re.findall(r'(?:\bstart|_tasks\.once)\("([a-z-]+)"', source))
    assert len(started) > 5
    assert started <= set(row.labels["task"])
