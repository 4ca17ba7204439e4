"""The marking: how two combine, which contradict themselves, which recipients are cleared."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Rejected
from gateway.message import HANDLING_CODES, Handling, clears, handling_code, join, parse_handling
from gateway.message.handling import CONFIDENTIALITIES, TLP_LEVELS, EvidentialUse, Onward, as_strict, protects_persons, raised

RESTRICTIONS = ("H0", "H1", "H2", "H3")
USES: tuple[EvidentialUse, ...] = ("none", "lead-only", "with-consent", "unrestricted")
ONWARDS: tuple[Onward, ...] = ("none", "unit", "organisation", "consent", "group")


def good(marking: Handling) -> bool:
    """Say whether a marking passes its own rules."""
    try:
        marking.check("")
    except Rejected:
        return False
    return True


markings = st.builds(
    Handling,
    tlp=st.sampled_from(TLP_LEVELS),
    confidentiality=st.sampled_from(CONFIDENTIALITIES),
    restrictions=st.frozensets(st.sampled_from(RESTRICTIONS)),
    caveats=st.frozensets(st.sampled_from(["Ask first.", "No faces."])),
    evidential_use=st.sampled_from(USES),
    onward=st.sampled_from(ONWARDS),
    verify_before_action=st.booleans(),
    originators=st.frozensets(st.sampled_from(["NCB-QM@icn", "GN-QN@icn"])),
    public_extract=st.booleans(),
    officers=st.none() | st.frozensets(st.sampled_from([f"NCB-QM/officer-{n}" for n in range(3)])),
)


@given(markings, markings, markings)
def test_join_does_not_depend_on_order(one: Handling, two: Handling, three: Handling) -> None:
    """However contents are combined, the marking comes out the same."""
    assert join(one, join(two, three)) == join(join(one, two), three)
    assert join(one, two) == join(two, one)
    assert join(one, one) == one


@given(markings, markings)
def test_join_is_never_less_strict(one: Handling, two: Handling) -> None:
    """What is made from two contents is at least as protected as each of them."""
    both = join(one, two)
    for part in (one, two):
        assert TLP_LEVELS.index(both.tlp) >= TLP_LEVELS.index(part.tlp)
        assert CONFIDENTIALITIES.index(both.confidentiality) >= CONFIDENTIALITIES.index(part.confidentiality)
        assert USES.index(both.evidential_use) <= USES.index(part.evidential_use)
        assert ONWARDS.index(both.onward) <= ONWARDS.index(part.onward)
        assert both.restrictions >= part.restrictions
        assert both.caveats >= part.caveats
        assert both.originators >= part.originators
        assert both.verify_before_action >= part.verify_before_action
        assert both.public_extract <= part.public_extract
        assert part.officers is None or (both.officers is not None and both.officers <= part.officers)


@given(markings, st.sampled_from(HANDLING_CODES))
def test_a_raised_marking_is_as_strict_as_the_code_and_no_laxer_than_it_was(one: Handling, code: str) -> None:
    """Both words are at least those of the code, and nothing that the marking forbids becomes allowed."""
    found = raised(one, code)
    assert as_strict(found.code, code)
    assert join(one, found) == found
    assert (found is one) == as_strict(one.code, code)


@given(markings.filter(good), markings.filter(good))
def test_two_good_markings_make_a_good_one(one: Handling, two: Handling) -> None:
    """Joining contradicts nothing, but for officers of whom none may read both."""
    both = join(one, two)
    assert good(both) or both.officers == frozenset()


BASE: dict[str, Any] = {"tlp": "amber", "confidentiality": "restricted"}
CONTRADICTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "H3 without a caveat": ({"restrictions": {"H3"}}, "/caveats"),
    "a caveat without H3": ({"caveats": {"Ask."}}, "/caveats"),
    "H1 with unrestricted use": ({"restrictions": {"H1"}, "evidential_use": "unrestricted"}, "/evidential_use"),
    "H2 passed on to a group": ({"restrictions": {"H2"}, "onward": "group"}, "/onward"),
    "red without officers": ({"tlp": "red"}, "/officers"),
    "red passed on": ({"tlp": "red", "officers": {"NCB-QM/o"}, "onward": "unit"}, "/onward"),
    "no officer at all": ({"officers": set()}, "/officers"),
    "a public extract of amber": ({"public_extract": True}, "/public_extract"),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_marking_that_contradicts_itself_is_refused(name: str) -> None:
    """Each contradiction is refused as content-rule at the member to mend."""
    members, pointer = CONTRADICTIONS[name]
    with pytest.raises(Rejected) as refused:
        Handling(**{**BASE, **members}).check("")
    assert (refused.value.code, refused.value.pointer) == ("content-rule", pointer)


def test_what_is_left_out_is_strictest() -> None:
    """A marking of two words protects most."""
    marking = Handling(tlp="amber", confidentiality="restricted")
    assert (marking.evidential_use, marking.onward, marking.verify_before_action) == ("none", "none", True)
    assert marking.public_extract is False


def test_header_codes() -> None:
    """There are 15 codes, each reads back, and anything else fails closed."""
    assert len(HANDLING_CODES) == 15
    for code in HANDLING_CODES:
        tlp, confidentiality = parse_handling(code)
        assert handling_code(Handling(tlp=tlp, confidentiality=confidentiality)) == code
    for bad in ("amber", "red/secret", "amber/restricted\n", ""):
        with pytest.raises(Rejected, match="malformed"):
            parse_handling(bad)


def test_clearance() -> None:
    """A recipient gets what is at or below its clearance, whatever the colour."""
    assert clears("restricted", "red/restricted")
    assert clears("confidential", "clear/official-use-only")
    assert not clears("restricted", "clear/confidential")


def test_who_may_be_named() -> None:
    """Victims, witnesses and sources may be named in confidential content of amber+strict or red alone."""
    every = [Handling(tlp=tlp, confidentiality=level) for tlp in TLP_LEVELS for level in CONFIDENTIALITIES]
    naming = {marking.code for marking in every if protects_persons(marking)}
    assert naming == {"amber+strict/confidential", "red/confidential"}
