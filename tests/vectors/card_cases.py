"""Vector cases of the directory: cards, publishing, what a home reads. Spec: schemas/directory.md, "Vectors"."""

from __future__ import annotations

import json
from typing import Any

from gateway.envelope.keys import SigningKey, Use
from tests.support.network import counter_rng, make_member
from tests.vectors.card_case import CardCase
from tests.vectors.card_forge import DAY, GATE, ME, NOW, OTHER, base64, delivery, directory, key, key_card, row, signed

__all__ = ["CASES"]

BAD = "card-bad"
AGENT, AUTHOR = ME.key(Use.AGENT), ME.key(Use.AUTHOR)
SPARE = SigningKey.generate(ME.address, Use.AGENT, counter_rng("spare"))
LOG = SigningKey.generate(ME.address, Use.LOG, counter_rng("log"))
TWIN = SigningKey.from_seed(ME.address, Use.APPROVAL, AGENT.unsafe_export())
IDENTITY_AS_AGENT = SigningKey.from_seed(ME.address, Use.AGENT, ME.identity.unsafe_export())
STRANGER = make_member("NCB-XA")
KEYS = [key(one) for one in ME.signing]
SEALED = ME.delivery[0].public.key


def _key(name: str, about: str, card: bytes, code: str = BAD, *, gateway: bool = False) -> CardCase:
    member = GATE if gateway else ME
    given = {"address": member.address, "identity": member.entry.identity, "gateway": gateway, "key_card": base64(card)}
    return CardCase("key-card", name, about, code, given)


def _delivery(name: str, about: str, card: bytes, code: str = BAD, revoked: tuple[SigningKey, ...] = ()) -> CardCase:
    given = {"address": ME.address, "identity": ME.entry.identity, "gateway": False, "key_card": base64(key_card())}
    told = {**given, "delivery_card": base64(card), "revoked": [one.key_id.hex() for one in revoked]}
    return CardCase("delivery-card", name, about, code, told)


def _publish(name: str, about: str, card: bytes, code: str = BAD, **given: Any) -> CardCase:
    rows = given.pop("rows", ())
    told = {"sender": ME.address, "now": NOW + 10 * DAY, **given, **directory(*rows), "card": base64(card)}
    return CardCase("publish", name, about, code, told)


def _view(name: str, about: str, given: dict[str, Any], code: str = "") -> CardCase:
    return CardCase("view", name, about, code, given)


def _who(**changes: Any) -> str:
    """Return `directory.json` with another first entry."""
    listed = json.loads(directory()["who"])
    listed["entries"][0] |= changes
    return json.dumps(listed, separators=(",", ":"))


def _flipped(card: bytes) -> bytes:
    return card[:-1] + bytes([card[-1] ^ 1])


def _next(*keys: list[Any], serial: int = 2) -> bytes:
    return key_card(keys=[*KEYS, *keys], serial=serial)


