"""
Steps 4 and 6 to 10: who accepted, sealed, approved, was addressed and acknowledged.

An acknowledgement counts only for what was really delivered: it names this very envelope, and whom it is about is proved to be
one of the author's addressees. A receipt of a stranger or about something else refuses the bundle; it is no footnote.
Keys are looked up in the leaves of the bundle alone, for the time that the receipt says and its place in the log. What another
network accepted first has no place in this log: it counts at that of the acceptance here, for which a gateway had it proved.
Spec: schemas/audit.md, "Evidence bundle".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.directory.entries import RevocationReason
from gateway.envelope import contexts, primitives
from gateway.envelope.checks import CLOCK_SKEW_S
from gateway.envelope.keys import Signature, Use
from gateway.envelope.receipt import GATEWAY_EVENTS, Event, Receipt, SignedReceipt
from gateway.errors import EvidenceBad
from gateway.ids import Address, KeyId, Network, network_of
from gateway.merkle import leaf_hash, verify_inclusion

if TYPE_CHECKING:
    from gateway.directory.view import Directory
    from gateway.evidence.bundle import Bundle
    from gateway.evidence.listed import Listed

__all__ = [
    "check_accepted",
    "check_acknowledgements",
    "check_approval",
    "check_named",
    "check_parties",
    "check_seal",
    "doubted",
    "is_good_author",
    "listed_otherwise",
]


def check_parties(bundle: Bundle, listed: Listed, log_gateway: Address) -> None:
    """
    Step 4: those who signed are listed, nobody else is, and the directory is not older than the one that was sealed with.

    Raises:
        EvidenceBad: `leaf-missing`, `leaf-surplus` or `directory-old`.
    """
    header, entries = bundle.header, set(listed.entries)
    signers = {signed.receipt.signer for signed in (bundle.first, *bundle.receipts)}
    needed = {header.sender, header.sealer, log_gateway, *signers}
    if missing := needed - entries:
        raise EvidenceBad("leaf-missing", f"no entry of {min(missing)}")
    if surplus := entries - needed:
        raise EvidenceBad("leaf-surplus", f"an entry of {min(surplus)}, who signed nothing here")
    version = listed.answers.directory_version(network_of(header.sealer))
    if version < bundle.core.directory_version:
        told = f"version {version}, sealed with {bundle.core.directory_version}"
        raise EvidenceBad("directory-old", told)


def check_accepted(bundle: Bundle, listed: Listed) -> None:
    """
    Step 6: accepted by the network of the log, and before that by the author's where it is another.

    Raises:
        EvidenceBad: `accepted-event`, `accepted-subject`, `accepted-hash`, `accepted-signer`, `accepted-key` or
            `accepted-signature`.
    """
    _check_acceptance(bundle, listed, bundle.accepted, bundle.networks[0])
    if bundle.came_from_far:
        _check_acceptance(bundle, listed, bundle.first, bundle.networks[1])


def _check_acceptance(bundle: Bundle, listed: Listed, signed: SignedReceipt, network: Network) -> None:
    receipt = signed.receipt
    if receipt.event is not Event.ACCEPTED:
        raise EvidenceBad("accepted-event", f"the first receipt says {receipt.event}")
    if receipt.subject != bundle.header.sender:
        raise EvidenceBad("accepted-subject", f"accepted from {receipt.subject}, sent by {bundle.header.sender}")
    if receipt.envelope_hash != bundle.envelope_hash:
        raise EvidenceBad("accepted-hash", "it names another envelope")
    if network_of(receipt.signer) != network:
        raise EvidenceBad("accepted-signer", f"{receipt.signer} does not accept for {network}")
    _check_signed(bundle, listed, signed, (bundle.form.receipts[0].index, bundle.span), "accepted")


def check_seal(bundle: Bundle, listed: Listed) -> None:
    """
    Step 8: the sealer's agent key was good when it was accepted, and signed.

    Raises:
        EvidenceBad: `seal-key`, `seal-signature`, or `seal-missing`: only the gateway that accepted seals for others.
    """
    seal = bundle.form.seal
    if seal is None:
        # A gateway that sealed clear text says with its `accepted` all that its seal would.
        if bundle.header.sealer != bundle.first.receipt.signer:
            raise EvidenceBad("seal-missing", f"sealed by {bundle.header.sealer}")
        return
    holder = bundle.header.sealer, Use.AGENT
    _check_signature(bundle, listed, (seal, contexts.seal_message(bundle.envelope_hash)), holder, "seal")


def check_approval(bundle: Bundle, listed: Listed) -> None:
    """
    Step 8: a second officer of the sender approved, where the kind needs it; one that nobody asked for must be good too.

    Raises:
        EvidenceBad: `approval-missing`, `approval-key` or `approval-signature`.
    """
    approval = bundle.form.approval
    if approval is None:
        if listed.answers.needs_approval(bundle.header.kind):
            raise EvidenceBad("approval-missing", f"{bundle.header.kind} needs one")
        return
    holder = bundle.header.sender, Use.APPROVAL
    _check_signature(bundle, listed, (approval, contexts.approval_message(bundle.envelope_hash)), holder, "approval")


def check_named(bundle: Bundle) -> tuple[Address, ...]:
    """
    Step 9: each stands in the author's tree of addressees.

    Raises:
        EvidenceBad: `addressee-proof` or `addressee-repeated`.
    """
    header, named = bundle.header, bundle.form.addressees
    for one in named:
        leaf = leaf_hash(contexts.addressee_leaf(one.blind, one.recipient))
        if not verify_inclusion(one.index, header.recipients, leaf, one.proof, header.addressees):
            raise EvidenceBad("addressee-proof", f"{one.recipient} is not proved to be addressed")
    if len({one.recipient for one in named}) != len(named) or len({one.index for one in named}) != len(named):
        raise EvidenceBad("addressee-repeated")
    return tuple(one.recipient for one in named)


def check_acknowledgements(bundle: Bundle, listed: Listed, named: tuple[Address, ...]) -> None:
    """
    Step 10, but for the log views.

    Raises:
        EvidenceBad: `receipt-event`, `receipt-hash`, `receipt-stranger`, `receipt-signer`, `receipt-key`,
            `receipt-signature`, `receipt-early` (before the acceptance by more than clocks drift) or `receipt-order` (before
            it in the log).
    """
    accepted, first = bundle.accepted.receipt, bundle.form.receipts[0].index
    for signed, index in bundle.acknowledgements:
        receipt = signed.receipt
        taken_over = receipt.event is Event.ACCEPTED
        if taken_over and not _is_hand_over(bundle, signed):
            raise EvidenceBad("receipt-event", "accepted a second time")
        if receipt.envelope_hash != bundle.envelope_hash:
            raise EvidenceBad("receipt-hash", f"{receipt.event} of {receipt.subject} is about another envelope")
        if receipt.subject not in ([bundle.header.sender] if taken_over else named):
            raise EvidenceBad("receipt-stranger", f"{receipt.subject} is not proved to be addressed")
        _check_signed(bundle, listed, signed, (index, (receipt.at, receipt.at)), "receipt")
        if receipt.at + CLOCK_SKEW_S < accepted.at:
            raise EvidenceBad("receipt-early", f"{receipt.event} at {receipt.at}, accepted at {accepted.at}")
        if index < first:
            raise EvidenceBad("receipt-order", f"{receipt.event} at place {index}, accepted at place {first}")


def is_good_author(bundle: Bundle, listed: Listed, key_id: KeyId) -> bool:
    """Step 11: tell whether this author key of the sender was good, and no thief's."""
    return _good_at_acceptance(bundle, listed, key_id, (bundle.header.sender, Use.AUTHOR)) is not None


