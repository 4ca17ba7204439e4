"""Each check of the doctor: what is well, and what is told where it is not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from gateway.directory.roles import TufRole
from gateway.doctor import Finding, Level, audit, broker, database, directory, files, machine, peers, tls, worst
from gateway.envelope import LogView, Use
from gateway.ledger.tables import SCHEMA_VERSION
from tests.support.tls import TestCa

if TYPE_CHECKING:
    from pathlib import Path

OK, WARN, FAIL = Level
NOW = 1_900_000_000
DAY_S = 86_400
SAFE = {"synchronous_commit": "on", "fsync": "on", "full_page_writes": "on"}
MOUNTS = "disk / ext4 rw 0 0\nhost:/x /data nfs4 rw 0 0\ntmp /data/ram tmpfs rw 0 0\n"

JUDGED = [
    (OK, machine.clock("database", NOW, NOW + 0.5)),
    (WARN, machine.clock("database", NOW, NOW - 20)),
    (FAIL, machine.clock("database", NOW + 400, NOW)),
    (OK, machine.disk("ledger", 50 << 30, 100 << 30)),
    (WARN, machine.disk("ledger", 1 << 30, 100 << 30)),
    (FAIL, machine.disk("ledger", 10 << 20, 100 << 30)),
    (OK, machine.core_dumps(0)),
    (WARN, machine.core_dumps(-1)),
    (OK, machine.open_files(65536, 4000)),
    (WARN, machine.open_files(1024, 4000)),
    (OK, files.settled("ledger.file-system", "ext4")),
    (FAIL, files.settled("ledger.file-system", "nfs4")),
    (FAIL, files.settled("ledger.file-system", "tmpfs")),
    (OK, database.schema(SCHEMA_VERSION)),
    (WARN, database.schema(None)),
    (FAIL, database.schema("0001")),
    (FAIL, database.schema("9999")),
    (OK, database.journal("wal")),
    (FAIL, database.journal("delete")),
    (OK, database.server_version(150_004)),
    (FAIL, database.server_version(120_001)),
    (OK, database.connections(100, 20)),
    (WARN, database.connections(20, 15)),
    (OK, database.privileges("gateway", above=False, makes_tables=False)),
    (WARN, database.privileges("gateway", above=False, makes_tables=True)),
    (WARN, database.privileges("postgres", above=True, makes_tables=True)),
    (OK, database.encrypted("127.0.0.1", ssl=False)),
    (OK, database.encrypted("db.example", ssl=True)),
    (WARN, database.encrypted("db.example", ssl=False)),
    (OK, broker.version("3.10.8")),
    (FAIL, broker.version("3.9.13")),
    (WARN, broker.version("")),
    (OK, directory.metadata_end(TufRole.TARGETS, NOW + 60 * DAY_S, NOW)),
    (WARN, directory.metadata_end(TufRole.TARGETS, NOW + 2 * DAY_S, NOW)),
    (FAIL, directory.metadata_end(TufRole.TIMESTAMP, NOW - 1, NOW)),
    (OK, directory.key_end(Use.AGENT, NOW + 90 * DAY_S, NOW)),
    (WARN, directory.key_end(Use.AGENT, NOW + DAY_S, NOW)),
    (FAIL, directory.key_end(Use.AGENT, NOW - 1, NOW)),
    (OK, peers.date_of("eucn", "Tue, 01 Dec 2026 02:00:00 GMT", 1_796_090_401)),
    (FAIL, peers.date_of("eucn", "Tue, 01 Dec 2026 02:00:00 GMT", NOW)),
    (WARN, peers.date_of("eucn", "", NOW)),
]


IDS = [f"{found.check}-{level}" for level, found in JUDGED]


@pytest.mark.parametrize(("level", "found"), JUDGED, ids=IDS)
def test_what_was_seen_is_judged_and_what_is_not_well_can_be_mended(level: Level, found: Finding) -> None:
    """Whatever is not well comes with what to do, and what is well with nothing."""
    assert found.level is level, found
    assert bool(found.mend) is (level is not OK)


@pytest.mark.parametrize("name", SAFE)
def test_a_database_that_may_lose_commits_fails(name: str) -> None:
    """Promise 1 stands on settings that no client can make up for."""
    assert worst(database.durable(SAFE)) is OK
    found = [one for one in database.durable({**SAFE, name: "off"}) if one.level is FAIL]
    assert [one.check for one in found] == [f"ledger.{name}"]


def test_secrets_that_others_can_read_fail(tmp_path: Path) -> None:
    """The command that mends it is told."""
    file = tmp_path / "gateway.keys"
    assert files.secret("files.keys", file).level is FAIL
    file.write_bytes(b"")
    file.chmod(0o644)
    assert (files.secret("files.keys", file).level, files.secret("files.keys", file).mend) == (FAIL, f"chmod 600 {file}")
    file.chmod(0o600)
    assert files.secret("files.keys", file).level is OK


def test_what_the_gateway_believes_is_changed_by_its_owner_alone(tmp_path: Path) -> None:
    """A root of trust that others can write is none; so is one in a folder of theirs."""
    file = tmp_path / "root.json"
    file.write_bytes(b"")
    file.chmod(0o644)
    assert files.trusted("files.root", file).level is OK
    tmp_path.chmod(0o777)
    assert files.trusted("files.root", file).level is WARN
    file.chmod(0o666)
    assert files.trusted("files.root", file).level is FAIL


def test_the_file_system_of_a_path_is_that_of_its_nearest_mount(tmp_path: Path) -> None:
    """The longest mount point that leads to the file counts."""
    root = tmp_path.parents[-1]
    found = [files.file_system(root / path, MOUNTS) for path in ("var/x", "data/ledger.db", "data/ram/x", "database/x")]
    assert found == ["ext4", "nfs4", "tmpfs", "ext4"]


def test_the_memory_of_the_log_is_held_against_the_ledger(tmp_path: Path) -> None:
    """A ledger that is older than what was signed, or other, must not be served from."""
    root, other = bytes(32), bytes([1]) * 32
    levels = [
        audit.memory(tmp_path, remembered, size, root).level
        for remembered, size in (
            (None, None),
            (LogView(5, root), 5),
            (LogView(5, root), 7),
            (None, 5),
            (LogView(9, root), 5),
            (LogView(5, other), 5),
        )
    ]
    assert levels == [OK, OK, OK, WARN, FAIL, FAIL]


def test_tls_files_are_looked_at_together(tmp_path: Path) -> None:
    """A key of another certificate, an end that is near or past, and a chain that is none are told."""
    authority = TestCa(tmp_path)
    one, other = authority.issue("one"), authority.issue("other")
    now = time.time()
    assert [two.check for two in tls.look(one.certificate, one.key, authority.file, now) if two.level is not OK] == [
        "tls.expiry",
        "tls.client-ca.expiry",
    ], "they live for a day"
    assert [two.check for two in tls.look(one.certificate, other.key, None, now) if two.level is FAIL] == ["tls.key"]
    late = tls.look(one.certificate, one.key, None, now + 2 * DAY_S)
    assert [two.check for two in late if two.level is FAIL] == ["tls.expiry"]
    both = tmp_path / "both.pem"
    both.write_bytes(one.certificate.read_bytes() + authority.file.read_bytes())
    assert [two for two in tls.look(both, one.key, None, now) if two.level is FAIL] == []
    both.write_bytes(one.certificate.read_bytes() + other.certificate.read_bytes())
    assert [two.check for two in tls.look(both, one.key, None, now) if two.level is FAIL] == ["tls.chain"]
    both.write_text("nothing")
    assert {two.check for two in tls.look(both, one.key, None, now) if two.level is FAIL} == {"tls.key", "tls.file"}
