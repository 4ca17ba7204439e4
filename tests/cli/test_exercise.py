"""`gateway exercise`: what is shipped, what is refused, and a trainee at the ordinary commands."""

from __future__ import annotations

import json
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gateway.resources import schemas_path
from tests.exercise.room import SCENARIO
from tests.scenario.process import GATEWAY, environment, run

if TYPE_CHECKING:
    from collections.abc import Iterator

DECIDED = schemas_path() / "examples" / "request.response" / "accepted-in-part.json"


@contextmanager
def running(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Run the small scenario in a process of its own, without simulated trainees; it is gone at the end."""
    (folder / "small.toml").write_text(SCENARIO.replace('at = "1d"', 'at = "0d"'))
    words = (*GATEWAY, "exercise", "run", str(folder / "small.toml"), "--folder", str(folder / "all"), *options)
    process = subprocess.Popen(words, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said_until(process: subprocess.Popen[str], words: str) -> str:
    """Read what the exercise says until it says some words."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(said)


def test_the_shipped_scenarios_are_listed() -> None:
    """By the name that `run` takes, with who is trained."""
    shown = run("exercise", "list", "--json")
    assert shown.code == 0
    listed = {one["name"]: one["trainees"] for one in json.loads(shown.out)}
    assert listed["notice-and-diffusion"] == ["NCB-QM", "NCB-QO", "NCB-QP"]
    assert set(listed) == {path.stem for path in (schemas_path() / "exercises").glob("*.toml")}


def test_what_cannot_be_run_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    """A file that is not there, a fault in one, one without simulated trainees, and a folder with something in it."""
    small, wrong = tmp_path / "small.toml", tmp_path / "wrong.toml"
    small.write_text(SCENARIO)
    wrong.write_text(SCENARIO.replace('by = "3d"', 'by = "never"'))
    folder = ("--folder", tmp_path / "all")
    refused = [
        run("exercise", "run", "no-such-scenario", *folder),
        run("exercise", "run", wrong, *folder),
        run("exercise", "run", small, *folder, "--simulate"),
        run("exercise", "run", small, "--folder", tmp_path),
    ]
    assert [(one.code, one.out) for one in refused] == [(1, "")] * 4
    for one, told in zip(refused, ("cannot read", "/injects/0/expect/0/by", "/simulation", "home-exists"), strict=True):
        assert told in one.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.toml", "wrong.toml"]


def answered(home: Path, secret: Path) -> None:
    """Read the request and decide on it, as a trainee who types commands."""
    place = ("--home", home, "--passphrase-file", secret)
    read = run("inbox", "--json", *place)
    asked: dict[str, Any] = json.loads(read.out)
    answer: dict[str, Any] = json.loads(DECIDED.read_bytes())
    answer["body"] |= {"request_ref": asked["envelope_hash"], "state": "accepted"}
    words = ("send", "-", "--to", "NCB-QM", "--in-reply-to", asked["envelope_hash"], "--inherit", "--json", *place)
    sent = run(*words, stdin=json.dumps(answer))
    assert sent.code == 0, sent.err
    assert json.loads(sent.out)["conversation_id"] == asked["conversation_id"]
    assert json.loads(run("directory", "--json", *place).out)["exercise"] is True


@pytest.mark.slow
def test_a_trainee_answers_with_the_ordinary_commands(tmp_path: Path) -> None:
    """What is typed in another terminal is scored while the exercise runs; Ctrl-C ends it with a report."""
    with running(tmp_path, "--scale", "60", "--begins-in", "0") as process:
        said = said_until(process, "request: NCB-QM to NCB-QN")
        assert f"export GATEWAY_HOME={tmp_path}/all/homes/NCB-QN" in said
        answered(tmp_path / "all" / "homes" / "NCB-QN", tmp_path / "all" / "gateway" / "passphrase")
        said_until(process, "decide: met")
        shown = run("exercise", "report", tmp_path / "all", "--json")
        process.send_signal(signal.SIGINT)
        assert "the exercise ended" in said_until(process, "report.html")
        assert process.wait(30) == 130
    found = {one["expectation"]: one for one in json.loads(shown.out)["findings"]}
    assert (found["decides"]["faultless"], found["keeps-quiet"]["outcome"]) == (True, "open")
    assert json.loads((tmp_path / "all" / "report.json").read_bytes())["messages"][1]["states"] == ["accepted"]
