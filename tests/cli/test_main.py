"""The command's frame: help, version, errors, and a base install without a gateway's libraries."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest
import typer

from gateway.cli import output
from gateway.cli.main import COMMANDS, build
from gateway.errors import CODES, error_of
from gateway.message.flows import flows
from tests.cli.conftest import MAIN, ROOT, run_gateway
from tests.client.conftest import PASSPHRASE
from tests.client.examples import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Gateway
    from tests.support.fake_gateway import FakeGateway

BASE_INSTALL = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in {absent!r}:
            raise ModuleNotFoundError(f'No module named {{name!r}}', name=name)
sys.meta_path.insert(0, Absent())
sys.argv = ['gateway', *{arguments!r}]
from gateway.cli.main import main
main()
"""
SERVER = {"aiormq", "alembic", "prometheus_client", "psycopg", "sqlalchemy", "structlog", "uvloop"}


async def base_install(*arguments: str) -> tuple[int, str]:
    """Run the command as if only the base install were there."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", BASE_INSTALL.format(absent=SERVER, arguments=arguments)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode()


async def test_help_lists_every_command() -> None:
    """And ends well."""
    ran = await run_gateway("--help")
    assert ran.code == 0
    assert [name for name in COMMANDS if name not in ran.out] == []


async def test_the_version_is_told() -> None:
    """One line, for reports of trouble; two homes that print the same see the same conversations."""
    ran = await run_gateway("--version")
    assert (ran.code, ran.out) == (0, f"gateway 0.1.0 (conversations {flows().digest.hex()[:16]})\n")


async def test_an_unknown_command_is_wrong_usage() -> None:
    """Exit code 2, as everywhere."""
    assert (await run_gateway("dance")).code == 2


async def test_help_works_on_a_base_install() -> None:
    """A contact point needs none of the gateway's libraries."""
    code, told = await base_install("--help")
    assert (code, "serve" in told) == (0, True)


async def test_a_gateways_command_says_what_to_install() -> None:
    """Without its libraries `migrate` names the extra, and no traceback."""
    code, told = await base_install("migrate", "gateway.toml")
    assert (code, "gateway[server]" in told, "Traceback" in told) == (2, True, False)


async def test_the_sdk_works_on_a_base_install() -> None:
    """Importing the client asks for nothing of the gateway's."""
    code, told = await base_install("inbox", "--home", "nowhere", "--passphrase-file", "nothing")
    assert (code, "home-missing" in told) == (1, True)


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_error_has_an_exit_code(code: str) -> None:
    """Its branch decides: refused, not now, damaged."""
    assert output.exit_code(error_of(code)) in {1, 3, 4}


def test_text_of_others_cannot_act_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Escapes and reversed text are shown, in notes, errors and tables."""
    hostile = "\x1b[2Jgone\u202e"
    output.note(hostile)
    output.error(error_of("conflict", hostile), as_json=False)
    output.print_table("", ("a",), [(hostile,)])
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err
    assert "\u202e" not in shown.out + shown.err


def test_every_command_registers_itself() -> None:
    """Each file under `cli` that is a command is in the list."""
    app = build()
    named = {info.name for info in app.registered_commands} | {info.name for info in app.registered_groups}
    groups = {info.typer_instance.info.name for info in app.registered_groups if isinstance(info.typer_instance, typer.Typer)}
    assert set(COMMANDS) <= {str(name) for name in named | groups}


def test_a_command_that_is_called_waits_for_no_other() -> None:
    """Only its own parser is made."""
    app = build("send")
    assert ([info.name for info in app.registered_commands], app.registered_groups) == (["send"], [])


async def test_a_followed_inbox_ends_in_order_when_it_is_told_to(gateway: Gateway, gate: FakeGateway, tmp_path: Path) -> None:
    """SIGTERM ends it with code 0, and what it printed is acknowledged."""
    await gateway("inbox", name="GN-QN")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", MAIN, "inbox", "--follow", "--json"),
        *("--home", str(tmp_path / "GN-QN"), "--passphrase-file", str(tmp_path / "passphrase")),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    await gateway(
        "send", str(ROOT / "schemas/examples/cooperation.request/hear-a-witness.json"), "--to", "GN-QN", name="NCB-QM"
    )
    await until(lambda: gate.states() == {"opened": 1}, 15)
    process.send_signal(signal.SIGTERM)
    out, _ = await process.communicate()
    assert (process.returncode, out.count(b"\n")) == (0, 1)
    assert PASSPHRASE not in out
