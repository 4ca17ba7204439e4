"""
The marking of content: what may be done with it, and how two markings combine.

A member left out has its strictest value. `join` is what a reply or a forward inherits: the stricter of each member,
the union of restrictions, and only the officers that both name. Only the originators together may lower a marking.
The header carries `tlp/confidentiality` (15 codes) so that a gateway can refuse what is above a clearance; the rest
is for readers. Contradictions are refused. Spec: schemas/messages.md, "Handling".
"""

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from typing import Final, Literal, get_args

import msgspec

from gateway.errors import Rejected
from gateway.message.shared.basics import AddressText, Line, OfficerRef, Wire
from gateway.message.shared.refuse import require

__all__ = [
    "CONFIDENTIALITIES",
    "HANDLING_CODES",
    "TLP_LEVELS",
    "Confidentiality",
    "EvidentialUse",
    "Handling",
    "HandlingCode",
    "Onward",
    "Tlp",
    "as_strict",
    "clears",
    "handling_code",
    "join",
    "parse_handling",
    "protects_persons",
    "raised",
    "require_readers",
]

# Each from the laxest to the strictest.
Tlp = Literal["clear", "green", "amber", "amber+strict", "red"]
Confidentiality = Literal["official-use-only", "restricted", "confidential"]
# Each from the strictest to the laxest.
EvidentialUse = Literal["none", "lead-only", "with-consent", "unrestricted"]
Onward = Literal["none", "unit", "organisation", "consent", "group"]
HandlingCode = Literal["H0", "H1", "H2", "H3"]

TLP_LEVELS: Final[tuple[Tlp, ...]] = get_args(Tlp)
CONFIDENTIALITIES: Final[tuple[Confidentiality, ...]] = get_args(Confidentiality)
_EVIDENTIAL_USES: Final[tuple[EvidentialUse, ...]] = get_args(EvidentialUse)
_ONWARDS: Final[tuple[Onward, ...]] = get_args(Onward)
HANDLING_CODES: Final = tuple(f"{tlp}/{level}" for tlp in TLP_LEVELS for level in CONFIDENTIALITIES)
_PARSED: Final = {f"{tlp}/{level}": (tlp, level) for tlp in TLP_LEVELS for level in CONFIDENTIALITIES}


class Handling(Wire, frozen=True, kw_only=True):
    """
    What may be done with content.

    Args:
        tlp: How far it may be passed on (Traffic Light Protocol 2.0).
        confidentiality: How it must be protected; no recipient's clearance may be below it.
        restrictions: H0 crime prevention only, H1 not in court, H2 not onward without permission, H3 see caveats.
        caveats: Restrictions in words; required with H3, and only with it.
        evidential_use: `lead-only` may only lead to new evidence.
        onward: Who it may be passed on to.
        verify_before_action: True when the originator must be asked before anybody acts on it.
        originators: Who must agree to lower the marking; empty means the sender.
        public_extract: True when an extract may be published.
        officers: Who may read it; required for `red`. None does not restrict by name.
    """

    tlp: Tlp
    confidentiality: Confidentiality
    restrictions: AbstractSet[HandlingCode] = frozenset()
    caveats: AbstractSet[Line] = frozenset()
    evidential_use: EvidentialUse = "none"
    onward: Onward = "none"
    verify_before_action: bool = True
    originators: AbstractSet[AddressText] = frozenset()
    public_extract: bool = False
    officers: AbstractSet[OfficerRef] | None = None

    @property
    def code(self) -> str:
        """What the header carries, e.g. `amber+strict/restricted`."""
        return handling_code(self)

    def check(self, at: str) -> None:
        """Refuse a marking that contradicts itself."""
        require(("H3" in self.restrictions) == bool(self.caveats), f"{at}/caveats", "H3 and caveats need each other")
        if "H1" in self.restrictions:
            require(
                self.evidential_use != "unrestricted", f"{at}/evidential_use", "H1 allows use in court with consent at most"
            )
        if "H2" in self.restrictions:
            require(self.onward != "group", f"{at}/onward", "H2 allows passing on with consent at most")
        if self.tlp == "red":
            require(self.officers is not None, f"{at}/officers", "red content names the officers who may read it")
            require(self.onward == "none", f"{at}/onward", "red content goes to the named officers alone")
        require(self.officers is None or self.officers, f"{at}/officers", "no officer may read it")
        if self.public_extract:
            require(self.tlp in {"clear", "green"}, f"{at}/public_extract", "a public extract needs clear or green")


