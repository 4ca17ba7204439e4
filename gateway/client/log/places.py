"""
Where leaves stand in the audit log, and the proofs: asked of a gateway, against one checkpoint for all.

A leaf that was just written is in no signed checkpoint yet: whoever asks waits, within bounds. The oldest time-stamped
checkpoint that holds everything is preferred, else the newest one is taken. Nothing that comes is believed here: a bundle is
verified as a whole before it is handed out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import msgspec

from gateway.errors import Rejected, Unavailable
from gateway.evidence.token import MAX_TOKEN_BYTES
from gateway.merkle import leaf_hash
from gateway.protocol import media
from gateway.tlog.checkpoint import parse_checkpoint
from gateway.tlog.note import MAX_NOTE_BYTES, parse_note

if TYPE_CHECKING:
    from gateway.client.line.transport import Transport

__all__ = ["Chosen", "LogPlaces", "Place"]

LOOK_AGAIN_S: Final = 0.5
AT_ONCE: Final = 16
_proof: Final = msgspec.msgpack.Decoder(tuple[int, int, list[bytes]])
_stamped: Final = msgspec.msgpack.Decoder(tuple[bytes, bytes | None])

A = TypeVar("A")
B = TypeVar("B")


class Place(NamedTuple):
    """Where a leaf stands, and the siblings that lead to the root of a tree."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody asks of a place
    siblings: list[bytes]


class Chosen(NamedTuple):
    """The checkpoint that proofs are made against; `origin` and `size` are what it says."""

    note: bytes
    token: bytes | None
    origin: str
    size: int

    @property
    def cosigned(self) -> bool:
        """Tell whether anybody but the log stands under it."""
        return any(line.name != self.origin for line in parse_note(self.note).signatures)


class LogPlaces:
    """
    Asks a gateway.

    Args:
        transport: To the gateways.
        wait_s: How long to wait for leaves and cosignatures, in all.
    """

    def __init__(self, transport: Transport, wait_s: float) -> None:
        self._transport = transport
        self._until = asyncio.get_running_loop().time() + wait_s

    async def newest(self) -> Chosen:
        """
        Return the newest checkpoint.

        Raises:
            Unavailable: There is none after the wait.
        """
        data = await self._waited(lambda: self._get(media.LOG_CHECKPOINT, MAX_NOTE_BYTES))
        if data is None:
            raise Unavailable("the gateway has no signed checkpoint yet")
        return _chosen(data, None)

    async def indices(self, leaves: Sequence[bytes]) -> list[int | None]:
        """Return where each leaf stands; None for one that is in no checkpoint after the wait."""

        async def index(leaf: bytes) -> int | None:
            found = await self._waited(lambda: self._proof(leaf, None))
            return None if found is None else found[0]

        return await _each(leaves, index)

    async def choose(self, last: int, *, cosigned: bool) -> Chosen:
        """
        Return the checkpoint for proofs.

        Args:
            last: The largest index that it must hold.
            cosigned: Wait for one with a cosignature.

        Raises:
            Unavailable: There is none such after the wait.
        """

        async def look() -> Chosen | None:
            held = [one for one in (await self._stamped(last), await self.newest()) if one is not None and one.size > last]
            return next((one for one in held if one.cosigned or not cosigned), None)

        if (chosen := await self._waited(look)) is None:
            raise Unavailable(f"no {'cosigned ' if cosigned else ''}checkpoint holds leaf {last} yet")
        return chosen

    async def places(self, leaves: Sequence[bytes], size: int) -> list[Place]:
        """
        Return the proof of each leaf in the tree of `size` leaves.

        Raises:
            Unavailable: The gateway does not show one.
        """

        async def place(leaf: bytes) -> Place:
            found = await self._proof(leaf, size)
            if found is None:
                raise Unavailable(f"the gateway shows no proof within {size} leaves")
            return Place(found[0], found[2])

        return await _each(leaves, place)

    async def _stamped(self, last: int) -> Chosen | None:
        data = await self._get(f"{media.LOG_STAMPED}{last}", MAX_NOTE_BYTES + MAX_TOKEN_BYTES + 64)
        return None if data is None else _chosen(*_decoded(_stamped, data))

    async def _proof(self, leaf: bytes, size: int | None) -> tuple[int, int, list[bytes]] | None:
        query = "" if size is None else f"?size={size}"
        data = await self._get(f"{media.LOG_PROOFS}{leaf_hash(leaf).hex()}{query}", MAX_NOTE_BYTES)
        return None if data is None else _decoded(_proof, data)

    async def _get(self, path: str, limit_bytes: int) -> bytes | None:
        try:
            return await self._transport.get(path, limit_bytes=limit_bytes)
        except Rejected as exc:
            if exc.code == "not-found":
                return None
            raise

    async def _waited(self, ask: Callable[[], Awaitable[A | None]]) -> A | None:
        while True:
            found = await ask()
            if found is not None or asyncio.get_running_loop().time() >= self._until:
                return found
            await asyncio.sleep(LOOK_AGAIN_S)


def _chosen(note: bytes, token: bytes | None) -> Chosen:
    checkpoint = parse_checkpoint(parse_note(note).text)
    return Chosen(note, token, checkpoint.origin, checkpoint.size)


def _decoded(decoder: msgspec.msgpack.Decoder[A], data: bytes) -> A:
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        raise Unavailable("an answer about the audit log that cannot be read") from exc


async def _each(items: Iterable[A], work: Callable[[A], Awaitable[B]]) -> list[B]:
    """Run for each, some at once, and keep the order."""
    todo, done = list(items), []
    for start in range(0, len(todo), AT_ONCE):
        done += await asyncio.gather(*map(work, todo[start : start + AT_ONCE]))
    return done
