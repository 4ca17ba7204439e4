"""
`information.report`: information or intelligence, given spontaneously or as an answer, each item evaluated.

Its handling names at least one restriction (H0 to H3): whoever gives information decides what it may be used for.
A source is a person like any other here, and protected like every source: by pseudonym alone.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from gateway.ids import Kind
from gateway.message.content import Body, Content
from gateway.message.shared.authority import CaseReference
from gateway.message.shared.basics import Account, Note, Ref, Wire
from gateway.message.shared.entity import Entities, check_entities
from gateway.message.shared.evaluation import Evaluation
from gateway.message.shared.incident import Incidents, check_incidents
from gateway.message.shared.person import Persons, check_persons
from gateway.message.shared.refuse import Surroundings, require, require_known

__all__ = ["InformationReport", "InformationReportBody", "ReportItem"]


class ReportItem(Wire, frozen=True, kw_only=True):
    """
    One piece of information.

    Args:
        persons: Local ids of the persons that it is about.
        incidents: Local ids of the incidents that it is about.
        entities: Local ids of the organisations and things that it is about.
        attachments: Ids of attachments that belong to it.
    """

    text: Account
    evaluation: Evaluation
    persons: Annotated[Sequence[Ref], Meta(max_length=200)] = ()
    incidents: Annotated[Sequence[Ref], Meta(max_length=100)] = ()
    attachments: Annotated[Sequence[Ref], Meta(max_length=50)] = ()
    entities: Annotated[Sequence[Ref], Meta(max_length=200)] = ()


class InformationReportBody(Body, frozen=True, kw_only=True):
    """
    What is known, from where, and how sure.

    Args:
        trigger: Why it is given; a `reply` names what it answers in the header.
        source_protection: True when nothing may be done that could show where it came from.
        use_conditions: Conditions in words, besides the handling.
        links: Notices, cases and records that it belongs to.
        graph: Attachment with the same as a graph, for analysts' tools.
        entities: Organisations and things.
    """

    trigger: Literal["spontaneous", "reply", "proactive-tribunal"]
    items: Annotated[Sequence[ReportItem], Meta(min_length=1, max_length=100)]
    source_protection: bool
    persons: Persons = ()
    incidents: Incidents = ()
    use_conditions: Note | None = None
    links: Annotated[Sequence[CaseReference], Meta(max_length=50)] = ()
    graph: Ref | None = None
    entities: Entities = ()

    @property
    def names_persons(self) -> bool:
        """True when persons are described."""
        return bool(self.persons)

    @property
    def is_answer(self) -> bool:
        """True for a reply."""
        return self.trigger == "reply"

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse references to nothing."""
        persons = check_persons(self.persons, f"{at}/persons", around)
        incidents = check_incidents(self.incidents, f"{at}/incidents")
        entities = check_entities(self.entities, f"{at}/entities")
        for index, item in enumerate(self.items):
            require_known(item.entities, entities, f"{at}/items/{index}/entities")
            require_known(item.persons, persons, f"{at}/items/{index}/persons")
            require_known(item.incidents, incidents, f"{at}/items/{index}/incidents")
            require_known(item.attachments, around.attachments, f"{at}/items/{index}/attachments")
        if self.graph is not None:
            require(self.graph in around.attachments, f"{at}/graph", "refers to nothing in this content")


class InformationReport(Content, frozen=True, kw_only=True, tag="information.report"):
    """Content of `information.report`."""

    kind: ClassVar[Kind] = Kind("information.report")

    body: InformationReportBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Ask for a restriction besides every other rule."""
        super().check(understood)
        require(self.handling.restrictions, "/handling/restrictions", "a report names at least one of H0 to H3")
