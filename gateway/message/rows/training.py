"""Rows of training and development: calls for courses, nominations, outcomes."""

from __future__ import annotations

from typing import Final

from gateway.message.handling import Handling
from gateway.message.kind_spec import COORDINATION, NO_ANSWER, YEAR_DAYS, KindSpec, Role
from gateway.message.training.training_announcement import TrainingAnnouncement
from gateway.message.training.training_nomination import TrainingNomination
from gateway.message.training.training_outcome import TrainingOutcome

__all__ = ["ROWS"]

_CALL: Final = TrainingAnnouncement.kind
_NOMINATION: Final = TrainingNomination.kind
_OUTCOME: Final = TrainingOutcome.kind
_ORGANISERS: Final[frozenset[Role]] = frozenset({"coordination", "tribunal", "contact-point"})
_NOMINATORS: Final[frozenset[Role]] = frozenset({"ncb", "contact-point"})
_STAFF_DATA: Final = Handling(tlp="amber+strict", confidentiality="restricted", onward="unit")
_UNTIL_COURSE_ENDS_DAYS: Final = 60  # nominations close 45 days before a course of at most two weeks

ROWS: Final = (
    KindSpec(
        kind=_CALL,
        family="training",
        content=TrainingAnnouncement,
        may_send=_ORGANISERS,
        gateway_may_seal=True,
        needs_approval=False,
        replies=frozenset({_NOMINATION}),
        respond_within_s=NO_ANSWER,
        retention_days=3 * YEAR_DAYS,
        default_handling=Handling(tlp="green", confidentiality="official-use-only", onward="group", verify_before_action=False),
        rules=(
            "`handling.tlp` is green or clear",
            "a course has a place or is online, and lasts 92 days at most, first and last included",
            "`nominations_close` is before `dates.start` (45 days before by default), and `respond_by` is not after that day",
            "no attachment is evidentiary or a warrant",
            "`languages` and `topics` have each value once",
        ),
    ),
    KindSpec(
        kind=_NOMINATION,
        family="training",
        content=TrainingNomination,
        may_send=_NOMINATORS,
        must_reach=COORDINATION,
        gateway_may_seal=False,
        needs_approval=False,
        replies=frozenset({_OUTCOME}),
        respond_within_s=NO_ANSWER,
        retention_days=YEAR_DAYS + _UNTIL_COURSE_ENDS_DAYS,
        default_handling=_STAFF_DATA,
        rules=(
            "`handling.tlp` is amber+strict or red",
            "each `officer` stands once, and each `language` once for a nominee",
            "ranks are 1 to the number of nominees, each once",
            "`special_categories` are empty unless a nominee has `needs`; then they are health, with a justification",
            "`approved_by.officer` is no nominee",
        ),
    ),
    KindSpec(
        kind=_OUTCOME,
        family="training",
        content=TrainingOutcome,
        may_send=COORDINATION,
        must_reach=_NOMINATORS,
        gateway_may_seal=False,
        needs_approval=False,
        replies=frozenset(),
        respond_within_s=NO_ANSWER,
        retention_days=5 * YEAR_DAYS,
        default_handling=_STAFF_DATA,
        rules=(
            "`handling.tlp` is amber+strict or red, `handling.onward` unit or none",
            "declined needs `reason`",
            "`certificate_sha256` needs completed; `score` and `feedback` need attended or completed",
            "`feedback` needs `retention.review_on`, within two years of `at`",
        ),
    ),
)
