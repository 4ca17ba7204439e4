"""Whatever valid message somebody writes, each recipient gets its very bytes."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.envelope import check_submission, examine, open_delivery
from gateway.ids import Address
from gateway.message import KINDS, read
from gateway.resources import schemas_path
from tests.envelope.world import NOW, SENDER, Message, World, keyring

RECIPIENTS = [Address("NCB-QN@icn"), Address("GN-QP@icn")]
EXAMPLES = {kind: [json.loads(path.read_bytes()) for path in schemas_path().glob(f"examples/{kind}/*.json")] for kind in KINDS}
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12).map("new_{}".format)
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8", exclude_characters="\x00")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def messages(draw: st.DrawFn) -> tuple[str, bytes]:
    """Draw a kind and content: an example with unknown members in frame and body, in any spelling of its JSON."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    tree: dict[str, Any] = draw(st.sampled_from(EXAMPLES[kind]))
    body = {**tree["body"], **draw(st.dictionaries(NAMES, VALUES, max_size=2))}
    members = list({**tree, "body": body, **draw(st.dictionaries(NAMES, VALUES, max_size=2))}.items())
    spelt: dict[str, Any] = {"indent": draw(st.sampled_from([None, 0, 3])), "ensure_ascii": draw(st.booleans())}
    return kind, json.dumps(dict(draw(st.permutations(members))), **spelt).encode()


@settings(max_examples=60, deadline=None)
@given(messages())
def test_any_valid_message_survives_byte_for_byte(message: tuple[str, bytes]) -> None:
    """Unknown members, order, white space and escapes of the author reach every recipient as they were signed."""
    kind, content = message
    written = read(kind, KINDS[kind].version, content)  # type: ignore[index]
    world = World.of([SENDER, *RECIPIENTS])
    sent = Message(RECIPIENTS, content=content)
    check_submission(examine(sent.sealed().submission), world, NOW, world.delivery_key_ok)
    for recipient, delivery in sent.deliveries().items():
        opened = open_delivery(delivery, me=recipient, keyring=keyring(recipient), answers=world, now=NOW)
        assert opened.content == content
        got = read(kind, KINDS[kind].version, opened.content)  # type: ignore[index]
        assert (got, got.unread_fields) == (written, written.unread_fields)
