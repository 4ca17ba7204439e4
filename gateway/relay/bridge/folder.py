"""
The folder of a bridge: files written whole, in places with one meaning each.

    out/    for whoever carries files to the other side: taken from here, or copied
    in/     what was carried here
    sent/   our files until they are answered: a copy, because `out/` is others'
    bad/    what was no file of the other bridge, by the code that says why; at most `MAX_BAD`
    state   how far we are; losing it costs repetitions, and nothing else

A name begins with the number of the file, so that names sort in the order of their making. A file that is being written has
another ending, and is never read. Everything here blocks: call it in a thread.
"""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Literal

import msgspec
from msgspec import Struct

from gateway.errors import Rejected, Unavailable
from gateway.protocol.bridge import MAX_BRIDGE_BYTES, BridgeFile, Seen, own_file

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.ids import Network

__all__ = ["ENDING", "Folder", "State", "file_name"]

ENDING: Final = ".b1"
MAX_BAD: Final = 100
_STATE: Final = "state"


class State(Struct, array_like=True, forbid_unknown_fields=True):
    """
    What a bridge remembers.

    Args:
        sequence: Number of its last file.
        after: Position of the last receipt that it laid out.
        seen: Which files of the other side came.
    """

    form: Literal["bridge-state-1"] = "bridge-state-1"
    sequence: int = 0
    after: int = 0
    seen: Seen = msgspec.field(default_factory=Seen)


def file_name(file: BridgeFile, way: tuple[Network, Network]) -> str:
    """Return how a file is called; whoever carries files may rely on the order of names, and no reader does."""
    return f"{file.sequence:016d}.{file.type}.{way[0]}.{way[1]}{ENDING}"


class Folder:
    """
    One bridge's folder; made if it is missing, and held by one process.

    Args:
        path: Where it is.

    Raises:
        Unavailable: Another process has it.
        Rejected: `config`: it cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.out, self.incoming_folder, self.sent, self.bad = (path / name for name in ("out", "in", "sent", "bad"))
        self._state = path / _STATE
        try:
            for folder in (self.out, self.incoming_folder, self.sent, self.bad):
                folder.mkdir(mode=0o770, parents=True, exist_ok=True)
            self._lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise Rejected(f"cannot use {path}: {exc.strerror}", code="config") from exc
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            os.close(self._lock)
            raise Unavailable(f"another bridge has {path}") from exc

    def close(self) -> None:
        """Let another process have it."""
        os.close(self._lock)

    def read_state(self) -> State:
        """Return what was remembered; a first state where that is missing or damaged."""
        try:
            return msgspec.msgpack.decode(self._state.read_bytes(), type=State)
        except (OSError, msgspec.MsgspecError):
            return State()

    def write_state(self, state: State) -> None:
        """Remember."""
        _write(self._state, msgspec.msgpack.encode(state))

    def own_files(self) -> list[tuple[str, BridgeFile]]:
        """Return the files that are not answered, in order; what is damaged is dropped: it will be asked for again."""
        found = []
        for path in _listed(self.sent):
            try:
                found.append((path.name, own_file(path.read_bytes())))
            except Rejected:
                path.unlink()
        return found

    def lay_out(self, name: str, data: bytes, *, keep: bool) -> None:
        """Write one of our files, and where it is `keep`, a copy that stays until it is answered."""
        if keep:
            _write(self.sent / name, data)
        _write(self.out / name, data)

    def lay_out_again(self, name: str) -> bool:
        """Write a file that is not answered once more, unless nobody has taken it yet; return whether it was written."""
        if (self.out / name).exists():
            return False
        _write(self.out / name, (self.sent / name).read_bytes())
        return True

    def forget(self, name: str) -> None:
        """Remove one of our files: it was answered."""
        for folder in (self.sent, self.out):
            (folder / name).unlink(missing_ok=True)

    def forget_answers(self, before: float) -> None:
        """Remove answers that nobody took since a time, Unix seconds: whoever needs one asks again."""
        for path in _listed(self.out):
            with suppress(FileNotFoundError):  # it was taken just now
                if not (self.sent / path.name).exists() and path.stat().st_mtime < before:
                    path.unlink()

    def incoming(self) -> list[tuple[str, float]]:
        """Return the names of what came, in order, with the time of the last change of each; folders and pipes are no files."""
        found = []
        for path in _listed(self.incoming_folder):
            with suppress(FileNotFoundError):
                status = path.stat()
                if stat.S_ISREG(status.st_mode):
                    found.append((path.name, status.st_mtime))
        return found

    def read(self, name: str) -> bytes:
        """Return what came, but no more than one byte above the limit."""
        with (self.incoming_folder / name).open("rb") as stream:
            return stream.read(MAX_BRIDGE_BYTES + 1)

    def done(self, name: str) -> None:
        """Remove what came: it has done its work."""
        (self.incoming_folder / name).unlink(missing_ok=True)

    def set_aside(self, name: str, code: str) -> None:
        """Put what is no file of the other bridge where somebody looks at it; the oldest of these go."""
        (self.incoming_folder / name).replace(self.bad / f"{name}.{code}")
        for path in sorted(self.bad.iterdir(), key=lambda path: path.stat().st_mtime)[:-MAX_BAD]:
            path.unlink()


def _listed(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name.endswith(ENDING) and not path.name.startswith("."))


def _write(path: Path, data: bytes) -> None:
    """Write a file that is whole under its name, and stays so when the machine stops."""
    new = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640), "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
