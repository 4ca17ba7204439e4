"""Metrics: declared once, named by the rules, countable for each gateway by itself."""

from __future__ import annotations

import re

from gateway.ops import Metrics


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
    """Every metric is named `gateway_...`, has a sentence of help, and durations are in seconds."""
    text = Metrics().render().decode()
    helps = dict(re.findall(r"^# HELP (\S+) (.*)$", text, re.MULTILINE))
    assert len(helps) > 20
    assert all(name.startswith("gateway_") and len(sentence) > 20 for name, sentence in helps.items())
    assert not [name for name in helps if name.endswith(("_ms", "_minutes"))]
