"""A home keeps what it is given from everybody who has not its passphrase."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from gateway.client import ContactPoint, create_home
from gateway.client.home import store as home_store
from gateway.client.home.home import Home
from gateway.client.home.store import FILE, HomeStore, connect
from gateway.envelope.keys import Use
from gateway.errors import Corrupt, Rejected, Unavailable
from tests.client.conftest import CHEAP, PASSPHRASE, make_test_home
from tests.client.examples import content, drain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.client.conftest import Homes
    from tests.support.network import World

GATEWAYS = ["http://127.0.0.1:9"]


def add_fact(connection: sqlite3.Connection, name: str) -> None:
    """Change something small."""
    connection.execute("INSERT INTO fact VALUES (?, x'00')", (name,))


def test_only_the_owner_can_read_a_home(tmp_path: Path, world: World) -> None:
    """Folder and file are made for one user, whatever the umask."""
    make_test_home(tmp_path / "home", world, "NCB-QM", GATEWAYS)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "home", tmp_path / "home" / FILE, tmp_path / "home/tuf")]
    assert modes == [0o700, 0o600, 0o700]


def test_another_passphrase_does_not_open_it(tmp_path: Path, world: World) -> None:
    """The wrong words are told as what they are."""
    make_test_home(tmp_path, world, "NCB-QM", GATEWAYS)
    with pytest.raises(Rejected) as refused:
        Home.unlock(tmp_path, b"other words")
    assert refused.value.code == "passphrase"


def test_a_home_is_not_made_over_another(tmp_path: Path, world: World) -> None:
    """Enrolling twice into one folder changes nothing."""
    make_test_home(tmp_path, world, "NCB-QM", GATEWAYS)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(Rejected) as refused:
        make_test_home(tmp_path, world, "GN-QN", GATEWAYS)
    assert refused.value.code == "home-exists"
    assert (tmp_path / FILE).read_bytes() == before


def test_a_home_needs_keys_that_sign(tmp_path: Path, world: World) -> None:
    """Without an agent key no home is made."""
    member = world.member("NCB-QM")
    with pytest.raises(Rejected) as refused:
        create_home(
            tmp_path,
            address=member.address,
            root=world.root,
            gateways=GATEWAYS,
            keys=[member.key(Use.AUTHOR)],
            passphrase=PASSPHRASE,
            exercise=False,
            cost=CHEAP,
        )
    assert refused.value.code == "bad-key"
    assert not (tmp_path / FILE).exists()


async def test_a_folder_without_a_home_is_told(tmp_path: Path) -> None:
    """Opening a folder that was never enrolled says so."""
    with pytest.raises(Rejected) as refused:
        async with ContactPoint.open(tmp_path, passphrase=PASSPHRASE):
            pass
    assert refused.value.code == "home-missing"


def test_a_file_that_is_no_home_is_told(tmp_path: Path) -> None:
    """A damaged file is no home and is not touched."""
    (tmp_path / FILE).write_bytes(b"something else" * 1000)
    with pytest.raises(Corrupt):
        connect(tmp_path)


def test_the_keys_of_a_home_do_not_show(tmp_path: Path, world: World) -> None:
    """No secret of the member stands in the file."""
    make_test_home(tmp_path, world, "NCB-QM", GATEWAYS)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("home.sqlite*"))
    secrets = [key.unsafe_export() for key in world.member("NCB-QM").signing]
    assert [secret for secret in secrets if secret in stored] == []
    assert world.root not in stored


async def test_a_stolen_home_tells_nothing_of_its_mail(homes: Homes, tmp_path: Path) -> None:
    """Who wrote, what kind and what was said are nowhere in the files of sender and recipient."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.send(content(), to=["GN-QN"])
        assert len(await drain(gn)) == 1
    stored = b"".join(path.read_bytes() for home in ("NCB-QM", "GN-QN") for path in (tmp_path / home).glob("home.sqlite*"))
    assert b"cooperation.request" not in stored
    assert content().raw[200:240] not in stored
    in_gn = b"".join(path.read_bytes() for path in (tmp_path / "GN-QN").glob("home.sqlite*"))
    assert b"NCB-QM" not in in_gn


