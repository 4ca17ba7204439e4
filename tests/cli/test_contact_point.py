"""A contact point works from the command line: send, inbox, status, open."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from gateway.ids import format_id
from tests.client.examples import RESPONSE, content, path

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Gateway
    from tests.support.fake_gateway import FakeGateway

REQUEST = str(path())


async def test_send_read_and_status(gateway: Gateway, gate: FakeGateway) -> None:
    """The whole way with three commands, each with JSON for scripts."""
    assert (await gateway("inbox", name="GN-QN")).code == 0
    sent = await gateway("send", REQUEST, "--to", "GN-QN", "--json", name="NCB-QM")
    assert sent.code == 0, sent.err
    receipt = json.loads(sent.out)
    read = await gateway("inbox", "--json", name="GN-QN")
    assert read.code == 0, read.err
    [delivery] = [json.loads(line) for line in read.out.splitlines()]
    assert delivery["content"] == json.loads(content().raw)
    assert delivery["message_id"] == receipt["message_id"]
    status = await gateway("status", receipt["message_id"], "--json", name="NCB-QM")
    assert [(row["state"], row["proved"]) for row in json.loads(status.out)["recipients"]] == [("opened", True)]
    assert (await gateway("inbox", "--json", name="GN-QN")).out == ""


async def test_people_get_tables(gateway: Gateway, gate: FakeGateway) -> None:
    """Without `--json` the same commands print for a reader."""
    await gateway("inbox", name="GN-QN")
    sent = await gateway("send", str(path(RESPONSE)), "--to", "GN-QN", "--sealed-by-gateway", name="NCB-QM")
    assert "envelope_hash" in sent.out
    [(_, message_id)] = gate.messages
    read = await gateway("inbox", name="GN-QN")
    assert "NCB-QM@icn" in read.out
    assert "body." in read.out
    status = await gateway("status", format_id(message_id), name="NCB-QM")
    assert "opened" in status.out
    assert "yes" in status.out


async def test_a_message_that_waits_has_an_exit_code_of_its_own(gateway: Gateway, gate: FakeGateway) -> None:
    """Kept is 3, and the next command sends it."""
    await gateway("inbox", name="GN-QN")
    await gateway("inbox", name="NCB-QM")
    gate.down = True
    sent = await gateway("send", REQUEST, "--to", "GN-QN", "--json", name="NCB-QM")
    assert (sent.code, json.loads(sent.out)["kept"]) == (3, True)
    assert "do not send it again" in sent.err
    gate.down = False
    status = await gateway("status", json.loads(sent.out)["message_id"], "--json", name="NCB-QM")
    assert json.loads(status.out)["state"] == "accepted"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("send", REQUEST, "--to", "NCB-XA"), 1, "recipient-unknown"),
        (("send", "nothing-here.json", "--to", "GN-QN"), 1, "cannot read"),
        (("send", REQUEST), 2, "--to"),
        (("status", "no id"), 1, "not an id"),
        (("status", "0198c5a2-0000-7000-8000-000000000000"), 1, "not-found"),
        (("inbox", "--exec", "'"), 1, "--exec"),
    ],
)
async def test_what_is_wrong_is_told_with_a_hint(gateway: Gateway, arguments: tuple[str, ...], code: int, told: str) -> None:
    """The code of the error, what was seen, and what to do; nothing on standard output."""
    ran = await gateway(*arguments, name="NCB-QM")
    assert (ran.code, ran.out) == (code, "")
    assert told in ran.err
    assert "Traceback" not in ran.err


async def test_errors_are_json_for_scripts(gateway: Gateway) -> None:
    """With `--json` the error is one JSON document on standard error."""
    ran = await gateway("send", REQUEST, "--to", "NCB-XA", "--json", name="NCB-QM")
    told = json.loads(ran.err)
    assert (ran.code, told["error"]) == (1, "recipient-unknown")
    assert told["hint"]


async def test_the_passphrase_is_never_an_argument(gateway: Gateway, tmp_path: Path) -> None:
    """It comes from a systemd credential too; without any source the command says what to give."""
    await gateway("inbox", name="GN-QN")
    (tmp_path / "credentials").mkdir()
    (tmp_path / "passphrase").rename(tmp_path / "credentials" / "passphrase")
    home = str(tmp_path / "GN-QN")
    with_credential = await gateway("inbox", GATEWAY_HOME=home, CREDENTIALS_DIRECTORY=str(tmp_path / "credentials"))
    without = await gateway("inbox", GATEWAY_HOME=home)
    assert with_credential.code == 0
    assert (without.code, "--passphrase-file" in without.err) == (1, True)


async def test_a_wrong_passphrase_and_a_missing_home_are_told(gateway: Gateway, tmp_path: Path) -> None:
    """Each with its own code and hint."""
    await gateway("inbox", name="GN-QN")
    (tmp_path / "wrong").write_text("other words")
    wrong = await gateway("inbox", "--home", str(tmp_path / "GN-QN"), "--passphrase-file", str(tmp_path / "wrong"))
    missing = await gateway("inbox", "--home", str(tmp_path / "nowhere"), "--passphrase-file", str(tmp_path / "wrong"))
    assert (wrong.code, "passphrase" in wrong.err) == (1, True)
    assert (missing.code, "home-missing" in missing.err, "enrol" in missing.err) == (1, True, True)


async def test_a_program_acknowledges_by_its_exit_code(gateway: Gateway, gate: FakeGateway, tmp_path: Path) -> None:
    """JSON on its standard input; 0 acknowledges, anything else leaves it for the next call."""
    await gateway("inbox", name="GN-QN")
    await gateway("send", REQUEST, "--to", "GN-QN", name="NCB-QM")
    log = tmp_path / "read.jsonl"
    program = tmp_path / "case_system.py"
    program.write_text(
        "import json, sys\n"
        "read = json.load(sys.stdin)\n"
        f"with open({str(log)!r}, 'a') as log: log.write(json.dumps([read['number'], read['again']]) + '\\n')\n"
        "sys.exit(0 if read['again'] else 7)\n"
    )
    command = f"{sys.executable} {program}"
    first = await gateway("inbox", "--exec", command, name="GN-QN")
    assert (first.code, gate.states()) == (3, {"delivered": 1})
    second = await gateway("inbox", "--exec", command, name="GN-QN")
    assert (second.code, gate.states()) == (0, {"opened": 1})
    assert log.read_text().splitlines() == ["[1, false]", "[1, true]"]


async def test_a_program_that_hangs_is_ended(gateway: Gateway, gate: FakeGateway) -> None:
    """After its time limit it is killed, and the delivery stays."""
    await gateway("inbox", name="GN-QN")
    await gateway("send", REQUEST, "--to", "GN-QN", name="NCB-QM")
    ran = await gateway("inbox", "--exec", "sleep 60", "--time-limit", "0.2", name="GN-QN")
    assert (ran.code, "longer than" in ran.err) == (3, True)
    assert gate.states() == {"delivered": 1}


async def test_no_shell_reads_the_program(gateway: Gateway, gate: FakeGateway, tmp_path: Path) -> None:
    """What would be special to a shell is an argument like any other."""
    await gateway("inbox", name="GN-QN")
    await gateway("send", REQUEST, "--to", "GN-QN", name="NCB-QM")
    victim = tmp_path / "victim"
    ran = await gateway("inbox", "--exec", f"true ; touch {victim}", name="GN-QN")
    assert (ran.code, victim.exists()) == (0, False)


async def test_a_delivery_file_is_opened_and_nobody_is_told(gateway: Gateway, gate: FakeGateway, tmp_path: Path) -> None:
    """`open` prints what a delivery says; a damaged one is refused."""
    await gateway("inbox", name="GN-QN")
    await gateway("send", REQUEST, "--to", "GN-QN", name="NCB-QM")
    [message] = gate.messages.values()
    (tmp_path / "delivery").write_bytes(message.rows[0].delivery)
    (tmp_path / "damaged").write_bytes(message.rows[0].delivery[:-1])
    opened = await gateway("open", str(tmp_path / "delivery"), "--json", name="GN-QN")
    damaged = await gateway("open", str(tmp_path / "damaged"), name="GN-QN")
    assert json.loads(opened.out)["content"] == json.loads(content().raw)
    assert (damaged.code, damaged.out) == (1, "")
    assert gate.states() == {"accepted": 1}


async def test_a_message_may_come_on_standard_input(gateway: Gateway, gate: FakeGateway) -> None:
    """`-` reads the message file from a pipe."""
    await gateway("inbox", name="GN-QN")
    sent = await gateway("send", "-", "--to", "GN-QN", name="NCB-QM", stdin=path().read_bytes())
    assert sent.code == 0
    assert len(gate.messages) == 1