def require_readers(marking: Handling, recipients: Collection[str]) -> None:
    """
    Refuse content that names its officers and none of a recipient: nobody there could read it.

    Args:
        marking: Of the content.
        recipients: Addresses that it goes to; an originator knows it already.

    Raises:
        Rejected: `content-rule` at the officers.
    """
    if marking.officers is None:
        return
    named = {officer.partition("/")[0] for officer in marking.officers}
    for recipient in recipients:
        known = recipient in marking.originators or recipient.partition("@")[0] in named
        require(known, "/handling/officers", f"names no officer of {recipient}")


def join(one: Handling, other: Handling) -> Handling:
    """
    Return the marking of what is made from two contents: never less strict than either.

    Associative, commutative, idempotent. When the two share no named officer the result names none, and no content
    can be written with it: nobody may read both.
    """
    officers = one.officers if other.officers is None else other.officers
    if one.officers is not None and other.officers is not None:
        officers = one.officers & other.officers
    return Handling(
        tlp=max(one.tlp, other.tlp, key=TLP_LEVELS.index),
        confidentiality=max(one.confidentiality, other.confidentiality, key=CONFIDENTIALITIES.index),
        restrictions=frozenset(one.restrictions | other.restrictions),
        caveats=frozenset(one.caveats | other.caveats),
        evidential_use=min(one.evidential_use, other.evidential_use, key=_EVIDENTIAL_USES.index),
        onward=min(one.onward, other.onward, key=_ONWARDS.index),
        verify_before_action=one.verify_before_action or other.verify_before_action,
        originators=frozenset(one.originators | other.originators),
        public_extract=one.public_extract and other.public_extract,
        officers=officers,
    )


def handling_code(marking: Handling) -> str:
    """Return the header's code, e.g. `amber+strict/restricted`."""
    return f"{marking.tlp}/{marking.confidentiality}"


def parse_handling(code: str) -> tuple[Tlp, Confidentiality]:
    """Return both parts of a header's code, or raise `malformed`: an unknown marking fails closed."""
    if code not in _PARSED:
        raise Rejected(f"not a handling code: {code[:64]!r}", code="malformed")
    return _PARSED[code]


def as_strict(code: str, floor: str) -> bool:
    """Say whether a header code is in both parts no laxer than another."""
    (tlp, level), (floor_tlp, floor_level) = parse_handling(code), parse_handling(floor)
    strict_tlp = TLP_LEVELS.index(tlp) >= TLP_LEVELS.index(floor_tlp)
    return strict_tlp and CONFIDENTIALITIES.index(level) >= CONFIDENTIALITIES.index(floor_level)


def raised(marking: Handling, code: str) -> Handling:
    """
    Return a marking that is in both parts as strict as a header code; itself where it is.

    What the stricter level does not allow is taken back with it; officers are not made up: whoever writes on names them.
    """
    if as_strict(marking.code, code):
        return marking
    tlp, level = parse_handling(code)
    tlp = max(marking.tlp, tlp, key=TLP_LEVELS.index)
    level = max(marking.confidentiality, level, key=CONFIDENTIALITIES.index)
    return msgspec.structs.replace(
        marking,
        tlp=tlp,
        confidentiality=level,
        onward="none" if tlp == "red" else marking.onward,
        public_extract=marking.public_extract and tlp in {"clear", "green"},
    )


def clears(clearance: Confidentiality, code: str) -> bool:
    """Say whether a recipient with this clearance may be sent content with this header code."""
    return CONFIDENTIALITIES.index(parse_handling(code)[1]) <= CONFIDENTIALITIES.index(clearance)


def protects_persons(marking: Handling) -> bool:
    """Say whether the marking is strict enough to name victims, witnesses and sources."""
    return marking.confidentiality == "confidential" and marking.tlp in {"amber+strict", "red"}
