"""
Trusted time: once a day a time-stamp service (RFC 3161) signs when it saw a checkpoint of the log.

What is stamped is SHA-256 of a checkpoint's text, without signatures. A token is kept only when it answers our nonce, verifies
from the configured roots, and tells our time. A service that is away, slow or wrong is noted in log and metric and asked again
later; nothing waits for it. Any process asks; who finds the token of another's asking has nothing to do.
Spec: schemas/audit.md, "Time-stamps".
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Final, Protocol

from rfc3161_client import HashAlgorithm, PKIStatus, TimestampRequestBuilder, decode_timestamp_response

from gateway.audit.outside import Backoff
from gateway.errors import GatewayError, Rejected, Unavailable
from gateway.evidence.token import MAX_TOKEN_BYTES, verify_token
from gateway.ops.logs import logger
from gateway.tlog.note import parse_note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampRequest

    from gateway.audit.outside import Outside
    from gateway.ledger.facts import CheckpointRow
    from gateway.ops import Metrics

__all__ = ["Stamper", "Stamping", "TokenTable", "token_of"]

LOOK_S: Final = 2.0  # between two looks whether a day has its token; once it has, a look costs nothing
MAX_SKEW_S: Final = 300.0  # as for a signed request: with a clock further off, one of the two cannot be trusted with time
_QUERY: Final = "application/timestamp-query"
_DAY_S: Final = 86_400
_OK: Final = "ok"


class TokenTable(Protocol):
    """Where checkpoints and their tokens stand; errors are those of the ledger."""

    async def newest_checkpoint(self) -> CheckpointRow | None:
        """Return the largest signed checkpoint."""

    async def last_stamped(self) -> CheckpointRow | None:
        """Return the newest checkpoint with a token."""

    async def set_token(self, size: int, token: bytes) -> bool:
        """Keep a token; False where another one is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamping:
    """
    What time-stamps are made with.

    Args:
        url: Of the service.
        roots: That its tokens must lead to; at least one.
        table: See `TokenTable`.
        outside: Carries the requests.
        metrics: Age of the newest token, answers by code.
        clock: Unix seconds.
        look_s: Between two looks.
    """

    url: str
    roots: Sequence[Certificate]
    table: TokenTable
    outside: Outside
    metrics: Metrics
    clock: Callable[[], float]
    look_s: float = LOOK_S


class Stamper:
    """
    Has the first checkpoint of each day (UTC) stamped.

    Args:
        parts: See `Stamping`.
    """

    def __init__(self, parts: Stamping) -> None:
        self._parts = parts
        self._backoff = Backoff(parts.look_s)
        self._log = logger()
        self._told = _OK
        self._stamped_size = -1  # under the newest token known here
        self._stamped_at = -inf
        parts.metrics.timestamp_age_seconds.set_function(lambda: max(0.0, parts.clock() - self._stamped_at))

    async def run(self) -> None:
        """Look for ever; raise only for bugs."""
        while True:
            await self.round()
            await asyncio.sleep(self._backoff.next_s)

    async def round(self) -> None:
        """Have the newest checkpoint stamped, if none was today; whatever fails is noted and tried again by a later round."""
        try:
            row = await self._due()
            if row is not None:
                await self._stamp(row)
        except GatewayError as exc:
            self._backoff.failed()
            self._note(exc.code, exc.detail)
        else:
            self._backoff.well()
            if row is not None:
                self._note(_OK)

    async def _due(self) -> CheckpointRow | None:
        """Return the checkpoint to stamp now; None when today has a token, or nothing is new since the last one."""
        midnight = self._parts.clock() // _DAY_S * _DAY_S
        if self._stamped_at >= midnight:
            return None
        row, last = await self._parts.table.newest_checkpoint(), await self._parts.table.last_stamped()
        if last is not None and last.size != self._stamped_size:
            self._stamped_size, self._stamped_at = last.size, await asyncio.to_thread(self._time_of, last)
        if row is None or row.size == self._stamped_size or self._stamped_at >= midnight:
            return None
        return row

    async def _stamp(self, row: CheckpointRow) -> None:
        text = _text(row)
        request = TimestampRequestBuilder(text, HashAlgorithm.SHA256).build()
        answer = await self._parts.outside.post(self._parts.url, request.as_bytes(), _QUERY, MAX_TOKEN_BYTES)
        if answer.status != 200:
            raise Unavailable(f"the time-stamp service answers with status {answer.status}")
        token = token_of(answer.body, request)
        at = await asyncio.to_thread(verify_token, token, text, self._parts.roots)
        if (skew_s := at - self._parts.clock()) and abs(skew_s) > MAX_SKEW_S:
            raise Rejected(f"the clock of the time-stamp service is {skew_s:.0f} s off ours", code="timestamp-bad")
        # Another process may have been faster: then today has its token all the same.
        await self._parts.table.set_token(row.size, token)
        self._stamped_size, self._stamped_at = row.size, at

    def _time_of(self, row: CheckpointRow) -> float:
        """Return when a checkpoint was stamped; its own time where today's roots do not verify the token any more."""
        try:
            return verify_token(row.token or b"", _text(row), self._parts.roots)
        except Rejected:
            return row.at

    def _note(self, code: str, detail: str = "") -> None:
        """Count every round that asked; tell what is wrong, and that it is well again, once."""
        self._parts.metrics.timestamp_answers(code).inc()
        if code != self._told:
            if code == _OK:
                self._log.info("timestamp-well")
            else:
                self._log.warning("timestamp-missing", code=code, detail=detail)
        self._told = code


def token_of(reply: bytes, request: TimeStampRequest) -> bytes:
    """
    Take the token out of a service's reply, if it is the answer to this request; the token is not verified here.

    Raises:
        Rejected: `timestamp-bad`; another form, a refusal, or the answer to another request.
    """
    try:
        response = decode_timestamp_response(reply)
        if response.status != PKIStatus.GRANTED:
            raise _bad(f"not granted: status {response.status}")
        if response.tst_info.nonce != request.nonce:
            raise _bad("the answer to another request")
        return response.time_stamp_token()
    except ValueError as exc:
        raise _bad(f"no reply of RFC 3161: {str(exc)[:200]}") from exc


def _text(row: CheckpointRow) -> bytes:
    return parse_note(row.note or b"").text.encode()


def _bad(detail: str) -> Rejected:
    return Rejected(f"time-stamp: {detail}", code="timestamp-bad")
