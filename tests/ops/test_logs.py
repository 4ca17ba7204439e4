"""Logs: one JSON line, allow-listed keys, no secrets."""

from __future__ import annotations

import ast
import asyncio
import io
import json
import logging
import os
import re
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

import gateway
from gateway.errors import Rejected
from gateway.ops import logs


class Lines:
    """Where the lines go, and what they say."""

    def __init__(self) -> None:
        self.file = io.BytesIO()

    def all(self) -> list[dict[str, Any]]:
        """Return the lines, decoded."""
        return [json.loads(line) for line in self.file.getvalue().splitlines()]


@pytest.fixture
def lines() -> Lines:
    """Logs of this process, into memory."""
    found = Lines()
    logs.configure("info", found.file)
    return found


def test_a_line_says_what_when_and_how_grave(lines: Lines) -> None:
    """Each line is one JSON object with event, time and level."""
    logs.logger().info("accepted", number=7, message_id="id")
    (line,) = lines.all()
    assert (line["event"], line["level"], line["number"], line["message_id"]) == ("accepted", "info", 7, "id")
    assert line["at"] > 1_700_000_000


def test_what_is_not_on_the_list_is_dropped(lines: Lines) -> None:
    """A key that nobody allowed never reaches a line, whatever it holds."""
    logs.logger().warning("request", status=202, passphrase="hush", content=b"hush", token="hush")
    assert b"hush" not in lines.file.getvalue()
    assert lines.all()[0]["status"] == 202


def test_lines_below_the_level_are_not_written(lines: Lines) -> None:
    """Debugging lines cost nothing in operation."""
    logs.logger().debug("request", status=1)
    assert lines.all() == []


def test_a_traceback_names_places_and_no_values(lines: Lines) -> None:
    """A bug is logged with files and lines, without local variables and without the text of a foreign error."""
    secret = "hush-hush"
    try:
        int(secret)
    except ValueError:
        logs.logger().exception("task-failed", task="dispatch")
    (line,) = lines.all()
    assert b"hush" not in lines.file.getvalue()
    assert line["exception"][0]["type"] == "ValueError"
    assert "test_logs.py" in line["exception"][0]["where"][-1]
    assert line["level"] == "error"


def test_our_own_errors_keep_their_text(lines: Lines) -> None:
    """Errors of the tree say what they say, and their causes follow."""
    try:
        try:
            {"a": 1}["hush"]
        except KeyError as exc:
            raise Rejected("limit 3, seen 4", code="too-large") from exc
    except Rejected as exc:
        logs.logger().error("task-waits", exc_info=exc)
    first, second = lines.all()[0]["exception"]
    assert first["text"] == "too-large: limit 3, seen 4"
    assert (second["type"], second["text"]) == ("KeyError", "")


async def test_lines_of_one_turn_are_written_together(lines: Lines) -> None:
    """A group of accepted messages is one write; an error is not waited for."""
    log = logs.logger()
    log.info("accepted", number=1)
    log.info("accepted", number=2)
    assert lines.all() == []
    await asyncio.sleep(0)
    assert [line["number"] for line in lines.all()] == [1, 2]
    log.info("accepted", number=3)
    log.error("held", number=4)
    assert [line["number"] for line in lines.all()] == [1, 2, 3, 4]


def test_every_line_of_the_gateway_uses_listed_keys() -> None:
    """No line loses what it was to tell: a key that is not on the list would be dropped without a word."""
    used: dict[str, str] = {}
    for path in Path(gateway.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and re.fullmatch(r"(self\.)?(_?log|logger\(\))\.[a-z]+", ast.unparse(node.func)):
                used |= {one.arg: str(path) for one in node.keywords if one.arg}
    assert len(used) > 10
    assert {name: path for name, path in used.items() if name not in logs.KEYS | {"exc_info"}} == {}


def test_a_library_that_complains_is_a_line_without_its_words(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    """What libraries write into their logs may quote what was sent: their name, the place and the error are told."""
    monkeypatch.setattr(logging.root, "handlers", [])
    logs.adopt_libraries()
    logging.getLogger("some.library").error("cannot read %s", "hush", exc_info=ValueError("hush"))
    logging.getLogger("some.library").info("hush")
    (line,) = lines.all()
    assert b"hush" not in lines.file.getvalue()
    assert (line["event"], line["level"], line["task"]) == ("library", "error", "some.library")
    assert line["exception"][0]["type"] == "ValueError"


def test_on_a_terminal_lines_are_for_people(lines: Lines) -> None:
    """The same keys, in words; what strangers sent cannot move the cursor, and an error names its places alone."""
    logs.configure("info", lines.file, console=True)
    logs.logger().warning("request", status=202, detail="\x1b[2J two\u202ewords", token="hush")
    try:
        int("hush")
    except ValueError:
        logs.logger().exception("task-failed", task="dispatch")
    first, second, *rest = lines.file.getvalue().decode("ascii").splitlines()
    assert re.fullmatch(r'\d\d:\d\d:\d\d warning request status=202 detail="\\u001b\[2J two\\u202ewords"', first)
    assert second.endswith("error   task-failed task=dispatch")
    assert "test_logs.py" in rest[-1]
    assert "hush" not in lines.file.getvalue().decode()


def test_a_terminal_is_recognised() -> None:
    """Whoever starts a gateway by hand reads words; a service manager gets JSON."""
    ours, theirs = os.openpty()
    with open(theirs, "wb", buffering=0) as terminal:  # noqa: PTH123  a number is no path
        logs.configure("info", cast("BinaryIO", terminal))
        logs.logger().info("serving", port=1)
        assert os.read(ours, 100).endswith(b"info    serving port=1\r\n")
    os.close(ours)


@pytest.mark.parametrize(
    ("room", "events"),
    [
        ("api/service.py", {"request"}),
        ("exchange/submit.py", {"accepted"}),
        ("exchange/acknowledge.py", {"receipt"}),
        ("exchange/relayed.py", {"relayed-refused"}),
        ("relay/lane.py", {"forwards"}),
        ("exchange/operate.py", {"operation"}),
    ],
)
def test_everything_that_happens_has_its_line(room: str, events: set[str]) -> None:
    """A request, a submission, a receipt, a hop of a relay and an operator's order: each is told where it is done."""
    source = (Path(gateway.__file__).parent / room).read_text()
    assert events <= set(re.findall(r'(?:_log\.\w+|tell)\(\s*"([a-z-]+)"', source))
