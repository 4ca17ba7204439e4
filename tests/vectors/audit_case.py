"""
One vector file of the audit log: what stands in it, and what a reader must find.

`outcome` runs a file from what stands in it alone; the generator uses it to make sure that each file does what it says.
Spec: schemas/audit.md, "Vectors".
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from gateway.errors import GatewayError, Rejected
from gateway.tlog.checkpoint import Checkpoint, open_checkpoint
from gateway.tlog.checks import check_growth, check_inclusion
from gateway.tlog.cosignature import cosigned_at
from gateway.tlog.leaves import Leaf, ReceiptLeaf, decode_leaf
from gateway.tlog.note import parse_note, parse_vkey, verified
from gateway.tlog.tiles import ENTRIES_LEVEL, decode_bundle, parse_tile_path
from gateway.tlog.witness import Verdict, decode_add_checkpoint, judge
from tests.envelope.given import joined

__all__ = ["ORIGIN", "AuditCase", "build", "outcome"]

ORIGIN = "GW-ICN@icn/audit"
Vector = dict[str, Any]


@dataclass(frozen=True)
class AuditCase:
    """
    One file to be.

    Attributes:
        form: What is read: `note`, `tile-path`, `leaf` ...; begins the file's name.
        name: The defect, or `valid-...`.
        about: One sentence for a reader.
        expects: "" for what is accepted, a code, or the status that a witness answers with.
        given: What the reader gets, as it stands in the file.
    """

    form: str
    name: str
    about: str
    expects: str
    given: Vector

    @property
    def file_name(self) -> str:
        """Name of the file."""
        return f"{self.form}-{self.name}.json"


def build(case: AuditCase) -> Vector:
    """Build the file of a case, and make sure that it does what it says."""
    vector = {"name": case.name, "about": case.about, "form": case.form, **case.given}
    expected = outcome(vector)
    found = expected.get("code", "") if case.form != "witness" else str(expected["status"])
    if found != case.expects:
        raise AssertionError(f"{case.file_name}: {expected}, not {case.expects!r}")
    return {**vector, "expected": expected}


def outcome(vector: Vector) -> Vector:
    """Return what came of an input in the words of the file."""
    try:
        return _READERS[vector["form"]](vector)
    except GatewayError as refused:
        return {"code": refused.code}


def _vkey(vector: Vector) -> Vector:
    key = parse_vkey(vector["vkey"])
    return {"name": key.name, "algorithm": key.algorithm, "key": key.key.hex(), "hash": key.hash.hex()}


def _note(vector: Vector) -> Vector:
    note = parse_note(joined(vector["note"]))
    signers = verified(note, [parse_vkey(text) for text in vector["keys"]])
    return {"text": note.text, "signed_by": [str(key) for key in signers]} if signers else {"code": "checkpoint-bad"}


def _checkpoint(vector: Vector) -> Vector:
    opened = open_checkpoint(joined(vector["note"]), [parse_vkey(text) for text in vector["keys"]])
    return {"origin": opened.origin, "size": opened.size, "root": opened.root.hex(), "extensions": list(opened.extensions)}


def _cosignature(vector: Vector) -> Vector:
    note, key = parse_note(joined(vector["note"])), parse_vkey(vector["key"])
    verified(note, [key])
    return {"at": cosigned_at(note, key)}


def _tile_path(vector: Vector) -> Vector:
    tile = parse_tile_path(vector["path"])
    return {"level": "entries" if tile.level == ENTRIES_LEVEL else tile.level, "index": tile.index, "width": tile.width}


def _bundle(vector: Vector) -> Vector:
    entries = decode_bundle(joined(vector["bundle"]))
    return {"lengths": [len(entry) for entry in entries], "first": b64encode(entries[0][:32]).decode()}


def _inclusion(vector: Vector) -> Vector:
    checkpoint = Checkpoint(ORIGIN, vector["size"], bytes.fromhex(vector["root"]))
    check_inclusion(vector["index"], bytes.fromhex(vector["leaf_hash"]), _hashes(vector), checkpoint)
    return {"included": True}


def _consistency(vector: Vector) -> Vector:
    old = Checkpoint(ORIGIN, vector["old_size"], bytes.fromhex(vector["old_root"]))
    new = Checkpoint(ORIGIN, vector["new_size"], bytes.fromhex(vector["new_root"]))
    check_growth(old, new, _hashes(vector))
    return {"consistent": True}


def _hashes(vector: Vector) -> list[bytes]:
    return [bytes.fromhex(node) for node in vector["proof"]]


def _leaf(vector: Vector) -> Vector:
    leaf = decode_leaf(joined(vector["leaf"]))
    return {"kind": _kind(leaf), **{name: _shown(value) for name, value in msgspec.structs.asdict(leaf).items()}}


def _kind(leaf: Leaf) -> str:
    return "hash" if isinstance(leaf, ReceiptLeaf) else str(leaf.__struct_config__.tag)


def _shown(value: object) -> object:
    return (value.hex() if len(value) == 32 else b64encode(value[:64]).decode()) if isinstance(value, bytes) else value


def _witness(vector: Vector) -> Vector:
    try:
        request = decode_add_checkpoint(joined(vector["request"]))
    except Rejected:
        return {"status": 400}
    known = (vector["known"]["size"], bytes.fromhex(vector["known"]["root"])) if vector["known"] else None
    return _told(judge(request, known, [parse_vkey(text) for text in vector["keys"]]))


def _told(verdict: Verdict) -> Vector:
    told: Vector = {"status": verdict.status}
    if verdict.remember:
        told["remember"] = {"size": verdict.remember[0], "root": verdict.remember[1].hex()}
    if verdict.body:
        told |= {"body": verdict.body.decode(), "forked": verdict.forked}
    return told


_READERS: dict[str, Callable[[Vector], Vector]] = {
    "vkey": _vkey,
    "note": _note,
    "checkpoint": _checkpoint,
    "cosignature": _cosignature,
    "tile-path": _tile_path,
    "bundle": _bundle,
    "inclusion": _inclusion,
    "consistency": _consistency,
    "leaf": _leaf,
    "witness": _witness,
}
