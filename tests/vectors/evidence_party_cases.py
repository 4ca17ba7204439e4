"""
Vector cases of evidence for steps 6 to 12: acceptance, seal, recipients, acknowledgements, content, time-stamp.

Spec: schemas/audit.md, "Evidence bundle".
"""

from __future__ import annotations

from gateway.envelope import Use
from tests.vectors import evidence_forge as forge
from tests.vectors import evidence_token
from tests.vectors.evidence_forge import ANOTHER, AT, DAY, GATE, ME, OTHER, SENDER, Stated, key_of, member
from tests.vectors.evidence_setups import (
    OPENED,
    OTHER_ROOT,
    ROOT,
    STOLEN,
    EvidenceCase,
    acceptance,
    change,
    flipped,
    plain,
    revoked,
    spoilt,
    stranger,
    told,
)

__all__ = ["STEP_6", "STEP_7", "STEP_8", "STEP_9", "STEP_10", "STEP_11", "STEP_12"]

STEP_6 = [
    EvidenceCase(
        "accepted-event",
        "The first receipt says something else.",
        "accepted-event",
        lambda one: setattr(one, "receipts", [Stated("held", GATE, SENDER)]),
    ),
    EvidenceCase("accepted-subject", "Accepted from another.", "accepted-subject", acceptance(about=OTHER)),
    EvidenceCase("accepted-hash", "Another envelope was accepted.", "accepted-hash", acceptance(hash=bytes(range(32)))),
    EvidenceCase("commit-other", "The commitment is another: so is the hash.", "accepted-hash", spoilt(forge.COMMIT, flipped)),
    EvidenceCase("accepted-signer", "A participant says that it accepted.", "accepted-signer", acceptance(by=OTHER)),
    EvidenceCase(
        "accepted-key", "Signed with the author key of the gateway.", "accepted-key", acceptance(key=key_of(GATE, Use.AUTHOR))
    ),
    EvidenceCase(
        "accepted-key-revoked",
        "The gateway's key was revoked in this second.",
        "accepted-key",
        plain(revoked=[revoked(key_of(GATE), AT)]),
    ),
    EvidenceCase(
        "accepted-signature",
        "A bit of the signature.",
        "accepted-signature",
        acceptance(spoil=lambda one: one.__setitem__(2, flipped(one[2]))),
    ),
]

STEP_7 = [
    EvidenceCase("expired", "Accepted after its end.", "expired", plain(header={"created": AT - 6 * DAY, "expires": AT})),
    EvidenceCase(
        "created-too-early",
        "Created eight days before.",
        "out-of-time",
        plain(header={"created": AT - 8 * DAY, "expires": AT + DAY}),
    ),
    EvidenceCase(
        "sealed-by-a-stranger",
        "Sealed by another participant.",
        "sealer-not-allowed",
        plain(header={"sealer": "GN-QN@icn"}, listed={OTHER}, sealer=key_of(OTHER)),
    ),
    EvidenceCase(
        "sealed-by-gateway",
        "A gateway seals a kind that its author must seal.",
        "sealer-not-allowed",
        plain(header={"sealer": "GW-ICN@icn"}, sealer=key_of(GATE)),
    ),
]

STEP_8 = [
    EvidenceCase("seal-missing", "No seal, and the sender is no gateway.", "seal-missing", plain(sealer=None)),
    EvidenceCase("seal-key", "Sealed with a key that no card lists.", "seal-key", plain(sealer=stranger(SENDER))),
    EvidenceCase(
        "seal-key-revoked",
        "The sealer's key was revoked in this second.",
        "seal-key",
        plain(revoked=[revoked(key_of(SENDER), AT)]),
    ),
    EvidenceCase(
        "seal-key-of-revoked-identity",
        "The identity key was revoked, and took the agent key along.",
        "seal-key",
        plain(revoked=[revoked(member(SENDER).identity, AT)]),
    ),
    EvidenceCase(
        "seal-signature",
        "A bit of the signature.",
        "seal-signature",
        spoilt(forge.SEAL, lambda seal: [seal[0], flipped(seal[1])]),
    ),
    EvidenceCase(
        "approval-missing",
        "A kind that needs a second officer, with one signature.",
        "approval-missing",
        plain(header={"kind": "notice.request"}),
    ),
    EvidenceCase("approval-key", "Approved with an agent key.", "approval-key", plain(approver=key_of(SENDER))),
    EvidenceCase(
        "approval-signature",
        "A bit of the signature.",
        "approval-signature",
        spoilt(forge.APPROVAL, lambda one: [one[0], flipped(one[1])], plain(approver=key_of(SENDER, Use.APPROVAL))),
    ),
]

STEP_9 = [
    EvidenceCase(
        "addressee-stranger",
        "Named, and never written to.",
        "addressee-proof",
        told(OPENED, recipients=[OTHER, ANOTHER, GATE], named=(OTHER,), spoils=[forge.renamed(ME)]),
    ),
    EvidenceCase(
        "addressee-blind",
        "Another blind.",
        "addressee-proof",
        spoilt(forge.ADDRESSEES, lambda named: [[named[0][0], flipped(named[0][1]), *named[0][2:]]], told(OPENED)),
    ),
    EvidenceCase(
        "addressee-twice",
        "One recipient twice.",
        "addressee-repeated",
        spoilt(forge.ADDRESSEES, lambda named: named * 2, told(OPENED)),
    ),
]

