"""
Vector cases of evidence for steps 1 to 5: forms, checkpoint, inclusion, directory, key of the log.

Spec: schemas/audit.md, "Evidence bundle".
"""

from __future__ import annotations

from msgspec.structs import replace

from gateway.envelope import Use, contexts
from gateway.tlog.leaves import PeerLeaf, RootLeaf, encode_leaf
from tests.vectors import evidence_forge as forge
from tests.vectors.evidence_forge import AT, DAY, GATE, ME, OTHER, SENDER, key_of, log_key, member
from tests.vectors.evidence_setups import (
    OPENED,
    OTHER_LOG,
    STOLEN,
    WITNESS,
    EvidenceCase,
    acceptance,
    borrowed_card,
    forged_card,
    plain,
    revoked,
    spoilt,
    told,
)

__all__ = ["STEP_1", "STEP_2", "STEP_3", "STEP_4", "STEP_5"]

STEP_1 = [
    EvidenceCase("version-unknown", "A later version.", "unknown-version", spoilt(0, lambda _: "EV3")),
    EvidenceCase("element-extra", "A sixteenth element.", "malformed", plain(spoils=[lambda one: one.append(None)])),
    EvidenceCase("receipts-none", "Nothing was accepted.", "malformed", spoilt(forge.RECEIPTS, lambda _: [])),
    EvidenceCase(
        "suite-unknown",
        "Core of another suite.",
        "unknown-suite",
        spoilt(forge.CORE, lambda core: core[:1] + b"\x07" + core[2:]),
    ),
    EvidenceCase(
        "network-other",
        "The bundle says another network than its sender's.",
        "network",
        spoilt(forge.NETWORK, lambda _: "eucn"),
    ),
    EvidenceCase(
        "network-in-two-bytes",
        "The network says its length in a byte of its own.",
        "not-canonical",
        spoilt(forge.NETWORK, forge.wide),
    ),
]

STEP_2 = [
    EvidenceCase(
        "note-without-signatures",
        "The text of a checkpoint alone.",
        "checkpoint",
        spoilt(forge.CHECKPOINT, lambda note: note.split(b"\n\n")[0] + b"\n"),
    ),
    EvidenceCase("note-signature-bad", "A bit of the log's signature.", "checkpoint", spoilt(forge.CHECKPOINT, forge.damaged)),
    EvidenceCase(
        "log-of-another-network",
        "A log of another network.",
        "origin",
        plain(signer=log_key(origin="GW-ICN@eucn/audit"), trust={"logs": [str(log_key(origin="GW-ICN@eucn/audit")[0])]}),
    ),
    EvidenceCase(
        "log-key-not-named", "Signed by another key than the one that is named.", "log-signature", plain(signer=OTHER_LOG)
    ),
    EvidenceCase(
        "witness-missing", "A witness that is named did not cosign.", "witness", plain(trust={"witnesses": [WITNESS]})
    ),
    EvidenceCase(
        "witness-signature-bad",
        "The cosignature is over another time.",
        "witness",
        spoilt(forge.CHECKPOINT, forge.redated, plain(cosigned=True, trust={"witnesses": [WITNESS]})),
    ),
]

STEP_3 = [
    EvidenceCase("receipt-not-in-log", "The acceptance never came into the log.", "inclusion", acceptance(logged=False)),
    EvidenceCase(
        "index-other", "The acceptance at the place of another leaf.", "inclusion", spoilt(forge.RECEIPTS, forge.moved)
    ),
    EvidenceCase("sibling-missing", "A sibling less.", "inclusion", spoilt(forge.RECEIPTS, forge.shortened)),
    EvidenceCase("leaf-not-in-log", "A leaf with another bit.", "inclusion", spoilt(forge.DIRECTORY, forge.flipped_leaf)),
    EvidenceCase(
        "receipt-twice",
        "The same receipt at the same place, twice.",
        "index-repeated",
        spoilt(forge.RECEIPTS, lambda one: [*one, one[-1]], told(OPENED)),
    ),
]

