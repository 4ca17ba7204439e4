"""
Messages: submit one, and ask what became of one's own.

A submission carries its own signatures and is not signed as a request; it goes to the exchange as it came. Whose a message
is, is the exchange's to know: for anybody but its sender it does not exist (promise 9).
Spec: schemas/api.md, "Messages".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from aiohttp import hdrs

from gateway.api.answers import reply, reply_json
from gateway.api.routes import Answered, Body, Call, Route
from gateway.ids import MessageId, parse_id
from gateway.protocol import media

if TYPE_CHECKING:
    from aiohttp import web

    from gateway.api.ports import ExchangePort

__all__ = ["MessageStatus", "Messages", "RecipientStatus"]

_REFUSALS = (
    "malformed", "not-canonical", "unknown-version", "unknown-suite", "bad-key", "bad-address", "cannot-open",
    "out-of-time", "expired", "sealer-not-allowed", "approval-missing", "kind-not-allowed", "kind-unknown",
    "kind-not-accepted", "schema-unknown", "clearance", "sender-unknown", "recipient-unknown", "recipient-repeated",
    "recipient-key", "addressees-differ", "directory-ahead", "content-json", "content-schema", "content-rule",
    "content-header", "recipient-missing", "handling-laxer", "must-understand", "network-differs", "conflict", "busy",
    "uncertain", "peer-unknown", "border-kind", "border-ceiling", "directory-stale", "quota", "suspended",
)  # fmt: skip


class RecipientStatus(msgspec.Struct, frozen=True):
    """Where one delivery stands; `receipt` is the signed receipt that proves it, in base64, where there is one."""

    recipient: str
    state: str
    at: int
    reason: str | None
    receipt: bytes | None


class MessageStatus(msgspec.Struct, frozen=True):
    """What became of a message: its acceptance (number, hash in hex, Unix seconds), and a state for each recipient."""

    message_id: str
    number: int
    envelope_hash: str
    accepted_at: int
    recipients: Sequence[RecipientStatus]


class Messages:
    """
    The routes of messages.

    Args:
        exchange: What takes them.
    """

    def __init__(self, exchange: ExchangePort) -> None:
        self._exchange = exchange

    def routes(self) -> list[Route]:
        """Return the rows of the table."""
        receipt = "A signed receipt (for clear text with the hashes of what was sealed), MessagePack"
        return [
            Route(
                method="POST",
                path=media.MESSAGES,
                handler=self.submit,
                summary="Submit a message, sealed by its author or signed to be sealed here",
                answers={
                    202: Answered(f"Accepted and kept. {receipt}", media.MSGPACK),
                    200: Answered(f"Accepted before: the first receipt. {receipt}", media.MSGPACK),
                },
                problems=_REFUSALS,
                body=Body((media.SEALED, media.SIGNED), media.MAX_SUBMISSION_BYTES),
                changes=True,
                told=True,
            ),
            Route(
                method="GET",
                path=f"{media.MESSAGES}/{{message_id}}",
                handler=self.status,
                summary="What became of a message that the asker sent, for each recipient",
                answers={200: Answered("The states", media.JSON, MessageStatus)},
                problems=("malformed",),
                signed=True,
            ),
        ]

    async def submit(self, call: Call) -> web.StreamResponse:
        """Take a message."""
        sealed = call.request.headers[hdrs.CONTENT_TYPE] == media.SEALED
        take = self._exchange.submit_sealed if sealed else self._exchange.submit_signed
        answer = await take(call.body)
        return reply(answer.body, media.MSGPACK, status=answer.status)

    async def status(self, call: Call) -> web.StreamResponse:
        """Tell a sender what became of a message."""
        found = await self._exchange.status(call.who().address, MessageId(parse_id(call.parameter)))
        rows = [RecipientStatus(one.recipient, one.state, one.at, one.reason, one.receipt) for one in found.recipients]
        status = MessageStatus(call.parameter, found.number, found.envelope_hash.hex(), found.accepted_at, rows)
        return reply_json(status, headers={"Cache-Control": "no-store"})
