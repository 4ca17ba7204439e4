"""
The kinds: everything about a kind hangs from one row here.

Who may send it, who may seal it, whether a second officer approves it, how fast it is answered, what may follow, how
long it is kept, which versions are read, where its schema is. Other packages ask `spec`; none holds a list of kinds.
Times of answer and retention are defaults, modelled on practice; nothing here claims to be law.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from gateway.errors import Rejected
from gateway.ids import Kind
from gateway.message.handling import Handling
from gateway.message.information import CooperationRequest, InformationReport, RequestResponse

if TYPE_CHECKING:
    from gateway.message.content import Content, Urgency

__all__ = ["KINDS", "OPERATIONAL", "ROLES", "KindSpec", "Role", "spec"]

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
    }
)
ASKING: Final[frozenset[Role]] = frozenset(
    {"ncb", "unit", "tribunal", "contact-point", "central-authority", "judicial", "spoc"}
)
OPERATIONAL: Final[frozenset[Role]] = ASKING | {"coordination"}

_HOUR: Final = 3_600
_DAY: Final = 86_400
_YEAR_DAYS: Final = 365


@dataclass(frozen=True, slots=True)
class KindSpec:
    """
    One kind.

    Args:
        kind: Its name on the wire.
        family: Folder of its schema.
        content: The type that its content is read as.
        version: The version that we write.
        readable: The versions that we read, oldest first.
        gateway_may_seal: True when a gateway may seal it for a thin client.
        needs_approval: True when a second officer approves the sealed envelope.
        may_send: Roles of the directory that may send it.
        replies: Kinds that may answer it.
        respond_within_s: Default time to answer, by urgency; empty when none is due.
        retention_days: Review after so many days unless the content says otherwise.
        default_handling: A marking to start from; the author decides.
    """

    kind: Kind
    family: str
    content: type[Content]
    version: str
    readable: tuple[str, ...]
    gateway_may_seal: bool
    needs_approval: bool
    may_send: frozenset[Role]
    replies: frozenset[Kind]
    respond_within_s: Mapping[Urgency, int]
    retention_days: int
    default_handling: Handling

    @property
    def schema_path(self) -> str:
        """Path of the schema under `schemas/`."""
        major = self.version.partition(".")[0]
        return f"{self.family}/{self.kind}/v{major}/{self.kind}-{self.version}.schema.json"


_REQUEST: Final = CooperationRequest.kind
_RESPONSE: Final = RequestResponse.kind
_REPORT: Final = InformationReport.kind

_ROWS: Final = (
    KindSpec(
        kind=_REQUEST,
        family="information",
        content=CooperationRequest,
        version="1.0.0",
        readable=("1.0.0",),
        gateway_may_seal=False,
        needs_approval=False,
        may_send=ASKING,
        replies=frozenset({_RESPONSE, _REPORT}),
        respond_within_s=MappingProxyType({"flash": 8 * _HOUR, "urgent": 3 * _DAY, "normal": 30 * _DAY, "routine": 60 * _DAY}),
        retention_days=5 * _YEAR_DAYS,
        default_handling=Handling(tlp="amber+strict", confidentiality="restricted", onward="unit"),
    ),
    KindSpec(
        kind=_RESPONSE,
        family="information",
        content=RequestResponse,
        version="1.0.0",
        readable=("1.0.0",),
        gateway_may_seal=True,
        needs_approval=False,
        may_send=OPERATIONAL,
        replies=frozenset({_REQUEST}),
        respond_within_s=MappingProxyType({}),
        retention_days=5 * _YEAR_DAYS,
        default_handling=Handling(tlp="amber+strict", confidentiality="restricted", onward="unit"),
    ),
    KindSpec(
        kind=_REPORT,
        family="information",
        content=InformationReport,
        version="1.0.0",
        readable=("1.0.0",),
        gateway_may_seal=False,
        needs_approval=False,
        may_send=OPERATIONAL,
        replies=frozenset({_REQUEST, _REPORT}),
        respond_within_s=MappingProxyType({}),
        retention_days=3 * _YEAR_DAYS,
        default_handling=Handling(
            tlp="amber+strict",
            confidentiality="restricted",
            restrictions=frozenset({"H1", "H2"}),
            evidential_use="lead-only",
        ),
    ),
)
KINDS: Final[Mapping[Kind, KindSpec]] = MappingProxyType({row.kind: row for row in _ROWS})


def spec(kind: str) -> KindSpec:
    """Return the row of a kind, or raise `kind-unknown`."""
    row = KINDS.get(Kind(kind))
    if row is None:
        hint = f"one of {', '.join(KINDS)}"
        raise Rejected(f"not a kind of the registry: {kind[:64]!r}", code="kind-unknown", hint=hint)
    return row
