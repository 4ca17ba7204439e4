"""
What all recipients of an envelope share: opening step 1 for it, and the hashes that name it.

Constructing an `Envelope` is parsing it: its forms are checked, nothing is proved. The gateway and each recipient read it
once; every later step works on these bytes and hashes.
Spec: schemas/envelope.md, "Opening", step 1.
"""

from __future__ import annotations

from collections.abc import Collection
from hashlib import sha256
from typing import Final

from gateway.envelope import contexts
from gateway.envelope.form import first_element, limit
from gateway.envelope.header import Header, decode_header
from gateway.envelope.payload import SUITES, is_padded_length
from gateway.envelope.primitives import AEAD_TAG_BYTES
from gateway.envelope.trust import Answers
from gateway.envelope.wire import COMMON, CORE, MAX_BODY_BYTES, CommonForm, CoreForm
from gateway.errors import Rejected
from gateway.ids import network_of

__all__ = ["VERSION", "Envelope", "read_core", "require_directory"]

VERSION: Final = "E1"
_STEP_BYTES: Final = 1984  # hashlib gives the lock up from 2048 bytes on
_HELD_BYTES: Final = 8 << 10  # 10 microseconds: giving the lock up and waiting for it behind a busy thread costs more


class Envelope:
    """
    An envelope as its bytes spell it.

    Args:
        common: The bytes that all recipients share; kept as they are.
        suites: What the reader's delivery card lists; of them, those count that this package can open.

    Raises:
        Rejected: `unknown-version` or `unknown-suite`, told before the rest is looked at; `too-large`, `malformed` or
            `not-canonical`.
    """

    __slots__ = (
        "approval",
        "body",
        "body_hash",
        "commit",
        "common_bytes",
        "core",
        "core_bytes",
        "core_hash",
        "envelope_hash",
        "header",
        "header_bytes",
        "seal",
        "stanzas_root",
    )

    def __init__(self, common: bytes, suites: Collection[int]) -> None:
        form = _read_common(common)
        self.common_bytes = common
        self.core_bytes = form.core
        self.core, self.header = read_core(form.core, suites)
        self.header_bytes = self.core.header
        self.stanzas_root, self.commit, self.body = form.stanzas, form.commit, form.body
        self.seal, self.approval = form.seal, form.approval
        self.core_hash = contexts.core_hash(form.core)
        self.body_hash = _hash_body(form.body)
        self.envelope_hash = contexts.envelope_hash(self.core_hash, form.stanzas, form.commit, self.body_hash)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.envelope_hash.hex()} from {self.header.sender})"


def _read_common(data: bytes) -> CommonForm:
    try:
        form = COMMON.decode(data)
    except Rejected:
        _require_version(first_element(data, "common"))  # it decides what the rest should be
        raise
    _require_version(form.version)
    limit("body", len(form.body), MAX_BODY_BYTES)
    if not is_padded_length(len(form.body) - AEAD_TAG_BYTES):
        raise Rejected(f"a body of {len(form.body)} bytes is not padded", code="malformed")
    return form


def _require_version(version: str | int) -> None:
    if isinstance(version, int):
        raise Rejected("common: a version is text", code="malformed")
    if version != VERSION:
        raise Rejected(f"version {version[:16]!r}, known here: {VERSION}", code="unknown-version")


def read_core(data: bytes, suites: Collection[int]) -> tuple[CoreForm, Header]:
    """Decode a core and the header in it; raise as `Envelope` does."""
    try:
        core = CORE.decode(data)
    except Rejected:
        _require_suite(first_element(data, "core"), suites)
        raise
    _require_suite(core.suite, suites)
    return core, decode_header(core.header)


def _require_suite(suite: str | int, suites: Collection[int]) -> None:
    if isinstance(suite, str):
        raise Rejected("core: a suite is a number", code="malformed")
    if suite not in suites or suite not in SUITES:  # a card may list what only another release of its reader opens
        known = sorted(set(suites).intersection(SUITES))
        raise Rejected(f"suite {suite}, known here: {known}", code="unknown-suite")


def _hash_body(body: bytes) -> bytes:
    """Return SHA-256 of a body; a small one is hashed in steps for which hashlib keeps the interpreter's lock."""
    if len(body) > _HELD_BYTES:
        return sha256(body).digest()
    digest = sha256()
    for start in range(0, len(body), _STEP_BYTES):
        digest.update(body[start : start + _STEP_BYTES])
    return digest.digest()


def require_directory(envelope: Envelope, answers: Answers) -> None:
    """Refuse what was sealed with a directory newer than ours: `directory-ahead`, refresh and try again."""
    network = network_of(envelope.header.sealer)
    known, used = answers.directory_version(network), envelope.core.directory_version
    if known < used:
        raise Rejected(f"sealed with directory {used} of {network}, newest known {known}", code="directory-ahead")
