"""
The lane out: forwards from the gateway at home to the other network's, and its answers back.

1. the page that waits at home   2. within the rate   3. handed to the other gateway   4. what is decided goes home, where
it is proved. The page is all that is in memory. Whoever is killed between any two steps does the same again: the home gateway
gives a forward until it has an answer, and the other one answers the same forward with its first answer.
An answer that the home gateway refuses marks nothing: the forward stays, and the other gateway is left alone for a while.
Spec: schemas/relay.md, "Requests".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.errors import Rejected, Unavailable
from gateway.ops.logs import logger
from gateway.protocol import relaying
from gateway.protocol.relaying import Bodies, decided
from gateway.relay.line import OtherSide, there

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.ids import Network
    from gateway.ops.metrics import RelayMetrics
    from gateway.protocol.relaying import Answer, Numbered, NumberedAnswer
    from gateway.relay.line import Line
    from gateway.relay.mirror import DirectoryMirror
    from gateway.relay.pauses import Pace

__all__ = ["Lane", "Lines", "NotYet"]

# What a fresher copy of our directory may change: the other gateway does not know our relay, or a key, yet.
AHEAD: Final = frozenset(
    {"directory-ahead", "directory-stale", "directory-expired", "sender-unknown", "signature-bad", "peer-unknown"}
)


class Lines(NamedTuple):
    """The two sides of a relay."""

    home: Line
    other: Line


class NotYet(Unavailable):
    """
    Some forwards or receipts could not be settled now.

    Args:
        code: Of the first of them.
        moved: Whether others were: then it is worth coming back soon.
    """

    def __init__(self, code: str, *, moved: bool) -> None:
        super().__init__(f"not settled: {code}")
        self.told = code
        self.moved = moved


class Lane:
    """
    Carries the forwards to one network.

    Args:
        network: The other one.
        lines: To the gateways of both.
        mirror: Brings our directory there when the other gateway says that it lags behind.
        pace: How many messages may pass.
        metrics: Of this process.
    """

    def __init__(self, network: Network, lines: Lines, mirror: DirectoryMirror, pace: Pace, metrics: RelayMetrics) -> None:
        self._network = network
        self._home, self._other = lines
        self._mirror = mirror
        self._pace = pace
        self._metrics = metrics
        self._log = logger()

    async def turn(self, epoch: int, wait_s: int = relaying.MAX_WAIT_S) -> int:
        """
        Carry one page, and return how many forwards were settled.

        Args:
            epoch: Of this process' lease.
            wait_s: How long the home gateway may wait for something to carry.

        Raises:
            Rejected: `session-replaced` and others of the home gateway.
            NotYet: Some were not decided there, or their answers not taken here.
            OtherSide: The other gateway refused the request, or its answer is none; nothing was marked.
            Unavailable: A gateway does not answer.
            Uncertain: The same.
        """
        data = await self._home.ask("GET", relaying.forwards_path(self._network, epoch, wait_s))
        page = Bodies.forward_page.decode(data)
        if not page:
            return 0
        await self._pace.take(len(page))
        answers = await self._hand_over(page)
        settled = [(number, *answer) for (number, _), answer in zip(page, answers, strict=True) if decided(answer[0])]
        refused = await self._bring_home(epoch, settled)
        undecided = [code for code, _ in answers if not decided(code)]
        await self._mend(undecided)
        moved = len(settled) - len(refused)
        self._note(len(page), moved, undecided)
        if undecided or refused:
            raise NotYet((undecided or refused)[0], moved=moved > 0)
        return moved

    async def _hand_over(self, page: Sequence[Numbered]) -> list[Answer]:
        try:
            with self._metrics.hand_over_seconds.time(), there(self._other):
                answer = await self._other.ask("POST", relaying.TAKE, Bodies.forwards.encode([data for _, data in page]))
                answers = Bodies.answers.decode(answer)
                if len(answers) != len(page):
                    raise Rejected(f"{len(answers)} answers to {len(page)} forwards", code="malformed")
        except OtherSide as exc:
            await self._mend([exc.told])
            raise
        return answers

    async def _bring_home(self, epoch: int, settled: Sequence[NumberedAnswer]) -> list[str]:
        """Return the codes of the answers that the home gateway did not take."""
        if not settled:
            return []
        body = Bodies.numbered_answers.encode(list(settled))
        codes = Bodies.codes.decode(await self._home.ask("POST", relaying.answers_path(self._network, epoch), body))
        if len(codes) != len(settled):
            raise Unavailable(f"{len(codes)} codes for {len(settled)} answers")
        refused = [(number, code) for (number, _, _), code in zip(settled, codes, strict=True) if code]
        for number, code in refused:
            # A receipt for another envelope, or one that nobody there signed: the other gateway errs, or lies.
            self._log.error("answer-refused", network=self._network, number=number, code=code)
            self._metrics.refused_answers(self._metrics.known(code)).inc()
        if refused:
            self._other.prefer_next()
        return [code for _, code in refused]

    async def _mend(self, codes: Sequence[str]) -> None:
        if not AHEAD.isdisjoint(codes):
            await self._mirror.push()

    def _note(self, count: int, moved: int, undecided: Sequence[str]) -> None:
        self._metrics.forwards("settled").inc(moved)
        self._metrics.forwards("later").inc(len(undecided))
        told = {"code": undecided[0]} if undecided else {}
        self._log.info("forwards", network=self._network, size=count, count=moved, **told)
