"""
The schemas, code lists and specifications that the project ships, for everybody to read.

The names and hashes of a folder are taken once in a process; a request is a look-up among them by exact name, so no path leaves
the folder, and its file is read then: all of them would take 8 MB of every process. An ETag is the hash of what is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from gateway.api.answers import reply
from gateway.api.routes import Answered, Call, Route
from gateway.errors import Rejected
from gateway.protocol import media

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import web

__all__ = ["SchemaFile", "SchemaIndex", "SchemaRoutes"]

_MEDIA: Final = {".json": media.JSON, ".md": "text/markdown; charset=utf-8"}
_MAX_AGE_S: Final = 3600  # a released schema never changes; the index does


class SchemaFile(msgspec.Struct, frozen=True):
    """One file of the index."""

    path: str
    bytes: int
    sha256: str


class SchemaIndex(msgspec.Struct, frozen=True):
    """All files, by path."""

    files: Sequence[SchemaFile]


class _Loaded(NamedTuple):
    data: bytes
    media: str

    @property
    def etag(self) -> str:
        return f'"{_hash(self.data)}"'


class SchemaRoutes:
    """
    The routes of the schemas.

    Args:
        folder: From `gateway.resources.schemas_path`; looked through here, unless it was before.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        files = _look_through(folder)
        self._names = frozenset(one.path for one in files)
        self._index = _Loaded(msgspec.json.encode(SchemaIndex(files)), media.JSON)

    def routes(self) -> list[Route]:
        """Return the rows of the table."""
        return [
            Route(
                method="GET",
                path=media.SCHEMAS,
                handler=self.index,
                summary="The list of all schemas, code lists and specifications",
                answers={200: Answered("The list", media.JSON, SchemaIndex), 304: Answered("Not changed")},
            ),
            Route(
                method="GET",
                path=f"{media.SCHEMAS}{{path*}}",
                handler=self.file,
                summary="One of them",
                answers={200: Answered("The file", media.OCTETS), 304: Answered("Not changed")},
            ),
        ]

    async def index(self, call: Call) -> web.StreamResponse:
        """Return the list."""
        return _served(call, self._index)

    async def file(self, call: Call) -> web.StreamResponse:
        """Return one file, as it is now."""
        if call.parameter not in self._names:
            raise Rejected(code="not-found")
        path = self._folder / call.parameter
        try:
            data = await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError:  # another release was installed in its place
            raise Rejected(code="not-found") from None
        return _served(call, _Loaded(data, _MEDIA.get(path.suffix, media.OCTETS)))


def _served(call: Call, found: _Loaded) -> web.StreamResponse:
    headers = {"ETag": found.etag, "Cache-Control": f"public, max-age={_MAX_AGE_S}", "X-Content-Type-Options": "nosniff"}
    known = {tag.strip() for tag in call.request.headers.get("If-None-Match", "").split(",")}
    if found.etag in known or "*" in known:
        return reply(b"", found.media, status=304, headers=headers)
    return reply(found.data, found.media, headers=headers)


@cache
def _look_through(folder: Path) -> Sequence[SchemaFile]:
    """Return what the index tells of the files of a folder: more than a thousand, and what is released does not change."""
    return [_told(path, (folder / path).read_bytes()) for path in _paths(folder)]


def _told(path: str, data: bytes) -> SchemaFile:
    return SchemaFile(path, len(data), _hash(data))


def _paths(folder: Path) -> list[str]:
    """Name the regular files below a folder, no hidden ones, with `/` between segments."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    names = (path.relative_to(folder) for path in found)
    return sorted(name.as_posix() for name in names if not any(part.startswith((".", "_")) for part in name.parts))


def _hash(data: bytes) -> str:
    return sha256(data).hexdigest()
