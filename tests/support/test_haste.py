"""Hastened rules are the shipped ones with shorter waiting, and nothing else."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.haste import hastened
from tests.support.prometheus import SHIPPED

RULES = ("recording.yml", "alerts.yml")


def test_every_wait_is_divided_and_no_threshold() -> None:
    """A duration in a rule is shorter by the factor; a number that is compared, and a name, are as before."""
    assert hastened("expr: rate(a:rate5m[5m]) > 60\nfor: 2m", 60) == "expr: rate(a:rate5m[5000ms]) > 60\nfor: 2000ms"
    assert hastened("for: 30s", 60) == "for: 500ms"
    assert hastened("a unless a offset 15m", 60) == "a unless a offset 15000ms"


@pytest.mark.parametrize("name", RULES)
def test_of_the_shipped_rules_none_waits_as_long_as_before(name: str, tmp_path: Path) -> None:
    """Each `for:`, range and offset was found, however it is written; Prometheus reads what comes of it."""
    shipped = (SHIPPED / name).read_text()
    file = tmp_path / name
    file.write_text(hastened(shipped, 60))
    waits = re.findall(r"for: *\d|\[\d|offset +\d", shipped)
    assert len(re.findall(r"(?:for: |\[|offset )\d+ms\b", file.read_text())) == len(waits) > 0
    checked = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
