"""
Publishing cards: a participant's new keys stand in the directory at once, without the authority.

1. the card is good and newer than the last one (`directory.registrar`)   2. possession of each delivery key is proved by
opening what was sealed to it   3. one change of the directory, in which 1 is asked again on the newest state.
The same card again is answered like the first time. A gateway can hold a card back, never forge one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.directory.cards import DeliveryCard, parse_card
from gateway.directory.possession import Challenge, check_answers, make_challenge
from gateway.directory.registrar import accept_card
from gateway.errors import Rejected
from gateway.ops.logs import logger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.directory.view import Directory
    from gateway.exchange.parts import Parts
    from gateway.ids import Address

__all__ = ["CardDesk"]


class CardDesk:
    """
    Takes cards.

    Args:
        parts: Of this process.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._log = logger()

    async def challenge(self, asker: Address, card: bytes) -> list[Challenge]:
        """
        Return a challenge for each delivery key of a card that could be published.

        Raises:
            Rejected: The card would be refused, whatever the answers.
        """
        now = self._parts.clock()
        directory = self._parts.directory.current()
        if not _published(directory, asker, card):
            accept_card(directory, asker, card, now)
        return make_challenge(card, self._parts.keyring, now, self._parts.rng)

    async def publish(self, asker: Address, card: bytes, answers: Sequence[bytes]) -> None:
        """
        Publish a card of the asker.

        Args:
            asker: Who asks, proved.
            card: The signed card.
            answers: To the challenges, for a delivery card; none for a key card, whose keys sign it.

        Raises:
            Rejected: `card-bad`, `card-serial`, `key-taken`, `possession`, `out-of-time`, `sender-unknown`; nothing changed.
            Unavailable: Nothing changed.
        """
        now = self._parts.clock()
        if isinstance(parse_card(card)[1], DeliveryCard):
            check_answers(card, answers, self._parts.keyring, now)

        def make(files: Mapping[str, bytes], directory: Directory | None) -> dict[str, bytes]:
            if directory is None:
                raise Rejected("there is no directory yet", code="sender-unknown")
            if _published(directory, asker, card):
                return {}
            return self._parts.directory.online.add_card(files, accept_card(directory, asker, card, now), card, now)

        changed = await self._parts.directory.change(make)
        self._log.info("card", asker=asker, outcome="published" if changed else "repeated")


def _published(directory: Directory, asker: Address, data: bytes) -> bool:
    card = parse_card(data)[1]
    known = directory.delivery_cards if isinstance(card, DeliveryCard) else directory.key_cards
    return card.address == asker and known.get(asker) == card
