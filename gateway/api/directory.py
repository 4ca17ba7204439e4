"""
The directory over HTTP: its files for participants, and the publishing of cards.

Files are served as the authority and the gateway signed them, by exact name and to active participants only; what is trusted
is decided by who reads them. A bundle answers a first refresh in one request. A card is published once its challenges are
answered.
Spec: schemas/api.md, "Directory".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta, Struct

from gateway.api.answers import reply
from gateway.api.routes import Answered, Body, Call, Route
from gateway.directory.possession import encode_challenges
from gateway.errors import Rejected
from gateway.protocol import media

if TYPE_CHECKING:
    from aiohttp import web

    from gateway.api.ports import ExchangePort

__all__ = ["DirectoryRoutes"]

_MAX_ANSWERS: Final = 64  # delivery keys on one card
_MAX_BUNDLE_BYTES: Final = media.MAX_BUNDLE_PATHS * 256
_NO_STORE: Final = {"Cache-Control": "no-store"}

_Names = Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(min_length=1, max_length=media.MAX_BUNDLE_PATHS)]


class _Publication(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A signed card, and an answer to each challenge that was made for it; a key card has none."""

    card: Annotated[bytes, Meta(min_length=1, max_length=media.MAX_CARD_BYTES)]
    answers: Annotated[list[Annotated[bytes, Meta(max_length=64)]], Meta(max_length=_MAX_ANSWERS)]


_names: Final = msgspec.json.Decoder(_Names)
_publication: Final = msgspec.msgpack.Decoder(_Publication)
_packed: Final = msgspec.msgpack.Encoder()


class DirectoryRoutes:
    """
    The routes of the directory.

    Args:
        exchange: Keeps the files, and publishes cards.
    """

    def __init__(self, exchange: ExchangePort) -> None:
        self._exchange = exchange

    def routes(self) -> list[Route]:
        """Return the rows of the table."""
        return [*self._reading(), *self._publishing()]

    def _reading(self) -> list[Route]:
        return [
            Route(
                method="GET",
                path=f"{media.DIRECTORY}metadata/{{name}}",
                handler=self.metadata,
                summary="A metadata file of The Update Framework",
                answers={200: Answered("The file", media.OCTETS)},
                signed=True,
            ),
            Route(
                method="GET",
                path=f"{media.DIRECTORY}targets/{{path*}}",
                handler=self.target,
                summary="A target: who is who, a card",
                answers={200: Answered("The file", media.OCTETS)},
                signed=True,
            ),
            Route(
                method="POST",
                path=media.DIRECTORY_BUNDLE,
                handler=self.bundle,
                summary="Several files at once; a file that is not there is left out",
                answers={200: Answered("MessagePack [[name, bytes], ...]", media.MSGPACK)},
                problems=("malformed",),
                body=Body((media.JSON,), _MAX_BUNDLE_BYTES, _Names),
                signed=True,
            ),
        ]

    def _publishing(self) -> list[Route]:
        return [
            Route(
                method="POST",
                path=media.CHALLENGES,
                handler=self.challenges,
                summary="Ask for the challenges that prove possession of a card's delivery keys",
                answers={200: Answered("MessagePack [[key_id, epk, nonce, wrap], ...]", media.MSGPACK)},
                problems=("malformed", "not-canonical", "card-bad"),
                body=Body((media.MSGPACK, media.OCTETS), media.MAX_CARD_BYTES),
                signed=True,
            ),
            Route(
                method="PUT",
                path=media.CARDS,
                handler=self.publish,
                summary="Publish a card: MessagePack [card, [answer, ...]]",
                answers={204: Answered("Published")},
                problems=("malformed", "not-canonical", "card-bad", "card-serial", "key-taken", "possession", "bad-key"),
                body=Body((media.MSGPACK,), media.MAX_CARD_BYTES + _MAX_ANSWERS * 80),
                signed=True,
                changes=True,
            ),
        ]

    async def metadata(self, call: Call) -> web.StreamResponse:
        """Return a metadata file."""
        return await self._file(f"metadata/{call.parameter}")

    async def target(self, call: Call) -> web.StreamResponse:
        """Return a target."""
        return await self._file(f"targets/{call.parameter}")

    async def bundle(self, call: Call) -> web.StreamResponse:
        """Return several files."""
        try:
            names = _names.decode(call.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
            raise Rejected("not a JSON array of file names", code="malformed") from exc
        found = await self._exchange.directory_files(names)
        return reply(_packed.encode(list(found.items())), media.MSGPACK, headers=_NO_STORE)

    async def challenges(self, call: Call) -> web.StreamResponse:
        """Return the challenges for a card."""
        made = await self._exchange.challenge(call.who().address, call.body)
        return reply(encode_challenges(made), media.MSGPACK, headers=_NO_STORE)

    async def publish(self, call: Call) -> web.StreamResponse:
        """Publish a card."""
        try:
            found = _publication.decode(call.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
            raise Rejected("not a card with its answers", code="malformed") from exc
        await self._exchange.publish_card(call.who().address, found.card, found.answers)
        return reply(b"", media.OCTETS, status=204)

    async def _file(self, name: str) -> web.StreamResponse:
        found = await self._exchange.directory_files([name])
        if name not in found:
            raise Rejected(code="not-found")
        return reply(found[name], media.OCTETS, headers=_NO_STORE)
