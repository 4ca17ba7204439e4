"""Whole exercises with simulated trainees, on a real gateway: the report is right about exactly who did what wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.exercise.room import SCENARIO
from tests.scenario.process import run

Fault = tuple[str, str, tuple[str, ...]]


def simulated(name: str, folder: Path, *options: str) -> dict[str, Any]:
    """Run a scenario with its simulated trainees, and return the report."""
    done = run("exercise", "run", name, "--folder", folder / "all", "--simulate", *options)
    assert (done.code, done.err) == (0, ""), done.out + done.err
    assert (folder / "all" / "report.html").read_bytes().startswith(b"<!DOCTYPE html>")
    report: dict[str, Any] = json.loads((folder / "all" / "report.json").read_bytes())
    assert report["simulated"]
    return report


def faults(report: dict[str, Any]) -> list[Fault]:
    """Return who did what wrong, and how."""
    return [
        (one["who"], one["expectation"], wrong) for one in report["findings"] if (wrong := wrongs(one)) or not one["faultless"]
    ]


def wrongs(one: dict[str, Any]) -> tuple[str, ...]:
    """Return every fault of a finding; how late is not compared, for it is a matter of seconds."""
    outcome = () if one["outcome"] == "met" else (one["outcome"],)
    return (*outcome, *one["over_shared"], *one["laxer"], *one["incomplete"])


def states(report: dict[str, Any], kind: str) -> list[list[str]]:
    """Return the states that messages of a kind led to, in order of acceptance."""
    return [one["states"] for one in report["messages"] if one["kind"] == kind]


@pytest.mark.slow
def test_a_request_is_played_and_scored(tmp_path: Path) -> None:
    """One of four is late, one over-shares, one forgets a field, and one does all of it well."""
    report = simulated("cooperation-request", tmp_path)
    assert faults(report) == [
        ("GN-QN", "decides", ("late",)),
        ("WCU-QO", "decides", ("GS",)),
        ("WCU-QP", "decides-after-all", ("/body/decided_by",)),
    ]
    assert [(one["who"], one["faultless"], one["expected"]) for one in report["totals"]] == [
        ("NCB-QN", 2, 2),
        ("GN-QN", 1, 2),
        ("WCU-QP", 2, 3),
        ("WCU-QO", 1, 2),
    ]
    assert states(report, "information.report") == [["acknowledged"]]
    late = next(one for one in report["findings"] if one["outcome"] == "late")
    assert late["due"] == "5d"
    assert late["done_s"] == pytest.approx(6.5 * 86_400, abs=43_200)


@pytest.mark.slow
def test_a_notice_and_a_recalled_diffusion_are_played_and_scored(tmp_path: Path) -> None:
    """Kinds that need two officers included; who opens the recall and does nothing more has done well."""
    report = simulated("notice-and-diffusion", tmp_path)
    assert faults(report) == [
        ("NCB-QM", "asks-for-a-notice", ("/body/contact",)),
        ("NCB-QP", "reports-a-sighting", ("GN-QN",)),
        ("NCB-QO", "objects", ("late",)),
    ]
    assert states(report, "notice.review") == [["objection"], ["refused"], ["refused"]]
    assert states(report, "system.recall") == [["recalled"]]
    shown = run("exercise", "report", tmp_path / "all")
    assert (shown.code, shown.out.count("over-shared with GN-QN")) == (0, 1)


def test_an_inject_that_has_nothing_to_answer_is_left_out(tmp_path: Path) -> None:
    """Trainees who do nothing are missing, and what depends on them asks for nothing; the exercise ends with its scenario."""
    follow_up = """
[[injects]]
name = "thanks"
at = "2d"
from = "NCB-QM"
to = ["NCB-QN"]
answers = "decides"
example = "information.report/sighting"

[[injects.expect]]
name = "opens-the-thanks"
who = ["NCB-QN"]
task = "open it"
by = "3d"

[simulation]
day_s = 0.5
answers = []
"""
    (tmp_path / "silent.toml").write_text(SCENARIO + follow_up)
    report = simulated(str(tmp_path / "silent.toml"), tmp_path)
    found = {one["expectation"]: one["outcome"] for one in report["findings"]}
    assert found == {"decides": "missing", "opens": "met", "keeps-quiet": "met", "opens-the-thanks": "not-asked"}
    assert [one["inject"] for one in report["messages"]] == ["request"]
    assert report["ended_s"] == 9 * 86_400
