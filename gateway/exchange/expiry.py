"""
Early warnings: this gateway's own keys, participants' cards and the directory's metadata, before they end.

Gauges follow every look; the log has one line a day, a warning where somebody has something to do. What has ended is refused
elsewhere, each with its code. Spec: schemas/directory.md, "Warnings".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.directory.expiry import KEY_WARN_S, card_ends, cards_ending, key_ends, metadata_late
from gateway.ops.logs import logger

if TYPE_CHECKING:
    from gateway.exchange.parts import Parts

__all__ = ["LOOK_S", "Expiry"]

LOOK_S: Final = 60.0
_TELL_S: Final = 86_400.0


class Expiry:
    """
    Looks at what ends.

    Args:
        parts: Of this process.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._log = logger()
        self._told_at: float | None = None

    async def round(self) -> None:
        """Take one look, and say once a day what it shows."""
        soon = self._look()
        now = self._parts.ticks()
        if self._told_at is not None and now - self._told_at < _TELL_S:
            return
        self._told_at = now
        if soon:
            self._log.warning("ends-soon", count=len(soon), detail="; ".join(soon))
        else:
            self._log.info("ends-soon", count=0)

    def _look(self) -> list[str]:
        """Set the gauges and return, in words, what ends soon."""
        parts, metrics = self._parts, self._parts.metrics
        now, directory = parts.clock(), parts.directory.current()
        soon = []
        for use, ends in key_ends(directory, parts.address).items():
            metrics.own_key_ends_seconds(use.value).set(ends - now)
            if ends - now < KEY_WARN_S:
                soon.append(f"own {use} key: gateway gateway-keys rotate")
        for card, first in card_ends(directory).items():
            metrics.card_ends_seconds(card).set(first - now)
        for card, count in cards_ending(directory, now).items():
            metrics.cards_ending(card).set(count)
            if count:
                soon.append(f"{card} cards of {count} participants")
        for role, ends in parts.directory.ends.items():
            metrics.metadata_ends_seconds(role.value).set(ends - now)
            if metadata_late(role, ends, now):
                soon.append(f"{role} metadata")
        return soon
