"""Header and content must say the same wherever content repeats the header."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec
import pytest

from gateway.errors import Rejected
from gateway.ids import Address, parse_id
from gateway.message import check_repeats, instant, require_listed, wishes
from gateway.message.information.request_response import RequestResponse, RequestResponseBody
from tests.message.full import FULL
from tests.message.full_parts import HASH, ID, WHEN
from tests.message.test_reading import REQUEST

AT = 4_081_307_400  # WHEN


@dataclass(frozen=True)
class Header:
    """The fields of a header that content may repeat."""

    kind: str = "cooperation.request"
    schema_version: str = "1.1.0"
    message_id: bytes = parse_id(ID)
    sender: str = "NCB-QM@icn"
    created: int = AT
    expires: int = AT
    urgency: str = "urgent"
    handling: str = "amber+strict/confidential"
    conversation_id: bytes = parse_id(ID)
    in_reply_to: bytes | None = bytes.fromhex(HASH)
    respond_by: int | None = AT


DIFFERENT: dict[str, object] = {
    "schema_version": "1.0.1",
    "message_id": bytes(16),
    "sender": "NCB-QN@icn",
    "created": AT - 1,
    "expires": AT + 1,
    "urgency": "flash",
    "handling": "amber/confidential",
    "conversation_id": bytes(16),
    "in_reply_to": None,
    "respond_by": None,
    "kind": "information.report",
}


def test_content_that_repeats_its_header_passes() -> None:
    """A full repetition agrees with its header."""
    assert instant(AT) == WHEN
    check_repeats(Header(), FULL["cooperation.request"])


@pytest.mark.parametrize("field", DIFFERENT)
def test_each_difference_is_refused_at_its_place(field: str) -> None:
    """Content cannot claim another sender, time, kind or marking than its header."""
    with pytest.raises(Rejected) as refused:
        check_repeats(replace(Header(), **{field: DIFFERENT[field]}), FULL["cooperation.request"])  # type: ignore[arg-type]
    assert (refused.value.code, refused.value.pointer) == ("content-header", f"/{field}")


def test_content_need_not_repeat_anything_but_its_marking() -> None:
    """What is left out agrees with every header; handling always stands."""
    header = Header(handling="amber+strict/restricted", in_reply_to=None)
    check_repeats(header, REQUEST)
    with pytest.raises(Rejected, match="/handling"):
        check_repeats(Header(), REQUEST)


def test_an_answer_names_what_it_answers() -> None:
    """A response says which request it is about, a reply of a report that there is one; the header must agree."""
    body = RequestResponseBody(request_ref=HASH, state="received")
    answer = RequestResponse(handling=REQUEST.handling, purpose=REQUEST.purpose, body=body)
    header = Header(kind="request.response", handling="amber+strict/restricted")
    check_repeats(header, answer)
    assert wishes(answer).in_reply_to == bytes.fromhex(HASH)
    for other in (None, bytes(32)):
        with pytest.raises(Rejected, match="/body/request_ref"):
            check_repeats(replace(header, in_reply_to=other), answer)
    report = msgspec.structs.replace(FULL["information.report"], in_reply_to=None)
    with pytest.raises(Rejected, match="content-header"):
        check_repeats(replace(Header(), kind="information.report", in_reply_to=None), report)


def test_wishes_are_what_the_header_will_say() -> None:
    """Times become Unix seconds, ids bytes; a fraction of a second cannot be carried."""
    wished = wishes(FULL["cooperation.request"])
    assert (wished.created, wished.message_id, wished.urgency) == (AT, parse_id(ID), "urgent")
    assert wishes(REQUEST).created is None
    with pytest.raises(Rejected, match="/created"):
        wishes(msgspec.structs.replace(REQUEST, created="2099-05-01T08:30:00.5Z"))


def test_who_gets_a_diffusion_stands_in_its_list() -> None:
    """Its author's SDK asks for all of them, each reader for himself: a recall reaches everybody who holds it."""
    content = FULL["diffusion.circulate"]
    listed = [Address(one) for one in content.disclosed_recipients]
    require_listed(content, listed)
    require_listed(content, listed[:1])
    with pytest.raises(Rejected) as refused:
        require_listed(content, [*listed, Address("NCB-XZ@icn")])
    assert (refused.value.code, refused.value.pointer) == ("content-rule", "/disclosed_recipients")
    require_listed(FULL["cooperation.request"], [Address("NCB-XZ@icn")])
