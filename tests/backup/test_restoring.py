"""`gateway restore` on a new machine: what it writes, what it refuses, and that a refusal makes no ledger."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import structlog

from gateway.cli.main import build
from gateway.errors import Rejected
from tests.scenario.town import Town

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def run(*words: str | Path) -> None:
    """Run a command as `gateway` does, but let errors through."""
    build()([*map(str, words)], standalone_mode=False)


def place(file: Path, text: str) -> None:
    """Write a file as an operator must: for its owner alone."""
    file.touch(mode=0o600)
    file.write_text(text)


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """The command sets the logs of its process; here that is the process of all tests."""
    yield
    structlog.reset_defaults()


@pytest.fixture
async def backup(tmp_path: Path) -> Path:
    """A backup of a gateway that never ran; its configuration names everything beside itself."""
    town = Town(folder=tmp_path / "town")
    await town.prepare()
    config = town.folder / "gateway.toml"
    config.write_text(config.read_text().replace(town.ledger_url, "sqlite:///gateway.db"))
    run("backup", config, tmp_path / "backup")
    return tmp_path / "backup"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Where the configuration of the new machine will be; the passphrase is there, as somebody brought it."""
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "passphrase").touch(mode=0o600)
    (tmp_path / "new" / "passphrase").write_bytes((tmp_path / "town" / "passphrase").read_bytes())
    return tmp_path / "new" / "gateway.toml"


async def restored(*words: str | Path) -> None:
    """Run `gateway restore` beside this loop, since it has one of its own."""
    await asyncio.to_thread(run, "restore", *words)


async def test_a_new_machine_gets_everything_but_what_opens_it(
    backup: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Configuration, keys, root and ledger, each its owner's alone; what was lost, and what to do next, is said."""
    await restored("--without-memory", config, backup)
    found = {one.name: one.stat().st_mode & 0o777 for one in config.parent.iterdir()}
    assert found.keys() == {"gateway.toml", "gateway.keys", "root.json", "passphrase", "gateway.db", "gateway.db.lock"}
    assert set(found.values()) == {0o600}
    said = capsys.readouterr()
    assert "go on at 4294967297" in said.out
    assert "version 1000002" in said.out
    assert "gateway sent 1 4294967296" in said.err
    before = (config.parent / "gateway.db").read_bytes()
    with pytest.raises(Rejected, match="home-exists"):
        await restored("--without-memory", config, backup)
    assert (config.parent / "gateway.db").read_bytes() == before


async def test_without_the_memory_of_the_log_nothing_is_restored_by_accident(backup: Path, config: Path) -> None:
    """Nobody there knows what was signed after the backup: the operator must have asked, and say so."""
    with pytest.raises(Rejected, match="nobody here knows") as refused:
        await restored(config, backup)
    assert "Without the memory" in refused.value.hint
    assert not (config.parent / "gateway.db").exists()


@pytest.mark.parametrize("name", ["root.json", "gateway.keys"])
async def test_another_file_in_the_place_is_not_written_over(backup: Path, config: Path, name: str) -> None:
    """The place of another gateway stays as it is."""
    place(config.parent / name, "{}")
    with pytest.raises(Rejected, match="home-exists"):
        await restored("--without-memory", config, backup)
    assert (config.parent / name).read_text() == "{}"
    assert not (config.parent / "gateway.db").exists()


async def test_a_wrong_passphrase_makes_no_ledger(backup: Path, config: Path) -> None:
    """The right one makes it afterwards, over the files that are there by then."""
    place(config.parent / "other", "not this one")
    with pytest.raises(Rejected, match="passphrase"):
        await restored("--without-memory", config, backup, "--passphrase-file", config.parent / "other")
    assert not (config.parent / "gateway.db").exists()
    await restored("--without-memory", config, backup)
    assert (config.parent / "gateway.db").exists()


async def test_another_gateways_backup_is_refused(backup: Path, config: Path) -> None:
    """A configuration that is there counts, and its gateway is another one."""
    place(config, (backup / "gateway.toml").read_text().replace("@icn", "@euc"))
    with pytest.raises(Rejected, match="a backup of"):
        await restored("--without-memory", config, backup)
