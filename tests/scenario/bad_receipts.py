"""Bad receipts: forged, about others, contradicting, in other forms; two dozen in a request, each with its own outcome."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway.envelope import Event, Receipt, Use, contexts, make_receipt
from gateway.ids import EnvelopeHash
from gateway.protocol import media
from tests.scenario.bad import Bad, bin32
from tests.scenario.lines import plain, signed
from tests.scenario.rogues import Rogues
from tests.scenario.town import READER, THIRD, Town, address

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.envelope import Keyring

__all__ = ["forged", "handed_in", "receipt", "receipts"]

_encode: Final = msgspec.msgpack.Encoder().encode
Forged = tuple[str, str, "Callable[[], bytes]"]  # what is wrong, the outcome, a new one


def receipt(
    town: Town,
    name: str,
    envelope_hash: bytes,
    event: Event = Event.OPENED,
    *,
    keyring: Keyring | None = None,
    **changes: Any,
) -> bytes:
    """Sign a receipt as a recipient does, or as somebody else with its keyring."""
    fields: dict[str, Any] = {"event": event, "subject": address(name), "signer": address(name), "at": int(time.time())}
    if event is Event.REJECTED:
        fields["reason"] = "content-schema"
    made = Receipt(**{**fields, "envelope_hash": EnvelopeHash(envelope_hash), "salt": os.urandom(16), **changes})
    return make_receipt(made, keyring or town.member(name).keyring)


def handed_in(town: Town, name: str, found: Sequence[bytes]) -> bytes:
    """Return the request with which a thin client hands in receipts."""
    body = _encode(list(found))
    fields = signed(town.member(name).keyring, "POST", media.RECEIPTS, body=body, kind=media.MSGPACK)
    return plain("POST", media.RECEIPTS, fields, body)


def forged(town: Rogues) -> list[Forged]:
    """Return every kind of bad receipt, for READER to hand in; it has said `opened` to the second message of the town."""
    return [*_misshapen(town), *_unfounded(town)]


def _misshapen(town: Rogues) -> list[Forged]:
    """Other forms and spellings, and fields that the event may not have."""
    keyring = town.member(READER).keyring
    first = town.taken[0].envelope_hash

    def good() -> bytes:
        return receipt(town, READER, first)

    def edited(place: int, change: Callable[[bytes], object]) -> Callable[[], bytes]:
        def make() -> bytes:
            form = msgspec.msgpack.decode(good())
            form[place] = change(form[place])
            return _encode(form)

        return make

    def stated(place: int, value: object) -> Callable[[], bytes]:
        """Sign a receipt with one field that it may not have."""

        def make() -> bytes:
            fields = msgspec.msgpack.decode(msgspec.msgpack.decode(good())[0])
            fields[place] = value
            data = _encode(fields)
            return _encode([data, *keyring.sign(Use.AGENT, contexts.receipt_message(data))])

        return make

    return [
        ("random bytes", "malformed", lambda: b"\xc1" + os.urandom(100)),
        ("an end that is missing", "malformed", lambda: good()[:-1]),
        ("bytes left over", "malformed", lambda: good() + b"\xc0"),
        ("another spelling", "not-canonical", edited(0, bin32)),
        ("too large", "too-large", edited(0, lambda _: bytes(600))),
        ("a signature of zeros", "signature-bad", edited(2, lambda _: bytes(64))),
        ("a key that nobody has", "signature-bad", edited(1, lambda _: os.urandom(16))),
        ("an unknown event", "malformed", stated(0, "received")),
        ("a number where none belongs", "malformed", stated(5, 7)),
        ("a reason where none belongs", "malformed", stated(6, "late")),
        ("rejected without reason", "malformed", stated(0, "rejected")),
        ("half a view of the log", "malformed", stated(7, [bytes(32)])),
        ("a short salt", "malformed", stated(8, bytes(15))),
    ]


def _unfounded(town: Rogues) -> list[Forged]:
    """Of the right form, and nothing that READER can state."""
    me, third = READER, THIRD
    first, second = (town.taken[place].envelope_hash for place in (0, 1))
    stranger, own, other = town.strange_keyring(me), town.member(me).keyring, town.member(third).keyring
    tomorrow, old = int(time.time()) + 86_400, town.now - 86_400
    return [
        ("a stranger's signature", "signature-bad", lambda: receipt(town, me, first, keyring=stranger)),
        ("another participant's signature", "signature-bad", lambda: receipt(town, me, first, keyring=other)),
        ("a time before its key", "signature-bad", lambda: receipt(town, me, first, at=old)),
        ("a time to come", "clock-skew", lambda: receipt(town, me, first, at=tomorrow)),
        ("another recipient's", "not-found", lambda: receipt(town, third, first)),
        ("in another's name", "not-found", lambda: receipt(town, third, first, keyring=own)),
        ("an envelope that is not there", "not-found", lambda: receipt(town, me, os.urandom(32))),
        ("an envelope of others", "not-found", lambda: receipt(town, me, town.unseen.envelope_hash)),
        ("what its application contradicted", "conflict", lambda: receipt(town, me, second, Event.REJECTED)),
        ("what only a gateway states", "malformed", lambda: receipt(town, me, first, Event.HELD)),
        ("accepted", "malformed", lambda: receipt(town, me, first, Event.ACCEPTED, number=1)),
    ]


def receipts(town: Rogues) -> list[Bad]:
    """Return every class."""
    kinds = forged(town)

    def all_kinds(_: int) -> bytes:
        return handed_in(town, READER, [make() for _, _, make in kinds])

    def body(data: bytes) -> bytes:
        fields = signed(town.member(READER).keyring, "POST", media.RECEIPTS, body=data, kind=media.MSGPACK)
        return plain("POST", media.RECEIPTS, fields, data)

    bodies = (
        b"\x90",
        b"\x80",
        b"\xc0",
        b"\x91\xc0",
        b"\x91\xa1x",
        b"\xdd\xff\xff\xff\xff",
        _encode([bytes(10)] * 257),
        _encode([bytes(1025)]),
    )
    return [
        Bad("receipts of every bad kind", tuple(code for _, code, _ in kinds), all_kinds, 3),
        Bad("receipts that are no array of receipts", ("malformed",), lambda number: body(bodies[number % 8])),
    ]
