"""What was signed is remembered outside the ledger: a restored, cut or forked ledger is never signed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gateway.audit.memory import Memory
from gateway.envelope import LogView
from gateway.errors import Corrupt, Unavailable
from gateway.tlog.checkpoint import Checkpoint, encode_checkpoint
from tests.audit.backups import restore, run_sql, save
from tests.audit.given import ORIGIN, fill, log_over, newest, say, tree_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gateway.ledger import Ledger

PAGE = 4096
SMALL, LARGE = LogView(3, b"r" * 32), LogView(4, b"s" * 32)


def test_a_memory_returns_what_it_was_given_last(tmp_path: Path) -> None:
    """The file survives the process, belongs to its owner alone, and is replaced whole."""
    path = tmp_path / "audit-memory"
    assert Memory(path, ORIGIN).read() is None
    for tree in (SMALL, LARGE):
        Memory(path, ORIGIN).write(tree)
        assert Memory(path, ORIGIN).read() == tree
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["audit-memory"]


def test_a_memory_never_grows_smaller(tmp_path: Path) -> None:
    """A process that was slow does not undo what a faster one remembered in the same file."""
    memory = Memory(tmp_path / "audit-memory", ORIGIN)
    memory.write(LARGE)
    memory.write(SMALL)
    memory.write(LARGE)
    assert memory.read() == LARGE
    with pytest.raises(Corrupt, match="log-forked"):
        memory.write(LogView(LARGE.size, SMALL.root))


@pytest.mark.parametrize("text", ["", "nonsense", "OTHER@icn/audit\n4\n" + "c3" * 21 + "c=\n"])
def test_a_memory_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    """A damaged file, or that of another log, is told instead of being overwritten."""
    path = tmp_path / "audit-memory"
    path.write_text(text)
    with pytest.raises(Corrupt, match="log-forked"):
        Memory(path, ORIGIN).write(LARGE)
    assert path.read_text() == text


@pytest.mark.parametrize("torn", [0, 1])
def test_who_dies_while_he_writes_leaves_what_was_before(tmp_path: Path, torn: int) -> None:
    """Either place may be half written; the other one counts, and the torn one is written next."""
    path = tmp_path / "audit-memory"
    for tree in (SMALL, LARGE):
        Memory(path, ORIGIN).write(tree)
    data = bytearray(path.read_bytes())
    data[torn * PAGE + 4050] ^= 1
    path.write_bytes(data)
    assert Memory(path, ORIGIN).read() == (LARGE, SMALL)[torn]
    newest = LogView(5, b"t" * 32)
    Memory(path, ORIGIN).write(newest)
    assert Memory(path, ORIGIN).read() == newest
    data[(1 - torn) * PAGE + 4050] ^= 1
    path.write_bytes(data)
    with pytest.raises(Corrupt, match="log-forked"):
        Memory(path, ORIGIN).read()


def test_a_memory_of_the_text_alone_is_read(tmp_path: Path) -> None:
    """What an older gateway remembered counts, and is never made smaller."""
    path = tmp_path / "audit-memory"
    path.write_text(encode_checkpoint(Checkpoint(ORIGIN, *LARGE)))
    Memory(path, ORIGIN).write(SMALL)
    assert Memory(path, ORIGIN).read() == LARGE
    newest = LogView(5, b"t" * 32)
    Memory(path, ORIGIN).write(newest)
    assert Memory(path, ORIGIN).read() == newest


def test_a_memory_that_cannot_be_kept_is_unavailable(tmp_path: Path) -> None:
    """Without its folder nothing is remembered, and so nothing is signed."""
    with pytest.raises(Unavailable, match="audit-memory"):
        Memory(tmp_path / "missing" / "audit-memory", ORIGIN).write(SMALL)
    with pytest.raises(Unavailable, match="audit-memory"):
        Memory(tmp_path / "audit-memory" / "..", ORIGIN).write(SMALL)


def test_what_a_full_disk_took_half_of_is_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fell short is told, so nothing is signed on it; what was remembered before stands."""
    memory = Memory(tmp_path / "audit-memory", ORIGIN)
    memory.write(SMALL)
    whole = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, at: whole(file, data[:1], at))
    with pytest.raises(Unavailable, match="No space left"):
        memory.write(LARGE)
    assert memory.read() == SMALL
    monkeypatch.undo()
    memory.write(LARGE)
    assert memory.read() == LARGE


