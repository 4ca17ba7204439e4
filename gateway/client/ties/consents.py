"""
Consents: what originators said about a message in `sharing.consent`, as far as it is in force.

A grant counts from its originator alone, for the whole message, through the last day that it names; a later word of the same
originator that names it, a revocation or another grant, ends it. Whatever else is said allows nothing.
Spec: schemas/messages.md, "Passing on".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.message.information.sharing_consent import Downgrade, Onward, SharingConsent
from gateway.message.shared.times import unix_time
from gateway.policy.onward import Consent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.envelope.header import Header
    from gateway.ids import Address
    from gateway.message import Content
    from gateway.message.information.sharing_consent import SharingConsentBody

__all__ = ["consents_of"]

_DAY_S: Final = 86_400


def consents_of(said: Iterable[tuple[str, Header, Content]]) -> tuple[Consent, ...]:
    """
    Return the consents in force.

    Args:
        said: What names the message, in the order of acceptance: envelope hash in hex, header, content.
    """
    granted: dict[tuple[Address, str], Consent] = {}
    for envelope_hash, header, content in said:
        if not isinstance(content, SharingConsent):
            continue
        body = content.body
        if body.action in {"grant", "revoke"}:
            for earlier in body.earlier_refs:
                granted.pop((header.sender, earlier), None)
        if body.action == "grant" and not body.items:
            granted[header.sender, envelope_hash] = _consent(header.sender, body)
    return tuple(granted.values())


def _consent(by: Address, body: SharingConsentBody) -> Consent:
    to = frozenset(address for one in body.wanted if isinstance(one, Onward) for address in one.to)
    lower = next(((one.tlp, one.confidentiality) for one in body.wanted if isinstance(one, Downgrade)), None)
    until = 0.0 if body.valid_until is None else unix_time(f"{body.valid_until}T00:00:00Z") + _DAY_S
    return Consent(by, until, to, lower)