def doubted(bundle: Bundle, listed: Listed) -> tuple[Address, ...]:
    """Return who signed with a key that the verifier knows as stolen since, while the bundle does not show since when."""
    form = bundle.form
    used = {signed.key_id for signed in (bundle.first, *bundle.receipts)}
    used |= {signature.key_id for signature in (form.seal, form.approval) if signature is not None}
    used |= {form.opened.author_key_id} if form.opened is not None else set()
    stolen = {key for key in used & listed.later.keys() if listed.later[key].reason is RevocationReason.STOLEN}
    records = (listed.answers.key(key) for key in stolen - listed.stolen_index.keys())
    return tuple(sorted({record.address for record in records if record is not None}))


def listed_otherwise(listed: Listed, directory: Directory | None) -> tuple[Address, ...] | None:
    """Return whom a verified directory lists with another identity key, or not at all; None without a directory."""
    if directory is None:
        return None
    entries = listed.entries.items()
    known = {address: directory.entry(address) for address, _ in entries}
    differs = (address for address, entry in entries if (there := known[address]) is None or there.identity != entry.identity)
    return tuple(sorted(differs))


def _is_hand_over(bundle: Bundle, signed: SignedReceipt) -> bool:
    """Tell whether this is the one acceptance by which the other network took over what its gateway was brought."""
    if bundle.far is None or bundle.came_from_far or network_of(signed.receipt.signer) != bundle.far.network:
        return False
    return sum(one.receipt.event is Event.ACCEPTED for one in bundle.receipts) == 2


