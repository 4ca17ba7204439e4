"""
A second verifier of evidence bundles, for auditors: this one file, Python's standard library, and `cryptography` for Ed25519.

    python verify_evidence.py BUNDLE --log VKEY [--witness VKEY] [--timestamp-ca PEM] [--kinds kinds.json]

Written after `schemas/audit.md`, "Evidence bundle", whose steps it numbers; it shares no code with the gateway. A time-stamp is
given to the system's `openssl ts`. It ends with 0 for what is proved, with 1 for what is refused or not anchored.
"""

import argparse
import base64
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

DAY, SKEW, MIB, EVER = 86_400, 300, 1 << 20, float("inf")
BY_GATEWAY = {"accepted", "expired", "recalled", "held", "refused"}
ACKNOWLEDGED = ("event", "recipient", "signer", "at", "reason", "index")
CROSSING = ("network", "directory_version", "accepted_by", "accepted_at", "number")
WRAPPED = {"version", "entry", "card", "revocation"}  # leaves of a bundle, and those of another network's directory in ours
FIELD, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
SMALL = {0, 1, FIELD - 1, *(int(y, 16) for y in (  # y of the points of small order
    "05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826",
    "7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7"))}  # fmt: skip
# Of shapes a number is bytes of that length, a range bytes of such a length, text a pattern, a tuple an array of exactly these,
# [ shape, least, most ] an array of alike, [ shape ] what may be nil, a dict an object with exactly these members.
UINT = object()
VKey = tuple[str, bytes, bytes]
ID, NET, WORD = r"[A-Z]{2,8}(-[A-Z0-9]{2,8}){0,3}", "[a-z][a-z0-9-]{1,23}", "[a-z][a-z0-9-]{1,31}"
ADDRESS, LEVEL, COUNT = f"{ID}@{NET}", "(official-use-only|restricted|confidential)", r"(0|[1-9]\d{0,3})"
SIGNED, PROOF, ANY, DATA = (16, 64), [32, 0, 53], range(33 * MIB), range(32, 65536)
RECEIPT = ("accepted|expired|recalled|held|delivered|opened|rejected|destroyed|refused", 32, ADDRESS, ADDRESS, UINT, [UINT],
           ["[a-z][a-z0-9-]{0,63}"], [(UINT, 32)], 16)  # fmt: skip
HEADER = (16, ADDRESS, ADDRESS, r"[a-z][a-z0-9-]{0,31}(\.[a-z][a-z0-9-]{0,31}){1,2}", rf"{COUNT}\.{COUNT}\.{COUNT}", UINT, UINT,
          "flash|urgent|normal|routine", rf"(clear|green|amber|amber\+strict|red)/{LEVEL}", 16, [32], [UINT], UINT, 32,
          [32, 0, 1024])  # fmt: skip
BUNDLE = ("EV1", NET, ANY, 32, 32, 32, [SIGNED], [SIGNED], [((ANY, 16, 64), UINT, PROOF), 1, 32769],
          [(range(1, 65536), UINT, PROOF), 0, 16384], range(4 * MIB + 1), range(131073), [range(65537)],
          [(ADDRESS, 16, UINT, [32, 0, 12]), 0, 4096], [(16, 64, ANY)])  # fmt: skip
BUNDLES = {"EV1": BUNDLE, "EV2": ("EV2", *BUNDLE[1:], (NET, BUNDLE[9], BUNDLE[10], [(ANY, 16, 64)]))}
CARD = ("K1", ADDRESS, UINT, UINT, UINT, [("author|agent|approval|log|operator", 32, UINT, UINT, 64), 1, 256])
LEAVES = {"version": ("version", UINT, 32, 32, 32), "root": ("root", UINT, 32), "entry": ("entry", DATA),
          "card": ("card", f"cards/{ID}/(key|delivery)", DATA), "revocation": ("revocation", DATA), "peer": ("peer", DATA),
          "peer-removed": ("peer-removed", NET, 32), "far": ("far", NET, DATA)}  # fmt: skip
