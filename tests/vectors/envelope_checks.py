"""Vector cases for opening steps 2 to 4: accepted by whom, when, and sealed by whom."""

from __future__ import annotations

from hashlib import sha512

from gateway.envelope import Use, contexts
from gateway.ids import Address
from tests.envelope.world import DAY, GATEWAY, NOW, SENDER, signing_key
from tests.vectors.envelope_case import Case
from tests.vectors.envelope_forge import ME, OTHER, UNKNOWN_KIND, Acceptance, Edit, Forge, change, flip
from tests.vectors.envelope_forms import Make, refused

GATEWAY_XA = Address("GW-XA@xnet")
NCB_XA = Address("NCB-XA@xnet")
AGENT_OF_SENDER = signing_key(SENDER, Use.AGENT)
AGENT_OF_GATEWAY = signing_key(GATEWAY, Use.AGENT)
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493  # of Ed25519
NEEDS_APPROVAL = "protection.measure"


def inside(reason: str, name: str, about: str, make: Make) -> Case:
    """Return a case that is `cannot-open` to the outside."""
    return Case(name, about, "cannot-open", reason, make)


def acceptance(**changes: object) -> Make:
    """Return a setup with one accepted receipt that is changed."""
    return lambda forge: setattr(forge, "acceptances", [Acceptance(**changes)])  # type: ignore[arg-type]


def times(**changes: object) -> Make:
    """Return a setup with header fields that are changed before the author signs."""
    return lambda forge: forge.header.update(changes)


def relayed(forge: Forge, first: int = NOW + 60, last: int = NOW + 90) -> None:
    """Let the sender be in another network than mine: two gateways accept."""
    forge.sender = NCB_XA
    forge.acceptances = [Acceptance(gateway=GATEWAY_XA, at=first), Acceptance(at=last, number=42)]
    forge.directory_version = 3


def agent(key_of: Address, use: Use = Use.AGENT) -> Make:
    """Return a setup in which this key signs the seal."""
    return lambda forge: setattr(forge, "agent", signing_key(key_of, use))


def approved(key_of: Address = SENDER, use: Use = Use.APPROVAL, kind: str = NEEDS_APPROVAL) -> Make:
    """Return a setup of a kind that needs an approval, signed with this key."""

    def make(forge: Forge) -> None:
        forge.header["kind"] = kind
        forge.approver = signing_key(key_of, use)

    return make


def bad_signature(place: int) -> Edit:
    """Return a change of one bit in a signature of the common part."""
    return change(place, lambda pair: [pair[0], flip(0)(pair[1])])


def _relayed_once(forge: Forge) -> None:
    relayed(forge)
    forge.acceptances.pop()


def _accepted_twice(forge: Forge) -> None:
    forge.acceptances = [Acceptance(), Acceptance(number=42)]


def _relayed_by_strangers(forge: Forge) -> None:
    relayed(forge)
    forge.acceptances[0] = Acceptance(gateway=GATEWAY, number=40)


def _sealed_elsewhere(forge: Forge) -> None:
    forge.header["kind"] = "request.response"
    forge.sealer = GATEWAY_XA
    forge.directory_version = 3


def _bad_receipt_signature(forge: Forge) -> None:
    forge.edit["signed receipt"] = change(2, flip(63))


def _approval_spoiled(forge: Forge, kind: str = NEEDS_APPROVAL) -> None:
    approved(kind=kind)(forge)
    forge.edit["common"] = bad_signature(6)


def _respelled_signature(forge: Forge) -> None:
    """S plus the group order: the same number to a careless verifier, and another spelling of the signature."""

    def add_order(pair: list[bytes]) -> list[bytes]:
        number = int.from_bytes(pair[1][32:], "little") + GROUP_ORDER
        return [pair[0], pair[1][:32] + number.to_bytes(32, "little")]

    forge.edit["common"] = change(5, add_order)


def _small_order_point(forge: Forge) -> None:
    """R is the identity point: S = k*a fits the equation, and no careful signer makes such a signature."""
    digest = bytearray(sha512(AGENT_OF_SENDER.unsafe_export()).digest()[:32])
    digest[0] &= 248
    digest[31] = digest[31] & 63 | 64
    point = bytes([1]) + bytes(31)

    def sign(pair: list[bytes]) -> list[bytes]:
        message = contexts.seal_message(forge.envelope_hash)
        k = int.from_bytes(sha512(point + AGENT_OF_SENDER.public.key + message).digest(), "little")
        number = k * int.from_bytes(digest, "little") % GROUP_ORDER
        return [pair[0], point + number.to_bytes(32, "little")]

    forge.edit["common"] = change(5, sign)


def approved_for_gateway(key_of: Address, kind: str = "request.response") -> Make:
    """Return a setup in which the gateway sealed, and an officer approved who has this address."""

    def make(forge: Forge) -> None:
        approved(key_of, kind=kind)(forge)
        forge.sealer = GATEWAY
        forge.world.approved.add("request.response")

    return make


def _sealed_by_a_participant(forge: Forge) -> None:
    forge.header["kind"] = "request.response"
    forge.sealer = OTHER


def _unknown_kind_by_gateway(forge: Forge) -> None:
    approved(kind=UNKNOWN_KIND)(forge)
    forge.sealer = GATEWAY


