"""
Vector cases of submissions: what a gateway accepts, and one file for each rule of "Accepting" and "Clear text".

Spec: schemas/envelope.md, "Accepting" and "Clear text".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.envelope import KeyRecord, Signature, Use
from gateway.ids import Address, Network
from tests.envelope.world import CONTENT, DAY, GATEWAY, NOW, SENDER, delivery_key, signing_key
from tests.vectors.envelope_checks import NEEDS_APPROVAL, approved, bad_signature, times
from tests.vectors.envelope_forge import ME, OTHER, THIRD, UNKNOWN_KIND, Forge, change, flip, put, raw
from tests.vectors.envelope_forms import Make, edited, spoiled
from tests.vectors.envelope_limits import all_of
from tests.vectors.submission_case import ClearForge, SealedForge, Submitted

AUTHOR = signing_key(SENDER, Use.AUTHOR)
AGENT = signing_key(SENDER, Use.AGENT)
OTHER_GATEWAY = Address("GW-TWO@icn")
AT = NOW + 60  # when the gateway accepts


def sealed(code: str, name: str, about: str, make: Make, reason: str = "") -> Submitted:
    """Return a case of a sealed submission."""
    return Submitted(f"sealed-{name}", about, code, reason or code, make, SealedForge)


def clear(code: str, name: str, about: str, make: Make, reason: str = "") -> Submitted:
    """Return a case of clear text."""
    return Submitted(f"clear-{name}", about, code, reason or code, make, ClearForge)


def to(*recipients: Address) -> Make:
    """Return a setup with these recipients."""
    return lambda forge: setattr(forge, "recipients", list(recipients))


def stanzas(edit: Callable[[list[Any]], object]) -> Make:
    """Return a setup that changes the list of stanzas, after all was signed."""
    return edited("submission", lambda elements: edit(elements[1]))


def addressees(edit: Callable[[list[Any]], object]) -> Make:
    """Return a setup that changes the list of addressees, after the author signed."""
    return edited("clear", lambda elements: edit(elements[1]))


def delivery_listed(not_before: int = NOW - DAY, not_after: int = NOW + DAY, revoked: int | None = None) -> Make:
    """Return a setup in which the recipient's delivery key has these times."""

    def make(forge: Forge) -> None:
        public = delivery_key(ME).public
        forge.world.records[public.key_id] = KeyRecord.of(public, not_before, not_after, revoked)

    return make


def agent_listed(**changes: int) -> Make:
    """Return a setup in which the sealer's key has other times."""
    return lambda forge: forge.relist(AGENT, **changes)


def author_listed(**changes: int) -> Make:
    """Return a setup in which the author's key has other times."""
    return lambda forge: forge.relist(AUTHOR, **changes)


def attribute(name: str, value: object) -> Make:
    """Return a setup that sets something of the forge."""
    return lambda forge: setattr(forge, name, value)


def _newer(forge: Forge) -> None:
    forge.world.versions[Network("icn")] = 6


def _unlisted(forge: Forge) -> None:
    forge.world.records.pop(delivery_key(ME).key_id)


def _two_gateways(forge: Forge) -> None:
    forge.world.gateways.add(OTHER_GATEWAY)
    forge.sealer = OTHER_GATEWAY


def _needs_approval(forge: Forge) -> None:
    forge.world.approved.add("request.response")


def _signed_by_nobody(forge: Forge) -> None:
    forge.author_signature = Signature(AUTHOR.key_id, bytes(64))


_EARLY, _LATE = times(created=AT - 7 * DAY - 1), times(created=AT + 301)
_LONG, _EXPIRED = times(expires=NOW + 90 * DAY + 1), times(expires=AT)
_SPOILED_SEAL: Make = edited("common", bad_signature(5))
_OTHER_ROOT: Make = stanzas(lambda s: s.__setitem__(0, flip(-1)(s[0])))