ENTRY = {"participant": ID, "address": ADDRESS, "name": r"[\s\S]{1,200}", "country": "[A-Z]{2}", "organisation_type": WORD,
         "roles": [WORD, 1, 16], "status": "active|suspended|revoked", "clearance": LEVEL, "identity": "[0-9a-f]{64}",
         "kinds_accepted": [r"\*|[a-z][a-z-]{1,31}\.[a-z][a-z-]{1,31}", 0, 64], "known_to": [NET, 0, 65]}  # fmt: skip
REVOCATION = {"key_id": "[0-9a-f]{32}", "revoked_at": UINT, "reason": "stolen|superseded|ceased"}
NOTE = re.compile(r"(?P<text>(?P<origin>[^\n]+)\n(?P<size>0|[1-9]\d*)\n(?P<root>[A-Za-z0-9+/]{43}=)\n([^\n]+\n)*)\n"
                  r"(?P<lines>(— [^ +\n]+ [A-Za-z0-9+/]+=*\n){1,100})")  # fmt: skip


class RefusedError(Exception):
    """A bundle that proves nothing: its code, and the reason, which for forms is the code."""


def need(holds: object, reason: str, *, form: bool = False) -> bool:
    if not holds:
        raise RefusedError(reason if form else "evidence-bad", reason)
    return True


def fits(shape: Any, value: Any) -> bool:
    if isinstance(shape, list) and len(shape) == 1:
        return value is None or fits(shape[0], value)
    if isinstance(value, str):
        return isinstance(shape, str) and re.fullmatch(shape, value, re.ASCII) is not None
    if isinstance(value, bytes):
        return len(value) in shape if isinstance(shape, range) else len(value) == shape
    if isinstance(value, dict):
        whole = isinstance(shape, dict) and shape.keys() - {"known_to"} <= value.keys() <= shape.keys()  # which may be absent
        return whole and all(fits(shape[key], one) for key, one in value.items())
    if isinstance(value, list):
        alike = isinstance(shape, list) and shape[1] <= len(value) <= shape[2] and all(fits(shape[0], one) for one in value)
        return alike or (isinstance(shape, tuple) and len(value) == len(shape) and all(map(fits, shape, value)))
    return shape is UINT and isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def _label(label: str, *parts: bytes) -> bytes:
    return b"".join((label.encode(), b"\0", *parts))


def verifies(key: bytes, signature: bytes, message: bytes) -> bool:  # by the strict rules of `envelope.md`, "Primitives"
    y, r = (int.from_bytes(point, "little") & (2**255 - 1) for point in (key, signature[:32]))
    if len(signature) != 64 or int.from_bytes(signature[32:], "little") >= ORDER or y >= FIELD or {y, r % FIELD} & SMALL:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def leads_to(root: bytes, data: bytes, place: tuple[int, int], siblings: Sequence[bytes]) -> bool:  # from leaf data
    (index, size), node, rest = place, _sha(b"\0", data), list(siblings)
    last = size - 1
    while last > 0 and (rest or (index % 2 == 0 and index == last)):
        if index % 2 or index != last:
            node = _sha(b"\1", rest.pop(0), node) if index % 2 else _sha(b"\1", node, rest.pop(0))
        index, last = index // 2, last // 2
    return place[0] < size and last == 0 and not rest and node == root


