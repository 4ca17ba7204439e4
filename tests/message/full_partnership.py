"""Meetings, contact points and joint investigation teams with every member set."""

from __future__ import annotations

from msgspec import structs

from gateway.message import Authority, Channel, Content, LegalBasis
from gateway.message.partnership.directory_update import (
    Capabilities,
    DirectoryUpdate,
    DirectoryUpdateBody,
    InstrumentLanguages,
)
from gateway.message.partnership.jit_decision import Change, JitDecision, JitDecisionBody
from gateway.message.partnership.jit_proposal import JitProposal, JitProposalBody, Party, TeamMember
from gateway.message.partnership.meeting_invitation import MeetingInvitation, MeetingInvitationBody, Session
from gateway.message.partnership.meeting_reply import Delegate, MeetingReply, MeetingReplyBody
from gateway.message.shared.period import Period
from tests.message.full_parts import CONTACT, HASH, INCIDENT, PLACES, frame
from tests.message.full_training import AUTHOR, open_marking

__all__ = ["FULL", "MORE"]

INVITATION_BODY = MeetingInvitationBody(
    meeting_id="IEM-2099",
    title="Meeting",
    format="hybrid",
    start="2099-10-12T08:00:00Z",
    end="2099-10-14T15:00:00Z",
    timezone="Etc/GMT-2",
    quota=3,
    sessions=[Session(id="s-1", title="Cases", tlp="amber", closed=True), Session(id="s-2", title="Law", tlp="green")],
    rsvp_by="2099-09-12",
    approved_by=AUTHOR,
    place=PLACES[0],
    capacity=200,
    documents=["a-1"],
    visa_letter=True,
    contact=CONTACT,
)
REPLY_BODY = MeetingReplyBody(
    meeting_ref=HASH,
    answer="accept",
    delegates=[
        Delegate(
            officer="officer-07",
            role="head",
            sessions=["s-1"],
            dietary_needs="No nuts.",
            access_needs="No steps.",
            visa_letter=True,
        )
    ],
    remarks="None.",
)
UPDATE_BODY = DirectoryUpdateBody(
    action="change",
    contact_id="desk",
    contact=CONTACT,
    effective_from="2099-05-01",
    capabilities=Capabilities(
        languages=[InstrumentLanguages(instrument="eio", languages=["eng", "fra"])], max_attachment_bytes=50_000_000
    ),
    deputy=CONTACT,
    emergency_line=Channel(type="phone", value="+999 555 0112"),
    confirm_by="2099-10-28",
    reason="The desk moved.",
)
PROPOSAL_BODY = JitProposalBody(
    parties=[
        Party(
            participant="NCB-QM",
            authority=Authority(name="Prosecutor", type="prosecutor", country="QM", reference="1/99", contact=CONTACT),
        ),
        Party(participant="GN-QN", authority=Authority(name="Prosecutor", type="prosecutor", country="QN")),
    ],
    purpose="Who commanded.",
    incidents=[INCIDENT],
    period=Period(start="2099-07-01", end="2101-07-01"),
    states_of_operation=["QM", "QN"],
    leaders=[
        TeamMember(party="NCB-QM", officer="officer-02", role="prosecutor"),
        TeamMember(party="GN-QN", officer="officer-31", role="prosecutor"),
    ],
    legal_basis=[LegalBasis(instrument="lhc", article="41", note="Note.")],
    evidence_rules="Each party by its own law.",
    approved_by=AUTHOR,
    authorisation="a-1",
    members=[TeamMember(party="NCB-QM", officer="officer-03", role="analyst")],
    participants=["eurojust", "icc-otp"],
    costs="Each its own.",
    media_plan="None.",
    access_rules="Both.",
    evaluation="At the end.",
    extension="By agreement.",
    draft_agreement="a-1",
)
DECISION_BODY = JitDecisionBody(
    proposal_ref=HASH,
    decision="extend",
    effective_on="2101-06-15",
    approved_by=AUTHOR,
    signed_agreement="a-1",
    changes=[Change(part="costs", wording="Shared.")],
    period=Period(start="2101-07-02", end="2102-07-01"),
    reason="Graves were found.",
)

INVITATIONS = [
    MeetingInvitation(
        body=structs.replace(INVITATION_BODY, place=place),
        **frame(handling=open_marking()),  # type: ignore[arg-type]
    )
    for place in PLACES
]

FULL: dict[str, Content] = {
    "meeting.invitation": INVITATIONS[0],
    "meeting.reply": MeetingReply(body=REPLY_BODY, **frame()),  # type: ignore[arg-type]
    "directory.update": DirectoryUpdate(body=UPDATE_BODY, **frame()),  # type: ignore[arg-type]
    "jit.proposal": JitProposal(body=PROPOSAL_BODY, **frame()),  # type: ignore[arg-type]
    "jit.decision": JitDecision(body=DECISION_BODY, **frame()),  # type: ignore[arg-type]
}
MORE: dict[str, list[Content]] = {"meeting.invitation": [*INVITATIONS[1:]]}
