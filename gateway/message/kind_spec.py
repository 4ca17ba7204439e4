"""
What a row of the registry says about a kind, and the roles that rows speak of.

Who may send it and whom it must reach, who may seal it, whether a second officer approves it, how fast it is answered, what may
follow, how long it is kept, which versions are read, and the rules that no schema can say. The rows stand in
`gateway.message.rows`, a file for each family. Times of answer and retention are defaults, modelled on practice; nothing here
claims to be law.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from gateway.ids import Kind
from gateway.message.handling import Handling

if TYPE_CHECKING:
    from gateway.message.content import Body, Content, Urgency

__all__ = [
    "ASKING",
    "COORDINATION",
    "DAY_S",
    "HOUR_S",
    "NO_ANSWER",
    "OPERATIONAL",
    "ROLES",
    "YEAR_DAYS",
    "KindSpec",
    "Role",
    "answer_within",
]

Role = Literal[
    "ncb",
    "unit",
    "tribunal",
    "contact-point",
    "central-authority",
    "judicial",
    "spoc",
    "coordination",
    "gateway",
    "relay",
]
ROLES: Final[Mapping[Role, str]] = MappingProxyType(
    {
        "ncb": "national central bureau",
        "unit": "war-crimes unit or other specialised unit",
        "tribunal": "international court or tribunal, its prosecutor or registry",
        "contact-point": "contact point of the EU network",
        "central-authority": "central authority for mutual assistance",
        "judicial": "court or prosecutor of a State",
        "spoc": "single point of contact for police information",
        "coordination": "the coordination centre",
        "gateway": "carries the others' messages; may seal where a kind allows it",
        "relay": "carries messages to and from another network; sends and receives none",
    }
)
ASKING: Final[frozenset[Role]] = frozenset(
    {"ncb", "unit", "tribunal", "contact-point", "central-authority", "judicial", "spoc"}
)
OPERATIONAL: Final[frozenset[Role]] = ASKING | {"coordination"}

COORDINATION: Final[frozenset[Role]] = frozenset({"coordination"})

HOUR_S: Final = 3_600
DAY_S: Final = 86_400
YEAR_DAYS: Final = 365
FIRST: Final = "1.0.0"
NO_ANSWER: Final[Mapping[Urgency, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class KindSpec:
    """
    One kind.

    Args:
        kind: Its name on the wire.
        family: Folder of its schema.
        content: The type that its content is read as, at the newest version.
        may_send: Roles of the directory that may send it.
        must_reach: At least one recipient has one of these roles; empty where anybody may be written to.
        gateway_may_seal: True when a gateway may seal it for a thin client.
        needs_approval: True when a second officer approves the sealed envelope.
        replies: Kinds that may answer it.
        respond_within_s: Default time to answer, by urgency; empty when none is due.
        retention_days: Review after so many days unless the content says otherwise.
        recalled_by_desk: True when the coordination centre may recall it too, and not its sender alone.
        opened_is_told: True when it changes what holders do with a message that they have: their `opened` proves to its
            author that they know, and he sees who has not.
        same_by: Places that say what is asked, as pointers in which one `*` stands for any element: messages in which the same
            stands there are the same request, whoever sent them and whichever way they came. Empty where no message is the
            same as another: an answer belongs to one question, and a correction says itself what it corrects.
        on_hold: True for evidence, which is under legal hold and never deleted by itself.
        default_handling: A marking to start from; the author decides.
        added: Minor versions after 1.0.0, oldest first, and the places of the members that each brought, as pointers in which
            `*` stands for any element: `/body/items/*/entities`.
        rules: What the schema cannot say, in words for implementers; checked by the content's `check`.
    """

    kind: Kind
    family: str
    content: type[Content]
    may_send: frozenset[Role]
    must_reach: frozenset[Role] = frozenset()
    gateway_may_seal: bool
    needs_approval: bool
    replies: frozenset[Kind]
    respond_within_s: Mapping[Urgency, int]
    retention_days: int
    default_handling: Handling
    recalled_by_desk: bool = False
    opened_is_told: bool = False
    on_hold: bool = False
    same_by: tuple[str, ...] = ()
    added: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rules: tuple[str, ...] = ()

    @property
    def readable(self) -> tuple[str, ...]:
        """The versions that we read, oldest first."""
        return (FIRST, *self.added)

    @property
    def version(self) -> str:
        """The newest version: what the type says."""
        return self.readable[-1]

    @property
    def schema_path(self) -> str:
        """Path of the newest schema under `schemas/`."""
        return self.path_of(self.version)

    @property
    def reply_member(self) -> str | None:
        """The member of the body that repeats the header's `in_reply_to`; None where no member does."""
        body: type[Body] = self.content.__annotations__["body"]
        return body.reply_member

    def later(self, version: str) -> tuple[str, ...]:
        """Return the places of members that came after a version that we read."""
        newer = self.readable[self.readable.index(version) + 1 :]
        return tuple(place for one in newer for place in self.added[one])

    def path_of(self, version: str) -> str:
        """Return the path of the schema of a version under `schemas/`."""
        major = version.partition(".")[0]
        return f"{self.family}/{self.kind}/v{major}/{self.kind}-{version}.schema.json"


def answer_within(*, flash_s: int, urgent_s: int, normal_s: int, routine_s: int) -> Mapping[Urgency, int]:
    """Return times to answer by urgency, in seconds."""
    return MappingProxyType({"flash": flash_s, "urgent": urgent_s, "normal": normal_s, "routine": routine_s})
