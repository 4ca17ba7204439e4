"""
What the vector cases of the audit log are made with: signatures over anything, and a log of nine leaves.

Nothing here refuses: notes and requests are joined as text, so that every defect can be written.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from gateway.envelope.primitives import SecretKey, sign, signing_pair
from gateway.merkle import leaf_hash, root_of
from gateway.tlog.note import COSIGNATURE_V1, ED25519, VerifierKey
from tests.vectors.audit_case import ORIGIN
from tests.vectors.envelope_case import compact

__all__ = [
    "AT",
    "LEAVES",
    "LOG",
    "LOG_NEXT",
    "OTHER",
    "WITNESS",
    "WITNESS_2",
    "Signer",
    "base64",
    "body",
    "bytes_of",
    "line",
    "note",
    "root",
]

AT = 4_070_908_800  # 2099-01-01
LEAVES = [leaf_hash(f"leaf {number}".encode()) for number in range(9)]


class Signer:
    """A key that signs whatever it is given."""

    def __init__(self, name: str, algorithm: int = ED25519, seed: str = "") -> None:
        public, self._secret = signing_pair(SecretKey(sha256(f"vectors of {seed or name}".encode()).digest()))
        self.key = VerifierKey(name, algorithm, public)

    def __str__(self) -> str:
        return str(self.key)

    def sign(self, message: str) -> bytes:
        """Return the Ed25519 signature of a text."""
        return sign(self._secret, message.encode())

    def line(self, text: str) -> str:
        """Return the line under this text: a signature, or a cosignature at `AT`."""
        return self.cosigned(text, AT) if self.key.algorithm == COSIGNATURE_V1 else line(self, self.sign(text))

    def cosigned(self, text: str, at: int) -> str:
        """Return the line of a cosignature at another time."""
        return line(self, at.to_bytes(8, "big") + self.sign(f"cosignature/v1\ntime {at}\n{text}"))


LOG = Signer(ORIGIN)
LOG_NEXT = Signer(ORIGIN, seed="the next key of the log")
OTHER = Signer("log.example/other")
WITNESS = Signer("witness.example/ncb-qm", COSIGNATURE_V1)
WITNESS_2 = Signer("witness.example/gn-qn", COSIGNATURE_V1)


def base64(data: bytes) -> str:
    """Return base64 with padding."""
    return b64encode(data).decode()


def line(signer: Signer, signature: bytes) -> str:
    """Return a signature line of this key with any bytes as its signature."""
    return f"— {signer.key.name} {base64(signer.key.hash + signature)}\n"


def note(text: str, *signers: Signer) -> str:
    """Return a note, signed by each."""
    return f"{text}\n" + "".join(signer.line(text) for signer in signers)


def body(size: object, root_: bytes | str, *more: str, origin: str = ORIGIN) -> str:
    """Return the text of a checkpoint with any fields."""
    return "".join(f"{each}\n" for each in (origin, size, root_ if isinstance(root_, str) else base64(root_), *more))


def root(size: int) -> bytes:
    """Return the root of the log at this size."""
    return root_of(LEAVES[:size])


def bytes_of(data: str | bytes) -> str | list[str | int]:
    """Return how bytes stand in a file."""
    return compact(data.encode() if isinstance(data, str) else data)
