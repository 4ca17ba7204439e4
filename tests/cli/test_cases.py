"""`gateway cases`, `case`, `due` and `desk`: what they print, for people and for scripts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.client.examples import RESPONSE, path

if TYPE_CHECKING:
    from tests.cli.conftest import Gateway


async def test_a_conversation_is_shown_to_people_and_to_scripts(gateway: Gateway) -> None:
    """A request, and the questions that came back."""
    await gateway("inbox", name="TRIB-QX-OTP")
    await gateway("inbox", name="NCB-QM")
    sent = await gateway("send", str(path()), "--to", "TRIB-QX-OTP", "--json", name="NCB-QM")
    assert sent.code == 0, sent.err
    await gateway("inbox", name="TRIB-QX-OTP")
    [listed] = json.loads((await gateway("cases", "--json", name="TRIB-QX-OTP")).out)
    [thread] = listed["threads"]
    assert (thread["flow"], thread["state"], thread["owed_by"]) == ("request", "sent", ["TRIB-QX-OTP@icn"])
    written = json.loads(path(RESPONSE).read_bytes())
    written["body"]["request_ref"] = thread["envelope_hash"]
    answered = await gateway(
        *("send", "-", "--to", "NCB-QM", "--in-reply-to", thread["envelope_hash"], "--inherit"),
        name="TRIB-QX-OTP",
        stdin=json.dumps(written).encode(),
    )
    assert answered.code == 0, answered.err
    shown = await gateway("case", listed["conversation_id"], name="TRIB-QX-OTP")
    assert (shown.code, shown.err) == (0, "")
    for text in ("clarify", "NCB-QM@icn", "request.response", "question"):
        assert text in shown.out
    due = await gateway("due", name="TRIB-QX-OTP")
    assert "NCB-QM@icn" in due.out
    assert (await gateway("cases", "--open", name="TRIB-QX-OTP")).out.count("clarify") == 1
    asked = json.loads((await gateway("desk", "asked", "--json", name="TRIB-QX-OTP")).out)
    assert [item["desk"] for item in asked] == ["asked"]


async def test_an_unknown_conversation_is_an_error(gateway: Gateway) -> None:
    """With the code of the table, and a hint."""
    await gateway("inbox", name="NCB-QM")
    ran = await gateway("case", "01a22ddd-1c99-7f89-a3f7-2deebbb381ea", name="NCB-QM")
    assert (ran.code != 0, "not-found" in ran.err, "gateway cases" in ran.err) == (True, True, True)


async def test_a_request_that_came_twice_is_shown_as_one(gateway: Gateway) -> None:
    """In the inbox, on the board, in both conversations; an answer to one says what the other still waits for."""
    for name in ("TRIB-QX-OTP", "NCB-QM", "GN-QN"):
        await gateway("inbox", name=name)
    for name in ("NCB-QM", "GN-QN"):
        assert (await gateway("send", str(path()), "--to", "TRIB-QX-OTP", name=name)).code == 0
    shown = await gateway("inbox", name="TRIB-QX-OTP")
    assert "same as  NCB-QM@icn, number 1, in " in shown.out
    first, second = json.loads((await gateway("cases", "--json", name="TRIB-QX-OTP")).out)
    assert [one["sender"] for one in first["threads"][0]["same_as"]] == ["GN-QN@icn"]
    assert len(json.loads((await gateway("due", "--json", name="TRIB-QX-OTP")).out)) == 1
    written = json.loads(path(RESPONSE).read_bytes())
    written["body"] |= {"request_ref": first["threads"][0]["envelope_hash"], "state": "executed"}
    del written["body"]["questions"]
    answered = await gateway(
        *("send", "-", "--to", "NCB-QM", "--in-reply-to", written["body"]["request_ref"], "--inherit"),
        name="TRIB-QX-OTP",
        stdin=json.dumps(written).encode(),
    )
    assert answered.code == 0, answered.err
    other = second["threads"][0]["envelope_hash"]
    assert f"gateway send FILE --in-reply-to {other} --to GN-QN@icn" in answered.err
    due = await gateway("due", name="TRIB-QX-OTP")
    case = await gateway("case", second["conversation_id"], name="TRIB-QX-OTP")
    for ran in (due, case):
        assert f"answered in {first['conversation_id']}, to NCB-QM@icn; its gateway waits here until 20" in ran.out
    assert f"{first['conversation_id']} from NCB-QM@icn: answered, executed" in case.out
    assert "this home" not in due.out
