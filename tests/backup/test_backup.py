"""Backups over both databases: what is in one, what is proved of it, and what a restore makes of it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.audit.memory import Memory
from gateway.backup import make_backup, verify_backup
from gateway.backup.files import places
from gateway.backup.manifest import hash_parts
from gateway.backup.refill import NUMBERS, refill
from gateway.config import Config, load
from gateway.config.sections import ListenConfig, OperationsConfig
from gateway.envelope import LogView
from gateway.errors import Corrupt, GatewayError, Rejected
from gateway.ledger import Ledger, migrate
from tests.audit.backups import save
from tests.audit.given import ORIGIN, fill, log_over
from tests.ledger.samples import QM, accept, sample
from tests.ledger.test_migrating import at_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.postgres import Cluster

SECRET = "fictional passphrase"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    """A place for a ledger in each of the databases."""
    found: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty place in each of the databases."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    cluster: Cluster = request.getfixturevalue("postgres_cluster")
    cluster.execute("CREATE DATABASE refilled TEMPLATE template0")
    yield cluster.url("refilled")
    cluster.drop("refilled")


@pytest.fixture
def path(tmp_path: Path, url: str) -> Path:
    """The configuration of an installation, with all that it names."""
    for name, text in {"gateway.keys": "sealed", "root.json": "{}", "passphrase": SECRET}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    (tmp_path / "publication" / "metadata").mkdir(parents=True)
    (tmp_path / "publication" / "metadata" / "1.root.json").write_text("{}")
    path = tmp_path / "gateway.toml"
    path.touch(mode=0o600)
    path.write_text(f'address = "GW-ICN@icn"\nkeys = {{ passphrase_file = "passphrase" }}\nledger = {{ url = "{url}" }}\n')
    return path


@pytest.fixture
def config(path: Path) -> Config:
    """It, read."""
    return load(path)


def test_every_certificate_is_in_it_and_no_key() -> None:
    """Both listeners find theirs again after a restore; what lies open and must stay secret is left out."""
    theirs, keys = [Path(f"{name}.pem") for name in "abcd"], [Path("listen.key"), Path("operations.key")]
    config = Config(
        address="GW-ICN@icn",
        listen=ListenConfig(tls_certificate=theirs[0], tls_key=keys[0], client_ca=theirs[1]),
        operations=OperationsConfig(tls_certificate=theirs[2], tls_key=keys[1], client_ca=theirs[3]),
    )
    found = set(places(config).values())
    assert found >= set(theirs)
    assert found.isdisjoint(keys)


async def filled(url: str, folder: Path, leaves: int = 300) -> None:
    """Put messages and leaves into a ledger, and sign what is there, twice."""
    async with await Ledger.open(url, migrate=True) as ledger:
        log = log_over(ledger, folder)
        await accept(ledger, sample(), sample(kind="system.recall"))
        await log.advance()
        await fill(ledger, leaves)
        await log.advance()
        await log.advance()


async def test_a_backup_is_taken_while_a_gateway_works_and_holds(config: Config, path: Path, tmp_path: Path, url: str) -> None:
    """Everything of one moment is in it, sealed keys too; what opens them is not, nor the memory of the log."""
    async with await Ledger.open(url, migrate=True) as ledger:
        log = log_over(ledger, tmp_path)
        await accept(ledger, sample(), sample())
        await fill(ledger, 300)
        await log.advance()
        manifest = make_backup(config, path, tmp_path / "backup")
        await accept(ledger, sample())
        await log.advance()
    proved = verify_backup(config, tmp_path / "backup")
    assert (manifest.number, manifest.log_size, manifest.checkpoint and manifest.checkpoint.size) == (2, 302, 302)
    assert set(manifest.parts) == {
        "gateway.keys", "gateway.toml", "ledger.db", "publication/metadata/1.root.json", "root.json"
    }  # fmt: skip
    assert proved.lost_leaves == 1
    found = [one for one in (tmp_path / "backup").rglob("*") if one.is_file()]
    assert not any(SECRET.encode() in one.read_bytes() for one in found)
    assert {one.stat().st_mode & 0o777 for one in found} == {0o600}


async def test_a_restored_ledger_is_the_same_but_begins_anew_above(
    config: Config, path: Path, tmp_path: Path, url: str, empty_url: str
) -> None:
    """From each database to each: row for row the same, and no number or place that was given is given again."""
    await filled(url, tmp_path)
    make_backup(config, path, tmp_path / "backup")
    assert refill(empty_url, tmp_path / "backup" / "ledger.db") == 2 + NUMBERS
    before, after = ({name: sorted(map(repr, rows)) for name, rows in save(one).items()} for one in (url, empty_url))
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"counter", "outcome"}
    async with await Ledger.open(empty_url, migrate=False) as ledger:
        (ref,) = await accept(ledger, sample(to=[QM]))
        log = log_over(ledger, tmp_path)
        await log.advance()
        assert not log.halted
    assert ref.number == 3 + NUMBERS
    with pytest.raises(Rejected, match="home-exists"):
        refill(empty_url, tmp_path / "backup" / "ledger.db")


async def test_whatever_is_damaged_is_found(config: Config, path: Path, tmp_path: Path, url: str) -> None:
    """One bit of any part, a part that is missing, a manifest of somebody else: refused, with the part by name."""
    await filled(url, tmp_path, 3)
    folder = tmp_path / "backup"
    manifest = make_backup(config, path, folder)
    for name in manifest.parts:
        good = (folder / name).read_bytes()
        (folder / name).write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
        with pytest.raises(Corrupt, match=name.replace(".", "[.]")):
            verify_backup(config, folder)
        (folder / name).unlink()
        with pytest.raises(Corrupt, match=name.replace(".", "[.]")):
            verify_backup(config, folder)
        (folder / name).write_bytes(good)
    verify_backup(config, folder)
    (folder / "manifest.json").unlink()
    with pytest.raises(Rejected, match="no backup"):
        verify_backup(config, folder)


def tampered(folder: Path, sql: str) -> None:
    """Change the ledger of a backup, and its manifest, so that every hash is right."""
    with closing(sqlite3.connect(folder / "ledger.db")) as copy, copy:
        copy.execute(sql)
    told = json.loads((folder / "manifest.json").read_text())
    part = hash_parts(folder)["ledger.db"]
    told["parts"]["ledger.db"] = {"size": part.size, "sha256": part.sha256}
    (folder / "manifest.json").write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("UPDATE event SET leaf = zeroblob(32) WHERE seq = (SELECT seq FROM log_leaf WHERE idx = 1)", "log-forked"),
        ("DELETE FROM log_leaf WHERE idx = 2", "log-forked"),
        ("UPDATE checkpoint SET root = zeroblob(32) WHERE note IS NOT NULL", "log-forked"),
        ("UPDATE log_state SET size = size + 1", "corrupt"),
        ("UPDATE alembic_version SET version_num = '9999'", "corrupt"),
    ],
)
async def test_a_history_that_was_changed_is_found_though_every_hash_is_right(
    sqlite_url: str, tmp_path: Path, sql: str, code: str
) -> None:
    """Who writes a backup anew, manifest included, must still end where the log was signed."""
    (tmp_path / "gateway.keys").touch(mode=0o600)
    (tmp_path / "root.json").touch()
    path = tmp_path / "gateway.toml"
    path.write_text(f'address = "GW-ICN@icn"\nledger = {{ url = "{sqlite_url}" }}\n')
    await filled(sqlite_url, tmp_path, 9)
    make_backup(load(path), path, tmp_path / "backup")
    tampered(tmp_path / "backup", sql)
    with pytest.raises(GatewayError) as found:
        verify_backup(load(path), tmp_path / "backup")
    assert found.value.code == code


async def test_a_backup_that_is_not_what_was_signed_is_found(config: Config, path: Path, tmp_path: Path, url: str) -> None:
    """The memory beside the keys remembers another tree of the same size: somebody has another history."""
    await filled(url, tmp_path, 3)
    make_backup(config, path, tmp_path / "backup")
    (tmp_path / "audit-memory").unlink()
    Memory(tmp_path / "audit-memory", ORIGIN).write(LogView(4, bytes(32)))
    with pytest.raises(Corrupt, match="log-forked"):
        verify_backup(config, tmp_path / "backup")


def bare(folder: Path) -> Path:
    """Write a configuration with nothing but defaults, and the files that they name."""
    for name in ("gateway.keys", "root.json"):
        (folder / name).touch(mode=0o600)
    (folder / "gateway.toml").write_text('address = "GW-ICN@icn"\n')
    return folder / "gateway.toml"


async def test_a_backup_of_an_older_program_is_brought_up_to_date(tmp_path: Path) -> None:
    """A backup that was taken before an upgrade is good after it; what is in the folder stays as it is."""
    file, path = tmp_path / "gateway.db", bare(tmp_path)
    at_version(f"sqlite:///{file}", "0003")
    manifest = make_backup(load(path), path, tmp_path / "backup")
    assert manifest.schema_version == "0003"
    refill(f"sqlite:///{tmp_path / 'new.db'}", tmp_path / "backup" / "ledger.db")
    async with await Ledger.open(f"sqlite:///{tmp_path / 'new.db'}", migrate=False) as ledger:
        assert (await accept(ledger, sample()))[0].number == 1 + NUMBERS
    verify_backup(load(path), tmp_path / "backup")


def test_a_backup_of_a_newer_program_says_which_one_to_use(tmp_path: Path) -> None:
    """An older program does not read what it does not know, and says with which one to restore."""
    file, path = tmp_path / "gateway.db", bare(tmp_path)
    migrate(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as ledger, ledger:
        ledger.execute("UPDATE alembic_version SET version_num = '9999'")
    make_backup(load(path), path, tmp_path / "backup")
    with pytest.raises(Corrupt, match="schema-version") as refused:
        verify_backup(load(path), tmp_path / "backup")
    assert "or later" in refused.value.hint
