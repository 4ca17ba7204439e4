"""
Key cards and delivery cards: a participant's current keys, in its own words.

A key card lists signing keys and is signed by the `identity` key, which the participant keeps offline; a delivery card
lists delivery keys and is signed by an `agent` key of the key card, so the software renews it by itself. What is signed
is the bytes received. A key is good until its own end or its card's, whichever is earlier; closed keys stay listed.
Spec: schemas/directory.md, "Key card", "Delivery card".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeVar

from msgspec import Meta, Struct

from gateway.envelope.contexts import delivery_card_message, key_card_message, possession_message
from gateway.envelope.form import Form, encode
from gateway.envelope.keys import PublicKey, SigningKey, Use
from gateway.envelope.primitives import verify
from gateway.envelope.trust import KeyRecord
from gateway.envelope.wire import AddressField, Bytes16, Bytes32, Uint
from gateway.errors import Rejected
from gateway.ids import KeyId, participant_of

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from gateway.envelope.keys import Keyring

__all__ = [
    "CARD_USES",
    "DELIVERY_CARD_S",
    "DELIVERY_KEY_S",
    "GATEWAY_USES",
    "KEY_CARD_S",
    "CardKey",
    "DeliveryCard",
    "DeliveryCardKey",
    "KeyCard",
    "Reads",
    "SignedCard",
    "card_path",
    "parse_card",
    "sign_delivery_card",
    "sign_key_card",
    "verify_delivery_card",
    "verify_key_card",
]

_DAY_S: Final = 86_400
KEY_CARD_S: Final = 400 * _DAY_S  # a year, and a month to fetch the identity key from the safe
DELIVERY_CARD_S: Final = 60 * _DAY_S
DELIVERY_KEY_S: Final = 31 * _DAY_S  # sealed to for so long; the private half is destroyed 91 days after that
MAX_CARD_BYTES: Final = 48 * 1024  # 256 keys of at most 160 bytes
_MAX_KEYS: Final = 256  # closed keys stay listed: 20 years of a key a month

CARD_USES: Final = frozenset({Use.AUTHOR, Use.AGENT, Use.APPROVAL})
GATEWAY_USES: Final = CARD_USES | {Use.LOG, Use.OPERATOR}

_Signature = Annotated[bytes, Meta(min_length=64, max_length=64)]
_Version = Annotated[str, Meta(pattern=r"\A(0|[1-9][0-9]{0,3})(\.(0|[1-9][0-9]{0,3})){2}\Z")]
_KindName = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9.-]{1,95}\Z")]
T = TypeVar("T")


class SignedCard(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True, kw_only=True):
    """The bytes of a card, and who signed them."""

    card: bytes
    key_id: Bytes16
    signature: _Signature


class CardKey(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True, kw_only=True):
    """
    A signing key on a key card.

    Args:
        use: What it is for; never `identity`, never `delivery-1`.
        key: 32 bytes.
        not_before: First second of its use.
        not_after: First second after its use.
        possession: Its signature over its own key id: nobody lists a key that is not in its hands.
    """

    use: Use
    key: Bytes32
    not_before: Uint
    not_after: Uint
    possession: _Signature

    @classmethod
    def of(cls, key: SigningKey, not_before: int, not_after: int) -> CardKey:
        """List a key that is held here."""
        public = key.public
        proof = key.sign(possession_message(public.key_id))
        return cls(use=public.use, key=public.key, not_before=not_before, not_after=not_after, possession=proof)


class KeyCard(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True, kw_only=True):
    """
    A participant's signing keys.

    Args:
        version: `K1`.
        address: Whose card it is.
        serial: Above that of every earlier card.
        issued: When it was signed.
        expires: At most `KEY_CARD_S` later.
        keys: All keys that ever were, closed ones too.
    """

    version: Literal["K1"] = "K1"
    address: AddressField
    serial: Uint
    issued: Uint
    expires: Uint
    keys: Annotated[tuple[CardKey, ...], Meta(min_length=1, max_length=_MAX_KEYS)]

    def records(self) -> list[KeyRecord]:
        """Return the keys as the envelope asks for them; no key outlives its card."""
        return [
            KeyRecord.of(PublicKey(self.address, key.use, key.key), key.not_before, min(key.not_after, self.expires))
            for key in self.keys
        ]


class DeliveryCardKey(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True, kw_only=True):
    """A key that deliveries are sealed to, for at most `DELIVERY_KEY_S`."""

    key: Bytes32
    not_before: Uint
    not_after: Uint


class Reads(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True, kw_only=True):
    """The schema versions of one kind that a participant's software reads."""

    kind: _KindName
    versions: Annotated[tuple[_Version, ...], Meta(min_length=1, max_length=32)]


