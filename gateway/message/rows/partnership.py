"""Rows of building partnerships: meetings, contact points, joint investigation teams."""

from __future__ import annotations

from typing import Final

from gateway.ids import Kind
from gateway.message.handling import Handling
from gateway.message.kind_spec import (
    COORDINATION,
    DAY_S,
    HOUR_S,
    NO_ANSWER,
    OPERATIONAL,
    YEAR_DAYS,
    KindSpec,
    Role,
    answer_within,
)
from gateway.message.partnership.directory_update import DirectoryUpdate
from gateway.message.partnership.jit_decision import JitDecision
from gateway.message.partnership.jit_proposal import JitProposal
from gateway.message.partnership.meeting_invitation import MeetingInvitation
from gateway.message.partnership.meeting_reply import MeetingReply

__all__ = ["ROWS"]

_INVITATION: Final = MeetingInvitation.kind
_REPLY: Final = MeetingReply.kind
_UPDATE: Final = DirectoryUpdate.kind
_PROPOSAL: Final = JitProposal.kind
_DECISION: Final = JitDecision.kind
_HOSTS: Final[frozenset[Role]] = frozenset({"coordination", "tribunal", "contact-point"})
_PROPOSERS: Final[frozenset[Role]] = frozenset({"judicial", "unit"})
_PARTIES: Final[frozenset[Role]] = _PROPOSERS | {"central-authority", "tribunal"}
_UNTIL_MEETING_ENDS_DAYS: Final = 40  # answers come 30 days before a meeting of some days
_FOR_PARTIES: Final = Handling(tlp="amber+strict", confidentiality="restricted", onward="organisation")
_TEAM_MARKING: Final = "`handling.tlp` is amber+strict or red, `handling.onward` organisation, unit or none"
_TERM: Final = "a term is at most 24 months"

ROWS: Final = (
    KindSpec(
        kind=_INVITATION,
        family="partnership",
        content=MeetingInvitation,
        may_send=_HOSTS,
        gateway_may_seal=True,
        needs_approval=False,
        replies=frozenset({_REPLY}),
        respond_within_s=NO_ANSWER,
        retention_days=2 * YEAR_DAYS,
        default_handling=Handling(
            tlp="green", confidentiality="official-use-only", onward="organisation", verify_before_action=False
        ),
        rules=(
            "`handling.tlp` is green or stricter; a closed session is amber or stricter",
            "`end` is after `start`, and the meeting lasts 31 days at most",
            "`rsvp_by` is before `start` (30 days before by default), and `respond_by` is not after that day",
            "in-person and hybrid meetings have a place; online ones have neither place nor `visa_letter`",
            "`quota` is not above `capacity`; each session `id` stands once",
        ),
    ),
    KindSpec(
        kind=_REPLY,
        family="partnership",
        content=MeetingReply,
        may_send=OPERATIONAL,
        must_reach=_HOSTS,
        gateway_may_seal=False,
        needs_approval=False,
        replies=frozenset({_INVITATION}),
        respond_within_s=NO_ANSWER,
        retention_days=90 + _UNTIL_MEETING_ENDS_DAYS,
        default_handling=Handling(tlp="amber", confidentiality="restricted", onward="unit"),
        rules=(
            "`handling.onward` is organisation, unit or none; with delegates `handling.tlp` is amber or stricter",
            "accept names delegates, decline names none; the host compares them with quota and sessions of the invitation",
            "each `officer` stands once, and each session once for a delegate",
            "`special_categories` are empty unless a delegate has needs; then health or religion, with a justification",
            "needs need `retention.delete_after`",
        ),
    ),
    KindSpec(
        kind=_UPDATE,
        family="partnership",
        content=DirectoryUpdate,
        may_send=OPERATIONAL,
        must_reach=COORDINATION,
        gateway_may_seal=False,
        needs_approval=True,
        replies=frozenset(),
        respond_within_s=NO_ANSWER,
        retention_days=5 * YEAR_DAYS,
        default_handling=Handling(tlp="amber", confidentiality="restricted", onward="organisation"),
        rules=(
            "`handling.tlp` is amber or stricter",
            "`participant` of contact and deputy is left out or the sender's; with it content has `sender`",
            "add and change need channels, languages and `capabilities`, with languages for each instrument of the contact",
            "withdraw needs `reason` and has no capabilities, deputy, emergency line or `confirm_by`",
            "`emergency_line` is phone or secure",
            "`effective_from` is not after `contact.valid_until`, unless withdrawn",
            "`confirm_by` is 1 to 180 days after `effective_from`; left out, 180 days",
            "each instrument stands once, and each language once for an instrument",
        ),
    ),
    KindSpec(
        kind=_PROPOSAL,
        family="partnership",
        content=JitProposal,
        may_send=_PROPOSERS,
        gateway_may_seal=False,
        needs_approval=False,
        replies=frozenset({_DECISION}),
        respond_within_s=answer_within(flash_s=8 * HOUR_S, urgent_s=3 * DAY_S, normal_s=30 * DAY_S, routine_s=60 * DAY_S),
        retention_days=5 * YEAR_DAYS,
        default_handling=_FOR_PARTIES,
        rules=(
            _TEAM_MARKING,
            "parties are distinct and not all of one State; the sender, or on whose behalf it writes, is one",
            "`disclosed_recipients` are parties",
            "each State of operation stands once and has a party and a leader",
            "leaders and members are of parties, and stand once in their list",
            _TERM,
            "`legal_basis` is not `eio`",
        ),
    ),
    KindSpec(
        kind=_DECISION,
        family="partnership",
        content=JitDecision,
        may_send=_PARTIES,
        gateway_may_seal=False,
        needs_approval=False,
        replies=frozenset({_PROPOSAL, Kind("evidence.manifest"), Kind("information.report")}),
        respond_within_s=NO_ANSWER,
        retention_days=5 * YEAR_DAYS,
        default_handling=_FOR_PARTIES,
        rules=(
            _TEAM_MARKING,
            "accept and extend need `signed_agreement`; decline has none",
            "accept-with-changes needs `changes`; extend needs `period`; the other decisions have neither",
            "decline and terminate need `reason`",
            _TERM + ", and `effective_on` is not after its end",
        ),
    ),
)
