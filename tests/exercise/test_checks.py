"""Scenario files: what is read, and what is refused with its place."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from gateway.errors import Rejected
from gateway.exercise.checks import read_scenario
from gateway.resources import schemas_path
from tests.exercise.room import SCENARIO, scenario

MANUAL = Path(__file__).resolve().parents[2] / "deploy" / "exercises.md"
SHIPPED = sorted((schemas_path() / "exercises").glob("*.toml"))
ANSWER = """
[simulation]
day_s = 1
[[simulation.answers]]
who = "NCB-QN"
at = "2d"
answers = "request"
example = "request.response/refused"
"""


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_scenarios_can_be_played(path: Path) -> None:
    """Each has trainees and simulated ones, and its network says that it is an exercise."""
    found = read_scenario(path.read_bytes())
    assert found.network.startswith("exercise-")
    assert found.simulation is not None
    assert {answer.who for answer in found.simulation.answers} == set(found.trainees)


def test_the_scenario_of_the_manual_can_be_played() -> None:
    """Whoever copies it from the page has one that works."""
    (text,) = re.findall(r"^```toml\n(.*?)^```$", MANUAL.read_text(), re.DOTALL | re.MULTILINE)
    assert read_scenario(text.encode()).trainees == ["NCB-QN"]


def test_a_scenario_may_be_json() -> None:
    """The same members in JSON are the same scenario."""
    assert read_scenario(json.dumps(tomllib.loads(SCENARIO)).encode(), is_json=True) == scenario()


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('lasts = "9d"', 'lasts = "soon"', "/lasts"),
        ('lasts = "9d"', 'lasts = "4d"', "/injects/0/expect/2/by"),
        ("trainee = true", "trainee = false", "/participants"),
        ('id = "GS"', 'id = "NCB-QM"', "/participants/1/id"),
        ('id = "GS"', 'id = "gs"', "/participants/1/id"),
        ('role = "coordination"', 'role = "cook"', "/participants/1/role"),
        ('from = "NCB-QM"', 'from = "NCB-QN"', "/injects/0/from"),
        ('from = "NCB-QM"', 'from = "NCB-QZ"', "/injects/0/from"),
        ('from = "NCB-QM"', 'from = "GS"', "/injects/0/example"),
        ('to = ["NCB-QN"]', 'to = ["NCB-QZ"]', "/injects/0/to"),
        ('to = ["NCB-QN"]', 'to = ["GS"]', "/injects/0/expect/1/who"),
        ('to = ["NCB-QN"]', 'to = ["NCB-QN"]\nanswers = "request"', "/injects/0/answers"),
        ('to = ["NCB-QN"]', 'to = ["NCB-QN"]\nrespond_by = "12h"', "/injects/0/respond_by"),
        ('to = ["NCB-QN"]', 'to = ["NCB-QN"]\ncolour = "red"', "/injects/0"),
        ('to = ["NCB-QN"]', 'to = ["NCB-QN"]\nchanges = { "/body/facts" = 7 }', "/injects/0/body/facts"),
        ('to = ["NCB-QN"]', 'to = ["NCB-QN"]\nchanges = { "/body/facts" = "$hash:nothing" }', "/injects/0"),
        ('to = ["NCB-QN"]', 'to = ["NCB-QN"]\nwithout = ["/body/nothing"]', "/injects/0/body/nothing"),
        ("hear-a-witness", "hear-nobody", "/injects/0"),
        ("cooperation.request/hear-a-witness", "../codes/rome", "/injects/0"),
        ('by = "3d"', 'by = "1d"', "/injects/0/expect/0/by"),
        ('kind = "request.response"', 'kind = "request.nothing"', "/injects/0/expect/0/kind"),
        ('kind = "request.response"', 'kind = "notice.review"', "/injects/0/expect/0/kind"),
        ('name = "opens"', 'name = "decides"', "/injects/0/expect/1/name"),
        ('who = ["NCB-QN"]', 'who = ["GS"]', "/injects/0/expect/0/who"),
        ('kind = "information.report"\nnever = true', "never = true", "/injects/0/expect/2/kind"),
    ],
)
def test_a_fault_is_refused_with_its_place(old: str, new: str, place: str) -> None:
    """Whoever writes a scenario finds the line that is wrong."""
    with pytest.raises(Rejected) as caught:
        scenario((old, new))
    assert (caught.value.code, caught.value.pointer) == ("config", place)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('who = "NCB-QN"', 'who = "GS"', "/simulation/answers/0/who"),
        ('answers = "request"', 'answers = "decides"', "/simulation/answers/0/answers"),
        ("request.response/refused", "notice.review/refused-diffusion", "/simulation/answers/0/example"),
        ("day_s = 1", "day_s = 0", "/simulation/day_s"),
    ],
)
def test_a_simulation_is_checked_too(old: str, new: str, place: str) -> None:
    """Simulated trainees are trainees, and answer what they are sent."""
    read_scenario((SCENARIO + ANSWER).encode())
    with pytest.raises(Rejected) as caught:
        read_scenario((SCENARIO + ANSWER.replace(old, new)).encode())
    assert (caught.value.code, caught.value.pointer) == ("config", place)


@pytest.mark.parametrize("data", [b"\xff", b"title = ", b"[" * 10_000])
def test_what_is_no_file_of_that_form_is_refused(data: bytes) -> None:
    """Bytes that are neither are refused, not a crash."""
    for is_json in (True, False):
        with pytest.raises(Rejected, match="cannot be read"):
            read_scenario(data, is_json=is_json)
