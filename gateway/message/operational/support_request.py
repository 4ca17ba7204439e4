"""
`support.request`: a unit, a bureau or a tribunal asks the coordination centre for operational support.

Analysis, a check of databases, the deployment of experts, forensic help at a site. Whoever is sent somewhere goes with the
consent of the host and on the authority of somebody who may give it; both stand here before anything is planned.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta

from gateway.ids import Kind
from gateway.message.content import Author, Body, Content
from gateway.message.handling import TLP_LEVELS
from gateway.message.shared.authority import Authority
from gateway.message.shared.basics import Country, Language, Line, Note
from gateway.message.shared.incident import Incidents, check_incidents
from gateway.message.shared.money import Money
from gateway.message.shared.period import Period
from gateway.message.shared.person import Persons, check_persons
from gateway.message.shared.place import Place
from gateway.message.shared.refuse import Surroundings, require, require_once

__all__ = ["SupportRequest", "SupportRequestBody"]

_DEPLOYED: Final = frozenset({"AT.u", "AT.g"})  # somebody goes there: experts, or those who examine a site


class SupportRequestBody(Body, frozen=True, kw_only=True):
    """
    What support is wanted, for what, when and on whose authority.

    Args:
        services: AT.n check of databases, AT.o analysis, AT.u deployment of experts, AT.g forensic help at a site.
        scope: What is to be done, and what is not.
        authority_to_operate: On whose authority those who come may work.
        host_consent: Whether the country where they work has agreed; needed for AT.u and AT.g.
        host: That country.
        place: Where they work.
        persons: Whom a check or an analysis is about.
        approved_by: Head of the coordination unit, when it was agreed beforehand.
    """

    services: Annotated[Sequence[Literal["AT.n", "AT.o", "AT.u", "AT.g"]], Meta(min_length=1, max_length=4)]
    scope: Annotated[str, Meta(min_length=20, max_length=4_000)]
    period: Period
    authority_to_operate: Authority
    host_consent: bool | None = None
    host: Country | None = None
    place: Place | None = None
    persons: Persons = ()
    incidents: Incidents = ()
    experts: Annotated[Sequence[Line], Meta(max_length=20)] = ()
    budget: Money | None = None
    languages: Annotated[Sequence[Language], Meta(max_length=20)] = ()
    security_brief: Note | None = None
    approved_by: Author | None = None

    @property
    def names_persons(self) -> bool:
        """True when persons are described."""
        return bool(self.persons)

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse a deployment without host, consent or security brief."""
        require_once(self.services, f"{at}/services")
        self.period.check(f"{at}/period")
        self.authority_to_operate.check(f"{at}/authority_to_operate")
        if self.place is not None:
            self.place.check(f"{at}/place")
        check_persons(self.persons, f"{at}/persons", around)
        check_incidents(self.incidents, f"{at}/incidents")
        if not _DEPLOYED.isdisjoint(self.services):
            require(self.host is not None, f"{at}/host", "say in which country")
            require(self.host_consent, f"{at}/host_consent", "nobody is sent without the consent of the host")
        if "AT.u" in self.services:
            require(self.security_brief is not None, f"{at}/security_brief", "experts know what they go into")


class SupportRequest(Content, frozen=True, kw_only=True, tag="support.request"):
    """Content of `support.request`."""

    kind: ClassVar[Kind] = Kind("support.request")

    body: SupportRequestBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Ask for amber or stricter."""
        super().check(understood)
        amber = TLP_LEVELS.index(self.handling.tlp) >= TLP_LEVELS.index("amber")
        require(amber, "/handling/tlp", "a request for support is amber or stricter")
