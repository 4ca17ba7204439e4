"""
`evidence.manifest`: announces a set of evidence, item by item, before or while it is transferred.

`manifest_sha256` is SHA-256 over the JCS form of `items` as they stand in the bytes, members unknown here included; a hash
that does not fit is refused. The submitter stays the owner, and says on what legal ground the set may leave. Modelled on the
custody fields of CASE and on the Berkeley Protocol; conformance with neither is claimed.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal

import msgspec
from msgspec import Meta

from gateway.ids import Kind
from gateway.message.content import Author, Body, Content
from gateway.message.information.evidence_item import EvidenceItem, EvidenceNumber, Items, check_on_hold
from gateway.message.jcs import as_json, jcs_sha256
from gateway.message.shared.basics import Hash256, Line, Ref, Wire
from gateway.message.shared.custody import Base64
from gateway.message.shared.incident import Incident, Incidents, check_incidents
from gateway.message.shared.refuse import Surroundings, require, require_distinct, require_known

__all__ = ["EvidenceManifest", "EvidenceManifestBody", "ReleaseBasis", "make_manifest", "manifest_hash"]

_BY_MESSAGE: Final = frozenset({"request", "response", "consent"})


class ReleaseBasis(Wire, frozen=True, kw_only=True):
    """
    Why the set may leave its holder.

    Args:
        release_ref: Envelope hash of the request, response or consent.
        reference: Number of an order, or of what was agreed elsewhere.
    """

    type: Literal["request", "response", "consent", "order"]
    release_ref: Hash256 | None = None
    reference: Line | None = None

    def check(self, at: str) -> None:
        """Refuse a ground that is not named."""
        if self.type in _BY_MESSAGE:
            require(self.release_ref, f"{at}/release_ref", "names no message")
        else:
            require(self.reference, f"{at}/reference", "names no order")


class EvidenceManifestBody(Body, frozen=True, kw_only=True):
    """
    The set, and who releases it.

    Args:
        set_id: Number of the set in the holder's register.
        approved_by: The custodian who releases it.
        manifest_sha256: Over the JCS form of `items`; `make_manifest` computes it.
        timestamp_token: RFC 3161 token over `manifest_sha256`.
        sidecar: Attachment with the same as CASE JSON-LD.
        captures: Attachments with web archives (WACZ, WARC) that items were taken from.
    """

    set_id: EvidenceNumber
    release_basis: ReleaseBasis
    approved_by: Author
    items: Items
    manifest_sha256: Hash256
    incidents: Incidents = ()
    timestamp_token: Base64 | None = None
    sidecar: Ref | None = None
    captures: Annotated[Sequence[Ref], Meta(max_length=50)] = ()

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse exhibits that stand twice, roots that are none, and references to nothing."""
        self.release_basis.check(f"{at}/release_basis")
        incidents = check_incidents(self.incidents, f"{at}/incidents")
        require_distinct((item.exhibit_no for item in self.items), f"{at}/items", "exhibit_no")
        roots = {item.exhibit_no: item.root_exhibit_no for item in self.items}
        for index, item in enumerate(self.items):
            item.check(f"{at}/items/{index}", around, incidents)
            item.check_root(f"{at}/items/{index}", roots)
        if self.sidecar is not None:
            require(self.sidecar in around.attachments, f"{at}/sidecar", "refers to nothing in this content")
        require_known(self.captures, around.attachments, f"{at}/captures")


class EvidenceManifest(Content, frozen=True, kw_only=True, tag="evidence.manifest"):
    """Content of `evidence.manifest`."""

    kind: ClassVar[Kind] = Kind("evidence.manifest")

    body: EvidenceManifestBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Check custody and the hash of the manifest on the bytes received, besides every other rule."""
        super().check(understood)
        check_on_hold(self)
        items = msgspec.json.decode(self.raw)["body"]["items"]
        attachments = {one.attachment_id: one for one in self.attachments}
        for index, (item, raw) in enumerate(zip(self.body.items, items, strict=True)):
            item.check_bytes(f"/body/items/{index}", raw, attachments)
        same = self.body.manifest_sha256 == jcs_sha256(items)
        require(same, "/body/manifest_sha256", "not the hash of the items as they stand here")


def manifest_hash(items: Sequence[EvidenceItem]) -> str:
    """Return the `manifest_sha256` of items as they will be written: SHA-256, lower-case hex, over their JCS form."""
    return jcs_sha256(as_json(items))


def make_manifest(
    items: Sequence[EvidenceItem],
    *,
    set_id: str,
    release_basis: ReleaseBasis,
    approved_by: Author,
    incidents: Sequence[Incident] = (),
) -> EvidenceManifestBody:
    """
    Make a manifest that is about to be sent, with its hash.

    Args:
        items: In the order in which they will stand; make their custody with `gateway.message.shared.custody.linked`.
        set_id: Number of the set in the holder's register.
        release_basis: Why the set may leave its holder.
        approved_by: The custodian who releases it.
        incidents: What the items name by local id.
    """
    return EvidenceManifestBody(
        set_id=set_id,
        release_basis=release_basis,
        approved_by=approved_by,
        items=items,
        manifest_sha256=manifest_hash(items),
        incidents=incidents,
    )