async def test_changes_that_come_together_are_committed_together(tmp_path: Path, world: World) -> None:
    """A hundred changes at once cost a few commits, and one that fails takes no other with it."""
    make_test_home(tmp_path, world, "NCB-QM", GATEWAYS)
    store = HomeStore(connect(tmp_path))
    commits: list[str] = []
    store._connection.set_trace_callback(lambda statement: commits.append(statement) if statement == "COMMIT" else None)

    def put(number: int) -> Callable[[sqlite3.Connection], bool]:
        def change(connection: sqlite3.Connection) -> bool:
            connection.execute("INSERT INTO fact VALUES (?, x'00')", (f"test-{number}",))
            if number == 50:
                raise Rejected("a test", code="conflict")
            return True

        return change

    done = await asyncio.gather(*(store.write(put(number)) for number in range(100)), return_exceptions=True)
    count = await store.read(
        lambda connection: connection.execute("SELECT count(*) FROM fact WHERE name GLOB 'test-*'").fetchone()
    )
    await store.close()
    assert [type(one) for one in done if one is not True] == [Rejected]
    assert count == (99,)
    assert len(commits) <= 3


async def test_closing_a_home_ends_every_change_that_was_asked_for(tmp_path: Path, world: World) -> None:
    """Changes asked for while a commit runs are on disk when the home is closed, and nobody waits for ever."""
    make_test_home(tmp_path, world, "NCB-QM", GATEWAYS)
    store = HomeStore(connect(tmp_path))
    asked = []
    for number in range(20):
        name = f"test-{number}"
        asked.append(asyncio.create_task(store.write(partial(add_fact, name=name))))
        await asyncio.sleep(0)
    await store.close()
    await asyncio.wait_for(asyncio.gather(*asked), 10)
    with pytest.raises(Unavailable):
        await store.write(partial(add_fact, name="late"))
    connection = connect(tmp_path)
    count = connection.execute("SELECT count(*) FROM fact WHERE name GLOB 'test-*'").fetchone()
    connection.close()
    assert count == (20,)


async def test_what_saves_work_twice_rides_with_the_next_change(tmp_path: Path, world: World) -> None:
    """A small note costs no commit of its own, and is there after closing."""
    make_test_home(tmp_path, world, "NCB-QM", GATEWAYS)
    store = HomeStore(connect(tmp_path))
    store.later(lambda connection: connection.execute("INSERT INTO fact VALUES ('note', x'01')"))
    before = await store.read(lambda connection: connection.execute("SELECT 1 FROM fact WHERE name = 'note'").fetchone())
    await store.close()
    connection = connect(tmp_path)
    after = connection.execute("SELECT 1 FROM fact WHERE name = 'note'").fetchone()
    connection.close()
    assert (before, after) == (None, (1,))


async def test_a_look_sees_what_is_on_disk_and_waits_for_nobody(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs on the event loop, changes nothing, and is left to the thread where the file cannot be read at once."""
    make_test_home(tmp_path, world, "NCB-QM", GATEWAYS)
    home = HomeStore(connect(tmp_path))
    ran: list[threading.Thread] = []

    def find(connection: sqlite3.Connection) -> object:
        ran.append(threading.current_thread())
        return connection.execute("SELECT 1 FROM fact WHERE name = 'seen'").fetchone()

    assert await home.look(find) is None
    await home.write(partial(add_fact, name="seen"))
    assert await home.look(find) == (1,)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        home._looking.execute("DELETE FROM fact")  # type: ignore[union-attr]
    monkeypatch.setattr(home_store, "_second", locked)
    home._looking.close()  # type: ignore[union-attr]
    home._looking = None
    assert await home.look(find) == (1,)
    await home.close()
    me = threading.current_thread()
    assert [thread is me for thread in ran] == [True, True, False]


def locked(_: object) -> sqlite3.Connection:
    """Do not open a file."""
    raise sqlite3.OperationalError("database is locked")


async def test_commits_reach_the_disk(tmp_path: Path, world: World) -> None:
    """The file is written ahead and synchronised in full, read back from the open connection."""
    make_test_home(tmp_path, world, "NCB-QM", GATEWAYS)
    connection = connect(tmp_path)
    found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    connection.close()
    assert found == ["wal", 2]