SEALED = [
    sealed("", "valid-1-recipient", "The smallest submission.", to(ME)),
    sealed("", "valid-3-recipients", "Three recipients: an odd tree.", to(ME, OTHER, THIRD)),
    sealed("", "valid-approved", "A kind that needs a second officer, approved.", approved()),
    sealed("", "valid-delivery-key-first-second", "The delivery key is current from now on.", delivery_listed(AT)),
    sealed("", "valid-delivery-key-last-second", "The delivery key ends after this second.", delivery_listed(not_after=AT + 1)),
    sealed("", "valid-delivery-key-revoked-later", "It is revoked in a second.", delivery_listed(revoked=AT + 1)),
    sealed(
        "",
        "valid-times-at-the-edge",
        "As old and as long-lived as is allowed.",
        times(created=AT - 7 * DAY, expires=AT + 83 * DAY),
    ),
    sealed(
        "too-large",
        "too-large",
        "An element too many, and too large.",
        edited("submission", lambda e: e.append(bytes(2_144_000))),
    ),
    sealed("malformed", "element-extra", "A third element.", edited("submission", lambda e: e.append(None))),
    sealed("malformed", "without-stanzas", "No stanzas.", stanzas(lambda s: s.clear())),
    sealed(
        "malformed",
        "order-stanzas-4097-before-version",
        "Two defects: a stanza too many, and a later version.",
        all_of(edited("common", put(0, "E2")), stanzas(lambda s: s.__setitem__(slice(None), [b""] * 4097))),
    ),
    sealed("malformed", "stanza-array", "A stanza that is not wrapped in bin.", stanzas(lambda s: s.__setitem__(0, [ME]))),
    sealed(
        "not-canonical",
        "array16",
        "The array says its length in three bytes.",
        spoiled("submission", lambda d: b"\xdc\0\2" + d[1:]),
    ),
    sealed("unknown-version", "version-e2", "A later version of the envelope.", edited("common", put(0, "E2"))),
    sealed("unknown-suite", "suite-2", "A suite that this gateway does not have.", edited("core", put(0, 2))),
    sealed("malformed", "body-not-padded", "A length that nothing is padded to.", spoiled("body", lambda body: body + b"\0")),
    sealed("malformed", "stanza-wrap-of-47-bytes", "A wrap is too short.", edited("stanza", change(3, lambda wrap: wrap[:47]))),
    sealed("directory-ahead", "directory-ahead", "Sealed with a directory that the gateway does not have.", _newer),
    sealed("expired", "expired", "It expires in this second.", _EXPIRED),
    sealed("out-of-time", "created-long-before", "Created more than 7 days ago.", _EARLY),
    sealed("out-of-time", "created-after", "Created more than 300 s ahead.", _LATE),
    sealed("out-of-time", "lives-too-long", "It lives more than 90 days.", _LONG),
    sealed("sealer-not-allowed", "sealer-a-participant", "Sealed by a recipient.", attribute("sealer", OTHER)),
    sealed("sealer-not-allowed", "sealer-gateway", "A kind that only its author may seal.", attribute("sealer", GATEWAY)),
    sealed("cannot-open", "seal-key-closed", "The key was good until now.", agent_listed(not_after=AT), "seal-key"),
    sealed("cannot-open", "seal-key-revoked", "The key was revoked in this second.", agent_listed(revoked=AT), "seal-key"),
    sealed("cannot-open", "seal-key-author", "A key for another use.", attribute("agent", AUTHOR), "seal-key"),
    sealed("cannot-open", "seal-signature-bad", "A bit of the seal.", _SPOILED_SEAL, "seal-signature"),
    sealed("approval-missing", "approval-missing", "A kind that needs a second officer.", times(kind=NEEDS_APPROVAL)),
    sealed("approval-missing", "approval-missing-unknown-kind", "A kind not known.", times(kind=UNKNOWN_KIND)),
    sealed("cannot-open", "approval-key-other", "Approved by another participant.", approved(OTHER), "approval-key"),
    sealed(
        "cannot-open",
        "approval-signature-bad",
        "A bit of the approval.",
        all_of(approved(), edited("common", bad_signature(6))),
        "approval-signature",
    ),
    sealed(
        "recipient-repeated", "recipient-repeated", "A recipient stands twice, as author and sealer signed.", to(ME, OTHER, ME)
    ),
    sealed("addressees-differ", "stanza-missing", "A stanza less than recipients.", stanzas(lambda s: s.pop())),
    sealed("addressees-differ", "stanzas-turned", "The stanzas in another order.", stanzas(lambda s: s.reverse())),
    sealed("addressees-differ", "recipients-miscounted", "The header counts three, and two have stanzas.", times(recipients=3)),
    sealed(
        "addressees-differ", "blind-changed", "A bit of a blind, as the sealer signed.", edited("stanza", change(1, flip(0)))
    ),
    sealed("addressees-differ", "wrap-changed", "A bit of a wrap, not as the sealer signed.", _OTHER_ROOT),
    sealed("recipient-key", "delivery-key-closed", "It was current until now.", delivery_listed(not_after=AT)),
    sealed("recipient-key", "delivery-key-not-yet", "It is current in a second.", delivery_listed(AT + 1)),
    sealed("recipient-key", "delivery-key-revoked", "It was revoked in this second.", delivery_listed(revoked=AT)),
    sealed("recipient-key", "delivery-key-unlisted", "A key that no card lists.", _unlisted),
    sealed("recipient-key", "delivery-key-of-another", "Another one's key.", attribute("keys", {ME: delivery_key(OTHER)})),
    sealed(
        "recipient-key",
        "delivery-key-for-signing",
        "A key of the recipient for another use.",
        edited("stanza", put(2, signing_key(ME, Use.AGENT).key_id)),
    ),
    sealed("directory-ahead", "order-directory-before-expired", "Two defects.", all_of(_newer, _EXPIRED)),
    sealed("expired", "order-expired-before-sealer", "Two defects.", all_of(_EXPIRED, attribute("sealer", OTHER))),
    sealed("cannot-open", "order-seal-before-repeated", "Two defects.", all_of(to(ME, ME), _SPOILED_SEAL), "seal-signature"),
    sealed("recipient-repeated", "order-repeated-before-count", "Two defects.", stanzas(lambda s: s.append(s[0]))),
    sealed("addressees-differ", "order-stanzas-before-key", "Two defects.", all_of(_OTHER_ROOT, _unlisted)),
]

