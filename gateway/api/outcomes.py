"""
Outcomes: an author reads how deliveries of his own messages ended, without asking for each message.

Whose a message is, is the exchange's to know: nobody is told about another's, and who has sent nothing reads an empty list.
Spec: schemas/api.md, "Outcomes".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from gateway.api.answers import reply
from gateway.api.query import after
from gateway.api.routes import Answered, Call, Parameter, Route
from gateway.protocol import media

if TYPE_CHECKING:
    from aiohttp import web

    from gateway.api.ports import ExchangePort

__all__ = ["OutcomeRoutes"]

_AFTER: Final = Parameter("after", "Only what was told after this number", {"type": "integer", "minimum": 0})
_packed: Final = msgspec.msgpack.Encoder()


class OutcomeRoutes:
    """
    The route of outcomes.

    Args:
        exchange: Knows them.
    """

    def __init__(self, exchange: ExchangePort) -> None:
        self._exchange = exchange

    def routes(self) -> list[Route]:
        """Return the row of the table."""
        return [
            Route(
                method="GET",
                path=media.OUTCOMES,
                handler=self.read,
                summary="Receipts of what was rejected, held, expired or recalled of the asker's own messages",
                answers={200: Answered("MessagePack [[seq, signed receipt], ...], at most 256", media.MSGPACK)},
                signed=True,
                parameters=[_AFTER],
            )
        ]

    async def read(self, call: Call) -> web.StreamResponse:
        """Tell an author."""
        told = await self._exchange.outcomes(call.who().address, after(call.request.raw_path))
        return reply(_packed.encode(told), media.MSGPACK, headers={"Cache-Control": "no-store"})
