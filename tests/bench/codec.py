"""
Reading content: the strict codec, beside `msgspec` alone and beside `json` with `jsonschema`.

The request has 10 KiB: an example with more persons. `msgspec` alone takes the last of two equal keys, unbounded depth and any
time that it can read; `jsonschema` checks the same schema, and none of these either.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Final

import msgspec

from gateway.errors import Rejected
from gateway.message import read, spec
from gateway.message.information.cooperation_request import CooperationRequest
from gateway.message.strict import check_strict
from gateway.resources import schemas_path
from tests.bench.figures import Figure, beside
from tests.message.test_strict import HOSTILE
from tests.message.validators import validator

__all__ = ["figures"]

EXAMPLE: Final = "examples/cooperation.request/arrest-and-surrender.json"
SIZE_BYTES: Final = 10 * 1024
REPEAT: Final = 30


def figures() -> Iterator[Figure]:
    """Measure all three in turn."""
    data = _request()
    kind = spec(CooperationRequest.kind)
    bare = msgspec.json.Decoder(kind.content)
    peer_reads = validator(kind.kind)
    assert peer_reads.is_valid(json.loads(data))
    ours, floor, peer = beside(
        [
            lambda: read(kind.kind, kind.version, data),
            lambda: bare.decode(data),
            lambda: peer_reads.is_valid(json.loads(data)),
        ],
        REPEAT,
    )
    note = f"a cooperation request of {len(data)} bytes; {ours * 1e6:.0f} microseconds"
    yield Figure(name="decode_over_msgspec", value=ours / floor, unit="ratio", against="msgspec alone", note=note)
    note = f"times as fast, a cooperation request of {len(data)} bytes; the peer parses and validates"
    yield Figure(name="decode_vs_jsonschema", value=peer / ours, unit="times", against="json and jsonschema", note=note)
    slowest, name = max((beside([partial(_judge, data)], 1)[0], name) for name, data in HOSTILE.items())
    note = f"the slowest of {len(HOSTILE)} contents of up to 1 MiB that were made to be slow: {name}"
    yield Figure(name="hostile_content_ms", value=slowest * 1e3, unit="ms", against="none", note=note, aim="<= 50")


def _judge(data: bytes) -> None:
    with suppress(Rejected):
        check_strict(data)


def _request() -> bytes:
    """Return the example with so many persons that it has 10 KiB."""
    document = json.loads((schemas_path() / EXAMPLE).read_bytes())
    persons = document["body"]["persons"]
    while len(data := msgspec.json.encode(document)) < SIZE_BYTES:
        persons.append({**persons[0], "ref": f"p-{len(persons) + 1}"})
    return data
