"""
Lets each Argon2id hash of a test run be computed once: its result is remembered by a digest of everything that it depends on.

Passphrases cost half a second each time by intent, and a story typed at the command line opens the same files again and again.
Costs, salts and what stands in the files are the real ones; so are the keys. Processes share what they remember in a folder
of their own, which holds fictional secrets alone and goes with them.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING

from gateway.envelope import primitives
from gateway.envelope.primitives import SecretKey

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["remember_hashes"]


def remember_hashes(folder: Path) -> None:
    """Let this process, and those that are forked from it, look into a folder before they hash."""
    compute = primitives.argon2id

    def remembered(passphrase: bytes, salt: bytes, passes: int, memory_bytes: int) -> SecretKey:
        asked = repr((passphrase, salt, passes, memory_bytes)).encode()
        file = folder / sha256(asked).hexdigest()
        if file.exists():
            return SecretKey(file.read_bytes())
        key = compute(passphrase, salt, passes, memory_bytes)
        whole = file.with_suffix(f".{os.getpid()}")
        whole.write_bytes(key.unsafe_bytes)
        whole.rename(file)  # another process sees all of it or nothing
        return key

    primitives.argon2id = remembered
