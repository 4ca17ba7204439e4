"""
The key of a relay or bridge: the agent key of a participant, alone, in a key file of its own.

A key file that holds anything else is refused: what stands at the border of two networks must not be able to open a message or
to speak for an author. Slow by intent (Argon2id): call it in a thread. Spec: schemas/relay.md, "The way of a message".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.envelope.keyfile import MODERATE, Cost, decrypt_keys, encrypt_keys
from gateway.envelope.keys import MemoryKeyring, SigningKey, Use
from gateway.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gateway.envelope.keys import DeliveryKey
    from gateway.envelope.primitives import Rng

__all__ = ["export_agent", "read_agent"]


def export_agent(
    keys: Iterable[SigningKey | DeliveryKey], passphrase: bytes, rng: Rng, cost: Cost = MODERATE
) -> bytes:
    """
    Return a key file with the newest agent key among a participant's keys.

    Raises:
        Rejected: `bad-key`: there is none.
    """
    agents = [key for key in keys if isinstance(key, SigningKey) and key.public.use is Use.AGENT]
    if not agents:
        raise Rejected("no agent key in this home", code="bad-key")
    return encrypt_keys(agents[-1:], passphrase, rng, cost)


def read_agent(file: Path, passphrase: bytes) -> MemoryKeyring:
    """
    Open a key file that `export_agent` wrote.

    Raises:
        Rejected: `config`, there is no such file; `passphrase`; `bad-key`, it holds another key than one agent key.
    """
    try:
        data = file.read_bytes()
    except OSError as exc:
        raise Rejected(
            f"cannot read {file}: {exc.strerror}", code="config", hint="make it: gateway relay keys HOME FILE"
        ) from exc
    keys = decrypt_keys(data, passphrase)
    signing = [key for key in keys if isinstance(key, SigningKey) and key.public.use is Use.AGENT]
    if len(keys) != 1 or len(signing) != 1:
        raise Rejected(f"{file} holds {len(keys)} keys, not one agent key", code="bad-key", hint="gateway relay keys HOME FILE")
    return MemoryKeyring(signing[0].public.address, signing)
