"""What a home asked of holders, kept through an upgrade."""

from __future__ import annotations

import sqlite3

import pytest

from gateway.client.home import schema
from gateway.client.records import asked_rows
from gateway.client.records.asked_rows import Answer, Asked, Because

ID, TARGET, WHO = b"i" * 16, b"t" * 32, b"w" * 32


def test_recalls_and_answers_of_an_older_home_stay() -> None:
    """A recall that somebody had answered before the upgrade is asked and answered after it."""
    connection = sqlite3.connect(":memory:")
    with pytest.MonkeyPatch.context() as before:
        before.setattr(schema, "_STEPS", schema._STEPS[:4])
        before.setattr(schema, "FORMAT", 4)
        schema.migrate(connection)
    connection.execute("INSERT INTO sent_recall VALUES (?, ?, 'delete', 77)", (ID, TARGET))
    connection.execute("INSERT INTO destruction VALUES (?, ?, 'deleted', 55, x'00')", (TARGET, WHO))
    schema.migrate(connection)
    assert asked_rows.asked_of(connection, TARGET) == [Asked(ID, Because.RECALL, TARGET, "delete", 77)]
    found = asked_rows.answers(connection, TARGET, "destroyed")
    assert found == {WHO: Answer(TARGET, WHO, "destroyed", "deleted", 55, b"\x00")}
    connection.close()


def test_what_all_have_answered_is_looked_at_no_more() -> None:
    """One message may ask twice, for two reasons; each ends for itself."""
    connection = sqlite3.connect(":memory:")
    schema.migrate(connection)
    both = [Asked(ID, Because.CORRECTION, TARGET, None, 1), Asked(ID, Because.EXPIRY, TARGET, None, 2)]
    for one in both:
        asked_rows.note(connection, one)
        asked_rows.note(connection, one)
    asked_rows.answered(connection, both[:1])
    assert asked_rows.asked(connection, everything=False) == both[1:]
    assert asked_rows.asked(connection, everything=True) == both
    connection.close()


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_the_newer_answer_counts_whenever_it_comes(order: tuple[int, int]) -> None:
    """`opened` and `destroyed` stand side by side; of each the later one."""
    connection = sqlite3.connect(":memory:")
    schema.migrate(connection)
    for at in order:
        asked_rows.record(connection, [Answer(TARGET, WHO, "destroyed", f"reason-{at}", at, b"")])
    asked_rows.record(connection, [Answer(TARGET, WHO, "opened", None, 9, b"")])
    assert [one.reason for one in asked_rows.answers(connection, TARGET, "destroyed").values()] == ["reason-2"]
    assert [one.at for one in asked_rows.answers(connection, TARGET, "opened").values()] == [9]
    connection.close()
