"""
Peers' directories over HTTP: their files for our participants, as `/v1/directory/` has our own, and their publishing.

A publication is not signed as a request: it proves itself, or changes nothing. Whoever brings a timestamp is told what is
still missing, so a relay that knows nothing of this gateway brings a directory in a few steps.
Spec: schemas/relay.md, "The directory of a peer" and "Requests".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from gateway.api.answers import reply
from gateway.api.routes import Answered, Body, Call, Route
from gateway.errors import Rejected
from gateway.ids import Network
from gateway.protocol import media
from gateway.protocol.relaying import Bodies, Published

if TYPE_CHECKING:
    from aiohttp import web

    from gateway.api.border_ports import PeersPort

__all__ = ["PeerRoutes"]

_MAX_BUNDLE_BYTES: Final = media.MAX_BUNDLE_PATHS * 256
_NO_STORE: Final = {"Cache-Control": "no-store"}
_REFUSALS: Final = (
    "malformed", "peer-unknown", "directory-untrusted", "directory-rollback", "directory-expired", "network-differs",
    "key-taken", "card-serial", "busy", "too-many",
)  # fmt: skip

_Names = Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(min_length=1, max_length=media.MAX_BUNDLE_PATHS)]
_names: Final = msgspec.json.Decoder(_Names)


class PeerRoutes:
    """
    The routes of peers' directories.

    Args:
        peers: Keeps them.
    """

    def __init__(self, peers: PeersPort) -> None:
        self._peers = peers

    def routes(self) -> list[Route]:
        """Return the rows of the table."""
        return [
            Route(
                method="GET",
                path=f"{media.PEERS}{{path*}}",
                handler=self.file,
                summary="A file of a peer's directory: NETWORK/metadata/NAME, NETWORK/targets/PATH",
                answers={200: Answered("The file", media.OCTETS)},
                problems=("peer-unknown",),
                signed=True,
            ),
            Route(
                method="POST",
                path=f"{media.PEERS_BUNDLE}{{network}}",
                handler=self.bundle,
                summary="Several files of a peer's directory at once; a file that is not there is left out",
                answers={200: Answered("MessagePack [[name, bytes], ...]", media.MSGPACK)},
                problems=("malformed", "peer-unknown"),
                body=Body((media.JSON,), _MAX_BUNDLE_BYTES, _Names),
                signed=True,
            ),
            Route(
                method="POST",
                path=f"{media.PEERS_PUBLISH}{{network}}",
                handler=self.publish,
                summary="Bring files of a peer's directory: MessagePack [[name, bytes], ...], which prove themselves",
                answers={200: Answered("What is in use now, and what is still missing", media.JSON, Published)},
                problems=_REFUSALS,
                body=Body((media.MSGPACK,), media.MAX_PUBLICATION_BYTES),
                changes=True,
            ),
        ]

    async def file(self, call: Call) -> web.StreamResponse:
        """Return one file."""
        network, _, name = call.parameter.partition("/")
        found = self._peers.files(Network(network), [name])
        if name not in found:
            raise Rejected(code="not-found")
        return reply(found[name], media.OCTETS, headers=_NO_STORE)

    async def bundle(self, call: Call) -> web.StreamResponse:
        """Return several files."""
        try:
            names = _names.decode(call.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
            raise Rejected("not a JSON array of file names", code="malformed") from exc
        found = self._peers.files(Network(call.parameter), names)
        return reply(Bodies.files.encode(list(found.items())), media.MSGPACK, headers=_NO_STORE)

    async def publish(self, call: Call) -> web.StreamResponse:
        """Take files in."""
        brought = Bodies.files.decode(call.body)
        files = dict(brought)
        if len(files) != len(brought):
            raise Rejected("a file stands twice", code="malformed")
        taken = await self._peers.take(Network(call.parameter), files)
        answer = Published(taken.version, taken.root, tuple(taken.missing))
        return reply(Bodies.published.encode(answer), media.JSON, headers=_NO_STORE)