KEY_CARDS = [
    _key("valid", "A participant's signing keys.", key_card(), ""),
    _key("valid-gateway", "A gateway lists log and operator keys too.", key_card(GATE), "", gateway=True),
    _key("valid-closed-key", "A key that was closed the second it began.", key_card(keys=[*KEYS, key(SPARE, NOW, NOW)]), ""),
    _key("signature", "One bit of the signature.", _flipped(key_card())),
    _key("signer-agent", "An agent key makes no key card.", key_card(signer=AGENT)),
    _key("signer-of-another", "The identity key of another.", key_card(signer=OTHER.identity)),
    _key("address-of-another", "Another's card under this identity key.", key_card(address=OTHER.address)),
    _key("use-log", "Only a gateway lists a log key.", key_card(keys=[*KEYS, key(LOG)])),
    _key("use-unknown", "No such use.", key_card(keys=[["other", *KEYS[0][1:]]])),
    _key("too-long", "A card of 400 days and a second.", key_card(expires=NOW + 400 * DAY + 1)),
    _key("of-no-time", "It ends when it begins.", key_card(expires=NOW)),
    _key("window-too-long", "A key of 400 days and a second.", key_card(keys=[key(AGENT, NOW, NOW + 400 * DAY + 1)])),
    _key("window-backwards", "A key that ends before it begins.", key_card(keys=[key(AGENT, NOW, NOW - 1)])),
    _key("possession", "The listed key did not sign its id.", key_card(keys=[key(AGENT, proof=bytes(64))]), "possession"),
    _key("possession-of-another-use", "A proof for another use of the key.", key_card(
        keys=[["approval", AGENT.public.key, NOW, NOW + DAY, key(AGENT)[4]]]), "possession"),
    _key("key-twice", "One key for two uses.", key_card(keys=[*KEYS, key(TWIN)]), "key-taken"),
    _key("key-is-identity", "The identity key is used for cards alone.", key_card(keys=[key(IDENTITY_AS_AGENT)]), "key-taken"),
    _key("no-keys", "A card without keys.", key_card(keys=[])),
    _key("version", "Another version.", key_card(version="K2")),
    _key("element-extra", "An element too many.", signed(["K1", ME.address, 1, NOW, NOW + DAY, KEYS, None], ME.identity)),
    _key("serial-negative", "No such serial.", key_card(serial=-1)),
    _key("spelling", "A number that is not in its shortest form.", key_card().replace(b"\xce", b"\xcf\0\0\0\0", 1)),
]  # fmt: skip
DELIVERY_CARDS = [
    _delivery("valid", "A participant's delivery keys.", delivery(), ""),
    _delivery("valid-two-keys", "Both open while they rotate.", delivery(
        keys=[[SEALED, NOW, NOW + 31 * DAY], [STRANGER.delivery[0].public.key, NOW, NOW + 31 * DAY]]), ""),
    _delivery("signature", "One bit of the signature.", _flipped(delivery())),
    _delivery("signer-author", "An author key makes no delivery card.", delivery(signer=AUTHOR)),
    _delivery("signer-not-listed", "An agent key that stands on no card.", delivery(signer=SPARE)),
    _delivery("signer-revoked", "The agent key was revoked, at whatever time.", delivery(), revoked=(AGENT,)),
    _delivery("signer-not-yet", "Issued before the agent key began.", delivery(issued=NOW - 1, expires=NOW + DAY)),
    _delivery("address-of-another", "Another's address.", delivery(address=OTHER.address)),
    _delivery("too-long", "A card of 60 days and a second.", delivery(expires=NOW + 60 * DAY + 1)),
    _delivery("window-too-long", "Sealed to for 31 days and a second.", delivery(keys=[[SEALED, NOW, NOW + 31 * DAY + 1]])),
    _delivery("key-twice", "One key twice.", delivery(keys=[[SEALED, NOW, NOW + DAY]] * 2), "key-taken"),
    _delivery("key-of-small-order", "A point that every secret agrees on.",
              delivery(keys=[[bytes(32), NOW, NOW + DAY]]), "bad-key"),
    _delivery("no-suite", "A card without suites.", delivery(suites=[])),
    _delivery("kind-twice", "A kind named twice.", delivery(reads=[["information.report", ["1.0.0"]]] * 2)),
    _delivery("key-card", "A key card in its place.", key_card()),
]  # fmt: skip
PUBLISHED = [
    _publish("valid-key-card", "A new agent key beside the old one.", _next(key(SPARE)), ""),
    _publish("valid-delivery-card", "A later delivery card.", delivery(serial=2), ""),
    _publish("valid-closed-now", "A key is closed early, from now on.", key_card(
        keys=[key(one, end=NOW + (10 if one is AGENT else 400) * DAY) for one in (*ME.signing, SPARE)], serial=2), ""),
    _publish("serial-same", "The serial of the published card.", _next(key(SPARE), serial=1), "card-serial"),
    _publish("serial-lower", "A lower serial.", delivery(serial=0), "card-serial"),
    _publish("of-another", "Who publishes is not whose card it is.", _next(), sender=OTHER.address),
    _publish("stranger", "Nobody of this name is active.", key_card(STRANGER), "sender-unknown", sender=STRANGER.address),
    _publish("key-forgotten", "A listed key is missing.", key_card(keys=KEYS[1:], serial=2)),
    _publish("past-changed", "A key was closed ten days ago, they say now.", key_card(
        keys=[key(one, end=NOW + 1) for one in ME.signing], serial=2)),
    _publish("begin-changed", "A key begins at another time.", key_card(
        keys=[key(one, NOW - 1) for one in ME.signing], serial=2)),
    _publish("key-of-another", "A delivery key that another has.", delivery(
        serial=2, keys=[[SEALED, NOW, NOW + 31 * DAY], [OTHER.delivery[0].public.key, NOW, NOW + DAY]]), "key-taken"),
    _publish("over", "The card is over.", delivery(serial=2), "out-of-time", now=NOW + 60 * DAY),
    _publish("from-the-future", "Issued 301 s ahead.", delivery(serial=2), "out-of-time", now=NOW - 301),
    _publish("dated-back", "The agent key was stolen since.", delivery(serial=2), rows=[row(AGENT)]),
    _publish("identity-revoked", "The identity key signs no more cards.", _next(key(SPARE)), rows=[row(ME.identity)]),
]  # fmt: skip
VIEWS = [
    _view("valid", "Three participants, nothing revoked.", directory()),
    _view("valid-identity-revoked", "A stolen identity key takes all keys of its card along.", directory(row(ME.identity))),
    _view("valid-agent-revoked", "A stolen agent key makes the delivery card void.", directory(row(AGENT))),
    _view("valid-two-rows", "Of two rows the earliest time counts, and `stolen`.",
          directory(row(AUTHOR, NOW + 9, "superseded"), row(AUTHOR, NOW + 99, "stolen"))),
    _view("valid-card-held-back", "A card that does not verify is held back; the rest is used.",
          directory(cards={"cards/NCB-QM/delivery": delivery(signer=SPARE)})),
    _view("valid-suspended", "A suspended participant is not active.", directory(who=_who(status="suspended"))),
    _view("key-in-two-places", "Two participants with one delivery key.",
          directory(cards={"cards/GN-QN/delivery": delivery(OTHER, keys=[[SEALED, NOW, NOW + DAY]])}), "key-taken"),
    _view("identity-twice", "One identity key for two.", directory(who=_who(identity=ME.entry.identity)), "key-taken"),
    _view("participant-twice", "One participant twice.",
          directory(who=_who(participant="NCB-QM", address="NCB-QM@icn")), "directory-untrusted"),
    _view("address-other", "An address that is not the participant's.",
          directory(who=_who(address="NCB-XA@icn")), "directory-untrusted"),
    _view("member-unknown", "A member that no entry has.", directory(who=_who(note="x")), "directory-untrusted"),
    _view("status-unknown", "No such standing.", directory(who=_who(status="gone")), "directory-untrusted"),
    _view("network-other", "A directory of another network.", {**directory(), "network": "euq"}, "network-differs"),
    _view("reason-missing", "A revocation without its reason.",
          {**directory(), "revocations": json.dumps({"network": "icn", "keys": [{"key_id": "00" * 16, "revoked_at": NOW}]})},
          "directory-untrusted"),
    _view("revocations-of-another", "Revocations of another network.",
          {**directory(), "revocations": '{"network":"euq","keys":[]}'}, "network-differs"),
]  # fmt: skip
CASES = [*KEY_CARDS, *DELIVERY_CARDS, *PUBLISHED, *VIEWS]
