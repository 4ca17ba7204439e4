"""
The audit log over HTTP: checkpoint, tiles, proofs, time-stamps.

Checkpoint and hash tiles are for everybody, as C2SP tlog-tiles serves them, byte for byte; bundles of entries, proofs and
time-stamps are for participants. A path is read in its one spelling; what the newest signed checkpoint does not cover is not
there yet. What stands at a place never changes, so whoever has it may keep it for ever.
Spec: schemas/audit.md, "Reading".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from gateway.api.answers import reply
from gateway.api.routes import Answered, Call, Parameter, Route
from gateway.errors import Rejected
from gateway.protocol import media
from gateway.tlog.checkpoint import MAX_SIZE
from gateway.tlog.tiles import ENTRIES_LEVEL, parse_tile_path

if TYPE_CHECKING:
    from aiohttp import web

    from gateway.api.ports import LogPort
    from gateway.tlog.tiles import Tile

__all__ = ["LogRoutes"]

_NOTE: Final = "text/plain; charset=utf-8"
_FOR_EVER: Final = "max-age=31536000, immutable"
_PUBLIC: Final = {"Cache-Control": f"public, {_FOR_EVER}"}
_PRIVATE: Final = {"Cache-Control": f"private, {_FOR_EVER}"}
_FRESH: Final = {"Cache-Control": "no-cache"}
_NO_STORE: Final = {"Cache-Control": "no-store"}
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,15}")
_SIZE: Final = Parameter(
    "size", "Leaves of the tree to prove it in; default: the newest checkpoint's", {"type": "integer", "minimum": 1}
)
_packed: Final = msgspec.msgpack.Encoder()


class LogRoutes:
    """
    The routes of the audit log.

    Args:
        log: Answers about it.
    """

    def __init__(self, log: LogPort) -> None:
        self._log = log

    def routes(self) -> list[Route]:
        """Return the rows of the table."""
        return [*self._open(), *self._for_participants()]

    def _open(self) -> list[Route]:
        return [
            Route(
                method="GET",
                path=media.LOG_CHECKPOINT,
                handler=self.checkpoint,
                summary="The newest checkpoint: a signed note, with the cosignatures of witnesses",
                answers={200: Answered("The note", _NOTE)},
                problems=("not-found",),
            ),
            Route(
                method="GET",
                path=f"{media.LOG_TILES}{{path*}}",
                handler=self.tile,
                summary="Hashes of the tree: LEVEL/INDEX, or LEVEL/INDEX.p/WIDTH for a tile that is not full",
                answers={200: Answered("The hashes, 32 bytes each", media.OCTETS)},
            ),
        ]

    def _for_participants(self) -> list[Route]:
        return [
            Route(
                method="GET",
                path=f"{media.LOG_ENTRIES}{{path*}}",
                handler=self.entries,
                summary="Entries of the log: INDEX, or INDEX.p/WIDTH",
                answers={200: Answered("The entries, each after its length in 2 bytes", media.OCTETS)},
                signed=True,
            ),
            Route(
                method="GET",
                path=f"{media.LOG_PROOFS}{{leaf_hash}}",
                handler=self.proof,
                summary="Where a leaf stands, by its RFC 6962 hash in hex, and the proof",
                answers={200: Answered("MessagePack [index, size, [sibling, ...]]", media.MSGPACK)},
                signed=True,
                parameters=[_SIZE],
            ),
            Route(
                method="GET",
                path=f"{media.LOG_STAMPED}{{index}}",
                handler=self.stamped,
                summary="The oldest time-stamped checkpoint that holds the leaf at an index",
                answers={200: Answered("MessagePack [signed note, RFC 3161 token]", media.MSGPACK)},
                signed=True,
            ),
        ]

    async def checkpoint(self, call: Call) -> web.StreamResponse:
        """Return the newest checkpoint."""
        del call
        return reply(_there(await self._log.checkpoint()), _NOTE, headers=_FRESH)

    async def tile(self, call: Call) -> web.StreamResponse:
        """Return a tile of hashes."""
        tile = _tile(call.parameter)
        if tile.level == ENTRIES_LEVEL:
            raise Rejected(code="not-found")  # entries have a row of their own, which asks who is asking
        return reply(_there(await self._log.tile(tile)), media.OCTETS, headers=_PUBLIC)

    async def entries(self, call: Call) -> web.StreamResponse:
        """Return a bundle of entries."""
        tile = _tile(f"entries/{call.parameter}")
        return reply(_there(await self._log.entries(tile)), media.OCTETS, headers=_PRIVATE)

    async def proof(self, call: Call) -> web.StreamResponse:
        """Return the proof of a leaf."""
        if not _HASH.fullmatch(call.parameter):
            raise Rejected(code="not-found")
        found = await self._log.proof(bytes.fromhex(call.parameter), _asked_size(call))
        if found is None:
            raise Rejected(code="not-found")
        return reply(_packed.encode((found.index, found.size, found.siblings)), media.MSGPACK, headers=_NO_STORE)

    async def stamped(self, call: Call) -> web.StreamResponse:
        """Return a time-stamped checkpoint."""
        found = await self._log.stamped(_number(call.parameter))
        if found is None or found.note is None:
            raise Rejected(code="not-found")
        answer = (found.note + found.cosignatures, found.token)
        return reply(_packed.encode(answer), media.MSGPACK, headers=_NO_STORE)


def _there(data: bytes | None) -> bytes:
    if data is None:
        raise Rejected(code="not-found")
    return data


def _tile(path: str) -> Tile:
    try:
        return parse_tile_path(f"tile/{path}")
    except Rejected as exc:
        raise Rejected(code="not-found") from exc


def _asked_size(call: Call) -> int | None:
    query = call.request.raw_path.partition("?")[2]
    if not query:
        return None
    name, _, value = query.partition("=")
    if name != "size" or not _NUMBER.fullmatch(value):
        raise Rejected("the query is not size=NUMBER", code="bad-request")
    return int(value)


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > MAX_SIZE:
        raise Rejected(code="not-found")
    return int(text)
