"""`gateway migrate`: a step of its own, safe to repeat."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gateway.cli.main import build
from gateway.errors import Unavailable
from gateway.ledger import Ledger
from gateway.ledger.tables import SCHEMA_VERSION

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: str) -> None:
    """Run the command as `gateway` does, but let errors through."""
    build()(list(arguments), standalone_mode=False)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration with the default ledger."""
    path = tmp_path / "gateway.toml"
    path.write_text('address = "GW-QX@icn"\n')
    return path


async def test_a_ledger_opens_after_its_migration(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command makes what `serve` then finds, and a second run changes nothing."""
    run("migrate", str(config))
    run("migrate", str(config), "--json")
    text, answer = capsys.readouterr().out.splitlines()
    assert text == f"the ledger has schema {SCHEMA_VERSION}"
    assert json.loads(answer) == {"schema_version": SCHEMA_VERSION}
    async with await Ledger.open(f"sqlite:///{config.parent / 'gateway.db'}", migrate=False) as ledger:
        assert (await ledger.waiting(1, 1)).messages == []


async def test_a_running_gateway_is_not_disturbed(config: Path) -> None:
    """A file that a gateway has open is not migrated under its feet."""
    async with await Ledger.open(f"sqlite:///{config.parent / 'gateway.db'}", migrate=True):
        with pytest.raises(Unavailable, match="ledger-locked"):
            run("migrate", str(config))