CLEAR = [
    clear("", "valid-1-recipient", "The smallest clear text.", to(ME)),
    clear("", "valid-3-recipients", "Three recipients.", to(ME, OTHER, THIRD)),
    clear("", "valid-empty-content", "Content of no bytes; whether it is JSON is asked later.", attribute("content", b"")),
    clear(
        "too-large", "too-large", "An element too many, and too large.", edited("clear", lambda e: e.append(bytes(1_574_000)))
    ),
    clear("too-large", "content-too-large", "A content of 1 MiB and one byte.", attribute("content", bytes((1 << 20) + 1))),
    clear("malformed", "element-missing", "The content is missing.", edited("clear", lambda e: e.pop())),
    clear("malformed", "without-addressees", "No addressees.", addressees(lambda a: a.clear())),
    clear(
        "malformed",
        "addressee-without-network",
        "A participant is no address.",
        addressees(lambda a: a[0].__setitem__(0, "GN-QN")),
    ),
    clear("malformed", "blind-of-15-bytes", "A blind is too short.", addressees(lambda a: a[0].__setitem__(1, bytes(15)))),
    clear("malformed", "header-urgency-unknown", "An urgency that does not exist.", edited("header", put(7, "asap"))),
    clear(
        "not-canonical",
        "author-key-id-bin16",
        "It says its length in two bytes.",
        edited("clear", change(2, lambda k: raw("c50010" + k.hex()))),
    ),
    clear("expired", "expired", "It expires in this second.", _EXPIRED),
    clear("out-of-time", "created-long-before", "Created more than 7 days ago.", _EARLY),
    clear("out-of-time", "created-after", "Created more than 300 s ahead.", _LATE),
    clear("out-of-time", "lives-too-long", "It lives more than 90 days.", _LONG),
    clear(
        "sealer-not-allowed",
        "sealer-the-sender",
        "What its author is to seal is not handed over in clear.",
        attribute("sealer", SENDER),
    ),
    clear("sealer-not-allowed", "sealer-another-gateway", "Another gateway of this network was to seal it.", _two_gateways),
    clear(
        "sealer-not-allowed",
        "kind-only-its-author-seals",
        "A kind that no gateway may seal.",
        times(kind="cooperation.request"),
    ),
    clear("approval-missing", "kind-needs-approval", "Clear text carries no approval.", _needs_approval),
    clear("cannot-open", "author-key-agent", "A key for another use.", attribute("author", AGENT), "author-key"),
    clear(
        "cannot-open",
        "author-key-of-another",
        "Another one's key.",
        attribute("author", signing_key(OTHER, Use.AUTHOR)),
        "author-key",
    ),
    clear("cannot-open", "author-key-closed", "The key was good until now.", author_listed(not_after=AT), "author-key"),
    clear("cannot-open", "author-key-revoked", "The key was revoked in this second.", author_listed(revoked=AT), "author-key"),
    clear("cannot-open", "author-signature-bad", "The signature is 64 zero bytes.", _signed_by_nobody, "author-signature"),
    clear(
        "cannot-open",
        "author-signed-other-content",
        "Another content.",
        edited("clear", put(4, CONTENT + b" ")),
        "author-signature",
    ),
    clear("recipient-repeated", "recipient-repeated", "A recipient stands twice, as the author signed.", to(ME, OTHER, ME)),
    clear("addressees-differ", "addressee-missing", "One less than recipients.", addressees(lambda a: a.pop())),
    clear("addressees-differ", "addressees-turned", "The addressees in another order.", addressees(lambda a: a.reverse())),
    clear("addressees-differ", "recipients-miscounted", "The header counts three of two.", times(recipients=3)),
    clear(
        "recipient-key",
        "recipient-without-key",
        "A recipient has no delivery key that is current.",
        delivery_listed(not_after=AT),
    ),
    clear(
        "cannot-open", "order-author-before-repeated", "Two defects.", all_of(to(ME, ME), _signed_by_nobody), "author-signature"
    ),
    clear("approval-missing", "order-approval-before-author", "Two defects.", all_of(_needs_approval, _signed_by_nobody)),
    clear(
        "addressees-differ", "order-addressees-before-key", "Two defects.", all_of(addressees(lambda a: a.reverse()), _unlisted)
    ),
]
