"""Which consents count: granted by an originator itself, for the whole message, until they end or are withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pytest

from gateway.client.ties.consents import consents_of
from gateway.errors import Rejected
from gateway.ids import Address
from gateway.message import Authority, Handling
from gateway.message.information.sharing_consent import Downgrade, Onward, SharingConsent, SharingConsentBody
from gateway.policy.onward import Consent
from tests.client.examples import content, drain
from tests.client.ties.test_lineage import STRICT_REPORT, handed_over

if TYPE_CHECKING:
    from gateway.envelope.header import Header
    from tests.client.conftest import Homes

OTP, XA = "TRIB-QX-OTP@icn", "NCB-XA@icn"
TARGET = "7d" * 32
LAST_DAY_S = 4_070_908_800  # 2099-01-01T00:00:00Z, the second after the last day
GRANT = SharingConsent(
    handling=Handling(tlp="amber+strict", confidentiality="confidential", originators={"NCB-QM@icn"}),
    purpose=["RPD10-c"],
    body=SharingConsentBody(
        target=TARGET,
        action="grant",
        wanted=[Onward(to=[OTP]), Downgrade(tlp="green", confidentiality="restricted")],
        purpose="Trial.",
        decided_by=Authority(name="Central bureau of QM", type="police", country="QM"),
        conditions=["In this case alone."],
        valid_until="2098-12-31",
    ),
)


class _Header(NamedTuple):
    """As much of a header as counts."""

    sender: str


def said(number: int, consent: SharingConsent = GRANT, sender: str = "NCB-QM@icn") -> tuple[str, Header, SharingConsent]:
    """Return what a home finds."""
    return f"{number:064x}", _Header(sender), consent  # type: ignore[return-value]


def but(**changes: object) -> SharingConsent:
    """Return the grant with other members of its body."""
    return msgspec.structs.replace(GRANT, body=msgspec.structs.replace(GRANT.body, **changes))


def test_a_grant_says_whom_it_reaches_and_until_when() -> None:
    """Its last day counts whole; the lower marking that it allows is kept beside."""
    [consent] = consents_of([said(1)])
    assert consent == Consent(Address("NCB-QM@icn"), LAST_DAY_S, frozenset({OTP}), ("green", "restricted"))


@pytest.mark.parametrize(
    "other",
    [
        but(action="ask", decided_by=None, conditions=(), valid_until=None),
        but(action="refuse", reason="No.", ask_ref=TARGET),
        but(items=["E-1"]),
    ],
)
def test_everything_else_allows_nothing(other: SharingConsent) -> None:
    """A question, a refusal, and a grant for single exhibits are no consent for the message."""
    assert consents_of([said(1, other)]) == ()


@pytest.mark.parametrize("action", ["revoke", "grant"])
def test_a_later_word_of_the_same_originator_ends_a_grant(action: str) -> None:
    """A revocation that names the grant ends it, as does a grant that replaces it; somebody else's ends nothing."""
    named = [f"{1:064x}"]
    later = but(action=action, earlier_refs=named, wanted=[Onward(to=[XA])], reason="Changed.")
    left = consents_of([said(1), said(2, later)])
    assert [one.to for one in left] == ([{XA}] if action == "grant" else [])
    assert len(consents_of([said(1), said(2, later, sender="GN-QN@icn")])) == (2 if action == "grant" else 1)
    unrelated = but(action="revoke", earlier_refs=[f"{9:064x}"], reason="Another.")
    assert len(consents_of([said(1), said(2, unrelated)])) == 1


async def test_a_consent_lets_its_holder_pass_the_message_on(homes: Homes) -> None:
    """Asked for, granted, used; and after it was withdrawn nothing goes any more."""
    async with handed_over(homes, STRICT_REPORT) as (gn, delivery):
        target = delivery.envelope_hash
        granted = but(target=target.hex(), valid_until="2199-12-31")
        async with homes("NCB-QM") as qm:
            receipt = await qm.send(granted, to=["GN-QN"])
        with pytest.raises(Rejected, match="consent-missing"):
            await gn.forward(target, to=["TRIB-QX-OTP"])
        await drain(gn)
        await gn.forward(target, to=["TRIB-QX-OTP"])
        assert receipt.envelope_hash is not None
        withdrawn = but(
            target=target.hex(),
            action="revoke",
            earlier_refs=[receipt.envelope_hash.hex()],
            reason="The case is closed.",
            conditions=(),
            valid_until=None,
        )
        async with homes("NCB-QM") as qm:
            await qm.send(withdrawn, to=["GN-QN"])
        await drain(gn)
        with pytest.raises(Rejected, match="consent-missing"):
            await gn.forward(target, to=["TRIB-QX-OTP"])
    async with homes("TRIB-QX-OTP") as otp:
        [passed_on] = await drain(otp)
    assert passed_on.content.body == content(STRICT_REPORT).body
