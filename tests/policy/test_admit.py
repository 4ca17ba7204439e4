"""Who may send what to whom: the first broken rule refuses the message for all its recipients."""

from __future__ import annotations

import msgspec
import pytest

from gateway.directory.entries import Status
from gateway.envelope.header import HANDLING_CODES, Header
from gateway.errors import Rejected
from gateway.ids import Address, ConversationId, Kind, MessageId
from gateway.policy import Rule, admit, judge
from gateway.policy.admit import EXPIRES_WITHIN_S, REMEMBERED
from tests.support.network import World, make_world

NOW = 2_000_000_000
QM, QN, OTP, GATE = (Address(f"{name}@icn") for name in ("NCB-QM", "GN-QN", "TRIB-QX-OTP", "GW-ICN"))
HEADER = Header(
    message_id=MessageId(bytes(16)),
    sender=QM,
    sealer=QM,
    kind=Kind("cooperation.request"),
    schema_version="1.0.0",
    created=NOW,
    expires=NOW + 86_400,
    urgency="normal",
    handling="amber/restricted",
    conversation_id=ConversationId(bytes(16)),
    recipients=2,
    addressees=bytes(32),
    blobs=(),
)


@pytest.fixture
def world() -> World:
    """Return a network of three participants."""
    return make_world(["NCB-QM", "GN-QN", "TRIB-QX-OTP"], NOW)


def ruled(world: World, *, to: tuple[Address, ...] = (QN, OTP), **changes: object) -> tuple[str, str | None]:
    """Return rule and code for the standard message with some fields changed."""
    verdict = judge(msgspec.structs.replace(HEADER, **changes), to, world.directory, NOW)
    return verdict.rule, verdict.code


def test_a_message_that_breaks_no_rule_is_admitted(world: World) -> None:
    """An active sender with the right role writes to active recipients."""
    verdict = judge(HEADER, [QN, OTP], world.directory, NOW)
    assert verdict.admitted
    assert verdict.rule is Rule.ADMITTED
    admit(HEADER, [QN, OTP], world.directory, NOW)


def test_admit_raises_with_the_code_and_the_rule(world: World) -> None:
    """The sender learns what is wrong, and the operator which rule said so."""
    with pytest.raises(Rejected, match="rule recipients-active") as caught:
        admit(HEADER, [QN, Address("NCB-XX@icn")], world.directory, NOW)
    assert caught.value.code == "recipient-unknown"


def test_the_sender_must_be_active(world: World) -> None:
    """Who is suspended or unknown sends nothing."""
    assert ruled(world, sender=Address("NCB-XX@icn")) == ("sender-active", "sender-unknown")
    world.change("NCB-QM", status=Status.SUSPENDED)
    world.publish()
    assert ruled(world) == ("sender-active", "sender-unknown")


def test_the_kind_must_be_known(world: World) -> None:
    """A kind that is not in the registry is sent by nobody."""
    assert ruled(world, kind=Kind("no.such")) == ("kind-known", "kind-unknown")


def test_the_role_decides_who_sends_a_kind(world: World) -> None:
    """The coordination centre answers requests and does not make them."""
    world.change("NCB-QM", roles=("coordination",))
    world.publish()
    assert ruled(world) == ("sender-may-send", "kind-not-allowed")
    assert ruled(world, kind=Kind("request.response")) == ("admitted", None)


def test_a_gateway_seals_only_what_it_may(world: World) -> None:
    """A request is sealed by its author; an answer may be sealed by a gateway, and by no other participant."""
    assert ruled(world, sealer=GATE) == ("sealer", "sealer-not-allowed")
    assert ruled(world, sealer=GATE, kind=Kind("request.response")) == ("admitted", None)
    assert ruled(world, sealer=QN, kind=Kind("request.response")) == ("sealer", "sealer-not-allowed")


def test_a_message_ends_within_ninety_days(world: World) -> None:
    """What is over, or would live too long, is not accepted."""
    assert ruled(world, expires=NOW + 1) == ("admitted", None)
    assert ruled(world, expires=NOW) == ("not-expired", "expired")
    assert ruled(world, expires=NOW + EXPIRES_WITHIN_S) == ("admitted", None)
    assert ruled(world, expires=NOW + EXPIRES_WITHIN_S + 1) == ("lifetime", "out-of-time")


def test_what_is_remembered_of_the_parties_does_not_outlive_the_time_of_a_message(world: World) -> None:
    """The same parties are asked about one by one: the time of each message decides for itself."""
    verdicts = [judge(HEADER, [QN], world.directory, at) for at in (NOW, HEADER.expires, NOW)]
    assert [one.rule for one in verdicts] == ["admitted", "not-expired", "admitted"]


def test_the_first_broken_rule_decides_whether_it_is_about_time_or_not(world: World) -> None:
    """An unknown sender learns nothing of times, and who is late learns nothing of recipients."""
    stranger = Address("NCB-XX@icn")
    assert ruled(world, expires=NOW, sender=stranger, to=(stranger,)) == ("sender-active", "sender-unknown")
    assert ruled(world, expires=NOW, to=(stranger,)) == ("not-expired", "expired")
    assert ruled(world, to=(stranger,)) == ("recipients-active", "recipient-unknown")


def test_so_many_parties_are_remembered_and_no_more(world: World) -> None:
    """Whoever names ever new recipients fills no memory, and is judged all the same."""
    for turn in range(REMEMBERED + 2):
        stranger = Address(f"NCB-{turn}@icn")
        assert ruled(world, to=(stranger,)) == ("recipients-active", "recipient-unknown")
        assert 1 <= len(world.directory.verdicts) <= REMEMBERED
    assert ruled(world) == ("admitted", None)