class DeliveryCard(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True, kw_only=True):
    """
    A participant's delivery keys, and what its software understands.

    Args:
        version: `D1`.
        address: Whose card it is.
        serial: Above that of every earlier card.
        issued: When it was signed; the agent key must have been good then.
        expires: At most `DELIVERY_CARD_S` later.
        keys: All keys that ever were, closed ones too.
        suites: Envelope suites that it opens.
        reads: Kinds and schema versions that it reads.
    """

    version: Literal["D1"] = "D1"
    address: AddressField
    serial: Uint
    issued: Uint
    expires: Uint
    keys: Annotated[tuple[DeliveryCardKey, ...], Meta(min_length=1, max_length=_MAX_KEYS)]
    suites: Annotated[tuple[Annotated[int, Meta(ge=1, le=255)], ...], Meta(min_length=1, max_length=16)]
    reads: Annotated[tuple[Reads, ...], Meta(max_length=128)]

    def records(self) -> list[KeyRecord]:
        """Return the keys as the envelope asks for them; no key outlives its card."""
        return [
            KeyRecord.of(PublicKey(self.address, Use.DELIVERY, key.key), key.not_before, min(key.not_after, self.expires))
            for key in self.keys
        ]


_SIGNED: Final = Form(SignedCard, "signed card", MAX_CARD_BYTES + 128)
_KEY_CARD: Final = Form(KeyCard, "key card", MAX_CARD_BYTES)
_DELIVERY_CARD: Final = Form(DeliveryCard, "delivery card", MAX_CARD_BYTES)


def card_path(card: KeyCard | DeliveryCard) -> str:
    """Return the path of a card among the directory's targets."""
    return f"cards/{participant_of(card.address)}/{'key' if isinstance(card, KeyCard) else 'delivery'}"


def sign_key_card(card: KeyCard, identity: SigningKey) -> bytes:
    """Sign a key card; what comes back is what is published."""
    data = encode(card)
    signature = identity.sign(key_card_message(data))
    signed = encode(SignedCard(card=data, key_id=identity.key_id, signature=signature))
    verify_key_card(signed, identity.public)
    return signed


def sign_delivery_card(card: DeliveryCard, keyring: Keyring) -> bytes:
    """Sign a delivery card with the agent key; what comes back is what is published."""
    data = encode(card)
    _check_delivery_card(_form(_DELIVERY_CARD, data))
    key_id, signature = keyring.sign(Use.AGENT, delivery_card_message(data))
    return encode(SignedCard(card=data, key_id=key_id, signature=signature))


def parse_card(data: bytes) -> tuple[SignedCard, KeyCard | DeliveryCard]:
    """
    Read a card of either kind without verifying it.

    Raises:
        Rejected: `card-bad`, it is neither.
    """
    signed = _form(_SIGNED, data)
    try:
        return signed, _KEY_CARD.decode(signed.card)
    except Rejected:
        return signed, _form(_DELIVERY_CARD, signed.card)


