"""
From a draft to the bytes that are sent: signed, and sealed for each recipient.

What a gateway is to seal is signed only. Sealing for many takes longer than the event loop should be held: it goes to threads.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.client.writing.spread import spread
from gateway.envelope.keys import Keyring, PublicKey, Signature
from gateway.envelope.seal import Spread, encode_clear, seal, sign_content
from gateway.errors import Rejected
from gateway.ids import EnvelopeHash, participant_of
from gateway.protocol import media

if TYPE_CHECKING:
    from gateway.client.home.home import Home
    from gateway.client.writing.draft import Draft
    from gateway.directory.view import Directory
    from gateway.ids import Address

__all__ = ["IN_THREAD", "Packed", "delivery_keys", "pack"]

IN_THREAD: Final = 64  # recipients from which sealing takes longer than the event loop should be held (5 ms)


class Packed(NamedTuple):
    """What is sent."""

    media: str
    body: bytes
    envelope_hash: EnvelopeHash | None  # None for clear text: its gateway seals it and tells
    author: Signature


async def pack(home: Home, directory: Directory, draft: Draft, now: float, approver: Keyring | None = None) -> Packed:
    """
    Sign a draft and seal it, in threads when it has many recipients; for a gateway to seal, sign it only.

    Args:
        home: The author's.
        directory: Whose keys to seal to.
        draft: What is said.
        now: Unix seconds.
        approver: Keyring of the second officer, for kinds that need one.

    Raises:
        Rejected: `recipient-key`: a recipient has no current delivery key.
    """
    header = draft.header
    author = sign_content(draft.header_bytes, draft.content, home.keyring)
    if header.sealer != home.address:
        clear = encode_clear(draft.header_bytes, draft.addressees, author, draft.content)
        return Packed(media.SIGNED, clear, None, author)
    keys = delivery_keys(directory, draft, now)

    def sealed(how: Spread) -> Packed:
        made = seal(
            draft.header_bytes,
            draft.content,
            author=author,
            addressees=draft.addressees,
            keys=keys,
            keyring=home.keyring,
            directory_version=directory.version,
            rng=os.urandom,
            approver=approver,
            spread=how,
        )
        return Packed(media.SEALED, made.submission, made.envelope_hash, author)

    return await asyncio.to_thread(sealed, spread) if len(keys) > IN_THREAD else sealed(map)


def delivery_keys(directory: Directory, draft: Draft, now: float) -> dict[Address, PublicKey]:
    """Return the key to seal to for each recipient; Rejected `recipient-key` where one has none."""
    return {one.recipient: _delivery_key(directory, one.recipient, now) for one in draft.addressees}


def _delivery_key(directory: Directory, recipient: Address, now: float) -> PublicKey:
    record = directory.delivery_key(recipient, now)
    if record is None:
        raise Rejected(
            f"{recipient} has no current delivery key: it has not connected yet, or not for a month",
            code="recipient-key",
            hint=f"ask {participant_of(recipient)} to run `gateway inbox` once, or leave it out; nothing was sent",
        )
    return PublicKey(record.address, record.use, record.key)
