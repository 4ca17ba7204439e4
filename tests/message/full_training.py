"""Calls for courses, nominations and outcomes with every member set."""

from __future__ import annotations

from msgspec import structs

from gateway.message import Attachment, Author, Content, Encryption, Handling
from gateway.message.shared.period import Period
from gateway.message.training.training_announcement import TrainingAnnouncement, TrainingAnnouncementBody
from gateway.message.training.training_nomination import LanguageSkill, Nominee, TrainingNomination, TrainingNominationBody
from gateway.message.training.training_outcome import TrainingOutcome, TrainingOutcomeBody
from tests.message.full_parts import CONTACT, HASH, PLACES, WHEN, frame

__all__ = ["AUTHOR", "FULL", "MORE", "READING", "open_marking"]

AUTHOR = Author(unit="Office", officer="officer-01", role="head")
READING = Attachment(
    attachment_id="a-1",
    sha256="1a" * 32,
    sha512="4d" * 64,
    size_bytes=1,
    media_type="application/pdf",
    filename="agenda.pdf",
    role="form",
    encryption=Encryption(algorithm="xchacha20-poly1305", key_ref="k-1"),
    storage_uri="store:1",
)


def open_marking() -> Handling:
    """Return a marking for the community with every member set."""
    return Handling(
        tlp="green",
        confidentiality="restricted",
        restrictions={"H3"},
        caveats={"Not for the press."},
        evidential_use="lead-only",
        onward="group",
        verify_before_action=False,
        originators={"GS@icn"},
        public_extract=True,
        officers={"NCB-QM/officer-07"},
    )


ANNOUNCEMENT_BODY = TrainingAnnouncementBody(
    course_id="ITC-2099-1",
    title="Course",
    dates=Period(start="2099-09-07", end="2099-09-16"),
    languages=["eng"],
    seats=30,
    audience=["Investigators"],
    topics=["sgbv"],
    prerequisites=["None."],
    nominations_close="2099-07-24",
    cost_policy="Shared.",
    approved_by=AUTHOR,
    place=PLACES[0],
    online=True,
    agenda="a-1",
    reading=["a-1"],
    contact=CONTACT,
)
NOMINATION_BODY = TrainingNominationBody(
    course_ref=HASH,
    nominees=[
        Nominee(
            officer=f"officer-1{rank}",
            role="investigator",
            unit="Unit",
            rank=rank,
            languages=[LanguageSkill(language="eng", level="C1")],
            experience_years=6,
            needs="A room without steps.",
            cv="a-1",
        )
        for rank in (2, 1)
    ],
    approved_by=AUTHOR,
)
OUTCOME_BODY = TrainingOutcomeBody(
    course_ref=HASH,
    nomination_ref=HASH,
    nominee_ref="officer-11",
    status="completed",
    at=WHEN,
    reason="All parts attended.",
    certificate_sha256=HASH,
    score=82,
    feedback="Good.",
)

ANNOUNCEMENTS = [
    TrainingAnnouncement(
        body=structs.replace(ANNOUNCEMENT_BODY, place=place),
        **frame(handling=open_marking(), attachments=[READING]),  # type: ignore[arg-type]
    )
    for place in PLACES
]

FULL: dict[str, Content] = {
    "training.announcement": ANNOUNCEMENTS[0],
    "training.nomination": TrainingNomination(body=NOMINATION_BODY, **frame()),  # type: ignore[arg-type]
    "training.outcome": TrainingOutcome(body=OUTCOME_BODY, **frame()),  # type: ignore[arg-type]
}
MORE: dict[str, list[Content]] = {"training.announcement": [*ANNOUNCEMENTS[1:]]}
