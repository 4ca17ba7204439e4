"""
How long messages take while a cluster suffers, by what applications wrote down. Imports nothing of `gateway`.

Besides what `counting` reads there are two kinds of lines, with seconds of the machine's monotonic clock, which is one for all
its processes:

    sender      sent ID SECONDS | at ID SECONDS      when the SDK was asked to send | when its application held the receipt
    recipient   at ID SECONDS                        when its application had acknowledged

A message counts in the window in which it came to its end, however long ago it was sent: who was kept waiting by an outage is
counted after it.
"""

from __future__ import annotations

import math
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Pace", "Stopwatch"]

TWICE: Final = 2.0  # what half of the messages may take beside a quiet cluster, and what must flow is half of it


class Pace(NamedTuple):
    """
    What a window of time saw.

    Args:
        rate: Deliveries opened in a second.
        accepted_s: From the call to the receipt, for half of the messages that were accepted; infinite where none was.
        opened_s: From the call to the acknowledgement, for half of the deliveries that were opened; the same.
    """

    rate: float
    accepted_s: float
    opened_s: float

    @classmethod
    def slowest(cls, paces: Sequence[Pace]) -> Pace:
        """Return what is to be reckoned with in any one window."""
        rates, accepted, opened = zip(*paces, strict=True)
        return cls(min(rates), max(accepted), max(opened))

    def like(self, quiet: Pace) -> bool:
        """Say whether this is the pace of a quiet cluster, within twice."""
        slowed = max(self.accepted_s / quiet.accepted_s, self.opened_s / quiet.opened_s, quiet.rate / max(self.rate, 1e-9))
        return slowed <= TWICE

    def __str__(self) -> str:
        return f"p50 accepted {self.accepted_s * 1e3:.0f} ms, opened {self.opened_s * 1e3:.0f} ms, {self.rate:.0f} opened/s"


class Stopwatch:
    """
    Reads on in the logs of all applications.

    Args:
        senders: Their logs; need not be there yet.
        recipients: The same.
    """

    def __init__(self, senders: Sequence[Path], recipients: Sequence[Path]) -> None:
        self._senders = list(senders)
        self._recipients = list(recipients)
        self._read: dict[Path, int] = {}
        self._sent: dict[str, float] = {}
        self._accepted: list[tuple[str, float]] = []
        self._opened: list[tuple[str, float]] = []

    def pace(self, since_s: float, until_s: float) -> Pace:
        """Return what a window saw, in seconds of the monotonic clock; the lines of its last moments may not be there yet."""
        for path in self._senders:
            for fact, message, when in self._fresh(path):
                if fact == "sent":
                    self._sent[message] = float(when)
                else:
                    self._accepted.append((message, float(when)))
        for path in self._recipients:
            self._opened += [(message, float(when)) for _, message, when in self._fresh(path)]
        opened = self._took(self._opened, since_s, until_s)
        return Pace(len(opened) / (until_s - since_s), _p50(self._took(self._accepted, since_s, until_s)), _p50(opened))

    def _took(self, ended: list[tuple[str, float]], since_s: float, until_s: float) -> list[float]:
        """Return how long those took that ended in a window; one whose sender has not yet said when it began is waited for."""
        return [at - self._sent[one] for one, at in ended if since_s <= at < until_s and one in self._sent]

    def _fresh(self, path: Path) -> list[list[str]]:
        """Return the whole lines with a time that were written since the last look, in words."""
        if not path.exists():
            return []
        with path.open("rb") as log:
            log.seek(self._read.get(path, 0))
            data = log.read()
        end = data.rfind(b"\n") + 1
        self._read[path] = self._read.get(path, 0) + end
        lines = [line.split() for line in data[:end].decode().splitlines()]
        return [words for words in lines if len(words) == 3 and words[0] in {"sent", "at"}]


def _p50(took_s: list[float]) -> float:
    return median(took_s) if took_s else math.inf
