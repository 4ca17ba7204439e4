"""
Sealing and opening, beside their bare primitives, `age` (pyrage) and JWE (joserfc).

The floor is the sum of the primitives that the envelope cannot do without, each called bare and as often as needed; age and
JWE encrypt the same content to as many X25519 recipients, and sign nothing.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Iterator
from hashlib import sha256, sha512
from typing import Any, Final

import pyrage  # type: ignore[import-untyped]  # has no stubs
from joserfc import jwe
from joserfc.jwk import OKPKey
from nacl import bindings

from gateway.client.writing.packing import IN_THREAD
from gateway.client.writing.spread import THREADS, spread
from gateway.envelope import (
    Sealed,
    draw_addressees,
    encode_header,
    examine,
    make_delivery,
    open_delivery,
    rows,
    seal,
    sign_content,
)
from gateway.envelope.seal import Spread
from gateway.ids import Address
from tests.bench.figures import Figure, beside
from tests.envelope.world import NOW, SENDER, World, accepted, delivery_key, keyring, make_header

__all__ = ["figures"]

CONTENT: Final = os.urandom(5 * 1024).hex().encode()  # 10 KiB
OPENED_AT: Final = (1, 30, 200, 3000)
PEER_ROUNDS: Final = 30  # threads need both processors for a moment: the more rounds, the surer there is one
Work = Callable[[], object]


class Party:
    """One author and so many recipients, all keys at hand."""

    def __init__(self, count: int) -> None:
        self.recipients = [Address(f"NCB-QN-{index:04d}@icn") for index in range(count)]
        self.keys = {address: delivery_key(address).public for address in self.recipients}
        self.author = keyring(SENDER)
        self.answers = World.of([SENDER])
        self.reader = keyring(self.recipients[0])

    def seal(self, how: Spread = map) -> Sealed:
        """Do all that an author's SDK does between content and submission: draw, write, sign, seal, sign."""
        addressees = draw_addressees(self.recipients, os.urandom)
        header = encode_header(make_header(addressees))
        return seal(
            header,
            CONTENT,
            author=sign_content(header, CONTENT, self.author),
            addressees=addressees,
            keys=self.keys,
            keyring=self.author,
            directory_version=7,
            rng=os.urandom,
            spread=how,
        )

    def delivery(self) -> bytes:
        """Return what the first recipient gets."""
        examined = examine(self.seal().submission)
        receipt = accepted(examined.envelope_hash, SENDER)
        row = next(row for row in rows(examined) if row.recipient == self.recipients[0])
        return make_delivery(examined.common_bytes, row.index, row.stanza, row.proof, [receipt])

    def opener(self) -> Work:
        """Return the opening of one delivery."""
        delivery = self.delivery()
        me = self.recipients[0]
        return lambda: open_delivery(delivery, me=me, keyring=self.reader, answers=self.answers, now=NOW)


