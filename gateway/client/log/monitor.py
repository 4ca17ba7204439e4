"""
The monitor: every view of the audit log that this home sees is the beginning, or the continuation, of the one that it keeps.

1. A checkpoint counts when a log key on its gateway's key card signed it; the first one is believed. 2. One of the same size
has the same root. 3. A larger one is proved to continue the kept one, and takes its place. 4. A smaller one is proved to be its
beginning: a process that is behind. Behind for `LAG_S`, the log was rolled back. 5. Views in receipts are claims, proved
likewise; one that is larger waits. What cannot be proved, asked twice, contradicts: both statements are kept as evidence, and
the home goes on with its last good view. Spec: schemas/audit.md, "Monitoring".
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial
from sqlite3 import Connection
from typing import Final

from gateway.client.home import facts
from gateway.client.home.home import Home
from gateway.client.line.transport import Transport
from gateway.client.log import views
from gateway.client.log.evidence import Contradiction, EvidenceKeeper
from gateway.client.log.tiles import LogTiles
from gateway.client.log.views import Claim, Kept
from gateway.client.trust.directory import REFRESH_S, HomeDirectory
from gateway.envelope.receipt import GATEWAY_EVENTS, LogView, SignedReceipt, parse_receipt, read_receipt
from gateway.envelope.wire import DELIVERY
from gateway.errors import Corrupt, GatewayError
from gateway.evidence.anchors import gateway_of, log_keys, origin_of
from gateway.ids import network_of
from gateway.merkle import EMPTY_ROOT, verify_consistency
from gateway.tlog.checkpoint import parse_checkpoint, verify_checkpoint
from gateway.tlog.note import Note, parse_note
from gateway.tlog.proofs import consistency_proof

__all__ = ["LAG_S", "Monitor"]

LAG_S: Final = 30.0  # processes of one gateway share a database: they are behind each other by seconds
CLAIMS_AT_ONCE: Final = 128  # of 2 ms each, at most every five minutes
CLAIM_KEPT_S: Final = 30 * 86_400  # of a participant, about a log that nobody else sees
_SEEN: Final = 4096
_CLAIM: Final = b"log/claim"
_BEHIND: Final = "log-behind"
_log: Final = logging.getLogger(__name__)


class Monitor:
    """
    Watches over one home's view of the log.

    Args:
        home: Keeps checkpoint, claims and evidence.
        directory: Whose keys sign for the log.
        transport: To the gateways.
        clock: Unix seconds.

    Attributes:
        view: The newest good one, for this home's own receipts; None before the first.
        behind: Whether the gateway showed less than that when it was asked last.
    """

    def __init__(self, home: Home, directory: HomeDirectory, transport: Transport, clock: Callable[[], float]) -> None:
        self.tiles = LogTiles(transport)
        self.evidence = EvidenceKeeper(home, clock)
        self.view: LogView | None = None
        self.behind = False
        self._home = home
        self._directory = directory
        self._clock = clock
        self._seen: set[LogView] = set()
        self._checking = asyncio.Lock()
        self._look_at = 0.0

    async def load(self) -> None:
        """Take up what the home knows; say so when it has evidence against the log."""
        kept = await self._home.store.read(views.newest)
        self.view = None if kept is None else LogView(kept.size, kept.root)
        for found in await self.evidence.all():
            _log.error("%s: %s; evidence %s", found.code, found.why, found.name)

    def saw(self, signed: SignedReceipt) -> None:
        """Remember the view in a receipt that was verified; costs nothing when it is known, or of another network's log."""
        view = signed.receipt.log
        if network_of(signed.receipt.signer) != self._home.network:
            return
        if view is None or view == self.view or view in self._seen:
            return
        if len(self._seen) >= _SEEN:
            self._seen.clear()
        self._seen.add(view)
        sealed = self._home.seal(signed.data, _CLAIM + view.root)
        claim = Claim(view.size, view.root, signed.receipt.event in GATEWAY_EVENTS, int(self._clock()), sealed)
        self._home.store.later(partial(views.add_claim, claim=claim))

    def saw_accepted(self, delivery: bytes) -> None:
        """Remember the views in the accepted receipts of a delivery that was opened."""
        for form in DELIVERY.decode(delivery).accepted:
            self.saw(read_receipt(form))

    async def follow(self) -> None:
        """Look at most every five minutes; what cannot be known now is asked another time, a contradiction is logged."""
        if 0 < self._look_at - self._clock() <= REFRESH_S or self._directory.age_s > REFRESH_S:
            return  # a gateway that did not confirm the directory just now need not be waited for once more
        self._look_at = self._clock() + REFRESH_S
        try:
            await self.check()
        except GatewayError as exc:
            if isinstance(exc, Corrupt) and exc.code != "log-forked":
                raise
            _log.info("the audit log is not known now: %s", exc)

    async def check(self) -> Kept:
        """
        Fetch the newest checkpoint and hold everything against it; return what is kept then.

        Raises:
            Corrupt: `log-forked`: two statements contradict each other; both are kept, and the last good view stays.
            Rejected: `checkpoint-bad`: what the gateway shows is no checkpoint of its log; nothing changed.
            Unavailable: It cannot be asked, or shows less than it did: ask again after `LAG_S`.
        """
        async with self._checking:
            shown = await self._shown()
            kept = await self._home.store.read(partial(views.kept, origin=shown.origin))
            if kept is None or shown.size >= kept.size:
                await self._grown(kept, shown)
                kept = shown
                self.behind = False
            else:
                self.behind = True
                await self._smaller(kept, shown)
            await self._check_claims(kept, shown)
            return kept

    async def is_beginning(self, old: LogView, new: LogView) -> bool:
        """Prove that one view is the beginning of another, with tiles that are fetched anew if they prove nothing at first."""
        if not old.size:
            return old.root == EMPTY_ROOT
        for _ in range(2):
            proof = await self.tiles.computed(partial(consistency_proof, old.size, new.size))
            if verify_consistency(old.size, new.size, old.root, new.root, proof):
                return True
            self.tiles.forget()
        return False

    async def _shown(self) -> Kept:
        data = await self.tiles.checkpoint()
        note = parse_note(data)
        directory = await self._directory.current()
        owner = gateway_of(parse_checkpoint(note.text).origin)
        now = self._clock()
        keys = log_keys(directory, owner, now)
        if not _names(note, {key.hash for key in keys}):
            keys = log_keys(await self._directory.refresh(), owner, now)  # a new key since our copy
        checkpoint = verify_checkpoint(note, keys)
        return Kept(checkpoint.origin, checkpoint.size, checkpoint.root, data)

    async def _grown(self, kept: Kept | None, shown: Kept) -> None:
        """Rules 1 to 3: take a checkpoint that continues what is kept."""
        if kept is not None and not await self.is_beginning(_view(kept), _view(shown)):
            await self._alarm(kept, shown.note, f"{_words(shown)} does not continue {_words(kept)}")
        now = int(self._clock())

        def take(connection: Connection) -> None:
            views.keep(connection, shown, now)
            facts.remove(connection, _BEHIND)

        await self._home.store.write(take)
        self.view = _view(shown)

    async def _smaller(self, kept: Kept, shown: Kept) -> None:
        """Rule 4: a smaller checkpoint is old, or the log was rolled back."""
        if not await self._is_older(shown, kept):
            await self._alarm(kept, shown.note, f"{_words(shown)} is not the beginning of {_words(kept)}")
        now = int(self._clock())
        since = await self._home.store.write(lambda connection: _behind_since(connection, now))
        if now - since >= LAG_S:
            await self._alarm(kept, shown.note, f"{_words(shown)} is all there is, and there was {_words(kept)}")

    async def _is_older(self, shown: Kept, kept: Kept) -> bool:
        try:
            return await self.is_beginning(_view(shown), _view(kept))
        except GatewayError:
            return True  # a gateway that is behind has no tiles of the larger tree: time will tell

    async def _check_claims(self, kept: Kept, shown: Kept) -> None:
        """Rule 5."""
        waiting = await self._home.store.write(views.claims)  # a change, so that those just seen are among them
        now, checked = self._clock(), []
        for claim in waiting[:CLAIMS_AT_ONCE]:
            signed = parse_receipt(self._home.open(claim.statement, _CLAIM + claim.root))
            if claim.by_gateway and origin_of(signed.receipt.signer) != kept.origin:
                checked.append(claim)  # of another log, which this home does not follow
            elif claim.size <= kept.size:
                if not await self.is_beginning(LogView(claim.size, claim.root), _view(kept)):
                    await self._alarm_claim(kept, signed, claim)
                checked.append(claim)
            elif claim.by_gateway and claim.size > shown.size and now - claim.at >= LAG_S:
                await self._alarm_claim(kept, signed, claim)
            elif now - claim.at > CLAIM_KEPT_S:
                _log.warning("%s spoke of a log of %d leaves, which nobody shows", signed.receipt.signer, claim.size)
                checked.append(claim)
        if checked:
            await self._forget(checked)

    async def _alarm_claim(self, kept: Kept, signed: SignedReceipt, claim: Claim) -> None:
        await self._forget([claim])
        signer = signed.receipt.signer
        why = f"{signer} signed a view of {claim.size} leaves, which {_words(kept)} does not have"
        await self._alarm(kept, signed.data, why, "receipt")

    async def _alarm(self, kept: Kept, other: bytes, why: str, suffix: str = "note") -> None:
        await self.evidence.keep(Contradiction("log-forked", why, kept.note, other, ("note", suffix)))
        raise Corrupt(why, code="log-forked")

    async def _forget(self, claims: Iterable[Claim]) -> None:
        await self._home.store.write(lambda connection: views.drop(connection, claims))


def _names(note: Note, hashes: set[bytes]) -> bool:
    return any(line.hash in hashes for line in note.signatures)


def _view(checkpoint: Kept) -> LogView:
    return LogView(checkpoint.size, checkpoint.root)


def _words(checkpoint: Kept) -> str:
    return f"the checkpoint of {checkpoint.size} leaves with root {checkpoint.root.hex()[:16]}"


def _behind_since(connection: Connection, now: int) -> int:
    """Return since when the gateway shows less than it did; from now on if it did not, or a clock was set back."""
    found = facts.find(connection, _BEHIND)
    since = now if found is None else min(now, int.from_bytes(found, "big"))
    facts.put(connection, _BEHIND, since.to_bytes(8, "big"))
    return since
