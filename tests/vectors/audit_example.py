"""
The worked example at the head of schemas/audit.md: `python -m tests.vectors.audit_example` prints it.

A log of three leaves, made with the keys and the leaf data of the vectors.
"""

from __future__ import annotations

from base64 import b64decode

from gateway.merkle import consistency_proof, inclusion_proof, leaf_hash, node_hash, root_of
from gateway.tlog.tiles import Tile, encode_bundle
from tests.vectors.audit_case import AuditCase
from tests.vectors.audit_forge import LOG, WITNESS, body, note
from tests.vectors.audit_leaves import LEAF_DATA

__all__ = ["example"]


def example() -> str:
    """Return the example, as it stands in the text."""
    data = [_data(name) for name in ("valid-root", "valid-version", "valid-hash")]
    hashes = [leaf_hash(each) for each in data]
    text = body(3, root_of(hashes))
    return "\n".join(
        [
            *(f"leaf {place} ({len(each)} bytes)  {_short(each)}" for place, each in enumerate(data)),
            *(f"leaf hash {place}       {each.hex()}" for place, each in enumerate(hashes)),
            f"node over 0 and 1 {node_hash(*hashes[:2]).hex()}",
            f"root              {root_of(hashes).hex()}",
            f"inclusion of 2    {' '.join(each.hex() for each in inclusion_proof(2, hashes))}",
            f"growth of 1 to 3  {' '.join(each.hex() for each in consistency_proof(1, hashes))}",
            f"{Tile(0, 0, 3).path}        the three leaf hashes, {32 * 3} bytes",
            f"{Tile(-1, 0, 3).path}  {_short(encode_bundle(data))} ({len(encode_bundle(data))} bytes)",
            f"key of the log      {LOG}",
            f"key of the witness  {WITNESS}",
            "checkpoint:",
            note(text, LOG, WITNESS).rstrip("\n"),
        ]
    )


def _data(name: str) -> bytes:
    (case,) = (case for case in LEAF_DATA if case.name == name)
    return _bytes(case)


def _bytes(case: AuditCase) -> bytes:
    return b64decode(case.given["leaf"])


def _short(data: bytes) -> str:
    return data.hex() if len(data) <= 40 else f"{data[:24].hex()}..{data[-8:].hex()}"


if __name__ == "__main__":
    print(example())