STEP_2 = [
    inside("accepted-count", "accepted-twice", "Two accepted receipts for mail that was not relayed.", _accepted_twice),
    inside("accepted-count", "accepted-once-relayed", "Relayed mail without the receipt of my own network.", _relayed_once),
    inside(
        "accepted-event",
        "accepted-event-held",
        "A receipt of the gateway that says held.",
        acceptance(event="held", number=None),
    ),
    inside("accepted-subject", "accepted-subject-other", "Accepted from another sender.", acceptance(subject=OTHER)),
    inside("accepted-hash", "accepted-hash-other", "Accepted another envelope.", acceptance(envelope_hash=bytes(32))),
    inside("accepted-signer", "accepted-by-a-participant", "Signed by one who is no gateway.", acceptance(gateway=OTHER)),
    inside("accepted-signer", "accepted-by-another-network", "The gateway of another network.", acceptance(gateway=GATEWAY_XA)),
    inside("accepted-signer", "accepted-first-by-mine", "Relayed mail, first accepted by my gateway.", _relayed_by_strangers),
    inside(
        "accepted-key",
        "accepted-key-author",
        "Signed with a key for another use.",
        acceptance(signer=signing_key(GATEWAY, Use.AUTHOR)),
    ),
    inside("accepted-key", "accepted-key-other", "Signed with the key of a participant.", acceptance(signer=AGENT_OF_SENDER)),
    inside(
        "accepted-key",
        "accepted-key-revoked",
        "The gateway's key was revoked before.",
        lambda forge: forge.relist(AGENT_OF_GATEWAY, revoked=NOW + 60),
    ),
    inside("accepted-signature", "accepted-signature-bad", "A bit of the gateway's signature.", _bad_receipt_signature),
]

STEP_3 = [
    refused("expired", "expired-when-accepted", "Accepted in the second in which it expired.", times(expires=NOW + 60)),
    refused(
        "out-of-time",
        "created-long-before",
        "Created more than 7 days before it was accepted.",
        times(created=NOW + 59 - 7 * DAY),
    ),
    refused("out-of-time", "created-after", "Created more than 300 s after it was accepted.", times(created=NOW + 361)),
    refused("out-of-time", "lives-too-long", "Expires more than 90 days after created.", times(expires=NOW + 90 * DAY + 1)),
    refused(
        "out-of-time",
        "first-after-last",
        "My network accepted it more than 300 s before the first one did.",
        lambda forge: relayed(forge, first=NOW + 391, last=NOW + 90),
    ),
    refused(
        "clock-skew", "accepted-in-my-future", "Accepted more than 300 s after now.", lambda f: setattr(f, "now", NOW - 241)
    ),
    refused(
        "sealer-not-allowed",
        "sealer-a-participant",
        "Sealed by a recipient, as the header says.",
        lambda f: setattr(f, "sealer", OTHER),
    ),
    refused(
        "sealer-not-allowed",
        "sealer-gateway-for-this-kind",
        "A kind that only its author may seal.",
        lambda f: setattr(f, "sealer", GATEWAY),
    ),
    refused(
        "sealer-not-allowed",
        "sealer-gateway-of-another-network",
        "The gateway of a network that is not the sender's.",
        _sealed_elsewhere,
    ),
    refused(
        "sealer-not-allowed",
        "sealer-a-participant-for-gateways",
        "Sealed by a participant, of a kind that gateways may seal.",
        _sealed_by_a_participant,
    ),
    refused(
        "sealer-not-allowed", "sealer-gateway-unknown-kind", "No gateway seals a kind not known.", _unknown_kind_by_gateway
    ),
]

STEP_4 = [
    inside(
        "seal-key",
        "seal-key-unknown",
        "A key that is not in the directory.",
        lambda f: f.world.records.pop(AGENT_OF_SENDER.key_id),
    ),
    inside("seal-key", "seal-key-of-a-recipient", "Sealed anew by a recipient with its own key.", agent(ME)),
    inside("seal-key", "seal-key-author", "Sealed with a key for another use.", agent(SENDER, Use.AUTHOR)),
    inside(
        "seal-key",
        "seal-key-not-yet",
        "The key was good a second later.",
        lambda forge: forge.relist(AGENT_OF_SENDER, not_before=NOW + 61),
    ),
    inside(
        "seal-key",
        "seal-key-closed",
        "The key was good until a second before.",
        lambda forge: forge.relist(AGENT_OF_SENDER, not_after=NOW + 60),
    ),
    inside(
        "seal-key",
        "seal-key-revoked",
        "The key was revoked in the second of acceptance.",
        lambda forge: forge.relist(AGENT_OF_SENDER, revoked=NOW + 60),
    ),
    inside(
        "seal-signature",
        "seal-signature-bad",
        "A bit of the sealer's signature.",
        lambda f: f.edit.update(common=bad_signature(5)),
    ),
    inside(
        "seal-signature", "seal-signature-respelled", "S of the signature is not below the group order.", _respelled_signature
    ),
    inside("seal-signature", "seal-signature-small-order", "R of the signature is a point of small order.", _small_order_point),
    inside("approval-missing", "approval-missing", "A kind that needs a second officer.", times(kind=NEEDS_APPROVAL)),
    inside("approval-missing", "approval-missing-unknown-kind", "A kind not known needs one.", times(kind=UNKNOWN_KIND)),
    inside("approval-key", "approval-key-of-the-sealer", "Approved by the gateway that sealed.", approved_for_gateway(GATEWAY)),
    inside("approval-key", "approval-key-other", "Approved by an officer of another participant.", approved(OTHER)),
    inside("approval-key", "approval-key-agent", "Approved with the key that sealed.", approved(use=Use.AGENT)),
    inside("approval-signature", "approval-signature-bad", "A bit of the approval.", _approval_spoiled),
    inside(
        "approval-signature",
        "approval-not-needed-bad",
        "A bad approval where none was needed.",
        lambda forge: _approval_spoiled(forge, "cooperation.request"),
    ),
]
