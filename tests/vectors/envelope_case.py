"""
One vector file: what stands in it, and how it is written and run.

Spec: schemas/envelope.md, "Vectors".
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from gateway.envelope import MemoryKeyring, Opened, open_delivery
from gateway.errors import CannotOpen, Rejected
from tests.envelope.world import delivery_key
from tests.vectors.envelope_forge import Forge

LONG_ZEROS = re.compile(b"\0{4096,}")
KINDS = ("cooperation.request", "request.response", "protection.measure")


@dataclass(frozen=True)
class Case:
    """
    One file to be.

    Attributes:
        name: Of the file; says the defect.
        about: One sentence for a reader.
        code: What is told to the outside, or "" for a delivery that opens.
        reason: The local reason; the code itself where there is no other.
        make: Sets up the forge.
    """

    name: str
    about: str
    code: str
    reason: str
    make: Callable[[Forge], object]
    forge: Callable[[str], Forge] = Forge


def opened_facts(opened: Opened) -> dict[str, Any]:
    """Return what an opener must have learnt."""
    header = opened.header
    return {
        "envelope_hash": opened.envelope_hash.hex(),
        "message_id": header.message_id.hex(),
        "sender": header.sender,
        "sealer": header.sealer,
        "kind": header.kind,
        "recipients": header.recipients,
        "index": opened.index,
        "number": opened.number,
        "first": opened.first,
        "last": opened.last,
        "author_key_id": opened.author.key_id.hex(),
        **_content(opened.content),
    }


def _content(content: bytes) -> dict[str, str]:
    """Return the content where it is text; content that is at the limit is not."""
    try:
        return {"content": content.decode()}
    except UnicodeDecodeError:
        return {"content_sha256": sha256(content).hexdigest()}


def build(case: Case) -> dict[str, Any]:
    """Build the file of a case, and make sure that it does what it says."""
    forge = case.forge(case.name)
    case.make(forge)
    delivery = forge.delivery()
    expected = run(forge, delivery)
    if case.code and expected != {"code": case.code, "reason": case.reason}:
        raise AssertionError(f"{case.name}: {expected}, not {case.code} {case.reason}")
    if not case.code and "envelope_hash" not in expected:
        raise AssertionError(f"{case.name}: {expected}")
    return {
        "name": case.name,
        "about": case.about,
        **given(forge),
        "delivery": compact(delivery),
        "expected": expected,
    }


def compact(data: bytes) -> str | list[str | int]:
    """Return base64; where there are many zero bytes a list, in which a number stands for so many of them."""
    parts: list[str | int] = []
    at = 0
    for zeros in LONG_ZEROS.finditer(data):
        parts += [b64encode(data[at : zeros.start()]).decode(), len(zeros[0])]
        at = zeros.end()
    rest = b64encode(data[at:]).decode()
    return [*parts, rest] if parts else rest


def run(forge: Forge, delivery: bytes) -> dict[str, Any]:
    """Open the delivery and return what happened."""
    try:
        opened = open_delivery(
            delivery,
            me=forge.me,
            keyring=MemoryKeyring(forge.me, [], _my_keys(forge)),
            answers=forge.world,
            now=forge.now,
            suites=forge.suites,
        )
    except CannotOpen as refused:
        return {"code": refused.code, "reason": refused.reason}
    except Rejected as refused:
        return {"code": refused.code, "reason": refused.code}
    return opened_facts(opened)


def given(forge: Forge) -> dict[str, Any]:
    """Return what an opener is given beside the delivery."""
    world = forge.world
    return {
        "me": forge.me,
        "my_delivery_secrets": [key.unsafe_export().hex() for key in _my_keys(forge)],
        "suites": list(forge.suites),
        "now": forge.now,
        "directory_versions": dict(world.versions),
        "gateways": sorted(world.gateways),
        "kinds": {
            kind: {"gateway_may_seal": kind in world.sealed_by_gateway, "needs_approval": kind in world.approved}
            for kind in KINDS
        },
        "keys": [
            {
                "address": record.address,
                "use": record.use,
                "key": record.key.hex(),
                "not_before": record.not_before,
                "not_after": record.not_after,
                "revoked_at": record.revoked_at,
            }
            for record in world.records.values()
        ],
    }


def text_of(vector: dict[str, Any]) -> str:
    """Return a vector as it stands in its file: a line for each field, and for each key."""
    lines = []
    for name, value in vector.items():
        if name in {"keys", "expected", "kinds"}:
            lines.append(f" {_line(name)}: {_block(value)}")
        else:
            lines.append(f" {_line(name)}: {_line(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _block(value: Any) -> str:
    if isinstance(value, dict):
        inside = [f"  {_line(key)}: {_line(one)}" for key, one in value.items()]
        return "{\n" + ",\n".join(inside) + "\n }"
    return "[\n" + ",\n".join(f"  {_line(one)}" for one in value) + "\n ]"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _my_keys(forge: Forge) -> list[Any]:
    return [delivery_key(forge.me)] if forge.my_keys is None else forge.my_keys