STEP_10 = [
    EvidenceCase("accepted-twice", "A second acceptance.", "receipt-event", told(Stated("accepted", GATE, SENDER))),
    EvidenceCase(
        "receipt-of-another-envelope",
        "An acknowledgement of another envelope.",
        "receipt-hash",
        told(Stated("opened", ME, at=9, hash=bytes(range(32)))),
    ),
    EvidenceCase(
        "receipt-of-a-stranger",
        "An acknowledgement of somebody who is not proved to be addressed.",
        "receipt-stranger",
        told(Stated("opened", OTHER, at=9)),
    ),
    EvidenceCase(
        "rejected-by-a-stranger",
        "A refusal of somebody who is not named.",
        "receipt-stranger",
        told(Stated("rejected", ME, at=9, reason="key-gone"), named=(OTHER,)),
    ),
    EvidenceCase(
        "destroyed-by-a-stranger",
        "A destruction by somebody who is not named.",
        "receipt-stranger",
        told(Stated("destroyed", ME, at=9), named=()),
    ),
    EvidenceCase(
        "opened-by-the-gateway",
        "The gateway answers for a recipient.",
        "receipt-signer",
        told(Stated("opened", GATE, ME, at=9)),
    ),
    EvidenceCase(
        "held-by-the-recipient", "A recipient speaks for the gateway.", "receipt-signer", told(Stated("held", ME, at=9))
    ),
    EvidenceCase(
        "receipt-key",
        "Signed with a key that no card lists.",
        "receipt-key",
        told(Stated("opened", ME, at=9, key=stranger(ME))),
    ),
    EvidenceCase(
        "receipt-key-revoked",
        "The key was revoked in this second.",
        "receipt-key",
        told(OPENED, revoked=[revoked(key_of(ME), AT + 9)]),
    ),
    EvidenceCase(
        "receipt-dated-back",
        "A stolen key: the receipt is dated before the theft, and came into the log after the revocation.",
        "receipt-key",
        told(OPENED, revoked=[revoked(key_of(ME), AT + 10, STOLEN)], shown=[revoked(key_of(ME), AT + 10, STOLEN)]),
    ),
    EvidenceCase(
        "receipt-of-a-stolen-key",
        "A stolen key, and no word since when the log knows it.",
        "receipt-key",
        told(OPENED, revoked=[revoked(key_of(ME), AT + 10, STOLEN)]),
    ),
    EvidenceCase(
        "receipt-signature",
        "A bit of the signature.",
        "receipt-signature",
        told(Stated("opened", ME, at=9, spoil=lambda one: one.__setitem__(2, flipped(one[2])))),
    ),
    EvidenceCase("receipt-early", "Opened long before it was accepted.", "receipt-early", told(Stated("opened", ME, at=-301))),
    EvidenceCase(
        "receipt-order",
        "In the log before the acceptance.",
        "receipt-order",
        lambda one: change(one, {"receipts": [OPENED, forge.accepted()], "named": [ME], "spoils": [forge.turned]}),
    ),
    EvidenceCase(
        "log-view-larger",
        "Who signed had seen a larger tree than the one that it came into.",
        "log-view",
        told(Stated("opened", ME, at=9, view=(1 << 40, bytes(32)))),
    ),
    EvidenceCase(
        "log-view-forked",
        "Two signers saw two trees of one size.",
        "log-view",
        told(Stated("delivered", ME, at=2, view=(5, bytes(32))), Stated("opened", ME, at=9, view=(5, bytes(range(32))))),
    ),
]

STEP_11 = [
    EvidenceCase(
        "author-key", "The content is signed with an agent key.", "author-key", plain(opened=True, author=key_of(SENDER))
    ),
    EvidenceCase(
        "author-key-of-another",
        "The content is signed by another participant.",
        "author-key",
        plain(opened=True, author=key_of(ME, Use.AUTHOR)),
    ),
    EvidenceCase(
        "author-signature",
        "A bit of the signature.",
        "author-signature",
        spoilt(forge.OPENED, lambda one: [one[0], flipped(one[1]), one[2]], plain(opened=True)),
    ),
    EvidenceCase(
        "content-other",
        "Another content.",
        "author-signature",
        spoilt(forge.OPENED, lambda one: [*one[:2], one[2] + b" "], plain(opened=True)),
    ),
    EvidenceCase(
        "content-contradicts-header",
        "The content says another urgency.",
        "content-header",
        plain(opened=True, header={"urgency": "flash"}),
    ),
    EvidenceCase("content-no-json", "The author signed what is no content.", "content-json", plain(opened=True, content=b"{")),
]

STEP_12 = [
    EvidenceCase(
        "token-missing",
        "A time-stamp service is named, and there is no token.",
        "token-missing",
        plain(trust={"timestamp_roots": ROOT}),
    ),
    EvidenceCase(
        "token-of-another-service",
        "The service leads to another root.",
        "token",
        plain(stamped=True, trust={"timestamp_roots": OTHER_ROOT}),
    ),
    EvidenceCase(
        "token-of-another-checkpoint",
        "The token is over another text.",
        "token",
        spoilt(
            forge.TOKEN, lambda _: evidence_token.token(b"another\n", AT), plain(stamped=True, trust={"timestamp_roots": ROOT})
        ),
    ),
]
