"""
The worked example of the text, computed again by the second opener.

Rules: the vector is read and opened by the second opener alone, and what it finds is written down as the text does:
every layer with each element's bytes, and every value on the way to the content. Each line must be the text's own.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.second_opener.checks import key_id, labelled
from tests.second_opener.forms import Header, Stanza, read
from tests.second_opener.opener import open_delivery
from tests.second_opener.pack import encode
from tests.second_opener.primitives import (
    box_open,
    hchacha20,
    hkdf,
    hsalsa20,
    sha256,
    sha512,
    tree_root,
    x25519,
    x25519_public,
)
from tests.second_opener.test_vectors import from_parts, reader

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
VECTOR = json.loads((SCHEMAS / "vectors" / "envelope" / "valid-1-recipient.json").read_text())


def text_lines() -> list[str]:
    """Return the lines of the example as they stand in the text."""
    found = re.search(r"^```\n(delivery: .*?)\n```$", (SCHEMAS / "envelope.md").read_text(), re.MULTILINE | re.DOTALL)
    assert found
    return found[1].split("\n")


def layers() -> dict[str, bytes]:
    """Return the bytes of each layer, read one out of the other."""
    delivery = from_parts(VECTOR["delivery"])
    common, _, stanza, _, accepted = read(delivery, "delivery")
    core = read(common, "common")[1]
    header = read(core, "core")[3]
    return {"delivery": delivery, "common": common, "core": core, "header": header, "stanza": stanza, "receipt": accepted[0][0]}


def layer_lines(name: str, data: bytes) -> list[str]:
    """Return the lines on a layer, without the names of its elements."""
    elements = read(data, name)
    lines = [f"{name}: {len(data)} bytes, {data[0]:02x} (array of {len(elements)}), then"]
    for element in elements:
        coded = encode(element)
        shown = coded.hex() if len(coded) <= 52 else f"{coded[:8].hex()}..{coded[-4:].hex()} ({len(coded)} bytes)"
        plain = {str: f'  "{element}"', int: f"  {element}"}.get(type(element), "")
        lines.append(shown + plain)
    return lines


def envelope_values(layer: dict[str, bytes]) -> dict[str, bytes]:
    """Return what the envelope and its addressees are known by."""
    _, _, stanzas, commit, body, _, _ = read(layer["common"], "common")
    stanza = Stanza(*read(layer["stanza"], "stanza"))
    h = sha256(labelled("env1/core", layer["core"]))
    return {
        "A": sha256(labelled("env1/header", layer["header"])),
        "H": h,
        "addressees": tree_root([labelled("env1/addressee", stanza.blind, stanza.recipient.encode())]),
        "stanzas": tree_root([layer["stanza"]]),
        "envelope_hash": sha256(labelled("env1/envelope", h, stanzas, commit, sha256(body))),
    }


def secret_values(layer: dict[str, bytes], h: bytes) -> dict[str, bytes]:
    """Return what is computed with the recipient's secret."""
    secret = bytes.fromhex(VECTOR["my_delivery_secrets"][0])
    stanza = Stanza(*read(layer["stanza"], "stanza"))
    epk = read(layer["core"], "core")[2]
    nonce = sha512(labelled("env1/wrap", h, stanza.key_id))[:24]
    shared, cek = x25519(secret, epk), box_open(stanza.wrap, nonce, epk, secret)
    assert shared
    assert cek
    derived = hkdf(cek, h, labelled("env1/payload", b"\x01"), 64)
    return {
        "my secret": secret,
        "key_id": key_id("delivery-1", x25519_public(secret), VECTOR["me"]),
        "X25519": shared,
        "nonce": nonce,
        "box key": hsalsa20(shared, bytes(16)),
        "CEK": cek,
        "key": derived[:32],
        "HChaCha20": hchacha20(derived[:32], bytes(16)),
        "commit": derived[32:],
    }


def test_the_example_is_what_the_second_opener_computes() -> None:
    """Another implementation finds every byte of the worked example, and no line of it is left over."""
    layer = layers()
    values = envelope_values(layer)
    values |= secret_values(layer, values["H"])
    computed = [line for name, data in layer.items() for line in layer_lines(name, data)]
    computed += [f"{name} = {value.hex()}" for name, value in values.items()]
    computed.append(f"content = {open_delivery(layer['delivery'], reader(VECTOR)).content.decode()}")
    written = [re.sub(r" +=", " =", line) if " = " in line else line for line in text_lines()]
    written = [re.sub(r"^  \w+ +", "", line) for line in written]
    assert written == computed


def test_the_example_names_the_fields_of_the_header() -> None:
    """The elements of the example's header stand under the names that the opener knows them by."""
    lines = text_lines()
    start = next(number for number, line in enumerate(lines) if line.startswith("header:"))
    names = [line.split()[0] for line in lines[start + 1 : start + 16]]
    assert tuple(names) == Header._fields
