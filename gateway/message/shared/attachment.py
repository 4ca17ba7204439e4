"""
Attachments: what travels beside the content, named by hash.

Content holds descriptions only; parts refer to them by `attachment_id`. A file name is for people: it is NFC, has no
path and no control character, and nothing here or elsewhere opens a file by it.
"""

from typing import Annotated, Literal
from unicodedata import is_normalized

from msgspec import Meta

from gateway.message.shared.basics import Count, Hash256, Hash512, LanguageTag, Line, Ref, Wire, whole
from gateway.message.shared.refuse import require

__all__ = ["Attachment", "Encryption", "Translation"]

FileName = Annotated[str, Meta(pattern=whole(r"(?!\.{1,2}$)[^/\\\u0000-\u001f\u007f]+"), max_length=255)]
MediaType = Annotated[
    str,
    Meta(pattern=whole(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}"), description="RFC 6838."),
]


class Encryption(Wire, frozen=True, kw_only=True):
    """How the bytes are encrypted where they are stored."""

    algorithm: Line
    key_ref: Line


class Attachment(Wire, frozen=True, kw_only=True):
    """
    A file that belongs to the content.

    Args:
        attachment_id: Local id.
        storage_uri: Where to fetch it; opaque, and trusted for nothing: the hash decides.
    """

    attachment_id: Ref
    sha256: Hash256
    size_bytes: Count
    media_type: MediaType
    filename: FileName
    role: Literal["evidentiary", "working-copy", "warrant", "photo", "form", "translation"]
    sha512: Hash512 | None = None
    encryption: Encryption | None = None
    storage_uri: Annotated[str, Meta(min_length=1, max_length=2_000)] | None = None

    def check(self, at: str) -> None:
        """Refuse a file name that could be spelt in two ways."""
        require(is_normalized("NFC", self.filename), f"{at}/filename", "not in Unicode form NFC")


class Translation(Wire, frozen=True, kw_only=True):
    """A translation of the content, as an attachment."""

    language: LanguageTag
    attachment: Ref
    official: bool = False
