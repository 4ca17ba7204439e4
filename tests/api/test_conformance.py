"""
Whatever is asked, `/openapi.json` tells what may be answered: a fuzzer that is made from the document alone.

Each operation gets good and bad parameters, bodies of every media type that it names and of others, signed and not. The seed is
fixed, so a failure comes again.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import msgspec
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from gateway.protocol import media
from gateway.resources import schemas_path
from tests.api.test_whole import whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.api.test_whole import Whole
    from tests.support.http_stage import Answer

EACH = 30  # requests to an operation
DESCRIBED: dict[str, Any] = json.loads((schemas_path() / "openapi.json").read_bytes())
OPERATIONS = [(method.upper(), path) for path, methods in DESCRIBED["paths"].items() for method in methods]
NASTY = ("0", "a" * 300, "..", "%2e%2e", "%00", "\x7f", "é", "1/2", "*", "NCB-QM@icn", "icn", "timestamp.json", "ff" * 32, "-1")
NUMBERS = ("0", "1", "7", "-1", "1e3", "", "99999999999999999999", "0x1", "1&after=2", "null", "%00")
MEDIA = (media.SEALED, media.SIGNED, media.MSGPACK, media.JSON, media.OCTETS, "text/plain", "application/json; charset=utf-8")
VALUES: tuple[Any, ...] = (None, True, -1, 2**64 - 1, 1.5, "", "x", [], {}, [[]], ["a"], {"a": 1}, [None], [b"", b""], [0] * 40)


class Request(NamedTuple):
    """One request, before it is signed."""

    path: str
    body: bytes
    media: str | None
    signed: bool


def requests(path: str, operation: dict[str, Any], rng: random.Random, known: list[bytes]) -> Iterator[Request]:
    """Yield requests to one operation."""
    named = list(operation.get("requestBody", {}).get("content", {}))
    for turn in range(EACH):
        target = path
        pairs = []
        for one in operation.get("parameters", []):
            if one["in"] == "path":
                target = target.replace(f"{{{one['name']}}}", rng.choice((quote, str))(rng.choice(NASTY)))
            elif rng.random() < 0.7:
                pairs.append(f"{one['name']}={'0' if one['name'] == 'wait' else rng.choice(NUMBERS)}")
        pairs += ["extra=1"] if rng.random() < 0.1 else []
        target = "".join(mark if mark.isprintable() and mark.isascii() and mark != " " else quote(mark) for mark in target)
        has_body = bool(named) if rng.random() < 0.9 else not named
        kind = rng.choice(named) if named and rng.random() < 0.8 else rng.choice(MEDIA)
        body = make_body(rng, known) if has_body else b""
        yield Request(target + ("?" + "&".join(pairs) if pairs else ""), body, kind if has_body else None, turn % 4 != 0)


def make_body(rng: random.Random, known: list[bytes]) -> bytes:
    """Make a body: noise, a value of JSON or MessagePack, or something real, damaged or not."""
    match rng.randrange(5):
        case 0:
            return rng.randbytes(rng.choice((1, 17, 400)))
        case 1:
            return json.dumps(rng.choice(VALUES[:-2])).encode()
        case 2:
            return msgspec.msgpack.encode(rng.choice(VALUES))
        case 3:
            return rng.choice(known)
        case _:
            real = bytearray(rng.choice(known))
            real[rng.randrange(len(real))] ^= 1 << rng.randrange(8)
            return bytes(real)


def check(operation: dict[str, Any], got: Answer) -> str | None:
    """Return what of an answer is not described, or None."""
    if got.status >= 500:
        return "a failure"
    described = operation["responses"].get(str(got.status))
    if described is None:
        return "a status that is not described"
    content = described.get("content", {})
    kind = got.headers.get("content-type")
    if got.body and kind not in content:
        return f"a content type that is not described: {kind}"
    if kind in {media.JSON, media.PROBLEM}:
        schema = {**content[kind]["schema"], "components": DESCRIBED["components"]}
        wrong = [str(one.message) for one in Draft202012Validator(schema).iter_errors(json.loads(got.body))]
        return wrong[0] if wrong else None
    return None


async def real_bodies(gate: Whole) -> list[bytes]:
    """Return bodies that somebody could send."""
    names = json.dumps(["metadata/timestamp.json", "targets/nothing"]).encode()
    sealed = gate.behind.sealed("NCB-QM", ["GN-QN"])
    receipt = gate.behind.receipt("GN-QN", sealed.envelope_hash)
    return [sealed.submission, names, msgspec.msgpack.encode([receipt]), msgspec.msgpack.encode([receipt, [receipt]])]


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[f"{method} {path}" for method, path in OPERATIONS])
async def test_no_answer_is_other_than_described(tmp_path: Path, method: str, path: str) -> None:
    """No failure, no status, content type or document that the description does not name, whatever is asked."""
    operation = DESCRIBED["paths"][path][method.lower()]
    rng = random.Random(f"{method} {path}")
    wrong, statuses = [], set()
    async with whole(tmp_path) as gate:
        known = await real_bodies(gate)
        for one in requests(path, operation, rng, known):
            signer = gate.keyring("NCB-QM") if one.signed else None
            got = await gate.ask(method, one.path, signer, body=one.body, media=one.media)
            statuses.add(got.status)
            # A parameter with a slash in it may lead to no resource, or to another one.
            astray = "{" in path and got.status in {404, 405}
            if not astray and (told := check(operation, got)):
                wrong.append((one, got.status, got.body[:200], told))
    assert wrong == []
    assert statuses