@pytest.mark.parametrize("fresh", [False, True])
async def test_a_ledger_from_a_backup_is_never_signed(ledger: Ledger, ledger_url: str, tmp_path: Path, *, fresh: bool) -> None:
    """After a restore the log is halted, in the process that runs and in the next one, and messages are still accepted."""
    log = log_over(ledger, tmp_path)
    await fill(ledger, 300)
    await log.advance()
    backup = save(ledger_url)
    await fill(ledger, 10, first=300)
    await log.advance()
    signed = log.view()
    restore(ledger_url, backup)
    await fill(ledger, 40, first=1000)
    after = log_over(ledger, tmp_path) if fresh else log
    await after.start()
    await after.advance()
    await say(ledger, 1)
    await after.advance()
    assert after.halted
    assert after.view() == (None if fresh else signed)
    assert (await newest(after)).size == 300


async def test_a_fork_of_another_process_is_not_followed(ledger: Ledger, ledger_url: str, tmp_path: Path) -> None:
    """When somebody without the memory lets a restored log grow again, this process halts instead of following."""
    log = log_over(ledger, tmp_path)
    backup = save(ledger_url)
    await fill(ledger, 20)
    await log.advance()
    restore(ledger_url, backup)
    other = log_over(ledger, tmp_path, name="empty-memory")
    await fill(ledger, 30, first=1000)
    await other.advance()
    assert other.view() == await tree_of(ledger)
    await log.advance()
    assert log.halted


async def test_a_restore_that_nobody_missed_goes_on(ledger: Ledger, ledger_url: str, tmp_path: Path) -> None:
    """A backup that holds everything that was signed is continued."""
    log = log_over(ledger, tmp_path)
    await fill(ledger, 20)
    await log.advance()
    backup = save(ledger_url)
    await fill(ledger, 5, first=20)  # committed, never signed
    restore(ledger_url, backup)
    await fill(ledger, 7, first=100)
    await log.advance()
    assert not log.halted
    assert log.view() == await tree_of(ledger)


def _cut_entry(url: str) -> None:
    run_sql(url, "UPDATE event SET leaf = :leaf WHERE seq = 300", leaf=b"x" * 32)


def _drop_entry(url: str) -> None:
    run_sql(url, "DELETE FROM event WHERE seq = 300")


def _other_tile(url: str) -> None:
    run_sql(url, "UPDATE log_tile SET data = :data WHERE level = 1", data=b"x" * 32)


def _short_tile(url: str) -> None:
    run_sql(url, "DELETE FROM log_tile WHERE level = 0 AND idx = 1")


def _other_root(url: str) -> None:
    run_sql(url, "UPDATE log_state SET root = :root", root=b"x" * 32)


def _other_checkpoint(url: str) -> None:
    run_sql(url, "UPDATE checkpoint SET root = :root", root=b"x" * 32)


@pytest.mark.parametrize("change", [_cut_entry, _drop_entry, _other_tile, _short_tile, _other_root, _other_checkpoint])
async def test_a_tail_that_does_not_add_up_is_never_signed(
    ledger: Ledger, ledger_url: str, tmp_path: Path, change: Callable[[str], None]
) -> None:
    """At the start the tail is hashed again: entries, tiles, root and checkpoint must agree, even without a memory."""
    log = log_over(ledger, tmp_path)
    await fill(ledger, 310)
    await log.advance()
    change(ledger_url)
    fresh = log_over(ledger, tmp_path, name="empty-memory")
    await fresh.start()
    assert fresh.halted
    assert fresh.view() is None
    await fill(ledger, 5, first=310)
    await fresh.advance()
    assert (await ledger.log.state()).size == 310


async def test_a_damaged_memory_halts_the_log(ledger: Ledger, tmp_path: Path) -> None:
    """Whoever damages the memory does not get a fork signed: an operator has to look."""
    (tmp_path / "audit-memory").write_text("nonsense")
    log = log_over(ledger, tmp_path)
    await fill(ledger, 5)
    await log.advance()
    assert log.halted
    assert await ledger.log.newest_checkpoint() is None
