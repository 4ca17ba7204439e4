"""What of a message its conversation looks at: values of members that its kind has, and was checked for."""

from __future__ import annotations

import json
from typing import Any

from gateway.message import read_message_file
from gateway.message.flows import flows
from gateway.message.flows.turns import values_of
from gateway.resources import schemas_path


def values(example: str, **body: Any) -> dict[str, str]:
    """Return the values of a published example whose body says more."""
    _, found, *_ = read_message_file((schemas_path() / "examples" / f"{example}.json").read_bytes())
    written = json.loads(found.raw)
    content = json.dumps({**written, "body": {**written["body"], **body}}).encode()
    return values_of(content, type(found), flows().pointers)


def test_members_of_the_kind_are_values() -> None:
    """Text, and of a list its length."""
    found = values("system.recall/not-compliant")
    assert found == {}
    assert values("notice.review/refused-diffusion")["/body/outcome"] == "refused"


def test_a_member_that_the_kind_does_not_have_is_no_value() -> None:
    """Nobody checked it: it names no owner, and no time."""
    assert values("cooperation.request/hear-a-witness", owner="NCB-QX", expected_by="soon", questions=5) == {}
