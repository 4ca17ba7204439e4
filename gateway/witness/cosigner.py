"""
The work of a witness: remember first, then cosign.

1. read the request   2. judge it against what was cosigned last (`tlog.witness.judge`)   3. remember the new tree on disk, if
nobody was faster   4. cosign. Whoever is killed after 3 cosigns the same tree when it is asked again.
A log that shows two trees of one size gets no signature, and both checkpoints are kept: its own signatures convict it.
Spec: schemas/audit.md, "Witnesses"; C2SP tlog-witness.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from gateway.errors import Corrupt, Rejected
from gateway.ops.logs import logger
from gateway.tlog.cosignature import cosign
from gateway.tlog.note import encode_signatures
from gateway.tlog.witness import decode_add_checkpoint, judge
from gateway.witness.store import Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.tlog.note import VerifierKey
    from gateway.tlog.witness import AddCheckpoint, Verdict
    from gateway.witness.keyfile import WitnessKey
    from gateway.witness.store import Store

__all__ = ["Cosigned", "Cosigner"]


class Cosigned(NamedTuple):
    """
    The answer to a checkpoint that is no refusal.

    Args:
        lines: Signature lines of this witness; empty when the asker must begin at `size`.
        size: Leaves of the largest tree that was cosigned, as the answer's body says it.
    """

    lines: bytes
    size: bytes = b""


class Cosigner:
    """
    One witness.

    Args:
        key: Cosigns.
        logs: Verifier keys of the logs that it watches.
        store: What it remembers.
        clock: Unix seconds.
    """

    def __init__(self, key: WitnessKey, logs: Sequence[VerifierKey], store: Store, clock: Callable[[], float]) -> None:
        self._key = key
        self._logs = tuple(logs)
        self._store = store
        self._clock = clock
        self._alone = asyncio.Lock()  # the store takes one call at a time
        self._log = logger()

    async def add_checkpoint(self, body: bytes) -> Cosigned:
        """
        Cosign a checkpoint that continues what was cosigned before.

        Args:
            body: As `tlog.witness.encode_add_checkpoint` writes it.

        Raises:
            Rejected: `malformed`, `too-large`, `not-found` (the log is not watched) or `checkpoint-untrusted`.
            Corrupt: `log-forked`; the checkpoint does not continue what was cosigned.
            Unavailable: The memory does not answer; nothing was cosigned.
        """
        request = _read(body)
        async with self._alone:
            seen = await asyncio.to_thread(self._store.seen, request.checkpoint.origin)
            verdict = judge(request, seen, self._logs)
            if verdict.remember is not None and not await self._remembered(request, seen, Seen(*verdict.remember)):
                # Another process of this witness was faster: what it remembered is the answer.
                seen = await asyncio.to_thread(self._store.seen, request.checkpoint.origin)
                verdict = judge(request, seen, self._logs)
                if verdict.remember is not None:
                    raise Corrupt("the memory of this witness changes and does not change")
            if verdict.forked:
                await asyncio.to_thread(self._store.keep_fork, request.checkpoint.origin, request.note, int(self._clock()))
        return self._answer(request, verdict)

    async def _remembered(self, request: AddCheckpoint, seen: Seen, new: Seen) -> bool:
        origin, now = request.checkpoint.origin, int(self._clock())
        return await asyncio.to_thread(self._store.remember, origin, seen, new, request.note, now)

    def _answer(self, request: AddCheckpoint, verdict: Verdict) -> Cosigned:
        told = {"origin": request.checkpoint.origin[:80], "size": request.checkpoint.size}
        match verdict.status:
            case 200:
                line = cosign(request.parsed.text, self._key.verifier, self._key.sign, int(self._clock()))
                self._log.info("cosigned", **told)
                return Cosigned(encode_signatures([line]))
            case 409:
                tell = self._log.error if verdict.forked else self._log.info
                tell("not-cosigned", code="log-forked" if verdict.forked else "conflict", detail=verdict.reason, **told)
                return Cosigned(b"", verdict.body)
            case 422:
                self._log.warning("not-cosigned", code="log-forked", detail=verdict.reason, **told)
                raise Corrupt(verdict.reason, code="log-forked")
            case 404:
                raise Rejected(code="not-found")
            case 403:
                raise Rejected(verdict.reason, code="checkpoint-untrusted")
            case _:
                raise Rejected(verdict.reason, code="malformed")


def _read(body: bytes) -> AddCheckpoint:
    try:
        return decode_add_checkpoint(body)
    except Rejected as exc:
        # C2SP answers every form of nonsense with 400.
        raise Rejected(exc.detail, code="too-large" if exc.code == "too-large" else "malformed") from exc