class Reader:  # of MessagePack in any spelling; `short` says whether it was the only one that is allowed
    def __init__(self, data: bytes, most: int = MIB) -> None:
        self.data, self.at, self.short, self.most = data, 0, True, most

    def _take(self, size: int) -> bytes:
        self.at += size
        need(self.at <= len(self.data), "malformed", form=True)
        return self.data[self.at - size : self.at]

    def _size(self, width: int, fixed: int, least: int = 1) -> int:
        number = int.from_bytes(self._take(width), "big")  # up to `fixed`, or in half the bytes, it is spelled shorter
        self.short &= number > (fixed if width == least else 256 ** (width // 2) - 1)
        return number

    def value(self, depth: int = 0) -> Any:
        first = self._take(1)[0]
        if first < 0x80 or first == 0xC0:
            return None if first == 0xC0 else first
        if 0xCC <= first <= 0xD3:
            self.short &= first < 0xD0  # else a positive number in a signed form
            wide = 1 << (first & 3)
            return self._size(wide, 127) if first < 0xD0 else int.from_bytes(self._take(wide), "big", signed=True)
        if 0xA0 <= first < 0xC0 or 0xD9 <= first <= 0xDB:
            return self._take(first & 31 if first < 0xC0 else self._size(1 << (first - 0xD9), 31)).decode(errors="replace")
        if 0xC4 <= first <= 0xC6:
            return self._take(self._size(1 << (first - 0xC4), -1))
        need((0x90 <= first < 0xA0 or first in {0xDC, 0xDD}) and depth < 8, "malformed", form=True)
        count = first & 15 if first < 0xA0 else self._size(2 << (first - 0xDC), 15, 2)
        return [self.value(depth + 1) for _ in range(count if depth else min(count, self.most))]


def layer(data: bytes, most: int, shape: Any) -> Any:  # without a shape its first element alone
    need(len(data) <= most or not shape, "too-large", form=True)
    value = (reader := Reader(data, MIB if shape else 1)).value()
    if not shape:
        return value[0] if value and isinstance(value, list) else None
    need(reader.at == len(data) and fits(shape, value), "malformed", form=True)
    need(reader.short, "not-canonical", form=True)
    return value


def strict_json(data: bytes, reason: str, shape: Any) -> Any:  # in which no member stands twice
    try:
        value = json.loads(data.decode(), object_pairs_hook=lambda one: need(len(dict(one)) == len(one), reason) and dict(one))
    except (ValueError, RecursionError):
        value = None
    need(isinstance(value, dict) if shape is dict else fits(shape, value), reason)
    return value


def vkey(written: str) -> VKey:  # of `NAME+HASH+KEY`: the name, what its signature lines begin with, the key
    name, hash_, key = written.strip().split("+", 2)
    data = base64.b64decode(key, validate=True)
    need(_sha(name.encode(), b"\n", data).hex()[:8] == hash_ and len(data) == 33, "bad-key", form=True)
    return name, bytes.fromhex(hash_), data[1:]


class Note:  # a signed checkpoint
    def __init__(self, data: bytes) -> None:
        found = NOTE.fullmatch(data.decode(errors="replace"))
        if found is None or re.search(r"[\0-\x09\x0b-\x1f\ufffd]", found[0]):
            raise RefusedError("evidence-bad", "checkpoint")
        self.text, self.origin = found["text"].encode(), found["origin"]
        self.size, self.root = int(found["size"]), base64.b64decode(found["root"])
        words = [line.split(" ") for line in found["lines"].splitlines()]
        self.lines = [(name, base64.b64decode(f"{line}===")) for _, name, line in words]
        spelled = all(base64.b64encode(data).decode() == word[2] for (_, data), word in zip(self.lines, words, strict=True))
        need(spelled and self.size < 2**53, "checkpoint")

    def signers(self, keys: Iterable[VKey]) -> set[VKey]:
        mine = [(key, line) for key in keys for name, line in self.lines if (name, line[:4]) == key[:2]]
        need(all(verifies(key[2], line[4:], self.text) for key, line in mine), "checkpoint")
        return {key for key, _ in mine}

    def cosigned_at(self, key: VKey) -> int:
        found = [(int.from_bytes(line[4:12], "big"), line[12:]) for name, line in self.lines if (name, line[:4]) == key[:2]]
        told = [verifies(key[2], line, f"cosignature/v1\ntime {at}\n".encode() + self.text) for at, line in found]
        need(found and all(told), "witness")
        return max(found)[0]


def stamped_at(token: bytes, message: bytes, roots: Path) -> int:  # where `openssl ts` says that it leads to a root
    found = re.search(rb"\x18[\x0f-\x1f](\d{14})(\.\d+)?Z", token)  # genTime stands before every certificate
    at = int(datetime.strptime(f"{found[1].decode()}Z", "%Y%m%d%H%M%S%z").timestamp()) if found else 0
    ask = ["openssl", "ts", "-verify", "-token_in", "-in", "/dev/stdin", "-digest", _sha(message).hex(), "-CAfile", str(roots)]
    done = subprocess.run([*ask, "-partial_chain", "-attime", str(at)], input=token, capture_output=True, check=False)
    need(found and done.returncode == 0, "token")
    return at + bool(found and found[2])


class Listed:  # step 4: who is who in one network, from the leaves of the log alone
    def __init__(self, network: str, leaves: Sequence[Any], revocations: bytes, *, far: bool = False) -> None:
        read = [(self._leaf(data, network if far else ""), index) for data, index, _ in leaves]
        kinds, cards = [leaf[0] for leaf, _ in read], [leaf for leaf, _ in read if leaf[0] == "card"]
        need({*kinds} <= WRAPPED and all(card[1].endswith("/key") for card in cards), "leaf-surplus")
        need(kinds.count("version") == 1, "leaf-repeated" if "version" in kinds else "version-missing")
        _, self.version, _, _, pinned = next(leaf for leaf, _ in read if leaf[0] == "version")
        need(_sha(revocations) == pinned, "revocations")
        entries = [strict_json(leaf[1], "leaf-form", ENTRY) for leaf, _ in read if leaf[0] == "entry"]
        shown = [(strict_json(leaf[1], "leaf-form", REVOCATION), index) for leaf, index in read if leaf[0] == "revocation"]
        self.entries, paths = {entry["address"]: entry for entry in entries}, {card[1] for card in cards}
        self.gateways = {address for address, entry in self.entries.items() if "gateway" in entry["roles"]}
        need(len({one["participant"] for one in entries}) == len(entries) and len(paths) == len(cards), "leaf-repeated")
        need(all(address == f"{one['participant']}@{network}" for address, one in self.entries.items()), "directory")
        told = strict_json(revocations, "directory", {"network": network, "keys": [REVOCATION, 0, 65536]})["keys"]
        self.stolen = {bytes.fromhex(one["key_id"]) for one in told if one["reason"] == "stolen"}
        told.sort(key=lambda one: -one["revoked_at"])  # of several rows the earliest stays
        self.revoked = {bytes.fromhex(one["key_id"]): one["revoked_at"] for one in told}
        self.places = {bytes.fromhex(one["key_id"]): index for one, index in sorted(shown, key=lambda row: -row[1])}
        self.keys: dict[bytes, tuple[tuple[str, str], bytes, range, float, float]] = {}
        keys = [key for _, path, data in cards for key in self._card(data, f"{path.split('/')[1]}@{network}")]
        need(len({*keys, *(bytes.fromhex(one["identity"]) for one in entries)}) == len(keys) + len(entries), "directory")
        without = paths ^ {f"cards/{one['participant']}/key" for one in entries}
        need(not without and self.places.keys() <= self.stolen, "leaf-surplus")

    def _leaf(self, data: bytes, of_far: str = "") -> list[Any]:
        need(len(data) != 32, "leaf-surplus")
        try:
            need(data[:15] == b"env1/directory\0", "leaf-form")
            found: list[Any] = layer(data[15:], 65_520, LEAVES.get(str(layer(data[15:], 0, None)), "-"))
            inner = found[0] == "far" and str(layer(found[2][15:], 0, None)) in WRAPPED and self._leaf(found[2])
            need(inner or found[0] != "far", "leaf-form")
        except RefusedError:
            raise RefusedError("evidence-bad", "leaf-form") from None
        need(not of_far or found[:2] == ["far", of_far], "leaf-surplus")
        return inner or found if of_far else found

    def _card(self, data: bytes, address: str) -> list[bytes]:
        need(address in self.entries, "leaf-surplus")
        identity = bytes.fromhex(self.entries[address]["identity"])
        me = _sha(_label("env1/key/identity", identity, address.encode()))[:16]
        try:
            signed, *signature = layer(data, 49_280, (ANY, 16, 64))
            _, owner, _, issued, expires, keys = layer(signed, 49_152, CARD)
        except RefusedError:
            raise RefusedError("evidence-bad", "card") from None
        good = owner == address and signature[0] == me and issued < expires <= issued + 400 * DAY
        need(good and verifies(identity, signature[1], _label("env1/key-card", _sha(signed))), "card")
        for use, key, begin, end, proof in keys:
            name = _sha(_label(f"env1/key/{use}", key, address.encode()))[:16]
            need(use not in {"log", "operator"} or address in self.gateways, "card")
            need(begin <= end <= begin + 400 * DAY and verifies(key, proof, _label("env1/possession", name)), "card")
            revoked = min((self.revoked[one] for one in (name, me) if one in self.revoked), default=EVER)
            thief = min((self.places.get(one, -1) for one in (name, me) if one in self.stolen), default=EVER)
            self.keys[name] = (address, use), key, range(begin, min(end, expires)), revoked, thief
        need(len({identity, *(key for _, key, *_ in keys)}) == len(keys) + 1, "card")
        return [key for _, key, *_ in keys]

    def check(self, signed: Sequence[bytes], holder: tuple[str, str], when: Sequence[int], what: str) -> None:
        """Require that a key of the holder signed, good at first and last, and no thief's at a place in the log."""
        (name, signature, message), (first, last, index) = signed, when
        found = self.keys.get(name)
        need(found and found[0] == holder and first in found[2] and last < found[3] and index <= found[4], f"{what}-key")
        need(found and verifies(found[1], signature, message), f"{what}-signature")


class Bundle:
    def __init__(self, data: bytes) -> None:
        need((version := str(layer(data, 0, None))) in BUNDLES, "unknown-version", form=True)  # 1
        _, self.network, core, *hashes, self.seal, self.approval = (form := layer(data, 32 * MIB, BUNDLES[version]))[:8]
        self.receipts, self.leaves, self.revocations, note, self.token, self.named, self.opened, *self.far = form[8:]
        need(layer(core, 0, None) == 1, "unknown-suite", form=True)
        _, self.sealed_with, _, self.header = layer(core, 1280, (UINT, UINT, 32, ANY))
        self.head = layer(self.header, 1024, HEADER)
        need(1 <= self.head[12] <= 4096, "malformed", form=True)
        self.other = [far[3] for far in self.far if far[3]]  # the acceptance of the author's network, where it is not this one
        self.told = [layer(one[0], 512, RECEIPT) for one in [*(one[0] for one in self.receipts), *self.other]]
        for event, *_, number, reason, _, _ in self.told:
            without = {"accepted", "delivered", "opened"} if reason is not None else {"rejected", "refused"}
            need(event not in without and (number is not None) == (event == "accepted"), "malformed", form=True)
        self.envelope = _sha(_label("env1/envelope", _sha(_label("env1/core", core)), *hashes))
        names = {*self.head[1:3], *(one[0] for one in self.named), *(name for one in self.told for name in one[2:4])}
        self.nets = [self.network, *(far[0] for far in self.far)]
        need(sorted({one.split("@")[1] for one in names}) == sorted(self.nets), "network")
        self.home, self.first = (one[-1 if self.other else 0] for one in (self.nets, self.told))  # of the author
        need(all(one.endswith(f"@{self.home}") for one in self.head[1:3]), "network")
        self.when = self.first[4], self.told[0][4], self.receipts[0][1]
        self.note = Note(note)  # 2

    def verify(self, logs: Sequence[VKey], witnesses: Sequence[VKey], roots: Path | None, kinds: Any) -> dict[str, Any]:
        note, (_, _, subject, signer, at, number, *_) = self.note, self.told[0]
        named, gateway = note.signers(key for key in logs if key[0] == note.origin), note.origin.removesuffix("/audit")
        need(note.origin == f"{gateway}/audit" and gateway.endswith(f"@{self.network}"), "origin")
        need(named or not logs, "log-signature")
        cosigned = [{"name": key[0], "cosigned_at": note.cosigned_at(key)} for key in witnesses]
        places = [(_sha(_label("env1/leaf", one[0][0])), *one[1:]) for one in self.receipts]  # 3
        places += [leaf for leaves in (self.leaves, *(far[1] for far in self.far)) for leaf in leaves]
        need(all(leads_to(note.root, leaf, (index, note.size), proof) for leaf, index, proof in places), "inclusion")
        need(len({index for _, index, _ in places}) == len(places), "index-repeated")
        listed = Listed(self.network, self.leaves, self.revocations)  # 4
        self.listed = {self.network: listed} | {far[0]: Listed(*far[:3], far=True) for far in self.far}
        signers = {*self.head[1:3], gateway, *(one[3] for one in self.told)}
        entries = {address for one in self.listed.values() for address in one.entries}
        need(signers == entries, "leaf-missing" if signers - entries else "leaf-surplus")
        need(self.listed[self.head[2].split("@")[1]].version >= self.sealed_with, "directory-old")
        on_card = [one[1] for one in listed.keys.values() if (one[0], one[3]) == ((gateway, "log"), EVER)]  # 5
        signed = note.signers({(note.origin, _sha(note.origin.encode(), b"\n\1", key)[:4], key) for key in on_card})
        need(gateway in listed.gateways and signed & (named or signed), "log-key")
        for one, told, network in zip((self.receipts[0][0], *self.other), (self.told[0], self.first), self.nets, strict=False):
            need(told[0] == "accepted", "accepted-event")  # 6
            need(told[2] == self.head[1], "accepted-subject")
            need(told[1] == self.envelope, "accepted-hash")
            need(told[3].split("@")[1] == network, "accepted-signer")
            self._check_receipt(one, told, self.when, "accepted")
        self._check_statements(kinds.get(self.head[3], {"gateway_may_seal": False, "needs_approval": True}))
        need(self.token or not roots, "token-missing")  # 12
        rows = [(*one[:1], *one[2:5], one[6], logged[1]) for one, logged in zip(self.told, self.receipts, strict=False)]
        there = [one[3:6] for one in self.told[1:] if one[0] == "accepted"] or [[None] * 3]  # by the other network
        relayed = [dict(zip(CROSSING, (far[0], self.listed[far[0]].version, *there[0]), strict=True)) for far in self.far]
        return {
            "verdict": "proved" if logs else "consistent, not anchored", "envelope_hash": self.envelope.hex(), "number": number,
            "accepted_by": signer, "accepted_at": at, "sender": subject, "recipients": self.head[12], "witnesses": cosigned,
            "named": [one[0] for one in self.named], "relayed": relayed[0] if relayed else None,
            "acknowledgements": [dict(zip(ACKNOWLEDGED, row, strict=True)) for row in rows if row[0] != "accepted"],
            "stamped_at": stamped_at(self.token, note.text, roots) if roots else None,
            "content": self.opened[2].decode() if self.opened else None, "directory_version": listed.version,
        }  # fmt: skip

    def _check_receipt(self, signed: Sequence[Any], receipt: Sequence[Any], when: Sequence[int], what: str) -> None:
        (data, *signature), (event, _, subject, signer, *_), listed = signed, receipt, self.listed[receipt[3].split("@")[1]]
        about = {subject.split("@")[1], self.home if event != "refused" else ""}  # whose gateways may speak of it
        said = signer in listed.gateways and (event == "accepted" or signer.split("@")[1] in about)
        need(said if event in BY_GATEWAY else signer == subject, f"{what}-signer")
        listed.check((*signature, _label("env1/receipt", _sha(data))), (signer, "agent"), when, what)

    def _check_statements(self, kind: dict[str, bool]) -> None:
        _, sender, sealer, _, _, created, expires, *_ = self.head  # 7, 8
        (first, last, _), listed = self.when, self.listed[self.home]
        need(last < expires, "expired")
        need(created - SKEW <= first <= min(created + 7 * DAY, last + SKEW) and expires <= created + 90 * DAY, "out-of-time")
        need(sender == sealer or (sealer in listed.gateways and kind["gateway_may_seal"]), "sealer-not-allowed")
        for what, signed, by, use in (("seal", self.seal, sealer, "agent"), ("approval", self.approval, sender, "approval")):
            need(signed or (sealer == self.first[3] if what == "seal" else not kind["needs_approval"]), f"{what}-missing")
            if signed:
                listed.check((*signed, _label(f"env1/{what}", self.envelope)), (by, use), self.when, what)
        for name, blind, place, proof in self.named:  # 9
            leaf = _label("env1/addressee", blind, name.encode())
            need(leads_to(self.head[13], leaf, (place, self.head[12]), proof), "addressee-proof")
        need(all(len({one[part] for one in self.named}) == len(self.named) for part in (0, 2)), "addressee-repeated")

        pairs = list(zip([*self.receipts, self.receipts[0]], self.told, strict=False))  # 10
        twice = not self.other and len([one for one in self.told if one[0] == "accepted"]) == 2
        named = {one[0] for one in self.named}
        for logged, receipt in pairs[1 : len(self.receipts)]:
            need(receipt[0] != "accepted" or (twice and receipt[3].split("@")[1] in self.nets[1:]), "receipt-event")
            need(receipt[1] == self.envelope, "receipt-hash")
            need(receipt[2] == sender if receipt[0] == "accepted" else receipt[2] in named, "receipt-stranger")
            self._check_receipt(logged[0], receipt, (receipt[4], receipt[4], logged[1]), "receipt")
            need(receipt[4] + SKEW >= self.told[0][4], "receipt-early")
            need(logged[1] > self.receipts[0][1], "receipt-order")
        seen = [(receipt[3].split("@")[1], *receipt[7], logged[1]) for logged, receipt in pairs if receipt[7]]
        trees = {(self.network, self.note.size, self.note.root), *(one[:3] for one in seen)}
        ahead = [one for one in seen if one[0] == self.network and one[1] > one[3]]
        need(not ahead and len({one[:2] for one in trees}) == len(trees), "log-view")
        if self.opened:  # 11. It repeats its header truly; that it fits the schema of its kind is not judged here.
            *author, content = self.opened
            message = _label("env1/content", _sha(_label("env1/header", self.header)), hashlib.sha512(content).digest())
            listed.check((*author, message), (sender, "author"), self.when, "author")
            said = strict_json(content, "content-json", dict)
            header = {"sender": sender, "kind": self.head[3], "schema_version": self.head[4], "urgency": self.head[7]}
            marks = marks if isinstance(marks := said.get("handling"), dict) else {}
            code = f"{marks.get('tlp')}/{marks.get('confidentiality')}"
            need(code == self.head[8] and said | header == header | said, "content-header")


def main() -> int:
    parser = argparse.ArgumentParser(description="Verify a bundle of evidence, offline.")
    parser.add_argument("bundle", type=Path)
    for name in ("log", "witness"):
        parser.add_argument(f"--{name}", action="append", default=[], metavar="VKEY", help="its key; may be repeated")
    parser.add_argument("--timestamp-ca", type=Path, metavar="PEM", help="roots of a time-stamp service")
    parser.add_argument("--kinds", type=Path, default=Path(__file__).parents[1] / "schemas/kinds.json", help="of the release")
    given = parser.parse_args()
    kinds = {one["kind"]: one for one in json.loads(given.kinds.read_bytes())["kinds"]}
    try:
        logs, witnesses = (list(map(vkey, keys)) for keys in (given.log, given.witness))
        print(json.dumps(Bundle(given.bundle.read_bytes()).verify(logs, witnesses, given.timestamp_ca, kinds), indent=2))
    except RefusedError as refused:
        sys.exit("refused: {} ({})".format(*refused.args))
    return 0 if given.log else 1


if __name__ == "__main__":
    sys.exit(main())
