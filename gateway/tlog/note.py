"""
Signed notes: a text, and lines of signatures under it.

A note is read strictly: UTF-8, no control character but the newline, canonical base64, bounded in size and signatures. A line
of an unknown key is ignored, a bad line of a known key refuses the whole note, and one key counts once however often it signs.
Known algorithms are Ed25519 (1) and cosignature/v1 (4): the one signs the text, the other the text under a time.
Spec: schemas/audit.md, "Notes"; C2SP signed-note.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from gateway.envelope import contexts, primitives
from gateway.errors import Rejected

__all__ = [
    "COSIGNATURE_V1",
    "ED25519",
    "MAX_NOTE_BYTES",
    "MAX_SIGNATURES",
    "TIMESTAMP_BYTES",
    "Note",
    "NoteSignature",
    "Sign",
    "VerifierKey",
    "decode_base64",
    "encode_base64",
    "encode_note",
    "encode_signatures",
    "parse_note",
    "parse_signatures",
    "parse_vkey",
    "sign_note",
    "verified",
]

ED25519: Final = 1
COSIGNATURE_V1: Final = 4
MAX_NOTE_BYTES: Final = 128 * 1024  # sixteen signatures of 5 kB, the largest that C2SP speaks of, and a text
MAX_SIGNATURES: Final = 100
HASH_BYTES: Final = 4  # of a key: it tells keys of one name apart, and proves nothing
TIMESTAMP_BYTES: Final = 8
MAX_TIMESTAMP: Final = 2**63 - 1

_MAX_NAME: Final = 255
_DASH: Final = "\N{EM DASH} "
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")

Sign = Callable[[bytes], bytes]  # message -> Ed25519 signature, 64 bytes; a keyring's, with the key already chosen


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """
    A key that notes are verified with.

    Args:
        name: Not empty, no space, no `+`; for a log its origin.
        algorithm: `ED25519` or `COSIGNATURE_V1`.
        key: Ed25519 public key, 32 bytes.

    Raises:
        Rejected: `bad-key`, a name, algorithm or length that no key has.
    """

    name: str
    algorithm: int
    key: bytes

    def __post_init__(self) -> None:
        if not _is_name(self.name) or self.algorithm not in {ED25519, COSIGNATURE_V1} or len(self.key) != primitives.KEY_BYTES:
            raise Rejected(f"not a key of a note: {self.name[:80]!r}, algorithm {self.algorithm}", code="bad-key")

    @property
    def hash(self) -> bytes:
        """The key id of C2SP: 4 bytes over name, algorithm and key."""
        return sha256(self.name.encode() + b"\n" + bytes([self.algorithm]) + self.key).digest()[:HASH_BYTES]

    def __str__(self) -> str:
        """Return the vkey text `name+hash+base64`, which `parse_vkey` reads."""
        return f"{self.name}+{self.hash.hex()}+{encode_base64(bytes([self.algorithm]) + self.key)}"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One line under a note: who says to have signed (name and 4 bytes of key hash), and the algorithm's signature."""

    name: str
    hash: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends with a newline, and its lines; nothing is verified yet."""

    text: str
    signatures: tuple[NoteSignature, ...]


def parse_vkey(text: str) -> VerifierKey:
    """
    Read a verifier key, `name+hash+base64`.

    Raises:
        Rejected: `bad-key`, another form, an unknown algorithm, a hash of another key, or a point of small order.
    """
    parts = text.split("+", 2)
    try:
        data = decode_base64(parts[-1]) if len(parts) == 3 else b""
    except Rejected:
        data = b""
    if not data or not primitives.is_good_ed25519(data[1:]):
        raise Rejected(f"not a verifier key: {text[:120]!r}", code="bad-key")
    key = VerifierKey(parts[0], data[0], data[1:])
    if str(key) != text:
        raise Rejected(f"a verifier key with the hash of another: {text[:120]!r}", code="bad-key")
    return key


def parse_note(data: bytes) -> Note:
    """
    Read a signed note; verify it with `verified`.

    Raises:
        Rejected: `too-large`, or `checkpoint-bad` for any other form.
    """
    # The last empty line is the border: a text may have empty lines of its own.
    text, border, lines = _read_text(data).rpartition("\n\n")
    if not border:
        raise _bad("no empty line between text and signatures")
    return Note(_checked(text + "\n"), _read_lines(lines))


def encode_note(note: Note) -> bytes:
    """
    Write a note; `parse_note` reads it back.

    Raises:
        Rejected: `too-large` or `checkpoint-bad`, what no reader would accept.
    """
    data = note.text.encode() + b"\n" + encode_signatures(note.signatures)
    if parse_note(data) != note:
        raise _bad("text or signatures that another reader would split elsewhere")
    return data


def encode_signatures(signatures: Sequence[NoteSignature]) -> bytes:
    """Write signature lines alone, as a witness answers with them; nothing for none."""
    return "".join(f"{_DASH}{each.name} {encode_base64(each.hash + each.signature)}\n" for each in signatures).encode()


def parse_signatures(data: bytes) -> tuple[NoteSignature, ...]:
    """
    Read signature lines alone, at least one.

    Raises:
        Rejected: `too-large`, or `checkpoint-bad` for any other form.
    """
    return _read_lines(_read_text(data))


def sign_note(text: str, key: VerifierKey, sign: Sign) -> NoteSignature:
    """
    Sign a text with an Ed25519 key; `sign` belongs to `key`.

    Raises:
        Rejected: `checkpoint-bad`, not the text of a note; nothing was signed.
    """
    if key.algorithm != ED25519:
        raise ValueError(f"key {key.name} does not sign texts alone")
    return NoteSignature(key.name, key.hash, sign(_checked(text).encode()))


def verified(note: Note, keys: Sequence[VerifierKey]) -> list[VerifierKey]:
    """
    Return which of `keys` signed well, each once, in the order of `keys`; empty when none did.

    Raises:
        Rejected: `checkpoint-bad`, a line that names one of `keys` does not verify: somebody changed the note.
    """
    signers = set()
    for line in note.signatures:
        known = [key for key in keys if (key.name, key.hash) == (line.name, line.hash)]
        good = {key for key in known if _is_signed(note.text, line.signature, key)}
        if known and not good:
            raise _bad(f"a signature of {line.name[:80]!r} that does not verify")
        signers |= good
    return list(dict.fromkeys(key for key in keys if key in signers))


def encode_base64(data: bytes) -> str:
    """Return base64 of RFC 4648, section 4, with padding."""
    return binascii.b2a_base64(data, newline=False).decode()


def decode_base64(text: str) -> bytes:
    """Read base64 in its one canonical spelling, or raise Rejected `checkpoint-bad`."""
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError):
        data = b""
    # Python accepts bits that are set in the padding; the same bytes would have several spellings.
    if not data or encode_base64(data) != text:
        raise _bad(f"not base64: {text[:120]!r}")
    return data


def _is_signed(text: str, signature: bytes, key: VerifierKey) -> bool:
    if key.algorithm == ED25519:
        return primitives.verify(key.key, text.encode(), signature)
    at = int.from_bytes(signature[:TIMESTAMP_BYTES], "big")
    message = contexts.cosignature_message(at, text)
    return at <= MAX_TIMESTAMP and primitives.verify(key.key, message, signature[TIMESTAMP_BYTES:])


def _read_text(data: bytes) -> str:
    if len(data) > MAX_NOTE_BYTES:
        raise Rejected(f"note of {len(data)} bytes, at most {MAX_NOTE_BYTES}", code="too-large")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise _bad("text that is not UTF-8") from None


def _read_lines(lines: str) -> tuple[NoteSignature, ...]:
    if not lines.endswith("\n"):
        raise _bad("no signatures, or a last line without its newline")
    if (count := lines.count("\n")) > MAX_SIGNATURES:
        raise _bad(f"{count} signatures, at most {MAX_SIGNATURES}")
    return tuple(_read_line(line) for line in lines[:-1].split("\n"))


def _read_line(line: str) -> NoteSignature:
    name, _, coded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not _is_name(name):
        raise _bad(f"not a line of a signature: {line[:120]!r}")
    data = decode_base64(coded)
    if len(data) <= HASH_BYTES:
        raise _bad(f"a signature of {len(data)} bytes")
    return NoteSignature(name, data[:HASH_BYTES], data[HASH_BYTES:])


def _is_name(name: str) -> bool:
    if not 0 < len(name) <= _MAX_NAME or "+" in name or _CONTROL.search(name):
        return False
    return not any(letter.isspace() or 0xD800 <= ord(letter) < 0xE000 for letter in name)


def _checked(text: str) -> str:
    if not text.endswith("\n") or _CONTROL.search(text):
        raise _bad("a text without its last newline, or with a control character")
    return text


def _bad(detail: str) -> Rejected:
    return Rejected(f"note: {detail}", code="checkpoint-bad")
