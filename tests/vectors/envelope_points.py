"""
Vector cases of keys that no directory should have let in: Ed25519 points of small order, and points in a second spelling.

Under a key A of order n, the signature R = [r]B, S = r holds in the plain equation whenever n divides SHA-512(R A message):
so each file has a signature that a verifier without the check of the key accepts.
Spec: schemas/envelope.md, "Primitives".
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha512
from itertools import count

from nacl.bindings import crypto_scalarmult_ed25519_base_noclamp

from gateway.envelope import Use, contexts
from tests.envelope.world import SENDER
from tests.vectors.envelope_case import Case
from tests.vectors.envelope_checks import GROUP_ORDER, inside
from tests.vectors.envelope_forge import Forge, change, record_of

SIGN = 1 << 255  # the highest bit of an encoding: the sign of x
FIELD = 2**255 - 19
Y_OF_ORDER_8 = (
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
)


def forged(public_key: bytes, order: int, message: bytes) -> bytes:
    """Return a signature that holds under a key of this order, made without any secret."""
    for r in count(1):
        scalar = r.to_bytes(32, "little")
        point = crypto_scalarmult_ed25519_base_noclamp(scalar)
        k = int.from_bytes(sha512(point + public_key + message).digest(), "little") % GROUP_ORDER
        if k % order == 0:
            return point + scalar
    raise AssertionError("count() does not end")


def sealed_under(public_key: bytes, order: int) -> Callable[[Forge], object]:
    """Return a setup in which the directory lists this key as the sealer's, and anybody signed the seal with it."""

    def make(forge: Forge) -> None:
        record = record_of(Use.AGENT, public_key, SENDER)
        forge.world.records[record.key_id] = record

        def sign(_: object) -> list[bytes]:
            return [record.key_id, forged(public_key, order, contexts.seal_message(forge.envelope_hash))]

        forge.edit["common"] = change(5, sign)

    return make


def _case(name: str, number: int, order: int, about: str) -> Case:
    key = number.to_bytes(32, "little")
    return inside("seal-signature", f"seal-key-{name}", about, sealed_under(key, order))


def _both_signs(name: str, y: int, order: int, about: str) -> list[Case]:
    return [
        _case(name, y, order, about),
        _case(f"{name}-signed", y | SIGN, order, f"{about[:-1]}, with the highest bit set."),
    ]


POINTS = [
    *_both_signs("small-order", 1, 1, "A public key of small order, under which anything verifies."),
    *_both_signs("of-order-2", FIELD - 1, 2, "A public key of order 2."),
    *_both_signs("of-order-4", 0, 4, "A public key of order 4."),
    *(
        case
        for number, text in enumerate(Y_OF_ORDER_8, 1)
        for case in _both_signs(f"of-order-8-{number}", int.from_bytes(bytes.fromhex(text), "little"), 8, "One of order 8.")
    ),
    *_both_signs("zero-respelled", FIELD, 4, "A public key that is not canonical: y is 2^255 - 19."),
    *_both_signs("one-respelled", FIELD + 1, 1, "A public key that is not canonical: y is 2^255 - 18."),
]
