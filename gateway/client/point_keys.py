"""
The part of a contact point that is about its own keys: made anew, published, backed up, and those of the line.

`ContactPoint` is made of it. New keys are kept before they are published, so an unreachable gateway loses none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.client.home.backup import backup_home
from gateway.client.parts import WithParts
from gateway.client.trust.key_status import KeyStatus, list_keys
from gateway.envelope.keys import SigningKey, Use
from gateway.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.client.line.tls import Tls
    from gateway.ids import KeyId

__all__ = ["OwnKeys"]


class OwnKeys(WithParts):
    """What an open home does with its keys; see the module."""

    @property
    def tls(self) -> Tls:
        """What this home is told about TLS."""
        return self._parts.home.tls

    async def replace_tls(self, tls: Tls) -> None:
        """Trust another CA or show another certificate from the next opening on; Rejected `config` if it cannot be used."""
        await self._parts.home.replace_tls(tls)

    async def publish_card(self) -> None:
        """Publish the home's delivery card if that is due; every contact with a gateway does it by itself."""
        await self._parts.directory.current()
        await self._parts.cards.ensure()

    async def keys(self) -> list[KeyStatus]:
        """Return the keys of this home and what the copy at hand of the directory lists for it; asks nobody."""
        parts = self._parts
        return await list_keys(parts.home, await parts.directory.read_copy(), parts.clock())

    async def rotate(self, uses: Sequence[Use], *, identity: SigningKey | None = None, lost: bool = False) -> None:
        """
        Make new keys and publish them; an officer's approval key is `add_officer`.

        Args:
            uses: `author`, `agent`, `delivery-1`.
            identity: Signs the card of signing keys; a delivery key needs none.
            lost: Others may have the present keys: they are closed now.

        Raises:
            Rejected: As `KeyKeeper.rotate` and `CardKeeper.rotate`; `bad-key` without the identity key that is needed.
            Unavailable: The new keys are kept, and are published at the next contact with a gateway.
        """
        parts, signing = self._parts, [use for use in uses if use is not Use.DELIVERY]
        await parts.directory.current()
        if signing:
            if identity is None:
                raise Rejected("signing keys need the identity key", code="bad-key", hint="give it: --identity IDENTITY.KEY")
            await parts.keys.rotate(signing, identity, lost=lost)
            await parts.cards.ensure()
        if len(signing) < len(uses):
            await parts.cards.rotate(lost=lost)

    async def add_officer(self, key: SigningKey, *, identity: SigningKey, closes: Sequence[KeyId] = ()) -> None:
        """
        Put the approval key of a second officer on the key card, and publish that; the key itself does not come into the home.

        Args:
            key: New, and already in its officer's file; one that the card lists is left as it is.
            identity: Signs the card.
            closes: Approval keys that approve nothing from now on.

        Raises:
            Rejected: As `KeyKeeper.add_officer`.
            Unavailable: The card is kept, and is published at the next contact with a gateway.
        """
        await self._parts.directory.current()
        await self._parts.keys.add_officer(key, identity, closes)

    async def backup(self, passphrase: bytes) -> bytes:
        """Return a backup of the keys, encrypted under a passphrase of its own; see `gateway.client.home.backup`."""
        return await backup_home(self._parts.home, passphrase, self._parts.clock())
