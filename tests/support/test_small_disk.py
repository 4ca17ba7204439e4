"""A small disk is full when it is told to be, and only then."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tests.support.small_disk import SmallDisk, small_disk

SIZE = 1 << 20


def test_a_small_disk_is_really_full_and_gives_back() -> None:
    """Full to the last block: a write fails as on any full disk. Emptied, it takes as before. Afterwards it is gone."""
    with small_disk(SIZE) as disk:
        if disk is None:  # no right to mount: nothing is pretended
            assert not may_mount()
            return
        for turn in range(2):
            disk.fill()
            assert disk.free_bytes == 0
            with pytest.raises(OSError, match="No space left") as failed:
                (disk.folder / "more").write_bytes(b"x")
            assert failed.value.errno == errno.ENOSPC
            disk.empty()
            (disk.folder / str(turn)).write_bytes(bytes(SIZE // 4))
    assert not disk.folder.exists()


def test_others_may_write_while_it_is_filled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What others take between looking and taking does not end it: it takes less, until nothing is free."""
    free = iter([8192, 8192, 4096, 0])
    monkeypatch.setattr(SmallDisk, "free_bytes", property(lambda _: next(free)))
    asked: list[tuple[int, int]] = []

    def allocate(_: int, at: int, count: int) -> None:
        asked.append((at, count))
        if count > 4096:
            raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, "posix_fallocate", allocate)
    SmallDisk(tmp_path).fill()
    assert asked == [(0, 8192), (0, 4096)]


def may_mount() -> bool:
    """Whether this process is root and has the right to mount (capability 21)."""
    status = Path("/proc/self/status").read_text()
    effective = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff"))
    return os.geteuid() == 0 and bool(effective >> 21 & 1)
