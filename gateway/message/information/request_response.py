"""
`request.response`: progress, decision or result of a request.

A refusal or postponement gives its ground and says whether the other side was consulted first; an open question is a
state of its own. It names no victim, witness or source, which is why a gateway may seal it for a thin client.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta

from gateway.ids import Kind
from gateway.message.codes import RefusalGround
from gateway.message.content import Body, Content
from gateway.message.shared.authority import Authority
from gateway.message.shared.basics import Account, Hash256, Line, Note, Wire
from gateway.message.shared.refuse import Surroundings, require
from gateway.message.shared.times import Day

__all__ = ["MeasureState", "RequestResponse", "RequestResponseBody", "RequestState", "Result"]

RequestState = Literal[
    "received",
    "acknowledged",
    "clarify",
    "accepted",
    "partly-accepted",
    "postponed",
    "refused",
    "executing",
    "partly-executed",
    "executed",
    "closed",
    "withdrawn-ack",
]
_NEEDS_GROUND: Final = frozenset({"refused", "postponed"})
_PARTLY: Final = frozenset({"partly-accepted", "partly-executed"})


class MeasureState(Wire, frozen=True, kw_only=True):
    """State of one measure of the request; `index` counts from 0 in its order."""

    index: Annotated[int, Meta(ge=0, le=49)]
    state: RequestState
    reason_code: RefusalGround | None = None
    note: Note | None = None


class Result(Wire, frozen=True, kw_only=True):
    """A message that carries a result, by its envelope hash."""

    message: Hash256
    note: Line | None = None


class RequestResponseBody(Body, frozen=True, kw_only=True):
    """
    Where the request stands.

    Args:
        request_ref: Envelope hash of the request; the header's `in_reply_to` is the same.
        consulted: Whether the requesting authority was consulted before refusing or postponing.
        conditions: Under which the request is accepted or would be.
        expected_by: When the next step is expected.
        original_language_kept: True when results come in their original language and form.
    """

    reply_member: ClassVar[str | None] = "request_ref"

    request_ref: Hash256
    state: RequestState
    per_measure: Annotated[Sequence[MeasureState], Meta(max_length=50)] = ()
    reason_code: RefusalGround | None = None
    consulted: bool | None = None
    conditions: Annotated[Sequence[Note], Meta(max_length=20)] = ()
    questions: Annotated[Sequence[Note], Meta(max_length=50)] = ()
    explanation: Account | None = None
    decided_by: Authority | None = None
    expected_by: Day | None = None
    results: Annotated[Sequence[Result], Meta(max_length=50)] = ()
    original_language_kept: bool = True

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse a refusal without ground, a question without words, a measure that stands twice."""
        del around  # nothing here refers to it
        if self.state in _NEEDS_GROUND:
            require(self.reason_code, f"{at}/reason_code", "needs a ground")
            require(self.consulted is not None, f"{at}/consulted", "say whether the other side was consulted")
        if self.state == "clarify":
            require(self.questions, f"{at}/questions", "asks nothing")
        if self.state in _PARTLY:
            require(self.per_measure, f"{at}/per_measure", "say which measures")
        if self.decided_by is not None:
            self.decided_by.check(f"{at}/decided_by")
        seen: set[int] = set()
        for index, measure in enumerate(self.per_measure):
            require(measure.index not in seen, f"{at}/per_measure/{index}/index", "the same measure stands twice")
            ground = measure.reason_code or measure.state not in _NEEDS_GROUND
            require(ground, f"{at}/per_measure/{index}/reason_code", "needs a ground")
            seen.add(measure.index)


class RequestResponse(Content, frozen=True, kw_only=True, tag="request.response"):
    """Content of `request.response`."""

    kind: ClassVar[Kind] = Kind("request.response")

    body: RequestResponseBody