def _tree(leaves: list[bytes]) -> bytes:
    """Hash a tree as bare as Python allows."""
    level = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = [sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def _hkdf(secret: bytes) -> bytes:
    extracted = hmac.digest(secret, secret, "sha256")
    first = hmac.digest(extracted, b"info", "sha256")
    return first + hmac.digest(extracted, first + b"info", "sha256")


def _seal_primitives(count: int) -> Iterator[tuple[int, Work]]:
    secret, nonce, small = os.urandom(32), os.urandom(24), os.urandom(96)
    public = bindings.crypto_scalarmult_base(os.urandom(32))
    signing = bindings.crypto_sign_seed_keypair(secret)[1]
    leaves = [os.urandom(128) for _ in range(count)]
    yield count + 2, lambda: os.urandom(16)
    yield count, lambda: bindings.crypto_box_easy(secret, nonce, public, secret)
    yield count, lambda: sha512(small).digest()
    yield 2, lambda: _tree(leaves)
    yield 2, lambda: bindings.crypto_sign(small, signing)
    yield 1, lambda: bindings.crypto_scalarmult_base(secret)
    yield 1, lambda: _hkdf(secret)
    yield 1, lambda: bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(CONTENT, small, nonce, secret)
    yield 1, lambda: (sha512(CONTENT).digest(), sha256(CONTENT).digest(), sha256(small).digest(), sha256(small).digest())


def _open_primitives(count: int) -> Iterator[tuple[int, Work]]:
    secret, nonce, small = os.urandom(32), os.urandom(24), os.urandom(96)
    public = bindings.crypto_scalarmult_base(os.urandom(32))
    verify_key, signing = bindings.crypto_sign_seed_keypair(secret)
    signed = bindings.crypto_sign(small, signing)
    wrap = bindings.crypto_box_easy(secret, nonce, public, secret)
    body = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(CONTENT, small, nonce, secret)
    yield 3, lambda: bindings.crypto_sign_open(signed, verify_key)
    yield 1, lambda: bindings.crypto_box_open_easy(wrap, nonce, public, secret)
    yield 1, lambda: sha512(small).digest()
    yield count.bit_length(), lambda: sha256(small).digest()
    yield 1, lambda: _hkdf(secret)
    yield 1, lambda: bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(body, small, nonce, secret)
    yield 1, lambda: (sha512(CONTENT).digest(), sha256(body).digest(), sha256(small).digest(), sha256(small).digest())


def _over(whole: Work, primitives: Iterator[tuple[int, Work]], repeat: int) -> tuple[float, float]:
    """Return seconds of the whole and of the sum of its primitives, measured in turn."""
    parts = list(primitives)
    times = beside([whole, *(work for _, work in parts)], repeat)
    return times[0], sum(count * seconds for (count, _), seconds in zip(parts, times[1:], strict=True))


def _age(count: int) -> tuple[Work, Work]:
    identities = [pyrage.x25519.Identity.generate() for _ in range(count)]
    public = [identity.to_public() for identity in identities]
    sealed = pyrage.encrypt(CONTENT, public)
    middle = identities[count // 2]  # a reader stands in the middle of the list on average
    return lambda: pyrage.encrypt(CONTENT, public), lambda: pyrage.decrypt(sealed, [middle])


def _jwe(count: int) -> tuple[Work, Work]:
    keys = [OKPKey.generate_key("X25519") for _ in range(count)]
    registry = jwe.JWERegistry(algorithms=["ECDH-ES+A256KW", "A256GCM"])
    registry.max_protected_header_length = 1 << 22

    def encrypt() -> Any:
        message = jwe.GeneralJSONEncryption({"enc": "A256GCM"}, CONTENT)
        for key in keys:
            message.add_recipient({"alg": "ECDH-ES+A256KW"}, key)
        return jwe.encrypt_json(message, None, registry=registry)

    return encrypt, encrypt


def _sealing() -> Iterator[Figure]:
    party = Party(200)
    whole, floor = _over(party.seal, _seal_primitives(200), 5)
    note = "10 KiB, 200 recipients, both signatures"
    against = "bare primitives"
    yield Figure(name="seal_200_over_primitives", value=whole / floor, unit="ratio", against=against, note=note, aim="<= 1.3")
    yield Figure(name="seal_200_ms", value=whole * 1e3, unit="ms", against="none", note=note)
    yield from _against_peers(30, map, "1.2")
    yield from _against_peers(200, spread, "1.6")


def _against_peers(count: int, how: Spread, aim: str) -> Iterator[Figure]:
    party = Party(count)
    ours, age, other = beside([lambda: party.seal(how), _age(count)[0], _jwe(count)[0]], 2, PEER_ROUNDS)
    threads = "one thread" if how is map else f"{THREADS} threads, as the SDK does above {IN_THREAD} recipients"
    note = f"times as fast, 10 KiB, {count} recipients; ours in {threads}; the peer signs nothing"
    yield Figure(name=f"seal_{count}_vs_age", value=age / ours, unit="times", against="pyrage", note=note, aim=f">= {aim}")
    yield Figure(name=f"seal_{count}_vs_jwe", value=other / ours, unit="times", against="joserfc", note=note)


def _opening() -> Iterator[Figure]:
    for count in OPENED_AT:
        opener = Party(count).opener()
        whole, floor = _over(opener, _open_primitives(count), 50)
        note = f"10 KiB, {count} recipients; {whole * 1e6:.0f} microseconds"
        name, against = f"open_over_primitives_{count}", "bare primitives"
        yield Figure(name=name, value=whole / floor, unit="ratio", against=against, note=note, aim="<= 2")
    ours, age = beside([Party(30).opener(), _age(30)[1]], 50)
    note = "times as fast, 10 KiB, 30 recipients, the reader in the middle of the list; three signatures checked"
    yield Figure(name="open_30_vs_age", value=age / ours, unit="times", against="pyrage", note=note, aim=">= 20")


def figures() -> Iterator[Figure]:
    """Measure sealing and opening."""
    yield from _sealing()
    yield from _opening()
