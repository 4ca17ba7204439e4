"""Damage of one bit anywhere, on the way in and on the way out."""

from __future__ import annotations

from gateway.envelope import check_submission, examine, open_delivery
from gateway.errors import Rejected
from gateway.ids import Address
from tests.envelope.world import NOW, SENDER, Message, World, keyring

ME = Address("TRIB-QX-OTP@icn")
FORM_CODES = {"malformed", "not-canonical", "too-large", "unknown-version", "unknown-suite", "directory-ahead"}


def flips(data: bytes) -> list[bytes]:
    """Return every version of these bytes with one bit changed."""
    changed = []
    for bit in range(len(data) * 8):
        one = bytearray(data)
        one[bit // 8] ^= 1 << bit % 8
        changed.append(bytes(one))
    return changed


def test_no_bit_of_a_delivery_can_change() -> None:
    """A delivery with any one bit changed does not open, and says no more than that or what is wrong with its form."""
    world, mine = World.of([SENDER, ME]), keyring(ME)
    delivery = Message([ME]).deliveries()[ME]
    codes: list[str] = []
    for changed in flips(delivery):
        try:
            open_delivery(changed, me=ME, keyring=mine, answers=world, now=NOW)
        except Rejected as refused:
            codes.append(refused.code)
    assert len(codes) == len(delivery) * 8
    assert {"cannot-open", "malformed", "unknown-version"} <= set(codes) <= {"cannot-open", *FORM_CODES}


def test_no_bit_of_a_submission_can_change() -> None:
    """A submission with any one bit changed is refused by the gateway before anything is stored."""
    world = World.of([SENDER, ME])
    submission = Message([ME]).sealed().submission
    refusals = 0
    for changed in flips(submission):
        try:
            check_submission(examine(changed), world, NOW, world.delivery_key_ok)
        except Rejected:
            refusals += 1
    assert refusals == len(submission) * 8
