"""Damage of one bit anywhere in a bundle."""

from __future__ import annotations

from base64 import b64decode

import msgspec
import pytest

from gateway.errors import Rejected
from gateway.evidence.anchors import Anchors, read_log_key
from gateway.evidence.statement import Statement
from gateway.evidence.token import read_roots
from gateway.evidence.verify import verify
from tests.vectors import evidence_token
from tests.vectors.evidence_forge import GATE, ME, SENDER, Forge, Stated, witness_key
from tests.vectors.evidence_relayed import Relayed, inwards, outwards, said, taken_over
from tests.vectors.evidence_setups import OPENED, Setup


def told(statement: Statement) -> bytes:
    """Return all that is proved."""
    return msgspec.json.encode(statement.to_json())


def unchanged_by_a_flip(forge: Forge) -> int:
    """Change one bit of each byte; return how many of these bundles still prove something, and that the same."""
    bundle = forge.bundle()
    anchors = Anchors([read_log_key(forge.trusted()["logs"][0])])
    proved = told(verify(bundle, anchors))
    unchanged = 0
    for place in range(len(bundle)):
        changed = bytearray(bundle)
        changed[place] ^= 1 << place % 8
        try:
            assert told(verify(bytes(changed), anchors)) == proved
        except Rejected:
            continue
        unchanged += 1
    return unchanged


@pytest.mark.slow
def test_no_byte_of_a_bundle_can_change_what_is_proved() -> None:
    """A bundle with one bit of any byte changed is refused, or proves exactly what it proved before."""
    receipts = [Stated("accepted", GATE, SENDER), Stated("opened", ME, at=9)]
    assert unchanged_by_a_flip(Forge("flips", recipients=[ME], named=[ME], receipts=receipts)) == 0


@pytest.mark.slow
@pytest.mark.parametrize("setup", [outwards(taken_over(), said("opened")), inwards(OPENED, opened=True)], ids=["out", "in"])
def test_no_byte_about_another_network_can_change_what_is_proved(setup: Setup) -> None:
    """The same of a bundle of a message that crossed the border, whichever way."""
    forge = Relayed("flips")
    setup(forge)
    assert unchanged_by_a_flip(forge) == 0


def test_a_bit_of_cosignature_or_time_stamp_changes_nothing_that_is_proved() -> None:
    """With a witness and a time-stamp service named, a changed bit of the note or the token is refused or tells nothing new."""
    forge = Forge("flips", cosigned=True, stamped=True)
    bundle = forge.bundle()
    roots = read_roots(evidence_token.root().encode())
    anchors = Anchors([read_log_key(forge.trusted()["logs"][0])], [witness_key()[0]], roots)
    proved = told(verify(bundle, anchors))
    # The note ends where the token begins: both stand together near the end of the file.
    start = bundle.index(b"GW-ICN@icn/audit\n")
    refused = 0
    for place in range(start, len(bundle)):
        changed = bytearray(bundle)
        changed[place] ^= 1 << place % 8
        try:
            assert told(verify(bytes(changed), anchors)) == proved
        except Rejected:
            refused += 1
    assert refused > (len(bundle) - start) * 0.9


def test_a_key_without_its_last_bits_is_another_spelling() -> None:
    """A verifier key has one spelling: no second text names the same key."""
    text = Forge("spelling").trusted()["logs"][0]
    name, digest, coded = text.split("+", 2)
    assert len(b64decode(coded)) == 33
    refusals = []
    for other in (f"{name}+{digest.upper()}+{coded}", f"{name}+{digest}+{coded}=", f" {name}+{digest}+{coded}+"):
        try:
            read_log_key(other)
        except Rejected as refused:
            refusals.append(refused.code)
    assert refusals == ["bad-key"] * 3
