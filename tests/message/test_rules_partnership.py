"""Meetings, contact points, joint teams: what follows the schema and still makes no sense is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.message import read
from gateway.message.shared.times import days_between, within_years
from tests.message.test_rules import at, changed, refusal, repeated

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[dict[str, Any]], None]
    Broken = dict[str, tuple[str, list[Change], str]]

INVITATION, REPLY, UPDATE = "meeting.invitation", "meeting.reply", "directory.update"
PROPOSAL, DECISION = "jit.proposal", "jit.decision"
NO_NEEDS = [at("/body/delegates/0/dietary_needs", None), at("/body/delegates/0/access_needs", None)]
ENTRY = ("capabilities", "deputy", "emergency_line", "confirm_by")
WITHDRAWN = [at("/body/action", "withdraw"), *(at(f"/body/{member}", None) for member in ENTRY)]
CONFIRMED = {
    "action": "confirm",
    "contact_id": "desk",
    "effective_from": "2099-05-01",
    "contact": {"unit": "Desk", "function": "duty"},
}
UNDECIDED = {"meeting_ref": "c1" * 32, "answer": "tentative", "delegates": []}

BROKEN_MEETINGS: Broken = {
    "an invitation for the public": (INVITATION, [at("/handling/tlp", "clear")], "/handling/tlp"),
    "an end at the start": (INVITATION, [at("/body/end", "2099-10-12T08:00:00Z")], "/body/end"),
    "a meeting of a year": (INVITATION, [at("/body/end", "2100-10-14T15:00:00Z")], "/body/end"),
    "answers on the first day": (INVITATION, [at("/body/rsvp_by", "2099-10-12")], "/body/rsvp_by"),
    "an answer after the last day": (INVITATION, [at("/respond_by", "2099-09-13T00:00:00Z")], "/respond_by"),
    "a meeting in no place": (INVITATION, [at("/body/place", None)], "/body/place"),
    "an online meeting in a place": (INVITATION, [at("/body/format", "online")], "/body/place"),
    "a visa for an online meeting": (
        INVITATION,
        [at("/body/format", "online"), at("/body/place", None)],
        "/body/visa_letter",
    ),
    "a place to the metre": (INVITATION, [at("/body/place/precision_m", 1)], "/body/place/precision_m"),
    "a quota above the capacity": (INVITATION, [at("/body/capacity", 2)], "/body/quota"),
    "a session twice": (INVITATION, [at("/body/sessions/1/id", "s-1")], "/body/sessions/1/id"),
    "a closed session for the community": (INVITATION, [at("/body/sessions/0/tlp", "green")], "/body/sessions/0/tlp"),
    "documents of nothing": (INVITATION, [at("/body/documents/0", "a-9")], "/body/documents/0"),
    "a host's contact that ends before it begins": (
        INVITATION,
        [at("/body/contact/valid_until", "2098-01-01")],
        "/body/contact/valid_until",
    ),
    "a reply for the group": (REPLY, [at("/handling/onward", "consent")], "/handling/onward"),
    "delegates for the community": (REPLY, [at("/handling/tlp", "green")], "/handling/tlp"),
    "nobody comes": (REPLY, [at("/body/delegates", [])], "/body/delegates"),
    "somebody comes all the same": (REPLY, [at("/body/answer", "decline")], "/body/delegates"),
    "a delegate twice": (REPLY, [repeated("/body/delegates")], "/body/delegates/1/officer"),
    "a session of a delegate twice": (
        REPLY,
        [at("/body/delegates/0/sessions", ["s-1", "s-1"])],
        "/body/delegates/0/sessions/1",
    ),
    "delegates denied": (REPLY, [at("/personal_data", {"present": False}), *NO_NEEDS], "/personal_data/present"),
    "needs without declaration": (REPLY, [at("/personal_data", None)], "/personal_data/special_categories"),
    "needs without justification": (REPLY, [at("/personal_data/justification", None)], "/personal_data/justification"),
    "health without needs": (REPLY, NO_NEEDS, "/personal_data/special_categories/0"),
    "opinions of a delegate": (
        REPLY,
        [at("/personal_data/special_categories", ["religion", "political-opinion"])],
        "/personal_data/special_categories/1",
    ),
    "needs for ever": (REPLY, [at("/retention/delete_after", None)], "/retention/delete_after"),
    "needs without retention": (REPLY, [at("/retention", None)], "/retention/delete_after"),
}
BROKEN_CONTACTS: Broken = {
    "a list for the community": (UPDATE, [at("/handling/tlp", "green")], "/handling/tlp"),
    "somebody else's contact point": (UPDATE, [at("/body/contact/participant", "GN-QN")], "/body/contact/participant"),
    "somebody else's deputy": (UPDATE, [at("/body/deputy/participant", "GN-QN")], "/body/deputy/participant"),
    "whose contact point": (UPDATE, [at("/sender", None)], "/sender"),
    "no way to reach it": (UPDATE, [at("/body/contact/channels", None)], "/body/contact/channels"),
    "no language": (UPDATE, [at("/body/contact/languages", None)], "/body/contact/languages"),
    "nothing can be sent": (
        UPDATE,
        [at("/body/capabilities", None), at("/body/contact/instruments", None)],
        "/body/capabilities",
    ),
    "an instrument in no language": (
        UPDATE,
        [at("/body/contact/instruments", ["eio", "lhc"])],
        "/body/contact/instruments/1",
    ),
    "an instrument twice": (
        UPDATE,
        [repeated("/body/capabilities/languages")],
        "/body/capabilities/languages/1/instrument",
    ),
    "a language twice": (
        UPDATE,
        [at("/body/capabilities/languages/0/languages", ["fra", "fra"])],
        "/body/capabilities/languages/0/languages/1",
    ),
    "an emergency by post": (UPDATE, [at("/body/emergency_line/type", "post")], "/body/emergency_line/type"),
    "a contact that ends before it begins": (
        UPDATE,
        [at("/body/contact/valid_until", "2098-01-01")],
        "/body/contact/valid_until",
    ),
    "a deputy that ends before it begins": (
        UPDATE,
        [at("/body/deputy/valid_until", "2098-01-01")],
        "/body/deputy/valid_until",
    ),
    "an entry of a contact that has ended": (UPDATE, [at("/body/effective_from", "2100-01-01")], "/body/effective_from"),
    "confirmed too late": (UPDATE, [at("/body/confirm_by", "2099-10-29")], "/body/confirm_by"),
    "confirmed before it began": (UPDATE, [at("/body/confirm_by", "2099-05-01")], "/body/confirm_by"),
    "withdrawn without reason": (UPDATE, [*WITHDRAWN, at("/body/reason", None)], "/body/reason"),
    **{
        f"withdrawn with {member}": (UPDATE, [at("/body/action", "withdraw"), *without], f"/body/{member}")
        for member, without in {one: [at(f"/body/{other}", None) for other in ENTRY if other != one] for one in ENTRY}.items()
    },
}
BROKEN_TEAMS: Broken = {
    "a proposal for others": (PROPOSAL, [at("/handling/tlp", "amber")], "/handling/tlp"),
    "a proposal passed on": (PROPOSAL, [at("/handling/onward", "consent")], "/handling/onward"),
    "a party twice": (PROPOSAL, [repeated("/body/parties")], "/body/parties/2/participant"),
    "parties of one State": (PROPOSAL, [at("/body/parties/1/authority/country", "QM")], "/body/parties"),
    "a party's contact that ends before it begins": (
        PROPOSAL,
        [at("/body/parties/0/authority/contact/valid_until", "2098-01-01")],
        "/body/parties/0/authority/contact/valid_until",
    ),
    "a team where no party is": (PROPOSAL, [at("/body/states_of_operation/1", "QP")], "/body/states_of_operation/1"),
    "a State twice": (PROPOSAL, [at("/body/states_of_operation/1", "QM")], "/body/states_of_operation/1"),
    "a State without leader": (PROPOSAL, [at("/body/leaders/1/party", "NCB-QM")], "/body/leaders"),
    "a leader of no party": (PROPOSAL, [at("/body/leaders/1/party", "NCB-QP")], "/body/leaders/1/party"),
    "a member of no party": (PROPOSAL, [at("/body/members/0/party", "NCB-QP")], "/body/members/0/party"),
    "a leader twice": (PROPOSAL, [repeated("/body/leaders")], "/body/leaders/2"),
    "a member twice": (PROPOSAL, [repeated("/body/members")], "/body/members/1"),
    "a term of 24 months and a day": (PROPOSAL, [at("/body/period/end", "2101-07-02")], "/body/period/end"),
    "a term that ends before it begins": (PROPOSAL, [at("/body/period/end", "2099-06-30")], "/body/period/end"),
    "an incident twice": (PROPOSAL, [repeated("/body/incidents")], "/body/incidents/1/ref"),
    "an investigation order as basis": (
        PROPOSAL,
        [at("/body/legal_basis/0/instrument", "eio")],
        "/body/legal_basis/0/instrument",
    ),
    "a participant twice": (PROPOSAL, [repeated("/body/participants")], "/body/participants/2"),
    "an authorisation that is not attached": (PROPOSAL, [at("/body/authorisation", "a-9")], "/body/authorisation"),
    "a draft that is not attached": (PROPOSAL, [at("/body/draft_agreement", "a-9")], "/body/draft_agreement"),
    "leaders denied": (PROPOSAL, [at("/personal_data", {"present": False})], "/personal_data/present"),
    "a proposer from outside": (PROPOSAL, [at("/sender", "NCB-QP@icn"), at("/on_behalf_of", None)], "/sender"),
    "somebody else is told": (PROPOSAL, [at("/disclosed_recipients/0", "NCB-QP@icn")], "/disclosed_recipients/0"),
    "a decision for others": (DECISION, [at("/handling/tlp", "amber")], "/handling/tlp"),
    "a decision passed on": (DECISION, [at("/handling/onward", "group")], "/handling/onward"),
    "accepted without signature": (
        DECISION,
        [at("/body/decision", "accept"), at("/body/signed_agreement", None)],
        "/body/signed_agreement",
    ),
    "signed, but not attached": (DECISION, [at("/body/signed_agreement", "a-9")], "/body/signed_agreement"),
    "declined and signed": (DECISION, [at("/body/decision", "decline")], "/body/signed_agreement"),
    "declined without reason": (
        DECISION,
        [at("/body/decision", "decline"), at("/body/signed_agreement", None), at("/body/reason", None)],
        "/body/reason",
    ),
    "ended without reason": (DECISION, [at("/body/decision", "terminate"), at("/body/reason", None)], "/body/reason"),
    "accepted with changes, but which": (
        DECISION,
        [at("/body/decision", "accept-with-changes"), at("/body/changes", None)],
        "/body/changes",
    ),
    "accepted as it is, with changes": (DECISION, [at("/body/decision", "accept")], "/body/changes"),
    "ended with a new term": (
        DECISION,
        [at("/body/decision", "terminate"), at("/body/changes", None)],
        "/body/period",
    ),
    "extended, but how long": (DECISION, [at("/body/period", None)], "/body/period"),
    "extended for three years": (DECISION, [at("/body/period/end", "2104-07-01")], "/body/period/end"),
    "an extension that holds when it has ended": (DECISION, [at("/body/effective_on", "2102-07-02")], "/body/effective_on"),
}
BROKEN: Broken = {**BROKEN_MEETINGS, **BROKEN_CONTACTS, **BROKEN_TEAMS}
GOOD: dict[str, tuple[str, list[Change]]] = {
    "an online meeting": (
        INVITATION,
        [at("/body/format", "online"), at("/body/place", None), at("/body/visa_letter", None)],
    ),
    "an open session above green": (INVITATION, [at("/body/sessions/0/closed", None)]),
    "as many as there is room for": (INVITATION, [at("/body/capacity", 3)]),
    "no word on capacity": (INVITATION, [at("/body/capacity", None)]),
    "a reply that declines": (
        REPLY,
        [at("/body", {**UNDECIDED, "answer": "decline"}), at("/handling/tlp", "green"), at("/personal_data", None)],
    ),
    "a reply that does not know yet": (REPLY, [at("/body", UNDECIDED), at("/personal_data", None)]),
    "delegates without needs": (REPLY, [*NO_NEEDS, at("/personal_data", None), at("/retention", None)]),
    "food that shows a religion": (REPLY, [at("/personal_data/special_categories", ["religion"])]),
    "a contact point of whoever sends it": (
        UPDATE,
        [at("/sender", None), at("/body/contact/participant", None), at("/body/deputy/participant", None)],
    ),
    "withdrawn after its last day": (UPDATE, [*WITHDRAWN, at("/body/effective_from", "2100-01-01")]),
    "confirmed in few words": (UPDATE, [at("/body", CONFIRMED)]),
    "confirmed after 180 days": (UPDATE, [at("/body/confirm_by", "2099-10-28")]),
    "a State and a tribunal": (
        PROPOSAL,
        [at("/body/parties/1/authority/country", None), at("/body/states_of_operation", ["QM"])],
    ),
    "a proposer who writes for a party": (PROPOSAL, [at("/sender", "NCB-QP@icn")]),
    "a proposer whom the header names": (PROPOSAL, [at("/sender", None)]),
    "an acceptance": (
        DECISION,
        [at("/body/decision", "accept"), *(at(f"/body/{name}", None) for name in ("changes", "period", "reason"))],
    ),
    "changes before anybody signs": (
        DECISION,
        [at("/body/decision", "accept-with-changes"), at("/body/signed_agreement", None), at("/body/period", None)],
    ),
    "an end with a reason": (
        DECISION,
        [at("/body/decision", "terminate"), at("/body/changes", None), at("/body/period", None)],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_contradictions_between_partners_are_refused(name: str) -> None:
    """What contradicts itself is refused as content-rule, at the member to mend."""
    kind, changes, pointer = BROKEN[name]
    assert refusal(kind, changed(kind, *changes)) == ("content-rule", pointer)


@pytest.mark.parametrize("name", GOOD)
def test_what_is_usual_between_partners_is_taken(name: str) -> None:
    """What a host, a contact point or a prosecutor would write is taken as it is."""
    kind, changes = GOOD[name]
    data = changed(kind, *changes)
    assert read(kind, "1.0.0", data).raw == data


@pytest.mark.parametrize(("kind", "member"), [(REPLY, "meeting_ref"), (DECISION, "proposal_ref")])
def test_replies_and_decisions_are_answers(kind: str, member: str) -> None:
    """A reply answers its invitation, a decision its proposal: the header must name the same message."""
    assert read(kind, "1.0.0", changed(kind, at(f"/body/{member}", "5e" * 32))).body.answers == (f"/body/{member}", "5e" * 32)


@pytest.mark.parametrize("name", ["Mars", "Etc/", "etc/gmt", "Etc/GMT-2/X/Y", "+02:00"])
def test_a_time_zone_has_a_name(name: str) -> None:
    """A zone is written by its name, for an offset alone would be wrong after the clocks change."""
    assert refusal(INVITATION, changed(INVITATION, at("/body/timezone", name))) == ("content-schema", "/body/timezone")


def test_days_and_years_are_counted_by_the_calendar() -> None:
    """Leap days are days, and a year ends on the day on which it began."""
    assert days_between("2096-02-28", "2096-03-01") == 2
    assert days_between("2099-05-02", "2099-05-01") == -1
    assert within_years("2096-02-29", "2098-02-28", 2)
    assert not within_years("2096-02-29", "2098-03-01", 2)
    assert within_years("9998-01-01", "9999-12-31", 2)
