"""What a reply or a forward inherits, and that nothing made from a message is marked more laxly than it."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Rejected
from gateway.message import Handling, join, read_message_file
from gateway.message.codec import encode_json
from gateway.message.inheritance import Parent, forwarded, marked, require_inherited
from gateway.resources import schemas_path
from tests.message.test_handling import markings

HASH = "5e" * 32
SENDER = "NCB-QM@icn"
STRICT = Handling(
    tlp="red",
    confidentiality="confidential",
    restrictions=frozenset({"H1", "H3"}),
    caveats=frozenset({"Ask first."}),
    evidential_use="lead-only",
    originators=frozenset({SENDER, "TRIB-QX-OTP@icn"}),
    officers=frozenset({"GN-QN/officer-07"}),
)
LAX: dict[str, object] = {
    "tlp": "amber",
    "confidentiality": "restricted",
    "restrictions": frozenset({"H3"}),
    "caveats": frozenset({"Another."}),
    "evidential_use": "with-consent",
    "onward": "unit",
    "originators": frozenset({SENDER}),
    "officers": None,
}


def example() -> bytes:
    """Return a message file."""
    return (schemas_path() / "examples" / "cooperation.request" / "hear-a-witness.json").read_bytes()


def marking_of(data: bytes) -> Handling:
    """Return the marking of content."""
    return msgspec.convert(json.loads(data)["handling"], Handling)


@pytest.mark.parametrize("member", LAX)
def test_each_member_is_inherited(member: str) -> None:
    """Whoever lowers one member of the marking is told which, and at least what it must be."""
    laxer = Handling(**{name: getattr(STRICT, name) for name in Handling.__struct_fields__} | {member: LAX[member]})
    with pytest.raises(Rejected) as caught:
        require_inherited(laxer, [Parent(HASH, SENDER, STRICT)])
    assert (caught.value.code, caught.value.pointer) == ("handling-laxer", f"/handling/{member}")
    assert "Ask first" not in str(caught.value)
    require_inherited(STRICT, [Parent(HASH, SENDER, STRICT)])


def test_the_sender_is_an_originator_from_then_on() -> None:
    """A marking that names no originator belongs to its sender, and a reply says so."""
    parent = Parent(HASH, SENDER, Handling(tlp="green", confidentiality="official-use-only"))
    assert parent.inherited.originators == {SENDER}
    with pytest.raises(Rejected, match="handling-laxer"):
        require_inherited(parent.marking, [parent])


@given(markings, st.lists(markings, max_size=3))
def test_what_inherits_is_never_refused(own: Handling, parents: list[Handling]) -> None:
    """For any markings, the inherited one is strict enough for each parent; inheriting twice changes nothing."""
    found = [Parent(HASH, SENDER, marking) for marking in parents]
    data = encode_json({"handling": own})
    try:
        result = marked(data, found)
    except Rejected as exc:
        assert exc.pointer == "/handling/officers"  # noqa: PT017  # nobody may read all of them
        return
    marking = marking_of(result)
    require_inherited(marking, found)
    assert join(marking, own) == marking
    assert marked(result, found) == result


def test_content_that_is_strict_enough_is_left_as_it_was_written() -> None:
    """Nothing is written anew that need not be: the bytes are the author's."""
    data = example()
    own = read_message_file(data)[1].handling
    marked_so = marked(data, [Parent(HASH, SENDER, own)])
    assert marked(marked_so, [Parent(HASH, SENDER, own)]) is marked_so


def test_unread_members_survive_a_newmarking_of() -> None:
    """What a newer version of the kind says is not lost because this one does not read it."""
    tree = json.loads(example())
    tree["from_the_future"] = {"deep": [1, 2]}
    tree["body"]["measures"][0]["also_new"] = "x"
    result = json.loads(marked(json.dumps(tree).encode(), [Parent(HASH, SENDER, STRICT)]))
    assert result["from_the_future"] == {"deep": [1, 2]}
    assert result["body"] == tree["body"]
    assert result["handling"]["tlp"] == "red"


def test_a_forward_says_what_it_passes_on_and_nothing_of_its_first_author() -> None:
    """Ids, times and author of the first message are not claimed again; body and attachments are the same."""
    tree = json.loads(example()) | {"sender": SENDER, "sequence": 3, "created": "2099-05-01T08:30:00Z", "urgency": "flash"}
    passed_on = forwarded(json.dumps(tree).encode(), Parent(HASH, SENDER, STRICT))
    result = json.loads(passed_on)
    assert result["derived_from"] == [HASH]
    assert result["body"] == tree["body"]
    assert not {"sender", "sequence", "created", "urgency", "author"} & set(result)
    assert marking_of(passed_on) == STRICT
    assert read_message_file(passed_on)[1].handling == STRICT
