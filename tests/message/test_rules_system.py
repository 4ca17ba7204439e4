"""Rules of corrections and recalls."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.errors import Rejected
from gateway.message import check_repeats, instant, read
from gateway.message.system.recall import CONFIRM_WITHIN_S
from tests.message.full_parts import HASH, ID
from tests.message.test_header import AT, Header
from tests.message.test_rules import at, changed, refusal, repeated

CORRECTION, RECALL = "system.correction", "system.recall"


def test_a_correction_is_not_the_message_that_has_it_right() -> None:
    """The right message is another one, with an id of its own."""
    data = changed(CORRECTION, at("/body/new_message_id", ID))
    assert refusal(CORRECTION, data) == ("content-rule", "/body/new_message_id")


def test_a_place_that_changed_stands_once() -> None:
    """A list of changes that repeats itself is refused."""
    assert refusal(CORRECTION, changed(CORRECTION, repeated("/body/changed"))) == ("content-rule", "/body/changed/3")


@pytest.mark.parametrize("pointer", ["body/facts", "/body/a~2", "/body/~", "/a\nb"])
def test_a_place_is_a_json_pointer(pointer: str) -> None:
    """What is no pointer names no place."""
    assert refusal(CORRECTION, changed(CORRECTION, at("/body/changed/0", pointer))) == ("content-schema", "/body/changed/0")


@pytest.mark.parametrize("kind", [CORRECTION, RECALL])
def test_the_header_names_the_same_target(kind: str) -> None:
    """A gateway that sees the header alone, and a reader of the content, find the same message."""
    content = read(kind, "1.0.0", changed(kind, at("/in_reply_to", None)))
    check_repeats(Header(kind=kind, schema_version="1.0.0"), content)
    with pytest.raises(Rejected, match="content-header") as refused:
        check_repeats(Header(kind=kind, schema_version="1.0.0", in_reply_to=bytes(32)), content)
    assert refused.value.pointer == "/body/target"
    assert content.body.answers == ("/body/target", HASH)


@pytest.mark.parametrize(("later_s", "good"), [(0, False), (1, True), (CONFIRM_WITHIN_S, True), (CONFIRM_WITHIN_S + 1, False)])
def test_holders_confirm_a_recall_within_three_days(later_s: int, *, good: bool) -> None:
    """The time to confirm is after the creation that the header gives, and at most 72 hours later."""
    content = read(RECALL, "1.0.0", changed(RECALL, at("/body/confirm_by", instant(AT + later_s)), at("/created", None)))
    header = replace(Header(kind=RECALL, schema_version="1.0.0"), created=AT)
    if good:
        check_repeats(header, content)
        assert content.body.limit is not None
    else:
        with pytest.raises(Rejected, match="content-rule") as refused:
            check_repeats(header, content)
        assert refused.value.pointer == "/body/confirm_by"
