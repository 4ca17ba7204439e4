"""What a witness remembers: on disk, by compare-and-set, and never from nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from gateway.errors import Corrupt, GatewayError, Rejected, Unavailable
from gateway.witness.store import MAX_FORKS, NOTHING_YET, Seen, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LOG = "GW-ICN@icn/audit"
ONE, TWO, OTHER = Seen(5, b"1" * 32), Seen(9, b"2" * 32), Seen(9, b"3" * 32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a new witness."""
    Store.create(tmp_path / "witness.db")
    return tmp_path / "witness.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """The memory of a new witness."""
    with closing(Store(path)) as one:
        yield one


def test_a_new_witness_has_seen_the_empty_tree(store: Store) -> None:
    """Every log begins with nothing."""
    assert store.seen(LOG) == NOTHING_YET


def test_what_was_seen_is_remembered_after_a_restart(store: Store, path: Path) -> None:
    """The file alone says what was cosigned."""
    assert store.remember(LOG, NOTHING_YET, ONE, b"note", 1)
    assert store.remember(LOG, ONE, TWO, b"note", 2)
    store.close()
    with closing(Store(path)) as again:
        assert (again.seen(LOG), again.seen("other.example/log")) == (TWO, NOTHING_YET)


def test_of_two_who_remember_one_is_too_late(store: Store, path: Path) -> None:
    """Two processes of one witness cannot both move on from the same tree."""
    with closing(Store(path)) as second:
        assert store.remember(LOG, NOTHING_YET, ONE, b"note", 1)
        assert not second.remember(LOG, NOTHING_YET, TWO, b"note", 2)
        assert second.remember(LOG, ONE, TWO, b"note", 3)
        assert not store.remember(LOG, ONE, OTHER, b"note", 4)
        assert store.seen(LOG) == TWO


def test_the_empty_tree_can_be_remembered(store: Store) -> None:
    """A log may show itself before its first leaf, and grow from there."""
    assert store.remember(LOG, NOTHING_YET, NOTHING_YET, b"note", 1)
    assert store.remember(LOG, NOTHING_YET, ONE, b"note", 2)
    assert store.seen(LOG) == ONE


def test_forks_are_kept_beside_what_was_cosigned(store: Store) -> None:
    """Both checkpoints are there to be shown, and nobody fills the disk with them."""
    store.remember(LOG, NOTHING_YET, ONE, b"cosigned", 1)
    for at in range(MAX_FORKS + 5):
        store.keep_fork(LOG, f"fork {at}".encode(), at)
    assert store.forks(LOG) == [(b"cosigned", f"fork {at}".encode()) for at in range(MAX_FORKS)]


def test_a_witness_without_its_memory_does_not_start(tmp_path: Path) -> None:
    """A file that is missing, or another one, is refused: a witness that forgot would vouch for a fork."""
    (tmp_path / "text.db").write_text("no database, but longer than nothing" * 100)
    (tmp_path / "empty.db").write_bytes(b"")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE x (y)")
    for name in ("nowhere.db", "text.db", "empty.db", "other.db"):
        with pytest.raises(Rejected) as caught:
            Store(tmp_path / name)
        assert caught.value.code == "config"


def test_a_memory_is_never_made_over_another(path: Path) -> None:
    """Making a witness where one is would make it forget."""
    with pytest.raises(Rejected) as caught:
        Store.create(path)
    assert caught.value.code == "home-exists"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "work",
    [
        lambda store: store.seen(LOG),
        lambda store: store.remember(LOG, ONE, TWO, b"", 1),
        lambda store: store.keep_fork(LOG, b"", 1),
    ],
)
def test_a_memory_that_fails_lets_nothing_be_cosigned(store: Store, path: Path, work: Callable[[Store], object]) -> None:
    """A file that cannot be read or written is told as not now."""
    with closing(sqlite3.connect(path)) as other:
        other.execute("DROP TABLE seen")
        other.commit()
    with pytest.raises(Unavailable):
        work(store)


def test_a_row_that_is_no_tree_stops_everything(store: Store, path: Path) -> None:
    """A memory that was tampered with is told as damage."""
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA ignore_check_constraints = 1")
        other.execute("INSERT INTO seen VALUES (?, 5, ?, ?, 1)", (LOG, b"short", b""))
        other.commit()
    with pytest.raises(GatewayError) as caught:
        store.seen(LOG)
    assert isinstance(caught.value, Corrupt)
