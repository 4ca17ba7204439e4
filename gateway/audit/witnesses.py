"""
Asking witnesses to cosign the checkpoints of the log (C2SP tlog-witness, the log's side).

Each witness is asked by itself, now and then, for the newest signed checkpoint; nothing waits for its answer. Where it names
another size the proof begins there. A cosignature is verified before it is kept. A witness that says that the log is not the
continuation of what it saw raises an alarm: `log-forked` in log and metric. Other refusals are told once.
Any process of the gateway asks; who finds the cosignature of another's asking has nothing to do.
Spec: schemas/audit.md, "Witnesses".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from gateway.audit.outside import Backoff
from gateway.errors import Corrupt, GatewayError, Rejected, Unavailable
from gateway.ops.logs import logger
from gateway.tlog.checkpoint import parse_size
from gateway.tlog.cosignature import cosigned_at
from gateway.tlog.note import COSIGNATURE_V1, Note, encode_signatures, parse_note, parse_signatures, parse_vkey
from gateway.tlog.witness import SIZE_MEDIA_TYPE, AddCheckpoint, encode_add_checkpoint

if TYPE_CHECKING:
    from gateway.audit.outside import Answer, Outside
    from gateway.ledger.facts import CheckpointRow
    from gateway.ops import Metrics
    from gateway.tlog.note import VerifierKey

__all__ = ["CheckpointTable", "Cosigning", "WitnessLine", "read_witness_key"]

TRIES: Final = 4  # of one round; each answers what the witness said
MAX_LINES_BYTES: Final = 64 << 10  # signature lines: one is about 200 bytes
_OCTETS: Final = "application/octet-stream"  # C2SP names no media type for the request
_OK: Final = "ok"


class CheckpointTable(Protocol):
    """Where checkpoints stand, and where cosignatures go; errors are those of the ledger."""

    async def newest_checkpoint(self) -> CheckpointRow | None:
        """Return the largest signed checkpoint."""

    async def add_cosignatures(self, size: int, lines: bytes) -> bool:
        """Keep signature lines with the checkpoint of a size."""


Prove = Callable[[int, int], Awaitable[Sequence[bytes] | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigning:
    """
    What the lines to all witnesses of a log share.

    Args:
        table: See `CheckpointTable`.
        prove: Returns the proof that a first number of leaves, at least one, is the beginning of a second; None beyond the log.
        outside: Carries the requests.
        metrics: Age of each witness's last cosignature, answers by code, forks.
        clock: Unix seconds.
        every_s: Between two rounds with one witness, at least.
    """

    table: CheckpointTable
    prove: Prove
    outside: Outside
    metrics: Metrics
    clock: Callable[[], float]
    every_s: float


class WitnessLine:
    """
    One witness of the log.

    Args:
        url: Its submission prefix.
        key: What its cosignatures are verified with; its name is what logs and metrics call it.
        parts: See `Cosigning`.
    """

    def __init__(self, url: str, key: VerifierKey, parts: Cosigning) -> None:
        self._url = f"{url.rstrip('/')}/add-checkpoint"
        self._key = key
        self._parts = parts
        self._backoff = Backoff(parts.every_s)
        self._log = logger()
        self._known_size = 0  # what the witness cosigned last, as far as it told us
        self._told = _OK
        self._cosigned_at = parts.clock()
        parts.metrics.witness_age_seconds(key.name).set_function(lambda: max(0.0, parts.clock() - self._cosigned_at))
        parts.metrics.witness_forked(key.name).set(0)

    async def run(self) -> None:
        """Ask for ever; raise only for bugs."""
        while True:
            await self.round()
            await asyncio.sleep(self._backoff.next_s)

    async def round(self) -> None:
        """Have the newest checkpoint cosigned, if it is not; whatever fails is noted and tried again by a later round."""
        try:
            done = await self._round()
        except GatewayError as exc:
            self._backoff.failed()
            self._note(exc.code, exc.detail)
        else:
            self._backoff.well()
            if done:
                self._note(_OK)

    async def _round(self) -> bool:
        """Return whether the witness gave a cosignature; False when there was nothing to ask for."""
        row = await self._parts.table.newest_checkpoint()
        if row is None or row.note is None:
            return False
        if (at := cosigned_at(parse_note(row.note + row.cosignatures), self._key)) is not None:
            self._cosigned_at = at
            return False
        for _ in range(TRIES):
            answer = await self._ask(row)
            if answer.status == 200:
                await self._keep(row, answer.body)
                return True
            size = self._named_size(answer, row.size)
            if size > row.size:
                row = await self._newer(size)
            self._known_size = size
        raise Unavailable(f"the witness names another size each time, at last {self._known_size}")

    async def _ask(self, row: CheckpointRow) -> Answer:
        assert row.note is not None
        old = min(self._known_size, row.size)
        proof = await self._parts.prove(old, row.size) if old else ()
        request = encode_add_checkpoint(AddCheckpoint(old, tuple(proof or ()), row.note))
        return await self._parts.outside.post(self._url, request, _OCTETS, MAX_LINES_BYTES)

    async def _keep(self, row: CheckpointRow, lines: bytes) -> None:
        """Verify the cosignature and keep it, and nothing else of the answer."""
        assert row.note is not None
        text = parse_note(row.note).text
        own = tuple(line for line in parse_signatures(lines) if (line.name, line.hash) == (self._key.name, self._key.hash))
        at = cosigned_at(Note(text, own), self._key)
        if at is None:
            raise Rejected(f"no good cosignature of {self._key.name} in its answer", code="checkpoint-bad")
        await self._parts.table.add_cosignatures(row.size, encode_signatures(own))
        self._known_size, self._cosigned_at = row.size, self._parts.clock()

    def _named_size(self, answer: Answer, size: int) -> int:
        """
        Return the size that a refusal names, to begin the proof there.

        Raises:
            Corrupt: `log-forked`; the witness saw another log.
            Rejected: The witness does not know the log or its key, or does not speak the protocol.
            Unavailable: It is broken.
        """
        status = answer.status
        if status == 422:
            raise Corrupt(f"the witness saw another tree of {self._known_size} leaves", code="log-forked")
        if status == 409 and answer.media.partition(";")[0] == SIZE_MEDIA_TYPE:
            named = parse_size(answer.body.decode("ascii", "replace").removesuffix("\n"))
            if named == size == min(self._known_size, size):
                raise Corrupt(f"the witness cosigned another tree of {size} leaves", code="log-forked")
            return named
        codes = {404: "not-found", 403: "checkpoint-untrusted"}
        if status in codes:
            raise Rejected(f"the witness refuses the log with status {status}", code=codes[status])
        raise Unavailable(f"the witness answers with status {status}")

    async def _newer(self, size: int) -> CheckpointRow:
        """Return the checkpoint that another process had cosigned meanwhile; a log that is shorter was cut."""
        row = await self._parts.table.newest_checkpoint()
        if row is None or row.size < size:
            raise Corrupt(f"the witness cosigned {size} leaves, and there are fewer", code="log-forked")
        return row

    def _note(self, code: str, detail: str = "") -> None:
        """Count every round; tell what is wrong, and that it is well again, once."""
        name = self._key.name
        self._parts.metrics.witness_answers(name, code).inc()
        self._parts.metrics.witness_forked(name).set(code == "log-forked")
        if code != self._told:
            if code == _OK:
                self._log.info("witness-well", witness=name)
            elif code == "log-forked":
                self._log.error("log-forked", witness=name, code=code, detail=detail)
            else:
                self._log.warning("witness-refuses", witness=name, code=code, detail=detail)
        self._told = code


def read_witness_key(text: str) -> VerifierKey:
    """Read the key of a witness from the configuration; raise `config` for any other."""
    try:
        key = parse_vkey(text)
    except Rejected as exc:
        raise Rejected(
            f"audit.witnesses: {exc.detail}", code="config", hint="copy what `gateway witness init` printed"
        ) from exc
    if key.algorithm != COSIGNATURE_V1:
        raise Rejected(f"audit.witnesses: the key of {key.name} signs notes and does not cosign", code="config")
    return key
