"""Rules, dashboards and their runbook: what they name exists, parses, fires and clears."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from gateway.ops.declaring import Row, Values
from tests.support.grafana import BOARDS, dashboards
from tests.support.metrics_page import PROCESSES, allowed, page

DEPLOY: Final = Path(__file__).resolve().parents[2] / "deploy"
RULES: Final = ("recording.yml", "alerts.yml")
OURS: Final = re.compile(r"\b((?:gateway|process|instance|network)[_:][a-z0-9_:]+)(?:\{([^}]*)\})?")
MATCHER: Final = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
GIVEN: Final = {"job": {"gateway", "relay"}, "instance": None}  # by Prometheus


def rules(name: str) -> list[dict[str, Any]]:
    """Return the rules of a file."""
    return [rule for group in read(name)["groups"] for rule in group["rules"]]


def read(name: str) -> Any:
    """Return what a YAML file says."""
    return msgspec.yaml.decode((DEPLOY / "prometheus" / name).read_bytes())


ALERTS: Final = [rule for rule in rules("alerts.yml") if "alert" in rule]
RECORDED: Final = {rule["record"]: rule["expr"] for rule in rules("recording.yml")}
SHOWN: Final = [expression for _, panels in BOARDS.values() for panel in panels for expression, _ in panel.asked]
ASKED: Final = [*RECORDED.values(), *(rule["expr"] for rule in ALERTS), *SHOWN]


def scraped() -> dict[str, list[Row]]:
    """Return the declared metrics by the names under which they are asked for."""
    found: dict[str, list[Row]] = {}
    for process in PROCESSES:
        for row in process().rows:
            endings = ("_bucket", "_sum", "_count") if row.type == "histogram" else ("",)
            for ending in endings:
                found.setdefault(row.name + ending, []).append(row)
    return found


def promtool(*arguments: str | Path) -> str:
    """Run promtool; its output, or the failure of the test."""
    ran = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def holds(values: Values, wanted: str) -> bool:
    """Say whether every alternative of a matcher is in the closed set of its label."""
    known = allowed(values)
    return known is None or all(any(re.fullmatch(one, value) for value in known) for one in wanted.split("|"))


def odd(expression: str) -> list[str]:
    """Return what an expression names that nobody shows: metrics, labels, values."""
    metrics, found = scraped(), []
    for name, matchers in OURS.findall(expression):
        if name in RECORDED:
            continue
        if name not in metrics:
            found.append(name)
        for label, wanted in MATCHER.findall(matchers) if name in metrics else ():
            if label not in GIVEN and not any(
                label in row.labels and holds(row.labels[label], wanted) for row in metrics[name]
            ):
                found.append(f"{name}{{{label}={wanted}}}")
    return found


@pytest.mark.parametrize("expression", ASKED)
def test_what_an_expression_names_is_shown(expression: str) -> None:
    """A metric that was renamed, or a code that never was, would make a rule that never fires."""
    assert odd(expression) == []


def test_a_wrong_name_is_found() -> None:
    """The test above finds what it is there to find."""
    assert odd('rate(gateway_refusals_total{code="no-such"}[5m]) + gateway_nothing') == [
        "gateway_refusals_total{code=no-such}",
        "gateway_nothing",
    ]
    assert odd('gateway_deliveries{nation="QM"}') == ["gateway_deliveries{nation=QM}"]


def test_every_alert_has_a_severity_a_summary_and_a_paragraph() -> None:
    """Whoever is called finds what it means, what to look at and what to do."""
    text = (DEPLOY / "alerts.md").read_text()
    paragraphs = dict(re.findall(r"^### (\w+)\n(.+?)(?=\n#|\Z)", text, re.MULTILINE | re.DOTALL))
    assert list(paragraphs) == [rule["alert"] for rule in ALERTS]
    for rule in ALERTS:
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert len(rule["annotations"]["summary"]) > 20
        assert rule["annotations"]["runbook"] == f"deploy/alerts.md#{rule['alert'].lower()}"
        assert len(paragraphs[rule["alert"]]) > 100


def test_the_runbook_names_commands_that_exist() -> None:
    """A command that is copied from the runbook at night is one of the project's."""
    from gateway.cli.main import COMMANDS  # noqa: PLC0415  # the command line is no part of operations

    commands = re.findall(r"`(?:sudo )?gateway ([a-z-]+)", (DEPLOY / "alerts.md").read_text())
    assert len(commands) > 10
    assert set(commands) <= set(COMMANDS)


def test_promtool_takes_configuration_and_rules() -> None:
    """What is shipped is what Prometheus reads."""
    assert "SUCCESS" in promtool("check", "config", DEPLOY / "prometheus/prometheus.yml")
    assert "SUCCESS" in promtool("check", "rules", *(DEPLOY / "prometheus" / name for name in RULES))


def test_promtool_finds_nothing_odd_in_what_is_scraped() -> None:
    """Names, units and help follow Prometheus' own rules."""
    for process in PROCESSES:
        told = subprocess.run(["promtool", "check", "metrics"], input=process().render(), capture_output=True, check=False)
        assert (told.returncode, told.stderr) == (0, b"")


def test_alerts_fire_and_clear() -> None:
    """Given what Prometheus would have scraped, alerts come when they should and go when it is over."""
    assert "SUCCESS" in promtool("test", "rules", *Path(__file__).parent.glob("alerts*_test.yml"))


def test_dashboards_are_current_and_ask_what_prometheus_understands(tmp_path: Path) -> None:
    """The files are what the table of panels says, and every expression of them parses."""
    for name, data in dashboards().items():
        assert (DEPLOY / "grafana" / name).read_bytes() == data
        assert len({panel["id"] for panel in json.loads(data)["panels"]}) == len(json.loads(data)["panels"])
    asked = [{"record": f"shown:{number}", "expr": expression} for number, expression in enumerate(SHOWN)]
    (tmp_path / "shown.yml").write_text(json.dumps({"groups": [{"name": "shown", "rules": asked}]}))
    assert "SUCCESS" in promtool("check", "rules", tmp_path / "shown.yml")


def test_the_table_for_operators_is_current() -> None:
    """`deploy/metrics.md` says what is declared; `make schemas` writes it."""
    assert (DEPLOY / "metrics.md").read_bytes() == page()