def _may_say(receipt: Receipt, sender: Address, listed: Listed) -> bool:
    """Tell whether it was for its signer to say: see `schemas/relay.md`, "Answers"."""
    if receipt.event not in GATEWAY_EVENTS:
        return receipt.signer == receipt.subject
    networks = {network_of(receipt.subject)}
    if receipt.event is Event.ACCEPTED:
        return listed.answers.is_gateway(receipt.signer)  # of which network was asked already
    if receipt.event is not Event.REFUSED:
        networks.add(network_of(sender))
    return network_of(receipt.signer) in networks and listed.answers.is_gateway(receipt.signer)


def _check_signed(bundle: Bundle, listed: Listed, signed: SignedReceipt, when: tuple[int, tuple[int, int]], what: str) -> None:
    """Prove a receipt: who signed may state this, with an agent key that was good at its place in the log, and its time."""
    receipt, (index, span) = signed.receipt, when
    if not _may_say(receipt, bundle.header.sender, listed):
        raise EvidenceBad(f"{what}-signer", f"{receipt.event} of {receipt.subject}, signed by {receipt.signer}")
    record = listed.key(signed.key_id, (receipt.signer, Use.AGENT), span, index)
    if record is None:
        raise EvidenceBad(f"{what}-key", f"key {signed.key_id.hex()} of {receipt.signer} was not good at {receipt.at}")
    if not primitives.verify(record.key, contexts.receipt_message(signed.receipt_bytes), signed.signature):
        raise EvidenceBad(f"{what}-signature", f"{receipt.event} of {receipt.subject}")


def _check_signature(
    bundle: Bundle, listed: Listed, signed: tuple[Signature, bytes], holder: tuple[Address, Use], what: str
) -> None:
    signature, message = signed
    public = _good_at_acceptance(bundle, listed, signature.key_id, holder)
    if public is None:
        raise EvidenceBad(f"{what}-key", f"key {signature.key_id.hex()} of {holder[0]} was not good")
    if not primitives.verify(public, message, signature.signature):
        raise EvidenceBad(f"{what}-signature")


def _good_at_acceptance(bundle: Bundle, listed: Listed, key_id: KeyId, holder: tuple[Address, Use]) -> bytes | None:
    record = listed.key(key_id, holder, bundle.span, bundle.form.receipts[0].index)
    return None if record is None else record.key