def test_the_order_of_the_recipients_decides_nothing(world: World) -> None:
    """It is drawn by lot for each message: the same parties are remembered once."""
    strangers = (Address("NCB-XX@icn"), Address("NCB-XY@icn"))
    told = {judge(HEADER, to, world.directory, NOW).detail for to in (strangers, strangers[::-1])}
    assert len(told) == len(world.directory.verdicts) == 1


def test_each_recipient_stands_once(world: World) -> None:
    """A recipient that is named twice is a mistake."""
    assert ruled(world, to=(QN, QN)) == ("recipients-distinct", "recipient-repeated")


def test_one_recipient_that_is_not_allowed_stops_the_message_for_all(world: World) -> None:
    """Promise 5: all or nothing within one network."""
    world.change("TRIB-QX-OTP", kinds_accepted=("information.report",))
    world.change("GN-QN", clearance="official-use-only")
    world.publish()
    assert ruled(world, to=(OTP, QN)) == ("kind-accepted", "kind-not-accepted")
    assert ruled(world, to=(QN,)) == ("clearance", "clearance")
    assert ruled(world, to=(QN,), handling="red/official-use-only") == ("admitted", None)


@pytest.mark.parametrize("handling", HANDLING_CODES)
@pytest.mark.parametrize("clearance", ["official-use-only", "restricted", "confidential"])
def test_clearance_must_reach_the_marking(world: World, handling: str, clearance: str) -> None:
    """A marking is sent to who is cleared for it or for more, whatever its TLP."""
    order = ["official-use-only", "restricted", "confidential"]
    world.change("GN-QN", clearance=clearance)
    world.publish()
    allowed = order.index(clearance) >= order.index(handling.split("/")[1])
    assert ruled(world, to=(QN,), handling=handling)[0] == ("admitted" if allowed else "clearance")


def test_an_exercise_has_no_real_recipients(world: World) -> None:
    """Promise 10: no other network is a peer of an exercise."""
    exercise = make_world(["NCB-QM", "GN-QN"], NOW, network="drill", exercise=True)
    header = msgspec.structs.replace(HEADER, sender=Address("NCB-QM@drill"), sealer=Address("NCB-QM@drill"))
    verdict = judge(header, [QN], exercise.directory, NOW)
    assert (verdict.rule, verdict.code) == (Rule.BORDER_PEER, "peer-unknown")


NOTICE = Kind("notice.request")
CENTRE = Address("GS@icn")


@pytest.fixture
def bureaus() -> World:
    """Return a network of two bureaus, a tribunal and the coordination centre, each with its own role alone."""
    world = make_world(["NCB-QM", "GN-QN", "TRIB-QX-OTP", "GS"], NOW)
    roles = {"NCB-QM": "ncb", "GN-QN": "contact-point", "TRIB-QX-OTP": "tribunal", "GS": "coordination"}
    for name, role in roles.items():
        world.change(name, roles=(role,))
    world.publish()
    return world


@pytest.mark.parametrize("kind", ["notice.request", "diffusion.circulate"])
def test_a_kind_may_have_to_reach_a_role(bureaus: World, kind: str) -> None:
    """A request for a notice and a diffusion go to the coordination centre, whoever else gets them."""
    assert ruled(bureaus, kind=Kind(kind)) == ("must-reach", "recipient-missing")
    assert ruled(bureaus, kind=Kind(kind), to=(CENTRE,)) == ("admitted", None)
    assert ruled(bureaus, kind=Kind(kind), to=(QN, CENTRE)) == ("admitted", None)


def test_what_must_be_reached_is_a_role_not_a_name(bureaus: World) -> None:
    """A participant that loses the role is no coordination centre, and one that gets it is."""
    bureaus.change("GS", roles=("unit",))
    bureaus.publish()
    assert ruled(bureaus, kind=NOTICE, to=(QN, CENTRE)) == ("must-reach", "recipient-missing")
    bureaus.change("GN-QN", roles=("contact-point", "coordination"))
    bureaus.publish()
    assert ruled(bureaus, kind=NOTICE, to=(QN, OTP)) == ("admitted", None)


def test_the_sender_is_told_whom_a_message_must_reach(bureaus: World) -> None:
    """The refusal names the role and the rule."""
    with pytest.raises(Rejected, match=r"notice.request must reach coordination \(rule must-reach\)") as caught:
        admit(msgspec.structs.replace(HEADER, kind=NOTICE), [QN, OTP], bureaus.directory, NOW)
    assert caught.value.code == "recipient-missing"


def test_whom_a_message_must_reach_is_asked_before_clearance(bureaus: World) -> None:
    """A sender learns first that somebody is missing, then that somebody is not cleared."""
    bureaus.change("GN-QN", clearance="official-use-only")
    bureaus.publish()
    assert ruled(bureaus, kind=NOTICE, to=(QN,)) == ("must-reach", "recipient-missing")
    assert ruled(bureaus, kind=NOTICE, to=(QN, CENTRE)) == ("clearance", "clearance")


def test_what_the_centre_sends_need_not_reach_it(bureaus: World) -> None:
    """A review comes from the coordination centre alone and goes to the requester."""
    review = Kind("notice.review")
    assert ruled(bureaus, kind=review, sender=CENTRE, sealer=CENTRE, to=(QM,)) == ("admitted", None)
    assert ruled(bureaus, kind=review, to=(CENTRE,)) == ("sender-may-send", "kind-not-allowed")
