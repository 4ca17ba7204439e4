"""Corrections and recalls with every member set."""

from __future__ import annotations

from typing import Final

from gateway.message import Content
from gateway.message.system.correction import Correction, CorrectionBody
from gateway.message.system.recall import Recall, RecallBody
from tests.message.full_parts import HASH, frame

__all__ = ["FULL"]

FULL: Final[dict[str, Content]] = {
    "system.correction": Correction(
        body=CorrectionBody(
            target=HASH,
            new_message_id="01890a5d-ac96-774b-bcce-b302099a8058",
            changed=["/body/facts", "/ext/example.links/a~1b", ""],
            reason="A date was wrong.",
        ),
        **frame(),  # type: ignore[arg-type]
    ),
    "system.recall": Recall(
        body=RecallBody(target=HASH, reason="The warrant was lifted.", mode="delete", confirm_by="2099-05-04T08:30:00Z"),
        **frame(),  # type: ignore[arg-type]
    ),
}
