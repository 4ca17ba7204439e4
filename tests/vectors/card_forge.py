"""
What the vector cases of cards are made with: two participants, a gateway, cards that can be spoilt before they are signed.

Nothing here refuses: cards are joined from lists, so that every defect can be written. The same bytes come out each time.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any, Final

import msgspec

from gateway.directory.entries import KeyRevocation, Revocations, WhoIsWho, encode_revocations, encode_who
from gateway.envelope.contexts import delivery_card_message, key_card_message, possession_message
from gateway.envelope.keys import SigningKey, Use
from tests.support.network import Member, make_member

__all__ = ["DAY", "GATE", "ME", "NOW", "OTHER", "base64", "delivery", "directory", "key", "key_card", "row", "signed"]

DAY: Final = 86_400
NOW: Final = 4_070_908_800
ME, OTHER = make_member("NCB-QM"), make_member("GN-QN")
GATE = make_member("GW-ICN", gateway=True)


def base64(data: bytes) -> str:
    """Return bytes as they stand in a file."""
    return b64encode(data).decode()


def key(signing: SigningKey, begin: int = NOW, end: int = NOW + 400 * DAY, proof: bytes | None = None) -> list[Any]:
    """Return a key as it stands on a key card."""
    possession = signing.sign(possession_message(signing.public.key_id)) if proof is None else proof
    return [signing.public.use.value, signing.public.key, begin, end, possession]


def signed(elements: list[Any], signer: SigningKey, *, delivery: bool = False) -> bytes:
    """Sign a card of any elements."""
    card = msgspec.msgpack.encode(elements)
    message = delivery_card_message(card) if delivery else key_card_message(card)
    return msgspec.msgpack.encode([card, signer.key_id, signer.sign(message)])


def key_card(member: Member = ME, keys: list[Any] | None = None, signer: SigningKey | None = None, **changes: Any) -> bytes:
    """Return a key card; `changes` are elements by name."""
    listed = [key(one) for one in member.signing] if keys is None else keys
    fields = {
        "version": "K1",
        "address": member.address,
        "serial": 1,
        "issued": NOW,
        "expires": NOW + 400 * DAY,
        "keys": listed,
    }
    return signed(list({**fields, **changes}.values()), signer or member.identity)


def delivery(member: Member = ME, signer: SigningKey | None = None, **changes: Any) -> bytes:
    """Return a delivery card; `changes` are elements by name."""
    fields = {
        "version": "D1",
        "address": member.address,
        "serial": 1,
        "issued": NOW,
        "expires": NOW + 60 * DAY,
        "keys": [[member.delivery[0].public.key, NOW, NOW + 31 * DAY]],
        "suites": [1],
        "reads": [["cooperation.request", ["1.0.0"]], ["information.report", ["1.0.0"]]],
    }
    return signed(list({**fields, **changes}.values()), signer or member.key(Use.AGENT), delivery=True)


def row(signing: SigningKey, at: int = NOW + DAY, reason: str = "stolen") -> dict[str, Any]:
    """Return a revocation."""
    return {"key_id": signing.key_id.hex(), "revoked_at": at, "reason": reason}


def directory(*rows: dict[str, Any], who: str | None = None, cards: dict[str, bytes] | None = None) -> dict[str, Any]:
    """Return a directory of three with their cards, as it stands in a file."""
    members = (ME, OTHER, GATE)
    listed = WhoIsWho(network="icn", exercise=False, entries=tuple(one.entry for one in members), groups={})
    revoked = Revocations(network="icn", keys=tuple(KeyRevocation(**one) for one in rows))
    standing = {f"cards/{one.entry.participant}/key": key_card(one) for one in members}
    standing |= {f"cards/{one.entry.participant}/delivery": delivery(one) for one in (ME, OTHER)}
    return {
        "network": "icn",
        "who": encode_who(listed).decode() if who is None else who,
        "revocations": encode_revocations(revoked).decode(),
        "cards": {path: base64(card) for path, card in {**standing, **(cards or {})}.items()},
    }
