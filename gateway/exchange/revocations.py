"""
Stolen keys: what still waits for one is held, and its author is told by a signed `held` receipt.

Looked at whenever the directory says of another key that it was stolen, and once more a while later: another process may
have accepted with the directory of before. What was handed over already cannot be called back. A new submission to a
revoked key is refused as one to any key that is not current (`recipient-key`).
Spec: schemas/directory.md, "Revocation".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.exchange.stamps import KEY_REVOKED
from gateway.ops.logs import logger

if TYPE_CHECKING:
    from gateway.exchange.parts import Parts
    from gateway.ids import KeyId

__all__ = ["AGAIN_S", "LOOK_S", "StolenKeys"]

LOOK_S: Final = 5.0  # between two looks at the directory in use; the ledger is asked only when it changed
AGAIN_S: Final = 120.0  # by then every process has read the directory, and what it began before has ended


class StolenKeys:
    """
    Holds what is sealed to stolen keys.

    Args:
        parts: Of this process.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._log = logger()
        self._held_for: frozenset[KeyId] = frozenset()
        self._again: dict[KeyId, float] = {}

    async def round(self) -> None:
        """
        Hold what is due now.

        Raises:
            Unavailable: The ledger is away; the rest is due next time.
        """
        stolen = self._parts.directory.current().stolen_keys()
        now = self._parts.ticks()
        new = stolen - self._held_for
        due = new | {key for key, at in self._again.items() if now >= at}
        if not due:
            return
        parts = self._parts
        count = await parts.ledger.hold_sealed_to(due, parts.stamps.key_revoked, KEY_REVOKED)
        self._held_for |= new
        self._again = {key: at for key, at in self._again.items() if key not in due}
        self._again |= dict.fromkeys(new, now + AGAIN_S)
        if count:
            parts.metrics.held.inc(count)
            self._log.warning("held", reason=KEY_REVOKED, count=count)
