"""
The gateway's own key card, of its last rotation: published when the gateway starts, like any participant's.

It lies beside the key file. One that stands in the directory already, or an older one, changes nothing; one that is refused is
told, and the gateway goes on with the keys that are listed. Spec: schemas/directory.md, "Life of keys".
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from gateway.errors import GatewayError, Rejected
from gateway.ops.logs import logger

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.exchange.exchange import Exchange
    from gateway.ids import Address

__all__ = ["publish_own_card"]

_CARD: Final = ".card"
_MEND: Final = "gateway gateway-keys rotate --card FILE, a file of gateway directory --save-card"


async def publish_own_card(exchange: Exchange, address: Address, key_file: Path) -> None:
    """
    Publish the card beside the gateway's key file, if there is one.

    Args:
        exchange: Started: it has a directory.
        address: The gateway's.
        key_file: `gateway.keys`; the card is `gateway.card`.
    """
    card = key_file.with_suffix(_CARD)
    if not await asyncio.to_thread(card.is_file):
        return
    try:
        await exchange.publish_card(address, await asyncio.to_thread(_read, card), ())
    except GatewayError as exc:
        if exc.code != "card-serial":  # a later one is published
            logger().error("own-card-refused", code=exc.code, detail=f"{exc.detail}: {_MEND}", path=str(card))


def _read(card: Path) -> bytes:
    try:
        return card.read_bytes()
    except OSError as exc:
        raise Rejected(f"cannot read {card}: {exc.strerror}", code="config") from exc