STEP_4 = [
    EvidenceCase("leaf-unreadable", "A leaf that is no array.", "leaf-form", plain(more=[contexts.directory_leaf(b"\xc0")])),
    EvidenceCase("leaf-hash", "A leaf of 32 bytes tells nothing.", "leaf-surplus", plain(more=[bytes(32)])),
    EvidenceCase("entry-unreadable", "An entry with a member that nobody knows.", "leaf-form", plain(more=[forge.odd_entry()])),
    EvidenceCase(
        "root-leaf", "A leaf that tells of nobody here.", "leaf-surplus", plain(more=[encode_leaf(RootLeaf(1, bytes(32)))])
    ),
    EvidenceCase(
        "peer-leaf", "A peer proves nothing of a message.", "leaf-surplus", plain(more=[encode_leaf(PeerLeaf(bytes(32)))])
    ),
    EvidenceCase("delivery-card", "A delivery card proves nothing here.", "leaf-surplus", plain(more=[forge.delivery_card()])),
    EvidenceCase(
        "version-none", "No version of the directory.", "version-missing", spoilt(forge.DIRECTORY, lambda leaves: leaves[:-1])
    ),
    EvidenceCase("version-twice", "Two versions of the directory.", "leaf-repeated", plain(more=[forge.version_leaf(6)])),
    EvidenceCase("entry-twice", "Two entries of the sender.", "leaf-repeated", plain(more=[forge.renamed_entry(SENDER)])),
    EvidenceCase(
        "revocations-other",
        "A revocation is hidden: not the list that the version pins.",
        "revocations",
        spoilt(forge.REVOCATIONS, lambda _: b'{"network":"icn","keys":[]}', plain(revoked=[revoked(key_of(SENDER), AT)])),
    ),
    EvidenceCase(
        "card-of-another-identity",
        "The sender's card is signed by another one's identity key.",
        "card",
        plain(cards={SENDER: forged_card(SENDER, OTHER)}),
    ),
    EvidenceCase("key-in-two-places", "Two participants list one key.", "directory", told(OPENED, cards={ME: borrowed_card()})),
    EvidenceCase(
        "entry-of-another-network",
        "An entry of another network.",
        "directory",
        plain(entries={SENDER: replace(member(SENDER).entry, address="NCB-QM@eucn")}),
    ),
    EvidenceCase(
        "card-missing",
        "An entry without its card.",
        "leaf-surplus",
        spoilt(forge.DIRECTORY, lambda leaves: [leaves[0], *leaves[2:]]),
    ),
    EvidenceCase("signer-not-listed", "Whoever acknowledged is not listed.", "leaf-missing", told(OPENED, left_out={ME})),
    EvidenceCase("stranger-listed", "Somebody is listed who signed nothing.", "leaf-surplus", plain(listed={OTHER})),
    EvidenceCase(
        "directory-older-than-sealed-with",
        "Sealed with a later directory than the one that is shown.",
        "directory-old",
        plain(version=6),
    ),
    EvidenceCase(
        "revocation-of-nothing",
        "A revocation that the version does not have.",
        "leaf-surplus",
        plain(shown=[revoked(key_of(SENDER), AT + 10, STOLEN)]),
    ),
]

STEP_5 = [
    EvidenceCase(
        "log-key-not-on-card",
        "The key that is named, and signed, is not on the gateway's card.",
        "log-key",
        plain(signer=OTHER_LOG, trust={"logs": [str(OTHER_LOG[0])]}),
    ),
    EvidenceCase(
        "log-key-revoked", "The log's key is revoked.", "log-key", plain(revoked=[revoked(key_of(GATE, Use.LOG), AT + DAY)])
    ),
    EvidenceCase(
        "log-of-no-gateway",
        "The log of a participant that is no gateway.",
        "log-key",
        plain(signer=log_key(origin="NCB-QM@icn/audit"), trust={"logs": [str(log_key(origin="NCB-QM@icn/audit")[0])]}),
    ),
]
