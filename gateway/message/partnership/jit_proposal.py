"""
`jit.proposal`: one authority proposes a joint investigation team to others.

The members follow what agreements on such teams contain: parties, purpose, term, States of operation, leaders, rules for
evidence, access, costs and media. The proposer's own competent authority agreed before, and its decision is attached.
Each State of operation has a party and a leader. An investigation order is no basis for a team.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta

from gateway.ids import Address, Kind, participant_of
from gateway.message.content import Author, Body, Content
from gateway.message.partnership.joint_team import check_for_parties, check_term
from gateway.message.shared.authority import Authority, LegalBasis
from gateway.message.shared.basics import Account, Country, Line, Note, ParticipantText, Ref, Wire
from gateway.message.shared.incident import Incident, check_incidents
from gateway.message.shared.period import Period
from gateway.message.shared.refuse import Surroundings, require, require_distinct, require_known, require_once

__all__ = ["JitProposal", "JitProposalBody", "Party", "TeamMember"]

_NO_BASIS: Final = frozenset({"eio"})  # the directive leaves joint teams out


class Party(Wire, frozen=True, kw_only=True):
    """An authority that would sign, and the participant through which it is written to."""

    participant: ParticipantText
    authority: Authority


class TeamMember(Wire, frozen=True, kw_only=True):
    """Somebody in the team; `officer` is a pseudonym that the party can resolve."""

    party: ParticipantText
    officer: Ref
    role: Line


class JitProposalBody(Body, frozen=True, kw_only=True):
    """
    The team that is proposed.

    Args:
        parties: At least two, not all of one State.
        purpose: What the team is to find out, and its limits.
        incidents: What is to be investigated.
        period: First and last day, at most 24 months.
        states_of_operation: Where the team works; each has a party.
        leaders: At least one of each State of operation, who leads the team there.
        legal_basis: Of the agreement.
        evidence_rules: How evidence is taken, shared and used.
        approved_by: Who approved it in the proposer's competent authority.
        authorisation: Attachment with the decision of that authority.
        members: Others in the team.
        participants: Bodies that take part without being parties.
        draft_agreement: Attachment with the text proposed for signature.
    """

    parties: Annotated[Sequence[Party], Meta(min_length=2, max_length=30)]
    purpose: Account
    incidents: Annotated[Sequence[Incident], Meta(min_length=1, max_length=100)]
    period: Period
    states_of_operation: Annotated[Sequence[Country], Meta(min_length=1, max_length=30)]
    leaders: Annotated[Sequence[TeamMember], Meta(min_length=1, max_length=30)]
    legal_basis: Annotated[Sequence[LegalBasis], Meta(min_length=1, max_length=20)]
    evidence_rules: Account
    approved_by: Author
    authorisation: Ref
    members: Annotated[Sequence[TeamMember], Meta(max_length=200)] = ()
    participants: Annotated[Sequence[Literal["eurojust", "europol", "icc-otp", "interpol"]], Meta(max_length=4)] = ()
    costs: Note | None = None
    media_plan: Note | None = None
    access_rules: Note | None = None
    evaluation: Note | None = None
    extension: Note | None = None
    draft_agreement: Ref | None = None

    @property
    def names_persons(self) -> bool:
        """Always: leaders are persons, though under a pseudonym."""
        return True

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse a team without a second State, without leaders, too long, or without a basis."""
        known = self._check_parties(at)
        for index, state in enumerate(self.states_of_operation):
            has_party = any(party.authority.country == state for party in self.parties)
            require(has_party, f"{at}/states_of_operation/{index}", "the team works where it has a party")
        require_once(self.states_of_operation, f"{at}/states_of_operation")
        self._check_team(at, known)
        check_term(self.period, f"{at}/period")
        check_incidents(self.incidents, f"{at}/incidents")
        for index, basis in enumerate(self.legal_basis):
            fits = basis.instrument not in _NO_BASIS
            require(fits, f"{at}/legal_basis/{index}/instrument", "this instrument does not cover joint teams")
        require_once(self.participants, f"{at}/participants")
        require(self.authorisation in around.attachments, f"{at}/authorisation", "refers to nothing in this content")
        if self.draft_agreement is not None:
            require(self.draft_agreement in around.attachments, f"{at}/draft_agreement", "refers to nothing in this content")

    def _check_parties(self, at: str) -> frozenset[str]:
        for index, party in enumerate(self.parties):
            party.authority.check(f"{at}/parties/{index}/authority")
        known = require_distinct((party.participant for party in self.parties), f"{at}/parties", "participant")
        several = len({party.authority.country for party in self.parties}) > 1
        require(several, f"{at}/parties", "all parties are of one State")
        return known

    def _check_team(self, at: str, known: frozenset[str]) -> None:
        for name, team in (("leaders", self.leaders), ("members", self.members)):
            for index, one in enumerate(team):
                require(one.party in known, f"{at}/{name}/{index}/party", "is no party")
            require_once((f"{one.party}/{one.officer}" for one in team), f"{at}/{name}")
        led = {party.authority.country for party in self.parties for one in self.leaders if one.party == party.participant}
        require(set(self.states_of_operation) <= led, f"{at}/leaders", "a State of operation has no leader")


class JitProposal(Content, frozen=True, kw_only=True, tag="jit.proposal"):
    """Content of `jit.proposal`."""

    kind: ClassVar[Kind] = Kind("jit.proposal")

    body: JitProposalBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Ask for a proposer that is a party, and for a marking for the parties alone, besides every other rule."""
        super().check(understood)
        check_for_parties(self.handling)
        parties = frozenset(party.participant for party in self.body.parties)
        if self.sender is not None:
            own = participant_of(Address(self.sender)) in parties or self.on_behalf_of in parties
            require(own, "/sender", "proposes a team in which it is no party")
        told = (participant_of(Address(address)) for address in self.disclosed_recipients)
        require_known(told, parties, "/disclosed_recipients")