def verify_key_card(data: bytes, identity: PublicKey, uses: Container[Use] = GATEWAY_USES) -> KeyCard:
    """
    Read a key card that `identity` signed.

    Args:
        data: The signed card.
        identity: The key that the authority lists for the participant.
        uses: Uses that this participant may list: `CARD_USES`, for a gateway `GATEWAY_USES`.

    Raises:
        Rejected: `card-bad` (form, signature, times), `possession`, `bad-key` or `key-taken`.
    """
    # 1. form, holder, signature over the bytes received
    signed = _form(_SIGNED, data)
    card = _form(_KEY_CARD, signed.card)
    if card.address != identity.address or signed.key_id != identity.key_id:
        raise Rejected(f"the card of {card.address} is not signed by the identity key of {identity.address}", code="card-bad")
    if not verify(identity.key, key_card_message(signed.card), signed.signature):
        raise Rejected(f"the signature of the key card of {card.address} does not verify", code="card-bad")
    # 2. times
    _check_lifetime(card.issued, card.expires, KEY_CARD_S)
    # 3. each key: a use it may list, its own possession, in no second place
    for key, record in zip(card.keys, card.records(), strict=True):
        if key.use not in uses:
            raise Rejected(f"a key card of {card.address} lists a key for {key.use}", code="card-bad")
        _check_window(key.not_before, key.not_after, KEY_CARD_S)
        if not verify(key.key, possession_message(record.key_id), key.possession):
            raise Rejected(f"the {key.use} key {record.key_id.hex()} does not prove its possession", code="possession")
    _check_distinct([identity.key, *(key.key for key in card.keys)])
    return card


def verify_delivery_card(data: bytes, key_card: KeyCard, revoked: Container[KeyId] = ()) -> DeliveryCard:
    """
    Read a delivery card that an agent key of `key_card` signed.

    Args:
        data: The signed card.
        key_card: The verified key card of the same participant.
        revoked: Key ids that were revoked; what such a key ever signed here is void, for it can date a card back.

    Raises:
        Rejected: `card-bad` (form, signature, times), `bad-key` or `key-taken`.
    """
    signed = _form(_SIGNED, data)
    card = _form(_DELIVERY_CARD, signed.card)
    agents = {record.key_id: record for record in key_card.records() if record.use is Use.AGENT}
    agent = agents.get(KeyId(signed.key_id))
    if card.address != key_card.address or agent is None or agent.key_id in revoked or not agent.current(card.issued):
        raise Rejected(f"the delivery card of {card.address} is not signed by a good agent key", code="card-bad")
    if not verify(agent.key, delivery_card_message(signed.card), signed.signature):
        raise Rejected(f"the signature of the delivery card of {card.address} does not verify", code="card-bad")
    _check_delivery_card(card)
    return card


def _check_delivery_card(card: DeliveryCard) -> None:
    _check_lifetime(card.issued, card.expires, DELIVERY_CARD_S)
    for key in card.keys:
        _check_window(key.not_before, key.not_after, DELIVERY_KEY_S)
    _check_distinct([key.key for key in card.keys])
    card.records()  # refuses keys of low order
    if len({reads.kind for reads in card.reads}) != len(card.reads):
        raise Rejected(f"the delivery card of {card.address} names a kind twice", code="card-bad")


def _check_lifetime(issued: int, expires: int, most_s: int) -> None:
    if not issued < expires <= issued + most_s:
        raise Rejected(f"a card lives {expires - issued} s, at most {most_s}", code="card-bad")


def _check_window(not_before: int, not_after: int, most_s: int) -> None:
    if not not_before <= not_after <= not_before + most_s:
        raise Rejected(f"a key is used for {not_after - not_before} s, at most {most_s}", code="card-bad")


def _check_distinct(keys: Sequence[bytes]) -> None:
    if len(set(keys)) != len(keys):
        raise Rejected("a card has one key in two places", code="key-taken")


def _form(form: Form[T], data: bytes) -> T:
    try:
        return form.decode(data)
    except Rejected as exc:
        raise Rejected(exc.detail, code="card-bad") from exc
