"""
The schemas, code lists and specifications that the project ships, for everybody to read.

A folder is read once in a process; afterwards a request is a look-up by exact name, so no path leaves the folder. An ETag is
the hash of the file, and the index gives the same hash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    etag: str


class SchemaRoutes:
    """
    The routes of the schemas.

    Args:
        folder: From `gateway.resources.schemas_path`; read here, unless it was read before.
    """

    def __init__(self, folder: Path) -> None:
        self._files = _read(folder)
        index = SchemaIndex([SchemaFile(path, len(one.data), one.etag.strip('"')) for path, one in self._files.items()])
        encoded = msgspec.json.encode(index)
        self._index = _Loaded(encoded, media.JSON, _etag(encoded))

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
        """Return one file."""
        found = self._files.get(call.parameter)
        if found is None:
            raise Rejected(code="not-found")
        return _served(call, found)


def _served(call: Call, found: _Loaded) -> web.StreamResponse:
    headers = {"ETag": found.etag, "Cache-Control": f"public, max-age={_MAX_AGE_S}", "X-Content-Type-Options": "nosniff"}
    known = {tag.strip() for tag in call.request.headers.get("If-None-Match", "").split(",")}
    if found.etag in known or "*" in known:
        return reply(b"", found.media, status=304, headers=headers)
    return reply(found.data, found.media, headers=headers)


@cache
def _read(folder: Path) -> Mapping[str, _Loaded]:
    """Return the files of a folder, by path: more than a thousand, and what is released does not change."""
    return {path: _load(folder / path) for path in _paths(folder)}


def _paths(folder: Path) -> list[str]:
    """Name the regular files below a folder, no hidden ones, with `/` between segments."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    names = (path.relative_to(folder) for path in found)
    return sorted(name.as_posix() for name in names if not any(part.startswith((".", "_")) for part in name.parts))


def _load(path: Path) -> _Loaded:
    data = path.read_bytes()
    return _Loaded(data, _MEDIA.get(path.suffix, media.OCTETS), _etag(data))


def _etag(data: bytes) -> str:
    return f'"{sha256(data).hexdigest()}"'
