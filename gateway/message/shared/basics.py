r"""
The small types that all content is made of: text with limits, references, ids, hashes.

Patterns are matched whole by every engine: `(?!\n)$` because Python's `$` alone admits a trailing line feed and `\Z` is
unknown to ECMA 262, which JSON Schema follows. Lengths count code points. Names are kept exactly as sent.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gateway.ids import ADDRESS_PATTERN, PARTICIPANT_PATTERN

__all__ = [
    "MAX_INTEGER",
    "Account",
    "AddressText",
    "Count",
    "Country",
    "ExtensionName",
    "FormerCountry",
    "Hash256",
    "Hash512",
    "Id",
    "Language",
    "LanguageTag",
    "Line",
    "Note",
    "OfficerRef",
    "ParticipantText",
    "Ref",
    "Script",
    "Version",
    "Wire",
    "whole",
]

MAX_INTEGER: Final = 2**53 - 1  # what every JSON reader holds exactly


def whole(pattern: str) -> str:
    """Anchor a pattern at both ends, in the dialect that Python and ECMA 262 share."""
    return rf"^(?:{pattern})(?!\n)$"


class Wire(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of content: immutable, built by keyword, members that have their default left out on the wire."""


Line = Annotated[str, Meta(min_length=1, max_length=200)]
Note = Annotated[str, Meta(min_length=1, max_length=2_000)]
Account = Annotated[str, Meta(min_length=1, max_length=8_000)]
Count = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]

Ref = Annotated[str, Meta(pattern=whole("[a-z0-9][a-z0-9-]{0,62}"), description="Local to this content, e.g. `p-1`.")]
Id = Annotated[
    str,
    Meta(
        pattern=whole("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        description="UUID in lower case.",
        extra_json_schema={"format": "uuid"},
    ),
]
Hash256 = Annotated[str, Meta(pattern=whole("[0-9a-f]{64}"), description="SHA-256, or an envelope hash, in lower-case hex.")]
Hash512 = Annotated[str, Meta(pattern=whole("[0-9a-f]{128}"), description="SHA-512 in lower-case hex.")]
Version = Annotated[str, Meta(pattern=whole(r"(?:0|[1-9][0-9]{0,3})(?:\.(?:0|[1-9][0-9]{0,3})){2}"))]

Country = Annotated[str, Meta(pattern=whole("[A-Z]{2}"), description="ISO 3166-1 alpha-2, user-assigned codes included.")]
FormerCountry = Annotated[str, Meta(pattern=whole("[A-Z]{4}"), description="ISO 3166-3.")]
Language = Annotated[str, Meta(pattern=whole("[a-z]{3}"), description="ISO 639-3.")]
LanguageTag = Annotated[
    str, Meta(pattern=whole("[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,4}"), description="BCP 47, kept as sent.")
]
Script = Annotated[str, Meta(pattern=whole("[A-Z][a-z]{3}"), description="ISO 15924.")]

ParticipantText = Annotated[str, Meta(pattern=whole(PARTICIPANT_PATTERN), description="E.g. `NCB-QM`.")]
AddressText = Annotated[str, Meta(pattern=whole(ADDRESS_PATTERN), description="E.g. `NCB-QM@icn`.")]
OfficerRef = Annotated[
    str,
    Meta(
        pattern=whole(f"{PARTICIPANT_PATTERN}/[a-z0-9][a-z0-9-]{{0,62}}"),
        description="A participant and its pseudonym for an officer, e.g. `NCB-QM/officer-07`.",
    ),
]
ExtensionName = Annotated[
    str,
    Meta(
        pattern=whole(r"[a-z][a-z0-9-]{0,62}(?:\.[a-z0-9][a-z0-9-]{0,62}){1,7}"),
        description="Reverse domain name, e.g. `example.network.case-links`.",
    ),
]
