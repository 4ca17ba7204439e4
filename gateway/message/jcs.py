"""
Canonical JSON (RFC 8785, JCS), and SHA-256 over it.

One value has one canonical text, whoever wrote it: members sorted by UTF-16, numbers as ECMAScript prints them, no spaces.
What is hashed is the value that stands in the bytes received, members that this version does not know included; a view
written anew would lose those. Strict JSON (`gateway.message.strict`) always has a canonical form.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec
import rfc8785

from gateway.errors import Rejected
from gateway.message.codec import encode_json

__all__ = ["as_json", "canonical", "jcs_sha256"]


def canonical(value: Any) -> bytes:
    """
    Return the canonical text of decoded JSON.

    Raises:
        Rejected: `content-json`: it holds what canonical JSON cannot say: a number that is not finite, an integer beyond
            2^53-1, a lone surrogate.
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError) as exc:
        raise Rejected(f"has no canonical form: {type(exc).__name__}", code="content-json", pointer="") from exc


def jcs_sha256(value: Any) -> str:
    """Return SHA-256 over the canonical text of decoded JSON, in lower-case hex; raises as `canonical`."""
    return sha256(canonical(value)).hexdigest()


def as_json(value: object) -> Any:
    """Return what a value of ours reads as once it is written: decoded JSON."""
    return msgspec.json.decode(encode_json(value))
