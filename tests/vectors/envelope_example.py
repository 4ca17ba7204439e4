"""
The worked example of schemas/envelope.md: `python -m tests.vectors.envelope_example` prints it.

Computed with `hashlib`, `hmac` and `cryptography` from a vector file; a test proves that the text has it word for word.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256, sha512
from hmac import digest
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from tests.envelope.salsa import box_with_shared, hsalsa20
from tests.vectors.generate_envelope import folder
from tests.vectors.two_keys import hchacha20

__all__ = ["EXAMPLE", "example"]

EXAMPLE = "valid-1-recipient.json"
SHOWN = 50  # bytes of an element; of longer ones the beginning and the end
_pack = msgspec.msgpack.encode
_unpack = msgspec.msgpack.decode

NAMES = {
    "delivery": ["common", "index", "stanza", "proof", "accepted"],
    "common": ["version", "core", "stanzas", "commit", "body", "seal", "approval"],
    "core": ["suite", "directory_version", "epk", "header"],
    "header": [
        *("message_id", "sender", "sealer", "kind", "schema_version", "created", "expires", "urgency", "handling"),
        *("conversation_id", "in_reply_to", "respond_by", "recipients", "addressees", "blobs"),
    ],
    "stanza": ["recipient", "blind", "key_id", "wrap"],
    "receipt": ["event", "envelope_hash", "subject", "signer", "at", "number", "reason", "log", "salt"],
}


def example() -> str:
    """Return the example as it stands in the text."""
    vector = json.loads((folder() / EXAMPLE).read_text())
    delivery = b64decode(vector["delivery"])
    common, _, stanza, _, accepted = _unpack(delivery)
    core = _unpack(common)[1]
    header = _unpack(core)[3]
    layers = {
        "delivery": delivery,
        "common": common,
        "core": core,
        "header": header,
        "stanza": stanza,
        "receipt": accepted[0][0],
    }
    lines = [line for name, data in layers.items() for line in _layer(name, data)]
    lines += [f"{name:<14}= {value}" for name, value in _derived(vector, layers)]
    return "\n".join(lines)


def _layer(name: str, data: bytes) -> Iterator[str]:
    elements = _unpack(data)
    yield f"{name}: {len(data)} bytes, {data[0]:02x} (array of {len(elements)}), then"
    for label, element in zip(NAMES[name], elements, strict=True):
        yield f"  {label:<18}{_short(_pack(element))}{_plain(element)}"


def _short(data: bytes) -> str:
    if len(data) <= SHOWN + 2:
        return data.hex()
    return f"{data[:8].hex()}..{data[-4:].hex()} ({len(data)} bytes)"


def _plain(element: object) -> str:
    return f"  {element!r}".replace("'", '"') if isinstance(element, (str, int)) else ""


def _derived(vector: dict[str, Any], layers: dict[str, bytes]) -> Iterator[tuple[str, str]]:
    header_hash = sha256(b"env1/header\0" + layers["header"]).digest()
    core_hash = sha256(b"env1/core\0" + layers["core"]).digest()
    _, _, stanzas, commit, body, _, _ = _unpack(layers["common"])
    recipient, blind, key_id, wrap = _unpack(layers["stanza"])
    epk = _unpack(layers["core"])[2]
    secret = X25519PrivateKey.from_private_bytes(bytes.fromhex(vector["my_delivery_secrets"][0]))
    public = secret.public_key().public_bytes_raw()
    yield "A", header_hash.hex()
    yield "H", core_hash.hex()
    yield "addressees", sha256(b"\0" + b"env1/addressee\0" + blind + recipient.encode()).hexdigest()
    yield "stanzas", sha256(b"\0" + layers["stanza"]).hexdigest()
    yield "envelope_hash", sha256(b"env1/envelope\0" + core_hash + stanzas + commit + sha256(body).digest()).hexdigest()
    yield "my secret", secret.private_bytes_raw().hex()
    yield "key_id", sha256(b"env1/key/delivery-1\0" + public + recipient.encode()).hexdigest()[:32]
    shared = secret.exchange(X25519PublicKey.from_public_bytes(epk))
    yield "X25519", shared.hex()
    yield "nonce", sha512(b"env1/wrap\0" + core_hash + key_id).hexdigest()[:48]
    cek = _open_wrap(shared, core_hash, key_id, wrap)
    yield "box key", hsalsa20(shared, bytes(16)).hex()
    yield "CEK", cek.hex()
    extracted = digest(core_hash, cek, "sha256")
    first = digest(extracted, b"env1/payload\0\x01\x01", "sha256")
    yield "key", first.hex()
    yield "HChaCha20", hchacha20(first, bytes(16)).hex()
    yield "commit", digest(extracted, first + b"env1/payload\0\x01\x02", "sha256").hex()
    yield "content", vector["expected"]["content"]


def _open_wrap(shared: bytes, core_hash: bytes, key_id: bytes, wrap: bytes) -> bytes:

    nonce = sha512(b"env1/wrap\0" + core_hash + key_id).digest()[:24]
    # The cipher is a stream: what it makes of the ciphertext is the plaintext, and sealing that gives the wrap again.
    opened = box_with_shared(shared, nonce, wrap[16:])[16:]
    if box_with_shared(shared, nonce, opened) != wrap:
        raise AssertionError("the wrap does not open")
    return opened


def main() -> None:
    """Print the example."""
    print(example())


if __name__ == "__main__":
    main()
