"""
The vector cases of evidence, after their step: one that proves something for each way to ask, and one for each defect.

Spec: schemas/audit.md, "Evidence bundle".
"""

from __future__ import annotations

from gateway.envelope import Use
from tests.vectors.evidence_forge import AT, DAY, GATE, ME, OTHER, SENDER, Stated, key_of
from tests.vectors.evidence_log_cases import STEP_1, STEP_2, STEP_3, STEP_4, STEP_5
from tests.vectors.evidence_party_cases import STEP_6, STEP_7, STEP_8, STEP_9, STEP_10, STEP_11, STEP_12
from tests.vectors.evidence_relayed_cases import RELAYED
from tests.vectors.evidence_setups import (
    GONE,
    OPENED,
    ROOT,
    STOLEN,
    WITNESS,
    EvidenceCase,
    plain,
    revoked,
    told,
)

__all__ = ["CASES", "EvidenceCase"]

VALID = [
    EvidenceCase("valid-author", "The acceptance alone: the author names nobody.", "", plain()),
    EvidenceCase(
        "valid-recipient",
        "A recipient shows its place and its receipts.",
        "",
        told(Stated("delivered", ME, at=2), OPENED),
    ),
    EvidenceCase("valid-content", "The author shows what it said.", "", plain(opened=True)),
    EvidenceCase(
        "valid-named",
        "The author names two of three; one has not answered.",
        "",
        told(OPENED, named=(ME, OTHER)),
    ),
    EvidenceCase("valid-rejected-key-gone", "Sealed to a key that was destroyed.", "", told(GONE)),
    EvidenceCase(
        "valid-expired", "The gateway says that it was never fetched.", "", told(Stated("expired", GATE, ME, at=30 * DAY))
    ),
    EvidenceCase(
        "valid-witness-and-time-stamp",
        "Cosigned by a witness, and stamped.",
        "",
        plain(cosigned=True, stamped=True, trust={"witnesses": [WITNESS], "timestamp_roots": ROOT}),
    ),
    EvidenceCase(
        "valid-approved",
        "A second officer signed, though the kind does not ask for it.",
        "",
        plain(approver=key_of(SENDER, Use.APPROVAL)),
    ),
    EvidenceCase("valid-one-recipient", "A tree of one addressee has an empty proof.", "", told(OPENED, recipients=[ME])),
    EvidenceCase(
        "valid-sealed-by-gateway",
        "Clear text that the gateway sealed: its acceptance stands for its seal.",
        "",
        plain(sealer=None, header={"sealer": "GW-ICN@icn", "kind": "request.response"}),
    ),
    EvidenceCase("valid-not-anchored", "No key of the log is named: consistent, and no more.", "", plain(trust={"logs": []})),
    EvidenceCase(
        "valid-revoked-later",
        "The key was revoked in the second after it signed.",
        "",
        told(OPENED, revoked=[revoked(key_of(ME), AT + 10)]),
    ),
    EvidenceCase(
        "valid-stolen-later",
        "The key was stolen later: the receipt stands in the log before the revocation does.",
        "",
        told(OPENED, revoked=[revoked(key_of(ME), AT + 10, STOLEN)], shown=[revoked(key_of(ME), AT + 10, STOLEN)], late=True),
    ),
]

STEPS = [STEP_1, STEP_2, STEP_3, STEP_4, STEP_5, STEP_6, STEP_7, STEP_8, STEP_9, STEP_10, STEP_11, STEP_12]
CASES = {str(number): [*cases, *RELAYED.get(str(number), ())] for number, cases in enumerate([VALID, *STEPS])}
