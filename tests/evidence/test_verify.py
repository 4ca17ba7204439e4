"""What a bundle of evidence proves to whom, and what it never does."""

from __future__ import annotations

import pytest

from gateway.directory.entries import KeyRevocation, Revocations, WhoIsWho, encode_revocations, encode_who
from gateway.directory.view import Directory, build
from gateway.envelope import Use
from gateway.errors import EvidenceBad, Rejected
from gateway.evidence.anchors import Anchors, read_log_key, read_witness_key
from gateway.evidence.bundle import MAX_BUNDLE_BYTES
from gateway.evidence.verify import verify
from gateway.ids import Network
from tests.vectors.evidence_forge import AT, GATE, ME, OTHER, SENDER, Forge, Stated, accepted, card_of, key_of, member
from tests.vectors.evidence_setups import STOLEN, WITNESS, revoked

OPENED = Stated("opened", ME, at=9)


def opened(**changes: object) -> Forge:
    """Return a bundle in which a recipient acknowledged; `changes` spoil it."""
    given: dict[str, object] = {"named": [ME], "receipts": [accepted(), OPENED], **changes}
    return Forge("verify", **given)  # type: ignore[arg-type]


def anchors(directory: Directory | None = None) -> Anchors:
    """Return the key of the log, or what a home knows."""
    return Anchors(directory=directory) if directory else Anchors([read_log_key(Forge("key").trusted()["logs"][0])])


def known(*names: str, rows: tuple[KeyRevocation, ...] = ()) -> Directory:
    """Return the directory that a home has verified."""
    entries = tuple(member(name).entry for name in names)
    who = encode_who(WhoIsWho(network="icn", exercise=False, entries=entries, groups={}))
    cards = {f"cards/{name}/key": card_of(name) for name in names}
    return build(Network("icn"), 9, who, cards, encode_revocations(Revocations(network="icn", keys=rows)))


def refused(forge: Forge, given: Anchors | None = None) -> str:
    """Return the reason for which a bundle is refused."""
    with pytest.raises(EvidenceBad) as found:
        verify(forge.bundle(), given or anchors())
    return found.value.reason


def test_an_acknowledgement_counts_only_for_what_was_really_delivered() -> None:
    """A receipt counts with the proof that its signer was written to, and for this envelope; else nothing counts."""
    assert [one.event for one in verify(opened().bundle(), anchors()).acknowledgements] == ["opened"]
    assert refused(opened(named=[])) == "receipt-stranger"
    assert refused(opened(receipts=[accepted(), Stated("opened", OTHER, at=9)])) == "receipt-stranger"
    assert refused(opened(receipts=[accepted(), Stated("opened", ME, at=9, hash=bytes(32))])) == "receipt-hash"


def test_one_bad_receipt_refuses_the_good_ones_too() -> None:
    """A bundle with one made-up receipt proves nothing: it is no footnote."""
    bad = Stated("opened", ME, at=10, key=key_of(ME, Use.AUTHOR))
    assert refused(opened(receipts=[accepted(), OPENED, bad])) == "receipt-key"


def test_a_home_knows_the_log_and_who_was_listed() -> None:
    """With a verified directory nobody need name a key, and who is listed there is no open question."""
    statement = verify(opened().bundle(), anchors(known(SENDER, ME, GATE)))
    assert statement.anchored
    assert not any(line.startswith("that ") and "identity" in line for line in statement.not_proved)


def test_a_participant_that_a_home_does_not_know_is_named_as_open() -> None:
    """A directory that lists somebody otherwise, or not at all, says so beside the result."""
    statement = verify(opened().bundle(), anchors(known(SENDER, GATE)))
    assert any("TRIB-QX-OTP@icn is who it was" in line for line in statement.not_proved)


def test_a_home_that_knows_a_later_revocation_does_not_believe_an_older_bundle() -> None:
    """What a key signed after its revocation is refused, though the bundle was made before that was published."""
    rows = (revoked(key_of(ME), AT + 9),)
    assert verify(opened().bundle(), anchors()).anchored
    assert refused(opened(), anchors(known(SENDER, ME, GATE, rows=rows))) == "receipt-key"


def test_a_key_that_was_stolen_later_leaves_a_doubt() -> None:
    """A bundle from before a theft was known is not refused, and the doubt is told."""
    rows = (revoked(key_of(ME), AT + 100, STOLEN),)
    statement = verify(opened().bundle(), anchors(known(SENDER, ME, GATE, rows=rows)))
    assert any("TRIB-QX-OTP@icn signed this before its key was stolen" in line for line in statement.not_proved)


def test_a_home_of_another_network_knows_no_key_of_this_log() -> None:
    """A directory without this gateway anchors nothing."""
    assert refused(opened(), anchors(known(SENDER, ME))) == "log-signature"


def test_each_kind_of_key_has_its_option() -> None:
    """The key of a witness is none of a log, and the reverse."""
    key = Forge("key").trusted()["logs"][0]
    for read, text in ((read_log_key, WITNESS), (read_witness_key, key)):
        with pytest.raises(Rejected, match="is no key of"):
            read(text)


def test_a_file_that_is_too_large_is_not_read() -> None:
    """More bytes than any bundle has are refused before they are looked into."""
    bundle = opened().bundle()
    with pytest.raises(Rejected) as found:
        verify(bundle + bytes(MAX_BUNDLE_BYTES), anchors())
    assert found.value.code == "too-large"


@pytest.mark.parametrize("data", [b"", b"\xc0", b"\x90", b"\x9f\xa3EV1", b"no bundle at all", bytes(100)])
def test_bytes_that_are_no_bundle_are_refused_by_their_form(data: bytes) -> None:
    """Whatever is no bundle is malformed, and nothing worse happens."""
    with pytest.raises(Rejected) as found:
        verify(data, anchors())
    assert found.value.code == "malformed"
