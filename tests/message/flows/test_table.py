"""The tables as data: they hold together, they know every kind, and a newer version counts from its day."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import Corrupt
from gateway.ids import Kind
from gateway.message.flows import flows
from gateway.message.flows.table import read_flows
from gateway.message.registry import KINDS
from gateway.resources import schemas_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_DAY = 86_400
_YEAR_2026 = 1_767_225_600
_WITHOUT_FLOW = {"information.report", "directory.update", "system.correction", "system.recall"}


def test_every_kind_begins_or_moves_something() -> None:
    """But for those that only tell; and no table speaks of a kind that there is not."""
    opened = {one.kind for table in flows().tables for one in table.opens}
    moved = {move.kind for table in flows().tables for move in table.moves}
    assert set(KINDS) - opened - moved == _WITHOUT_FLOW - moved
    assert opened | moved <= set(KINDS)


def test_the_row_of_a_kind_allows_as_an_answer_what_the_tables_move() -> None:
    """A move that the gateway would refuse as an answer is no move; what begins something may answer anything."""
    beginnings = {one.kind for table in flows().tables for one in table.opens}
    for table in flows().tables:
        answered = {one.kind for one in table.opens} | {move.kind for move in table.moves}
        allowed = {reply for kind in answered for reply in KINDS[Kind(kind)].replies} | beginnings
        assert {move.kind for move in table.moves} <= allowed, table.flow


def test_a_later_version_counts_for_threads_that_begin_on_its_day(tmp_path: Path) -> None:
    """A thread that began before keeps its table to the end."""
    shutil.copytree(schemas_path() / "flows", tmp_path, dirs_exist_ok=True)
    newer = json.loads((tmp_path / "meeting-1.json").read_text()) | {"version": 2, "since": "2026-01-03"}
    (tmp_path / "meeting-2.json").write_text(json.dumps(newer))
    tables = read_flows(tmp_path)
    found = [tables.opened_by("meeting.invitation", {}, _YEAR_2026 + day * _DAY) for day in (-1, 0, 2)]
    assert [one[0].version for one in found if one is not None] == [1, 1, 2]
    assert tables.digest != flows().digest


def _unknown_state(table: dict[str, Any]) -> None:
    table["moves"][0]["to"] = "nowhere"


def _unreached_state(table: dict[str, Any]) -> None:
    table["states"].append({"state": "limbo", "label": "nothing leads here"})


def _unknown_clock(table: dict[str, Any]) -> None:
    table["states"][0]["clock"] = "eternity"


def _unknown_member(table: dict[str, Any]) -> None:
    table["extra"] = 1


@pytest.mark.parametrize("breaks", [_unknown_state, _unreached_state, _unknown_clock, _unknown_member])
def test_a_table_that_does_not_hold_together_is_refused(tmp_path: Path, breaks: Callable[[dict[str, Any]], None]) -> None:
    """When it is read, and not when a message meets it."""
    shutil.copytree(schemas_path() / "flows", tmp_path, dirs_exist_ok=True)
    table = json.loads((tmp_path / "meeting-1.json").read_text())
    breaks(table)
    (tmp_path / "meeting-1.json").write_text(json.dumps(table))
    with pytest.raises(Corrupt, match=r"conversations|hold together"):
        read_flows(tmp_path)
