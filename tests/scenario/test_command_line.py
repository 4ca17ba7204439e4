"""An operator, an authority and two contact points, from nothing to an answered request, by the command line alone."""

from __future__ import annotations

import json
import stat
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.client.examples import path
from tests.scenario.process import Ran, Served, run
from tests.support.ports import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PEOPLE = ("gateway", "officer-1", "officer-2", "NCB-QM", "GN-QN")


@dataclass
class Terminal:
    """
    A folder in which commands are typed.

    Args:
        folder: Everything lies in it.
        port: Where the gateway listens.
        operations_port: Where it shows itself to operators.
    """

    folder: Path
    port: int
    operations_port: int

    def type(self, line: str, *more: str, stdin: str = "") -> Ran:
        """Type `gateway LINE`; `@NAME` is the option with the passphrase file of somebody."""
        words = [self._word(word) for word in line.split()]
        return run(*(word for group in words for word in group), *more, cwd=self.folder, stdin=stdin)

    def told(self, line: str, *more: str) -> Any:
        """Type it with `--json`; it must work, and print one document."""
        done = self.type(line, "--json", *more)
        assert done.code == 0, done.err
        return json.loads(done.out)

    def done(self, line: str) -> Ran:
        """Type it; it must work."""
        ran = self.type(line)
        assert ran.code == 0, ran.err
        return ran

    def serve(self) -> Served:
        """Return the gateway, not yet started."""
        return Served(self.folder / "gateway.toml", self.port, self.folder / "gateway.log", fresh=True)

    @staticmethod
    def _word(word: str) -> tuple[str, ...]:
        return ("--passphrase-file", f"{word[1:]}.pass") if word.startswith("@") else (word,)


def _write_secrets(folder: Path) -> None:
    for name in PEOPLE:
        file = folder / f"{name}.pass"
        file.touch(mode=0o600)
        file.write_text(f"seven fictional words of {name}\n")


