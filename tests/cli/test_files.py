"""Writing, checking and exchanging message files on the command line, without a home."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import run_gateway
from tests.message.validators import example_files

SIGHTING_FILE = next(path for path in example_files() if path.stem == "sighting")
SIGHTING = str(SIGHTING_FILE)
UNREAD = json.dumps({**json.loads(SIGHTING_FILE.read_bytes()), "urgancy": "flash"}).encode()
NOTICE = str(Path(__file__).resolve().parents[1] / "interop" / "public-notice.json")
FAULTY = b'{\n "kind": "information.report",\n "urgency": "\\u001b[31mflush",\n "handling": {"tlp": "green"}\n}\n'


async def test_a_file_without_fault_is_told_so() -> None:
    """The exit code is 0, and nothing stands on standard output."""
    ran = await run_gateway("validate", SIGHTING)
    assert (ran.code, ran.out, ran.err) == (0, "", "no fault\n")


async def test_every_fault_is_told_with_line_rule_and_remedy() -> None:
    """A person sees where, what is wanted, how to mend it, and what stands there, made visible."""
    ran = await run_gateway("validate", "-", stdin=FAULTY)
    assert ran.code == 1
    assert "line 3  /urgency  [content-schema]" in ran.out.replace("    ", "  ")
    assert "one of flash, normal, routine, urgent" in ran.out
    assert "choose one of them" in ran.out
    assert '"\\u001b[31mflush"' in ran.out
    assert "\x1b" not in ran.out
    assert "/handling/confidentiality" in ran.out
    assert "/body" in ran.out
    assert "4 faults" in ran.err
    assert "rules between fields come after the schema" in ran.err


async def test_scripts_get_faults_without_values() -> None:
    """JSON has code, pointer, rule, remedy and line of each fault, and no word of the file."""
    ran = await run_gateway("validate", "-", "--json", stdin=FAULTY)
    told = json.loads(ran.out)
    assert [one["pointer"] for one in told["faults"]] == ["/purpose", "/body", "/urgency", "/handling/confidentiality"]
    assert {one["line"] for one in told["faults"]} == {1, 3, 4}
    assert "flush" not in ran.out


async def test_unread_members_can_be_meant() -> None:
    """A member that nobody reads is a fault, unless the author says that it is meant."""
    assert (await run_gateway("validate", "-", stdin=UNREAD)).code == 1
    assert (await run_gateway("validate", "-", "--allow-unread", stdin=UNREAD)).code == 0


async def test_a_new_file_says_what_to_edit(tmp_path: Path) -> None:
    """The file is whole, the lists stand on standard error, and an older file is not overwritten."""
    out = tmp_path / "new.json"
    ran = await run_gateway("new", "cooperation.request", "--choose", "/urgency=urgent", "--out", str(out))
    assert (ran.code, ran.out) == (0, "")
    assert json.loads(out.read_bytes())["urgency"] == "urgent"
    assert "write: /body/requesting_authority/name" in ran.err
    assert "optional: " in ran.err
    assert (await run_gateway("validate", str(out))).code == 0
    again = await run_gateway("new", "cooperation.request", "--out", str(out))
    assert (again.code, "cannot write" in again.err) == (1, True)


@pytest.mark.parametrize(
    "words",
    [("cooperation.reqest",), ("cooperation.request", "--choose", "urgency"), ("cooperation.request", "--choose", "/x=1")],
)
async def test_a_wish_that_cannot_be_is_refused(words: tuple[str, ...]) -> None:
    """An unknown kind is answered with the kinds there are, a wrong choice with its place."""
    ran = await run_gateway("new", *words)
    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert ran.err.startswith("error: ")


async def test_an_export_tells_what_is_lost() -> None:
    """The bundle stands alone on standard output; losses stand on standard error."""
    ran = await run_gateway("export", SIGHTING, "--to", "stix")
    assert ran.code == 0
    assert json.loads(ran.out)["type"] == "bundle"
    assert "lost: /urgency" in ran.err
    other = next(str(path) for path in example_files() if path.parent.name == "request.response")
    refused = await run_gateway("export", other, "--to", "stix")
    assert (refused.code, "kind-not-accepted" in refused.err) == (1, True)


async def test_what_went_out_comes_in_as_a_draft(tmp_path: Path) -> None:
    """A bundle is imported into a message file that validates."""
    out, draft = tmp_path / "bundle.json", tmp_path / "draft.json"
    assert (await run_gateway("export", SIGHTING, "--to", "stix", "--out", str(out))).code == 0
    ran = await run_gateway("import", str(out), "--from", "stix", "--out", str(draft))
    assert ran.code == 0
    assert (await run_gateway("validate", str(draft))).code == 0


async def test_a_public_notice_comes_in_as_a_lead() -> None:
    """What did not fit is told, value by value, and the draft is on standard output."""
    ran = await run_gateway("import", NOTICE, "--from", "interpol-json")
    assert ran.code == 0
    assert json.loads(ran.out)["handling"]["tlp"] == "clear"
    assert "note: nationalities/1: not a country of ISO 3166-1; kept in ext" in ran.err


async def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    """A missing file and one that is too large are refusals and no failures."""
    for command in (("validate",), ("export", "--to", "stix"), ("import", "--from", "stix")):
        ran = await run_gateway(command[0], str(tmp_path / "absent.json"), *command[1:])
        assert (ran.code, "cannot read" in ran.err) == (1, True)
    large = await run_gateway("import", "-", "--from", "stix", stdin=b" " * (9 << 20))
    assert (large.code, "too-large" in large.err) == (1, True)
