"""
The audit log as a home reads it: checkpoint, hash tiles and entries over HTTP.

Nothing that comes is believed: a tile shows its worth when the proof made of it verifies, or the whole is hashed again.
Tiles are kept in memory, so that the proofs of an hour share them; `forget` lets go of what proved nothing. A partial tile
that is gone is there as a full one. Spec: schemas/audit.md, "Tiles"; C2SP tlog-tiles.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeVar

from gateway.client.line.transport import Transport
from gateway.errors import Rejected, Unavailable
from gateway.merkle import HASH_BYTES
from gateway.protocol import media
from gateway.tlog.note import MAX_NOTE_BYTES
from gateway.tlog.proofs import Read
from gateway.tlog.tiles import ENTRIES_LEVEL, MAX_ENTRY_BYTES, TILE_WIDTH, Tile, decode_bundle

__all__ = ["LogTiles"]

KEPT_TILES: Final = 256  # 2 MiB; a proof in a log of a million entries needs four
_TILE_BYTES: Final = TILE_WIDTH * HASH_BYTES
_BUNDLE_BYTES: Final = TILE_WIDTH * (MAX_ENTRY_BYTES + 2)

T = TypeVar("T")


class LogTiles:
    """
    Reads one log.

    Args:
        transport: To the gateways; any of them serves the same log.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._kept: OrderedDict[Tile, bytes] = OrderedDict()

    async def checkpoint(self) -> bytes:
        """
        Return the newest signed note, as it came.

        Raises:
            Unavailable: No gateway answers, or there is no checkpoint yet.
        """
        return await self._get(media.LOG_CHECKPOINT, MAX_NOTE_BYTES)

    async def computed(self, work: Callable[[Read], T]) -> T:
        """
        Run what reads tiles, synchronously, with the tiles that it asks for.

        Args:
            work: May run more than once; which tiles it reads must not depend on what stands in them.

        Raises:
            Unavailable: A tile cannot be fetched.
        """
        here: dict[Tile, bytes] = {}
        while True:
            missing: set[Tile] = set()

            def read(tile: Tile, missing: set[Tile] = missing) -> bytes:
                if tile not in here:
                    missing.add(tile)
                return here.get(tile) or bytes(tile.width * HASH_BYTES)

            result = work(read)
            if not missing:
                return result
            here.update(zip(missing, await asyncio.gather(*map(self.tile, missing)), strict=True))

    async def tile(self, tile: Tile) -> bytes:
        """Return the hashes of a tile, exactly as many as it is wide; raise Unavailable where no gateway has them."""
        found = self._kept.get(tile)
        if found is None:
            found = self._kept[tile] = (await self._widest(tile, _TILE_BYTES))[: tile.width * HASH_BYTES]
            if len(found) < tile.width * HASH_BYTES:
                del self._kept[tile]
                raise Unavailable(f"{tile.path} has {len(found)} bytes, at least {tile.width * HASH_BYTES}")
        self._kept.move_to_end(tile)
        while len(self._kept) > KEPT_TILES:
            self._kept.popitem(last=False)
        return found

    async def entries(self, index: int, width: int) -> list[bytes]:
        """Return the entries under a tile of level 0; raise Unavailable where no gateway has as many."""
        tile = Tile(ENTRIES_LEVEL, index, width)
        try:
            found = decode_bundle(await self._widest(tile, _BUNDLE_BYTES))
        except Rejected as exc:
            raise Unavailable(f"{tile.path} cannot be read: {exc.detail}") from exc
        if len(found) < width:
            raise Unavailable(f"{tile.path} has {len(found)} entries, at least {width}")
        return found[:width]

    def forget(self) -> None:
        """Fetch every tile anew from here on."""
        self._kept.clear()

    async def _widest(self, tile: Tile, limit_bytes: int) -> bytes:
        path = f"{media.LOG}/{tile.path}"
        try:
            return await self._get(path, limit_bytes)
        except Unavailable:
            if tile.width == TILE_WIDTH:
                raise
        return await self._get(f"{media.LOG}/{Tile(tile.level, tile.index).path}", limit_bytes)

    async def _get(self, path: str, limit_bytes: int) -> bytes:
        try:
            return await self._transport.get(path, limit_bytes=limit_bytes)
        except Rejected as exc:
            if exc.code != "not-found":
                raise
            raise Unavailable(f"no gateway has {path}") from exc
