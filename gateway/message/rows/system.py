"""Rows of the system family: messages about messages. What was delivered, opened or rejected is a receipt, and no kind."""

from __future__ import annotations

from typing import Final

from gateway.message.handling import Handling
from gateway.message.kind_spec import NO_ANSWER, OPERATIONAL, YEAR_DAYS, KindSpec
from gateway.message.system.correction import Correction
from gateway.message.system.recall import Recall

__all__ = ["ROWS"]

_BETWEEN_UNITS: Final = Handling(tlp="amber+strict", confidentiality="restricted", onward="unit")

ROWS: Final = (
    KindSpec(
        kind=Correction.kind,
        family="system",
        content=Correction,
        may_send=OPERATIONAL,
        gateway_may_seal=True,
        needs_approval=False,
        replies=frozenset(),
        respond_within_s=NO_ANSWER,
        retention_days=5 * YEAR_DAYS,
        default_handling=_BETWEEN_UNITS,
        opened_is_told=True,
        rules=(
            "its sender is the sender of the target and of the new message: whoever holds them checks it",
            "`new_message_id` is not the id of the correction itself; each place stands once",
        ),
    ),
    KindSpec(
        kind=Recall.kind,
        family="system",
        content=Recall,
        may_send=OPERATIONAL,
        gateway_may_seal=True,
        needs_approval=False,
        replies=frozenset(),
        respond_within_s=NO_ANSWER,
        retention_days=5 * YEAR_DAYS,
        default_handling=_BETWEEN_UNITS,
        rules=(
            "its sender is the sender of the target or the coordination centre: whoever holds the target checks it",
            "`confirm_by` is after the header's `created`, by 72 hours at most",
        ),
    ),
)
