"""Vector cases of leaf data and of what a witness is asked. Spec: schemas/audit.md, "Leaves" and "Witnesses"."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from gateway.merkle import consistency_proof
from tests.vectors.audit_case import AuditCase
from tests.vectors.audit_forge import LEAVES, LOG, LOG_NEXT, OTHER, WITNESS, base64, body, bytes_of, note, root

__all__ = ["LEAF_DATA", "WITNESSED"]

LABEL = b"env1/directory\x00"
HASH = sha256(b"a file").digest()
ENTRY = b'{"participant":"NCB-QM","address":"NCB-QM@icn","name":"National Contact Point QM"}'
REVOCATION = b'{"key_id":"d9ac412e4a0d08114c6bbfca72ed9e9a","revoked_at":4070908800,"reason":"stolen"}'
PEER = b'{"network":"eu-network","root":"e30=","relay":"RELAY-EU","sends":["*"],"takes":["*"]}'
CARD = b"a signed card, as it was published: not looked into here"
LARGEST = 65_535 - len(LABEL) - 1 - 6 - 3
MALFORMED = "malformed"


def _leaf(name: str, about: str, data: bytes, expects: str = MALFORMED) -> AuditCase:
    return AuditCase("leaf", name, about, expects, {"leaf": bytes_of(data)})


def _array(name: str, about: str, array: object, expects: str = MALFORMED) -> AuditCase:
    return _leaf(name, about, LABEL + msgspec.msgpack.encode(array), expects)


def _request(old: object, proof: list[bytes], signed: str) -> str:
    return "".join(f"{line}\n" for line in (f"old {old}", *map(base64, proof), "")) + signed


def _asked(name: str, about: str, status: int, request: str, known: int | None = None) -> AuditCase:
    last = None if known is None else {"size": known, "root": root(known).hex()}
    given = {"request": bytes_of(request), "known": last, "keys": [str(LOG)]}
    return AuditCase("witness", name, about, str(status), given)


def _grown(old: int, new: int) -> list[bytes]:
    return consistency_proof(old, LEAVES[:new])


FAR = LABEL + msgspec.msgpack.encode(["entry", ENTRY])
ROOT_LEAF = LABEL + msgspec.msgpack.encode(["root", 1, HASH])
SIGNED = {size: note(body(size, root(size)), LOG) for size in range(10)}
GROWN = _request(5, _grown(5, 9), SIGNED[9])

LEAF_DATA = [
    _leaf("valid-hash", "The hash of a receipt or of an operator's action; nobody can tell which.", HASH, ""),
    _array("valid-version", "A version of the directory.", ["version", 7, HASH, HASH, HASH], ""),
    _array("valid-entry", "A directory entry.", ["entry", ENTRY], ""),
    _array("valid-entry-largest", "A leaf of 65,535 bytes.", ["entry", bytes(LARGEST)], ""),
    _array("valid-card-key", "A key card.", ["card", "cards/NCB-QM/key", CARD], ""),
    _array("valid-card-delivery", "A delivery card.", ["card", "cards/TRIB-QX-OTP/delivery", CARD], ""),
    _leaf("valid-root", "A root of the directory's metadata.", ROOT_LEAF, ""),
    _array("valid-revocation", "A revocation of a key.", ["revocation", REVOCATION], ""),
    _array("valid-peer", "A network that this one exchanges with.", ["peer", PEER], ""),
    _array("valid-peer-removed", "A network that is a peer no more.", ["peer-removed", "eu", HASH], ""),
    _array("valid-far", "What the directory of a peer says.", ["far", "eu-network", FAR], ""),
    _array("too-large", "A leaf of 65,536 bytes.", ["entry", bytes(LARGEST + 1)], "too-large"),
    _leaf("empty", "Nothing.", b""),
    _leaf("hash-of-31-bytes", "A hash that lost a byte.", HASH[:31]),
    _leaf("hash-of-33-bytes", "A hash with a byte too many.", HASH + b"\0"),
    _leaf("label-alone", "A label without its array.", LABEL),
    _leaf("label-missing", "The array without its label.", ROOT_LEAF[len(LABEL) :]),
    _leaf("label-without-zero", "The zero byte after the label is missing.", ROOT_LEAF.replace(b"\x00", b"", 1)),
    _leaf("byte-left-over", "Something follows the array.", ROOT_LEAF + b"\0"),
    _leaf(
        "number-in-two-bytes", "A number has one spelling.", ROOT_LEAF.replace(b"\x01\xc4", b"\xcc\x01\xc4"), "not-canonical"
    ),
    _leaf("array16", "An array has one spelling.", ROOT_LEAF.replace(b"\x93", b"\xdc\x00\x03"), "not-canonical"),
    _array("map", "No map.", {"root": HASH}),
    _array("array-empty", "An array of nothing.", []),
    _array("kind-unknown", "No such kind.", ["group", ENTRY]),
    _array("kind-upper-case", "Kinds are lower case.", ["Entry", ENTRY]),
    _array("element-missing", "A hash is missing.", ["version", 7, HASH, HASH]),
    _array("element-extra", "A hash too many.", ["version", 7, HASH, HASH, HASH, HASH]),
    _array("number-negative", "No such version.", ["version", -1, HASH, HASH, HASH]),
    _array("number-above-53-bits", "No such version.", ["version", 2**53, HASH, HASH, HASH]),
    _array("number-as-text", "A number is a number.", ["root", "1", HASH]),
    _array("hash-short", "SHA-256 has 32 bytes.", ["root", 1, HASH[:31]]),
    _array("entry-as-text", "The JSON stands as bin.", ["entry", ENTRY.decode()]),
    _array("entry-of-31-bytes", "Too short for an entry.", ["entry", ENTRY[:31]]),
    _array("peer-as-text", "The JSON stands as bin.", ["peer", PEER.decode()]),
    _array("peer-removed-as-address", "A network is no address.", ["peer-removed", "GN-QN@eu", HASH]),
    _array("peer-removed-without-hash", "The hash of what stood last is missing.", ["peer-removed", "eu-network"]),
    _array("far-of-a-root", "Of a peer's roots the log says nothing.", ["far", "eu-network", ROOT_LEAF]),
    _array("far-of-far", "No peer's peer.", ["far", "eu-network", LABEL + msgspec.msgpack.encode(["far", "eu", FAR])]),
    _array("far-of-a-hash", "What stands inside is readable.", ["far", "eu-network", HASH]),
    _array("far-without-network", "A peer has a name.", ["far", "", FAR]),
    _array("card-path-unknown", "A card is a key card or a delivery card.", ["card", "cards/NCB-QM/other", CARD]),
    _array("card-path-lower-case", "A participant is written in upper case.", ["card", "cards/ncb-qm/key", CARD]),
    _array("card-path-line-feed", "Nothing follows the path.", ["card", "cards/NCB-QM/key\n", CARD]),
]
WITNESSED = [
    _asked("valid-first", "The witness has not seen this log before.", 200, _request(0, [], SIGNED[7])),
    _asked("valid-first-empty", "The log is still empty.", 200, _request(0, [], SIGNED[0])),
    _asked("valid-grown", "The log grew from five to nine.", 200, GROWN, 5),
    _asked("valid-again", "The same checkpoint is cosigned again, with a new time.", 200, _request(5, [], SIGNED[5]), 5),
    _asked("valid-other-signatures", "Signatures that the witness does not know are ignored.", 200,
           _request(5, _grown(5, 9), note(body(9, root(9)), LOG_NEXT, LOG, OTHER, WITNESS)), 5),
    _asked("old-missing", "The first line is missing.", 400, GROWN.removeprefix("old 5\n"), 5),
    _asked("old-upper-case", "The word is `old`.", 400, GROWN.replace("old", "Old"), 5),
    _asked("old-with-leading-zero", "A number has one spelling.", 400, GROWN.replace("old 5", "old 05"), 5),
    _asked("old-negative", "No tree has so few leaves.", 400, GROWN.replace("old 5", "old -5"), 5),
    _asked("old-above-size", "The log does not shrink by its own words.", 400, _request(9, [], SIGNED[5]), 9),
    _asked("proof-of-31-bytes", "A line that lost a byte.", 400, _request(5, [LEAVES[0][:31]], SIGNED[9]), 5),
    _asked("proof-not-base64", "A line that is no base64.", 400, GROWN.replace("\n", "\n*", 1), 5),
    _asked("proof-of-64-lines", "At most 63.", 400, _request(5, [LEAVES[0]] * 64, SIGNED[9]), 5),
    _asked("border-missing", "An empty line stands before the checkpoint.", 400, GROWN.replace("\n\n", "\n", 1), 5),
    _asked("carriage-return", "Lines end with a line feed alone.", 400, GROWN.replace("\n", "\r\n"), 5),
    _asked("note-malformed", "The note has lost its last newline.", 400, GROWN[:-1], 5),
    _asked("note-no-checkpoint", "The text of the note is no checkpoint.", 400, _request(5, [], note("a text\n", LOG)), 5),
    _asked("note-missing", "No checkpoint.", 400, "old 5\n\n", 5),
    _asked("origin-unknown", "A log that this witness does not serve.", 404,
           _request(0, [], note(body(7, root(7), origin=OTHER.key.name), OTHER))),
    _asked("signature-unknown", "Signed by a key that the witness does not know.", 403,
           _request(0, [], note(body(7, root(7)), LOG_NEXT))),
    _asked("signature-bad", "The size is not the one that was signed.", 403,
           _request(0, [], SIGNED[7].replace("\n7\n", "\n8\n"))),
    _asked("old-behind", "The witness has cosigned six; its answer says so.", 409, GROWN, 6),
    _asked("old-ahead", "The witness has cosigned four.", 409, GROWN, 4),
    _asked("old-of-unknown", "The witness has cosigned nothing of this log.", 409, GROWN),
    _asked("fork", "Two roots for one size, both signed by the log.", 409, _request(5, [], note(body(5, root(4)), LOG)), 5),
    _asked("proof-missing", "No proof of growth.", 422, _request(5, [], SIGNED[9]), 5),
    _asked("proof-of-another", "The proof from six.", 422, _request(5, _grown(6, 9), SIGNED[9]), 5),
    _asked("proof-between-equals", "Nothing was added.", 422, _request(5, [LEAVES[0]], SIGNED[5]), 5),
    _asked("proof-from-nothing", "Nothing is to be proved.", 422, _request(0, [LEAVES[0]], SIGNED[7])),
    _asked("rewritten", "The log signs a tree that does not continue what was cosigned.", 422,
           _request(5, _grown(5, 9), note(body(9, root(8)), LOG)), 5),
]  # fmt: skip
