"""Vector cases that open: one for each way in which deliveries rightly differ."""

from __future__ import annotations

from gateway.envelope import Use
from gateway.ids import Address
from tests.envelope.world import DAY, GATEWAY, NOW, SENDER, delivery_key, signing_key
from tests.vectors.envelope_case import Case
from tests.vectors.envelope_checks import approved, approved_for_gateway, relayed, times
from tests.vectors.envelope_forge import ME, UNKNOWN_KIND, Forge
from tests.vectors.envelope_forms import Make

AUTHOR = signing_key(SENDER, Use.AUTHOR)
AGENT = signing_key(SENDER, Use.AGENT)
INNER_BYTES = 89  # around a content of 256 to 65535 bytes, the mark included: the array, key id, signature and bin16


def opens(name: str, about: str, make: Make = lambda _: None) -> Case:
    """Return a case that opens."""
    return Case(f"valid-{name}", about, "", "", make)


def to(count: int) -> Make:
    """Return a setup with this many recipients, me among them."""
    others = [Address(f"NCB-X{number:02}@icn") for number in range(1, count)]
    return lambda forge: setattr(forge, "recipients", [*others, ME])


def content_of(length: int) -> Make:
    """Return a setup with a content of this many bytes."""
    return lambda forge: setattr(forge, "content", b'"' + b"x" * (length - 2) + b'"')


def _sealed_by_gateway(forge: Forge) -> None:
    forge.sealer = GATEWAY
    forge.header["kind"] = "request.response"


def _older_key(forge: Forge) -> None:
    forge.keys[ME] = delivery_key(ME, 1)
    forge.my_keys = [delivery_key(ME, 2), delivery_key(ME, 1)]
    forge.world.records.pop(delivery_key(ME, 1).key_id)
    forge.world.add(delivery_key(ME, 2).public)


def _closed_since(forge: Forge) -> None:
    forge.relist(AUTHOR, not_after=NOW + 61)
    forge.relist(AGENT, not_before=NOW + 60)


def _edge_of_time(forge: Forge) -> None:
    forge.header.update(created=NOW + 60 - 7 * DAY, expires=NOW + 60 - 7 * DAY + 90 * DAY)
    forge.now = NOW + 60 - 300


VALID = [
    opens("1-recipient", "The smallest envelope: one recipient, an empty proof.", to(1)),
    opens("2-recipients", "Two recipients.", to(2)),
    opens("3-recipients", "Three recipients: an odd tree.", to(3)),
    opens("30-recipients", "Thirty recipients.", to(30)),
    opens("33-recipients", "A tree of one leaf more than a power of two.", to(33)),
    opens("4096-recipients", "The most recipients that an envelope has, and the longest proof.", to(4096)),
    opens("sealed-by-gateway", "A kind that the gateway of the sender's network may seal.", _sealed_by_gateway),
    opens("approved", "A kind that needs a second officer, approved.", approved()),
    opens("approved-without-need", "A good approval that the kind does not need.", approved(kind="cooperation.request")),
    opens(
        "approved-unknown-kind", "A kind not known, approved; what it may be is asked in step 8.", approved(kind=UNKNOWN_KIND)
    ),
    opens(
        "approved-sealed-by-gateway",
        "Sealed by the gateway, approved by an officer of the sender.",
        approved_for_gateway(SENDER),
    ),
    opens("relayed", "From another network: two accepted receipts.", relayed),
    opens(
        "relayed-clocks-apart", "My network's clock is 300 s behind the first one's.", lambda f: relayed(f, NOW + 390, NOW + 90)
    ),
    opens("older-delivery-key", "Sealed to my older key, which I still have and the directory lists no more.", _older_key),
    opens("keys-at-the-edge", "Signed in the last second of the author key and in the first of the agent key.", _closed_since),
    opens(
        "key-revoked-later",
        "The agent key was revoked a second after the acceptance.",
        lambda f: f.relist(AGENT, revoked=NOW + 61),
    ),
    opens("times-at-the-edge", "As old, as long-lived and as far ahead of my clock as is allowed.", _edge_of_time),
    opens("created-ahead", "Created 300 s after it was accepted.", times(created=NOW + 360)),
    opens(
        "reply-with-blobs",
        "An answer with a date wanted, and two blobs.",
        times(in_reply_to=bytes(range(32)), respond_by=NOW + 7 * DAY, blobs=(bytes(32), b"\xff" * 32)),
    ),
    opens("empty-content", "Content of no bytes; whether it is JSON is asked later.", lambda f: setattr(f, "content", b"")),
    opens(
        "text-beyond-ascii",
        "Content in several scripts.",
        lambda f: setattr(f, "content", '{"facts":"ćirilica ћ, 中文, 😀"}'.encode()),
    ),
    opens("padded-to-1024-exactly", "The largest content of the smallest body.", content_of(1024 - INNER_BYTES)),
    opens("padded-to-1088", "One byte more.", content_of(1025 - INNER_BYTES)),
    opens("content-of-10000-bytes", "A larger step of the padding.", content_of(10_000)),
]
