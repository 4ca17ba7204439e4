"""`gateway recall`, `gateway outstanding`, `gateway retention`: what a person types, and what the home answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.resources import schemas_path

if TYPE_CHECKING:
    from tests.cli.conftest import Gateway

EXAMPLE = schemas_path() / "examples" / "cooperation.request" / "hear-a-witness.json"


@pytest.fixture
async def message_id(gateway: Gateway) -> str:
    """Send the example, and let its recipient read it."""
    for name in ("GN-QN", "NCB-QM"):
        assert (await gateway("inbox", name=name)).code == 0
    ran = await gateway("send", str(EXAMPLE), "--to", "GN-QN", "--json", name="NCB-QM")
    assert (await gateway("inbox", name="GN-QN")).code == 0
    return str(msgspec.json.decode(ran.out)["message_id"])


async def test_a_message_is_recalled_and_its_author_sees_who_obeyed(gateway: Gateway, message_id: str) -> None:
    """Outstanding until the holder's software has deleted it; then `status` says so, and nobody is outstanding."""
    ran = await gateway("recall", message_id, "--reason", "wrong person", "--delete", name="NCB-QM")
    assert (ran.code, "accepted for" in ran.out) == (0, True)
    waiting = await gateway("outstanding", "--json", name="NCB-QM")
    assert [one["waiting"] for one in msgspec.json.decode(waiting.out)] == [["GN-QN@icn"]]
    shown = await gateway("outstanding", name="NCB-QM")
    assert "none yet" in shown.out
    read = await gateway("inbox", "--json", name="GN-QN")
    assert msgspec.json.decode(read.out)["recall"] == "deleted"
    told = await gateway("outstanding", name="NCB-QM")
    assert (told.out, told.err) == ("", "everybody has answered\n")
    status = await gateway("status", message_id, name="NCB-QM")
    assert "deleted 20" in status.out
    everything = await gateway("outstanding", "--all", name="NCB-QM")
    assert "deleted" in everything.out


async def test_what_is_no_message_is_refused(gateway: Gateway, message_id: str) -> None:
    """A slip of the pen recalls nothing, and holds nothing."""
    assert (await gateway("recall", "nonsense", "--reason", "x", name="NCB-QM")).code == 1
    assert (await gateway("recall", message_id, "--reason", "x", name="GN-QN")).code == 1  # it is another's
    assert (await gateway("retention", "hold", "--reason", "x", name="GN-QN")).code == 1


async def test_review_questions_are_answered(gateway: Gateway, message_id: str) -> None:
    """Listed, extended, held, released, and each in the log with its reason; nothing is due, so nothing is deleted."""
    listed = msgspec.json.decode((await gateway("retention", "list", "--all", "--json", name="GN-QN")).out)
    assert [one["message_id"] for one in listed] == [message_id]
    year, rest = int(listed[0]["review_on"][:4]), listed[0]["review_on"][4:]
    until = f"{year + 1}{rest if rest != '-02-29' else '-02-28'}"
    for arguments in (
        ("extend", message_id, "--until", until, "--reason", "the trial goes on"),
        ("hold", message_id, "--reason", "a court's order"),
        ("release", message_id, "--reason", "the order was lifted"),
        ("hold", "--conversation", listed[0]["conversation_id"], "--reason", "an appeal"),
    ):
        ran = await gateway("retention", *arguments, name="GN-QN")
        assert (ran.code, ran.out) == (0, ""), ran.err
    ran = await gateway("retention", "run", "--json", name="GN-QN")
    assert msgspec.json.decode(ran.out) == []
    log = msgspec.json.decode((await gateway("retention", "log", "--json", name="GN-QN")).out)
    assert [one["what"] for one in log] == ["extended", "held", "released", "held"]
    assert (await gateway("retention", "list", name="GN-QN")).err == "nothing comes to its review date\n"
    shown = await gateway("retention", "list", "--all", name="GN-QN")
    assert "held: release it?" in shown.out
