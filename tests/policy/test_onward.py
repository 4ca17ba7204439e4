"""Passing on: who may be given what somebody else sent, and by which rule."""

from __future__ import annotations

import pytest

from gateway.errors import Rejected
from gateway.ids import Address
from gateway.message import Handling
from gateway.message.handling import Onward, Tlp
from gateway.policy.onward import Consent, OnwardRule, Source, judge_onward, lowered, require_onward

NOW = 2_000_000_000
ME, SENDER, THIRD, COLLEAGUE, ABROAD = (
    Address(name) for name in ("GN-QN@icn", "NCB-QM@icn", "TRIB-QX-OTP@icn", "GN-QN-B@icn", "GN-QN@eu-network")
)
OTHER = Address("WCU-QP@icn")


def source(tlp: Tlp = "green", onward: Onward = "none", *originators: str, disclosed: tuple[str, ...] = ()) -> Source:
    """Return a message of SENDER."""
    marking = Handling(tlp=tlp, confidentiality="restricted", onward=onward)
    return Source(SENDER, marking, frozenset(originators or {SENDER}), frozenset(disclosed))


def consent(by: str = SENDER, *to: str, until: float = NOW + 9) -> Consent:
    """Return a consent that was granted."""
    return Consent(Address(by), until, frozenset(to or {THIRD}))


def test_silence_is_no_consent() -> None:
    """Without any word of its originator, content goes to nobody else."""
    assert judge_onward(source(), ME, THIRD, [], NOW) is OnwardRule.REFUSED
    with pytest.raises(Rejected, match=SENDER) as caught:
        require_onward(source(), ME, [SENDER, THIRD], [], NOW)
    assert caught.value.code == "consent-missing"


def test_who_has_it_already_may_be_given_it() -> None:
    """The originators, and recipients whom the author named to the others, learn nothing new."""
    assert judge_onward(source(), ME, SENDER, [], NOW) is OnwardRule.ORIGINATOR
    assert judge_onward(source("red", "none", SENDER, THIRD), ME, THIRD, [], NOW) is OnwardRule.ORIGINATOR
    assert judge_onward(source(disclosed=(THIRD,)), ME, THIRD, [], NOW) is OnwardRule.DISCLOSED


@pytest.mark.parametrize(
    ("tlp", "onward", "colleague", "third", "abroad"),
    [
        ("clear", "group", "organisation", "network", "refused"),
        ("green", "group", "organisation", "network", "refused"),
        ("amber", "group", "organisation", "refused", "refused"),
        ("amber+strict", "group", "organisation", "refused", "refused"),
        ("red", "group", "refused", "refused", "refused"),
        ("green", "consent", "organisation", "refused", "refused"),
        ("green", "organisation", "organisation", "refused", "refused"),
        ("green", "unit", "refused", "refused", "refused"),
        ("green", "none", "refused", "refused", "refused"),
    ],
)
def test_the_marking_says_how_far(tlp: Tlp, onward: Onward, colleague: str, third: str, abroad: str) -> None:
    """The narrower of `onward` and the TLP level counts; another network is never a part of mine."""
    found = [judge_onward(source(tlp, onward), ME, to, [], NOW) for to in (COLLEAGUE, THIRD, ABROAD)]
    assert found == [colleague, third, abroad]


def test_a_consent_reaches_whom_it_names_until_it_ends() -> None:
    """Another participant, another use, or the second after its end: no."""
    granted = [consent(SENDER, THIRD, until=NOW + 1)]
    assert judge_onward(source(), ME, THIRD, granted, NOW) is OnwardRule.CONSENT
    assert judge_onward(source(), ME, OTHER, granted, NOW) is OnwardRule.REFUSED
    assert judge_onward(source(), ME, THIRD, granted, NOW + 1) is OnwardRule.REFUSED
    lower = Consent(SENDER, NOW + 9, marking=("clear", "official-use-only"))
    assert judge_onward(source(), ME, THIRD, [lower], NOW) is OnwardRule.REFUSED


def test_every_originator_must_agree() -> None:
    """One of two is not enough, and a stranger's consent counts for nothing; my own share needs no letter to myself."""
    two = source("green", "none", SENDER, OTHER)
    assert judge_onward(two, ME, THIRD, [consent(SENDER), consent(THIRD)], NOW) is OnwardRule.REFUSED
    assert judge_onward(two, ME, THIRD, [consent(SENDER), consent(OTHER)], NOW) is OnwardRule.CONSENT
    assert judge_onward(source("green", "none", SENDER, ME), ME, THIRD, [consent(SENDER)], NOW) is OnwardRule.CONSENT
    with pytest.raises(Rejected, match="no consent of WCU-QP@icn"):
        require_onward(two, ME, [THIRD], [consent(SENDER)], NOW)


def test_a_marking_is_lowered_by_its_originators_alone() -> None:
    """Its author is bound by nothing, others as far as all originators allow, and no further."""
    strict = source("red", "none", SENDER, OTHER)
    sender, other = (
        Consent(SENDER, NOW + 9, marking=("green", "restricted")),
        Consent(OTHER, NOW + 9, marking=("amber", "official-use-only")),
    )
    assert lowered(source("red", "none", ME), ME, [], NOW) is None
    assert lowered(strict, ME, [], NOW) == strict.marking
    assert lowered(strict, ME, [sender], NOW) == strict.marking
    both = lowered(strict, ME, [sender, other], NOW)
    assert both is not None
    assert (both.tlp, both.confidentiality) == ("amber", "restricted")
    assert lowered(strict, ME, [sender, other], NOW + 9) == strict.marking
