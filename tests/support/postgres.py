"""
A private PostgreSQL cluster for one test session, and a fresh database for one test.

The cluster lives in a folder of its own on a free loopback port and dies with the session. PostgreSQL refuses to run as root,
so a root session runs it as the user `postgres`, in a folder that this user can enter (pytest's own is 0700).
`fsync` stays on: what is proved here is that commits survive.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final, Self

import psycopg

from tests.support.ports import LOOPBACK, free_port

__all__ = ["Cluster", "find_binaries"]

USER: Final = "postgres"  # the unprivileged user of a root session, and the superuser inside the cluster
START_S: Final = 30.0  # a first start on a loaded machine takes a few seconds
_CONF: Final = """
listen_addresses = '{host}'
port = {port}
unix_socket_directories = '{folder}'
max_connections = 60
shared_buffers = 32MB
fsync = on
log_min_messages = fatal
"""


class Cluster:
    """
    A running PostgreSQL server with data, socket and log in `folder`; a context manager that starts and removes it.

    Args:
        folder: Where they go, also on a disk of its own; it stays. None makes a temporary folder that is removed at the end.
        segment_mb: Size of a file of its write-ahead log: a power of two. Small ones need new blocks soon.
    """

    def __init__(self, folder: Path | None = None, *, segment_mb: int = 16) -> None:
        self._bin = find_binaries()
        self._own_folder = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="gateway-postgres-"))
        self.port = free_port()
        self._server: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self._template = ""
        self.folder.chmod(0o755)
        if os.geteuid() == 0:
            shutil.chown(self.folder, USER)
        form = ("-E", "UTF8", "--locale=C", f"--wal-segsize={segment_mb}")
        self._run("initdb", "-D", self._data, "-U", USER, "-A", "trust", *form, "--no-sync")
        conf = _CONF.format(host=LOOPBACK, port=self.port, folder=self.folder)
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(conf)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str = "postgres") -> str:
        """Return the address of one database, as `Config.ledger.url` has it."""
        return f"postgresql://{USER}@{LOOPBACK}:{self.port}/{database}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        log = (self.folder / "log").open("ab")
        with log:
            self._server = subprocess.Popen(
                [self._bin / "postgres", "-D", self._data], stdout=log, stderr=log, user=_server_user(), cwd=self.folder
            )
        deadline = time.monotonic() + START_S
        while not self._answers():
            if time.monotonic() > deadline or self._server.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text()[-2000:])
            time.sleep(0.02)

    def stop(self, *, crash: bool = False) -> None:
        """Stop the server: cleanly, or as after a power failure (`crash`), when it recovers from its log at the next start."""
        if self._server is not None:
            self._server.send_signal(signal.SIGQUIT if crash else signal.SIGINT)
            self._server.wait(START_S)
            self._server = None

    def recover(self) -> None:
        """Wait until the server answers after a trouble, and start it again if it ended of that."""
        deadline = time.monotonic() + START_S
        while not self._answers():
            if time.monotonic() > deadline:
                raise RuntimeError((self.folder / "log").read_text()[-2000:])
            if self._server is None or self._server.poll() is not None:
                self.start()
            time.sleep(0.02)

    def remove(self) -> None:
        """Stop the server, if it runs, and delete the folder, if it is ours."""
        self.stop(crash=True)
        if self._own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def use_template(self, database: str) -> None:
        """Make each later database a copy of this one: copying is faster than migrating."""
        self._template = database

    def create(self) -> str:
        """Make a fresh database and return its name."""
        name = f"ledger_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {self._template}" if self._template else ""))
        return name

    def drop(self, name: str) -> None:
        """Delete a database, whoever is still connected to it."""
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, sql: str) -> None:
        """Run one statement as superuser, outside any transaction."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.encode())

    def _answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *args: str | Path) -> None:
        subprocess.run([self._bin / program, *args], check=True, capture_output=True, user=_server_user(), cwd=self.folder)


def find_binaries() -> Path:
    """Return the folder with the newest `initdb`, or say which package is missing."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    if on_path:
        return Path(on_path).parent
    raise RuntimeError("no PostgreSQL server programs: install the package postgresql (Debian: apt-get install postgresql)")


def _server_user() -> str | None:
    return USER if os.geteuid() == 0 else None