def _configure(terminal: Terminal) -> None:
    (terminal.folder / "gateway.toml").write_text(
        f"""\
address = "GW-ICN@icn"
listen = {{ port = {terminal.port} }}
operations = {{ port = {terminal.operations_port}, log_level = "warning" }}
keys = {{ file = "gw/gateway.keys", passphrase_file = "gateway.pass" }}
directory = {{ root = "authority/root.json", publication = "authority/publication", import_every_s = 0.5 }}
"""
    )


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A network that was made by typing; each command says what it made, and in what order they come."""
    terminal = Terminal(tmp_path_factory.mktemp("typed"), *free_ports(2))
    _write_secrets(terminal.folder)
    gate = terminal.told("enrol GW-ICN --as-gateway --network icn --home gw @gateway")
    network = terminal.told(
        f"network init authority --network icn --gateway-request gw/request.json --url http://127.0.0.1:{terminal.port}"
        " @officer-1 @officer-2"
    )
    assert network["fingerprint"] == gate["fingerprint"]
    for name, country in (("NCB-QM", "QM"), ("GN-QN", "QN")):
        enrolled = terminal.told(
            f"enrol {name} --invitation authority/invitation.json --home {name} --country {country} @{name}"
        )
        added = terminal.told(f"network add authority {name}/request.json --clearance confidential --yes")
        assert added == {"address": f"{name}@icn", "fingerprint": enrolled["fingerprint"]}
    terminal.done("network group authority neighbours GN-QN")
    terminal.done("network publish authority @officer-1 @officer-2")
    _configure(terminal)
    return terminal


@pytest.fixture(scope="module")
def gateway(terminal: Terminal) -> Iterator[Served]:
    """Its gateway, started as an operator does; both contact points came online once."""
    with terminal.serve() as served:
        for name in ("GN-QN", "NCB-QM"):  # who came later knows the keys of who came first
            assert terminal.type(f"inbox --home {name} @{name}").code == 0
        yield served
        assert served.stop() == 0


def test_a_request_is_sent_read_by_a_program_answered_and_proved(terminal: Terminal, gateway: Served) -> None:
    """The whole way: what the program got is what was sent, its exit code acknowledged it, and the sender holds the proof."""
    del gateway
    sent = terminal.told("send --home NCB-QM @NCB-QM --to GN-QN", str(path()))
    case_system = f'{sys.executable} -c \'import sys; open("case.json", "w").write(sys.stdin.read())\''
    assert terminal.type("inbox --home GN-QN @GN-QN --exec", case_system).code == 0
    case = json.loads((terminal.folder / "case.json").read_text())
    assert (case["message_id"], case["sender"], case["again"]) == (sent["message_id"], "NCB-QM@icn", False)
    assert case["content"] == json.loads(path().read_bytes())
    answer = json.loads(path("information.report/answer").read_bytes()) | {"in_reply_to": case["envelope_hash"]}
    (terminal.folder / "answer.json").write_text(json.dumps(answer))
    terminal.told("send answer.json --inherit --home GN-QN @GN-QN --to NCB-QM@icn")
    read = terminal.told("inbox --home NCB-QM @NCB-QM")
    assert (read["sender"], read["in_reply_to"]) == ("GN-QN@icn", sent["envelope_hash"])
    status = terminal.told(f"status {sent['message_id']} --home NCB-QM @NCB-QM")
    assert [(one["recipient"], one["state"], one["proved"]) for one in status["recipients"]] == [("GN-QN@icn", "opened", True)]
    assert terminal.type("inbox --home GN-QN @GN-QN --json").out == ""


def test_a_program_that_fails_gets_it_again(terminal: Terminal, gateway: Served) -> None:
    """Exit code 3 says that something was left; the next time it comes marked `again`."""
    del gateway
    terminal.told("send --home NCB-QM @NCB-QM --to neighbours", str(path()))
    failing = terminal.type("inbox --home GN-QN @GN-QN --exec", f"{sys.executable} -c 'raise SystemExit(1)'")
    again = terminal.told("inbox --home GN-QN @GN-QN")
    assert (failing.code, "ended with 1" in failing.err, again["again"]) == (3, True, True)


def test_a_message_waits_in_its_home_while_the_gateway_is_away(terminal: Terminal, gateway: Served) -> None:
    """Exit code 3 and `kept`; the next command sends it, once."""
    assert gateway.stop() == 0
    kept = terminal.type("send --home NCB-QM @NCB-QM --to GN-QN --json", str(path()))
    assert (kept.code, json.loads(kept.out)["kept"]) == (3, True)
    away = terminal.type("inbox --home GN-QN @GN-QN")
    gateway.start()
    status = terminal.told(f"status {json.loads(kept.out)['message_id']} --home NCB-QM @NCB-QM")
    read = terminal.told("inbox --home GN-QN @GN-QN")
    assert (away.code, status["state"], read["message_id"]) == (3, "accepted", status["message_id"])


def test_who_joins_later_is_found_without_a_restart(terminal: Terminal, gateway: Served) -> None:
    """The authority publishes again; gateway and homes take it in by themselves."""
    del gateway
    (terminal.folder / "GS.pass").write_text("seven fictional words of GS\n")
    terminal.told("enrol GS --invitation authority/invitation.json --home GS @GS")
    before = terminal.type("send --home NCB-QM @NCB-QM --to GS", str(path()))
    terminal.told("network add authority GS/request.json --yes")
    terminal.done("network publish authority @officer-1 @officer-2")
    assert any(terminal.type("inbox --home GS @GS").code == 0 for _ in range(20))
    after = terminal.type("send --home NCB-QM @NCB-QM --to GS", str(path()))
    assert (before.code, "recipient-unknown" in before.err, after.code) == (1, True, 0), after.err
    assert terminal.told("inbox --home GS @GS")["sender"] == "NCB-QM@icn"


def test_a_ledger_is_used_by_one_gateway_at_a_time(terminal: Terminal, gateway: Served) -> None:
    """A second one on the same file is refused with the code for damage, and the first goes on."""
    del gateway
    ports = free_ports(2)
    config = (terminal.folder / "gateway.toml").read_text()
    for old, new in zip((terminal.port, terminal.operations_port), ports, strict=True):
        config = config.replace(str(old), str(new))
    (terminal.folder / "second.toml").write_text(config)
    second = terminal.type("serve second.toml")
    assert (second.code, "ledger-locked" in second.err) == (3, True), second.err
    assert terminal.type("inbox --home GN-QN @GN-QN").code == 0


def test_an_operator_is_told_what_is_wrong_before_anything_listens(terminal: Terminal) -> None:
    """`check` and `serve` refuse the same things, each with a code, a hint and no traceback."""
    good = terminal.told("check gateway.toml")
    assert (good["missing"], good["config"]["address"]) == ([], "GW-ICN@icn")
    config = (terminal.folder / "gateway.toml").read_text()
    for change, code, word in (
        (config.replace("GW-ICN@icn", "GW-QX@icn"), 1, "GW-ICN@icn"),
        (config.replace("listen =", "lisen ="), 1, "lisen"),
        (config.replace("{ port =", '{ host = "0.0.0.0", port =', 1), 1, "tls_certificate"),
        (config.replace("gateway.pass", "officer-1.pass"), 1, "passphrase"),
        (config + 'ledger = { url = "postgresql://127.0.0.1:1/nothing" }\n', 3, "unavailable"),
    ):
        (terminal.folder / "other.toml").write_text(change)
        refused = terminal.type("serve other.toml")
        assert (refused.code, word in refused.err, "Traceback" in refused.err) == (code, True, False), refused.err


def test_secrets_are_for_their_owner_alone(terminal: Terminal, gateway: Served) -> None:
    """Whatever the commands made that must stay secret, nobody else on the machine can read; nor can they say it aloud."""
    del gateway
    for name in ("gw/gateway.keys", "gateway.db", "NCB-QM/identity.key"):
        assert stat.S_IMODE((terminal.folder / name).stat().st_mode) & 0o077 == 0, name
    assert stat.S_IMODE((terminal.folder / "NCB-QM").stat().st_mode) == 0o700
    wrong = terminal.type("inbox --home NCB-QM @officer-1")
    assert (wrong.code, wrong.out, "seven fictional words" in wrong.err) == (1, "", False)
    (terminal.folder / "open.pass").write_text("seven fictional words\n")
    (terminal.folder / "open.pass").chmod(0o644)
    config = (terminal.folder / "gateway.toml").read_text().replace("gateway.pass", "open.pass")
    (terminal.folder / "open.toml").write_text(config)
    refused = terminal.type("check open.toml")
    assert (refused.code, "chmod 600" in refused.err) == (1, True)
