"""
The post of a bridge: our files out until each is answered, theirs in until each has done its work.

`turn` looks at what came. An answer wakes who waits for it and ends what it answers. Anything else goes to the handler of its
type; the answer is laid out before the file is removed, so whoever is killed in between does it again, and what is done twice
is answered as the first time. Files that are none are set aside by their code; one that is still being written is left alone.
Spec: schemas/relay.md, "Bridge".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from gateway.errors import GatewayError, Rejected, Unavailable, Uncertain
from gateway.ops.logs import logger
from gateway.protocol.bridge import (
    Answered,
    BridgeFile,
    FileType,
    Seen,
    own_file,
    read_answered,
    read_receipts,
    sign_file,
    write_body,
)
from gateway.relay.bridge.folder import file_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.envelope.keys import Keyring
    from gateway.ids import Network
    from gateway.ops.metrics import RelayMetrics
    from gateway.protocol.bridge import Reader
    from gateway.relay.bridge.folder import Folder
    from gateway.relay.pauses import Time

__all__ = ["LOOK_S", "Handler", "Post"]

LOOK_S: Final = 1.0
SETTLE_S: Final = 10.0  # a file that does not parse and changed since may still be written
KEEP_ANSWERS_S: Final = 7 * 86_400
MAX_FILES: Final = 64  # of what came, in one turn
GIVE_UP: Final = 3  # times `again_s`: by then a lost file came again, or was one that nobody lays out again

Handler = Callable[[BridgeFile], Awaitable[Answered | None]]  # None: it stays, and is answered later


class Post:
    """
    One bridge's files.

    Args:
        folder: Where they are.
        way: This network, and the other one.
        keyring: Signs ours.
        reader: Checks theirs.
        metrics: Of this process.
        time: Its clock.
        again_s: After so many seconds a file without an answer is laid out once more.
    """

    def __init__(
        self,
        folder: Folder,
        way: tuple[Network, Network],
        keyring: Keyring,
        reader: Reader,
        metrics: RelayMetrics,
        time: Time,
        again_s: float,
    ) -> None:
        self._folder = folder
        self._way = way
        self._keyring = keyring
        self._reader = reader
        self._metrics = metrics
        self._time = time
        self._again_s = again_s
        self._log = logger()
        self._alone = asyncio.Lock()
        self._state = folder.read_state()
        self._sent: dict[bytes, _Sent] = {}  # digest to what waits for an answer
        self._waiters: dict[bytes, asyncio.Future[Answered]] = {}
        self._missing: dict[int, float] = {}  # number to when it was missed first
        self.kept: dict[str, BridgeFile] = {}  # what came and stays, by name
        for name, file in folder.own_files():
            self._remember(name, file)

    @property
    def after(self) -> int:
        """Position of the last receipt that was laid out."""
        return self._state.after

    def unanswered(self, file_type: FileType) -> list[bytes]:
        """Return the digests of files of a type that are not answered, in order."""
        return [digest for digest, sent in self._sent.items() if sent.type is file_type]

    async def send(self, file_type: FileType, payload: bytes) -> bytes:
        """Lay out a file and return its digest; one with this payload that is not answered yet is not made again."""
        mark = sha256(payload).digest()
        for digest, sent in self._sent.items():
            if sent.type is file_type and sent.mark == mark:
                return digest
        return await self._lay_out(file_type, payload)

    async def answer_to(self, digest: bytes) -> Answered:
        """Wait for the answer to one of our files, for days if need be."""
        waiter = self._waiters.setdefault(digest, asyncio.get_running_loop().create_future())
        return await asyncio.shield(waiter)

    async def drop(self, digest: bytes) -> None:
        """Forget one of our files without an answer: a newer one says more."""
        await asyncio.to_thread(self._folder.forget, self._sent.pop(digest).name)

    async def settle(self, name: str, answer: Answered) -> None:
        """Answer a file that came, and remove it."""
        await self._lay_out(FileType.ANSWERS, write_body(answer))
        await self._finish(name, self.kept.pop(name))

    async def turn(self, handlers: Mapping[FileType, Handler]) -> None:
        """
        Look once at what came, and at what is due to be laid out again.

        Raises:
            Unavailable: A handler could not do its work now; its file stays.
            Uncertain: The same.
        """
        trouble: GatewayError | None = None
        came = [one for one in await asyncio.to_thread(self._folder.incoming) if one[0] not in self.kept]
        for name, changed_at in came[:MAX_FILES]:
            try:
                file = await self._read(name, changed_at)
                if file is not None:
                    await self._handle(name, file, handlers)
            except (Unavailable, Uncertain) as exc:
                trouble = exc
        self._tell_missing()
        await self._again()
        self._metrics.unanswered_files.set(len(self._sent))
        if trouble is not None:
            raise trouble

    async def _handle(self, name: str, file: BridgeFile, handlers: Mapping[FileType, Handler]) -> None:
        if file.type is FileType.ANSWERS:
            await self._answered(file)
            await self._finish(name, file)
            return
        self.kept[name] = file
        answer: Answered | None = None
        try:
            answer = await handlers[file.type](file)
        except Rejected as exc:
            answer = Answered(file.digest, exc.code)
        except BaseException:
            del self.kept[name]
            raise
        if answer is not None:
            await self.settle(name, answer)

    async def _read(self, name: str, changed_at: float) -> BridgeFile | None:
        """Return a file that came; None for one that is none, or not yet; Unavailable where this process may not read it."""
        try:
            file = await asyncio.to_thread(lambda: self._reader.read(self._folder.read(name)))
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise Unavailable(f"cannot read {name}: {exc.strerror}") from exc
        except Rejected as exc:
            if 0 <= self._time.clock() - changed_at < SETTLE_S:
                return None
            self._log.error("bridge-file-bad", path=name, code=exc.code, detail=exc.detail)
            self._metrics.bad_files(exc.code).inc()
            await asyncio.to_thread(self._folder.set_aside, name, exc.code)
            return None
        return file

    async def _answered(self, file: BridgeFile) -> None:
        answer = read_answered(file.payload)
        sent = self._sent.pop(answer.digest, None)
        if sent is None:
            return  # the second answer to a file that was laid out twice
        if answer.code:
            self._log.warning("bridge-file-refused", path=sent.name, code=answer.code)
        await asyncio.to_thread(self._folder.forget, sent.name)
        waiter = self._waiters.pop(answer.digest, None)
        if waiter is not None and not waiter.done():
            waiter.set_result(answer)

    async def _finish(self, name: str, file: BridgeFile) -> None:
        """Remove a file that came, and note its number."""
        if self._state.seen.take(file.sequence):
            self._metrics.repeated_files.inc()
            self._log.warning("bridge-file-again", path=name, number=file.sequence)
        self._metrics.files("in", str(file.type)).inc()
        await asyncio.to_thread(self._folder.done, name)
        async with self._alone:
            await asyncio.to_thread(self._folder.write_state, self._state)

    def _tell_missing(self) -> None:
        """Say which numbers are missing below those that came: lost, or overtaken."""
        seen = Seen(self._state.seen.floor, list(self._state.seen.above))
        for file in self.kept.values():
            seen.take(file.sequence)
        missing, now = seen.missing, self._time.clock()
        if new := [number for number in missing if number not in self._missing]:
            self._log.warning("bridge-files-missing", number=new[0], count=len(new))
        self._missing = {number: self._missing.get(number, now) for number in missing}
        if not self.kept:  # else one of them is waited for
            self._give_up(now)
        self._metrics.missing_files.set(len(self._missing))

    def _give_up(self, now: float) -> None:
        """Miss no more what does not come: a lost answer has another number when it is made again; so has a newer directory."""
        given_up = [number for number, since in self._missing.items() if now - since >= GIVE_UP * self._again_s]
        for number in given_up:
            self._state.seen.take(number)
            del self._missing[number]
        if given_up:
            self._log.info("bridge-files-given-up", number=given_up[0], count=len(given_up))

    async def _lay_out(self, file_type: FileType, payload: bytes) -> bytes:
        """Write a file, then remember its number: killed in between, the file itself says it."""
        async with self._alone:
            data = await asyncio.to_thread(sign_file, file_type, self._way, self._state.sequence + 1, payload, self._keyring)
            file = own_file(data)
            name = file_name(file, self._way)
            keep = file_type is not FileType.ANSWERS
            await asyncio.to_thread(self._folder.lay_out, name, data, keep=keep)
            self._remember(name, file)
            await asyncio.to_thread(self._folder.write_state, self._state)
        self._metrics.files("out", str(file_type)).inc()
        return file.digest

    def _remember(self, name: str, file: BridgeFile) -> None:
        self._state.sequence = max(self._state.sequence, file.sequence)
        if file.type is FileType.RECEIPTS:
            self._state.after = max(self._state.after, read_receipts(file.payload).page[-1][0])
        if file.type is not FileType.ANSWERS:
            self._sent[file.digest] = _Sent(name, file.type, sha256(file.payload).digest(), self._time.clock())

    async def _again(self) -> None:
        now = self._time.clock()
        for sent in list(self._sent.values()):
            if now - sent.laid_out_at < self._again_s:
                continue
            sent.laid_out_at = now
            if await asyncio.to_thread(self._folder.lay_out_again, sent.name):
                self._metrics.files("out", str(sent.type)).inc()
                self._log.info("bridge-file-out-again", path=sent.name)
        await asyncio.to_thread(self._folder.forget_answers, now - KEEP_ANSWERS_S)


class _Sent:
    """One of our files that is not answered."""

    def __init__(self, name: str, file_type: FileType, mark: bytes, laid_out_at: float) -> None:
        self.name = name
        self.type = file_type
        self.mark = mark  # SHA-256 of its payload
        self.laid_out_at = laid_out_at
