"""Code lists of things and organisations that information is about."""

from __future__ import annotations

from typing import Final

from gateway.message.codelist import CodeList, rows

__all__ = ["ENTITY_TYPES"]

ENTITY_TYPES: Final = CodeList(
    id="entity-types",
    version="1",
    title="type of an organisation or a thing",
    source="gateway",
    closed=False,
    rows=rows(
        {
            "armed-unit": "unit of armed forces or of an armed group",
            "organisation": "organisation, authority or party",
            "company": "company or other business",
            "vehicle": "vehicle",
            "vessel": "vessel",
            "aircraft": "aircraft, manned or not",
            "weapon": "weapon",
            "ammunition": "ammunition or explosive",
            "device": "telephone, computer or other device",
            "phone-number": "telephone number",
            "email-address": "e-mail address",
            "online-account": "account on a platform",
            "domain-name": "internet domain name",
            "bank-account": "account with a bank",
            "crypto-wallet": "address of a crypto-asset",
            "document": "document or record",
            "object": "other object",
        }
    ),
)
