"""Who is who is read whole and strictly, or not at all."""

from __future__ import annotations

import msgspec
import pytest

from gateway.directory.entries import (
    KeyRevocation,
    RevocationReason,
    Revocations,
    WhoIsWho,
    decode_revocations,
    decode_who,
    encode_revocations,
    encode_who,
    parse_clearance,
)
from gateway.errors import Rejected
from tests.support.network import make_member


def listed(**changes: object) -> bytes:
    """Return `directory.json` of two participants, the first one with some fields changed."""
    entries = [msgspec.to_builtins(make_member(name).entry) for name in ("NCB-QM", "GN-QN")]
    entries[0].update(changes)
    return msgspec.json.encode({"network": "icn", "exercise": False, "entries": entries, "groups": {}})


def test_both_officers_sign_the_same_bytes() -> None:
    """The order in which participants and group members were entered does not matter."""
    entries = tuple(make_member(name).entry for name in ("NCB-QM", "GN-QN"))
    groups = {"north": ("NCB-QM", "GN-QN"), "all": ("NCB-QM",)}
    one = WhoIsWho(network="icn", exercise=False, entries=entries, groups=groups)
    two = WhoIsWho(network="icn", exercise=False, entries=entries[::-1], groups=dict(reversed(groups.items())))
    assert encode_who(one) == encode_who(two)
    assert decode_who(encode_who(one)).groups["north"] == ("GN-QN", "NCB-QM")


@pytest.mark.parametrize(
    "changes",
    [
        {"participant": "GN-QN"},
        {"participant": "ncb-qm"},
        {"address": "NCB-QM@other"},
        {"address": "GN-QN@icn"},
        {"country": "qm"},
        {"country": "QM\n"},
        {"roles": []},
        {"roles": ["NCB"]},
        {"status": "gone"},
        {"clearance": "secret"},
        {"kinds_accepted": ["everything"]},
        {"identity": "00"},
        {"identity": "A" * 64},
        {"name": ""},
        {"unknown": 1},
    ],
)
def test_an_entry_with_a_fault_refuses_the_whole_list(changes: dict[str, object]) -> None:
    """One entry that breaks a rule is a list that was not made by the authority's software."""
    with pytest.raises(Rejected, match="directory-untrusted"):
        decode_who(listed(**changes))


def test_one_identity_for_two_participants_is_refused() -> None:
    """Each participant has an identity key of its own."""
    assert len(decode_who(listed()).entries) == 2
    with pytest.raises(Rejected, match="key-taken"):
        decode_who(listed(identity=make_member("GN-QN").entry.identity))


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b'{"network":"icn","network":"icn"}', b"\xff", b'{"a":1}'])
def test_what_is_not_strict_json_is_refused(data: bytes) -> None:
    """Bytes that two readers could read in two ways are refused."""
    for decode in (decode_who, decode_revocations):
        with pytest.raises(Rejected, match="directory-untrusted"):
            decode(data)


@pytest.mark.parametrize("groups", [{"g": ("NCB-XX",)}, {"g": ("NCB-QM", "NCB-QM")}, {"G": ("NCB-QM",)}])
def test_groups_name_participants_once(groups: dict[str, tuple[str, ...]]) -> None:
    """A group with a stranger or a repeated member is refused."""
    who = WhoIsWho(network="icn", exercise=False, entries=(make_member("NCB-QM").entry,), groups=groups)
    with pytest.raises(Rejected, match="directory-untrusted"):
        encode_who(who)


def test_what_a_participant_accepts() -> None:
    """A star accepts every kind; a list accepts what it names."""
    entry = make_member("NCB-QM").entry
    assert entry.accepts("cooperation.request")
    narrow = msgspec.structs.replace(entry, kinds_accepted=("information.report",))
    assert narrow.accepts("information.report")
    assert not narrow.accepts("cooperation.request")


def test_revocations_read_back() -> None:
    """What the authority revoked is what every home reads."""
    revocations = Revocations(
        network="icn", keys=(KeyRevocation(key_id="ab" * 16, revoked_at=5, reason=RevocationReason.CEASED),)
    )
    assert decode_revocations(encode_revocations(revocations)) == revocations
    assert revocations.keys[0].id == b"\xab" * 16


def test_a_clearance_is_one_of_three_words() -> None:
    """A typing error in a clearance is told, not guessed."""
    assert parse_clearance("restricted") == "restricted"
    with pytest.raises(Rejected, match="config"):
        parse_clearance("Restricted")
