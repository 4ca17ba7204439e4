"""
Tiles: how the tree and its entries are cut into files that never change.

A hash tile of level L holds up to 256 hashes of subtrees of 256^L leaves; an entry bundle holds the leaf data of one tile of
level 0. A partial tile is the beginning of the full one, and only the last tile of a level is partial.
Paths are read in their one canonical spelling. Bundles are bounded by the tile: 256 entries of at most 65,535 bytes.
Spec: schemas/audit.md, "Tiles"; C2SP tlog-tiles.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.errors import Rejected

__all__ = [
    "ENTRIES_LEVEL",
    "MAX_ENTRY_BYTES",
    "TILE_BITS",
    "TILE_WIDTH",
    "Tile",
    "decode_bundle",
    "encode_bundle",
    "parse_tile_path",
    "tile_in",
]

TILE_BITS: Final = 8
TILE_WIDTH: Final = 1 << TILE_BITS
ENTRIES_LEVEL: Final = -1
MAX_ENTRY_BYTES: Final = 0xFFFF  # the length of an entry is a uint16

_PATH: Final = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
_MAX_LEVEL: Final = 63


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """
    The name of a tile.

    Args:
        level: 0 to 63 for hashes, `ENTRIES_LEVEL` for the entries under level 0.
        index: Place within the level, from 0.
        width: Hashes or entries in it, 1 to 256; 256 is a full tile.
    """

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Its path under the base of the log, `tile/0/x001/234.p/17`."""
        groups = [f"{self.index % 1000:03}"]
        rest = self.index // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03}")
            rest //= 1000
        partial = f".p/{self.width}" if self.width < TILE_WIDTH else ""
        return f"tile/{'entries' if self.level == ENTRIES_LEVEL else self.level}/{'/'.join(groups)}{partial}"


def parse_tile_path(text: str) -> Tile:
    """
    Read a path as `Tile.path` writes it.

    Raises:
        Rejected: `malformed`, any other spelling.
    """
    found = _PATH.fullmatch(text)
    if found:
        level, groups, width = found.groups()
        index = int(groups.replace("x", "").replace("/", ""))
        tile = Tile(ENTRIES_LEVEL if level == "entries" else int(level), index, int(width or TILE_WIDTH))
        # A level with a leading zero, a leading group of zeros and `.p/256` are second spellings: they are not written so.
        if tile.level <= _MAX_LEVEL and tile.width <= TILE_WIDTH and tile.path == text:
            return tile
    raise Rejected(f"not the path of a tile: {text[:80]!r}", code="malformed")


def tile_in(size: int, level: int, index: int) -> Tile | None:
    """Return the tile of this place in a tree of `size` leaves, as wide as it is there; None when it is empty or negative."""
    width = min(TILE_WIDTH, (size >> TILE_BITS * max(level, 0)) - index * TILE_WIDTH)
    return Tile(level, index, width) if width > 0 <= index else None


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """
    Write entries, each after its length as a big-endian uint16.

    Raises:
        Rejected: `too-large`, an entry above 65,535 bytes; `malformed`, no entry or more than 256.
    """
    if any(len(entry) > MAX_ENTRY_BYTES for entry in entries):
        raise Rejected(f"an entry of more than {MAX_ENTRY_BYTES} bytes", code="too-large")
    _check_count(len(entries))
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def decode_bundle(data: bytes) -> list[bytes]:
    """
    Read a bundle.

    Raises:
        Rejected: `malformed`, an entry is cut off, or there are none or more than 256.
    """
    entries: list[bytes] = []
    at = 0
    while at < len(data) and len(entries) <= TILE_WIDTH:
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        entries.append(data[start:at])
    # A cut within the length leaves `at` beyond the end as well.
    if at > len(data):
        raise Rejected(f"bundle: entry {len(entries) - 1} is cut off", code="malformed")
    _check_count(len(entries))
    return entries


def _check_count(count: int) -> None:
    if not 0 < count <= TILE_WIDTH:
        raise Rejected(f"bundle of {count} entries, 1 to {TILE_WIDTH}", code="malformed")
