"""Who is asking: requests that are signed, by somebody who may ask now."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest

from gateway.directory.entries import Status
from gateway.envelope.keys import Use
from gateway.protocol import media
from tests.support.http_stage import NOW, Stage, parse_answer

SIGNED = [
    ("GET", f"{media.MESSAGES}/00010203-0405-0607-0809-0a0b0c0d0e0f"),
    ("GET", media.INBOX),
    ("GET", f"{media.DIRECTORY}metadata/timestamp.json"),
    ("GET", f"{media.DIRECTORY}targets/x.directory.json"),
]


@pytest.mark.parametrize(("method", "path"), SIGNED)
async def test_an_unsigned_request_is_told_how_to_sign(stage: Stage, method: str, path: str) -> None:
    """What is asked for must be signed, and the refusal names the profile."""
    got = await stage.ask(method, path)
    assert (got.status, got.code) == (401, "signature-missing")
    assert 'tag="gateway-v1"' in got.headers["accept-signature"]
    assert "www-authenticate" in got.headers


@pytest.mark.parametrize(("method", "path"), SIGNED)
async def test_a_stranger_is_refused(stage: Stage, method: str, path: str) -> None:
    """A key that is not in the directory opens nothing."""
    stranger = stage.exchange.directory.join("NCB-QM@icn")
    stage.exchange.directory.keys.clear()
    assert (await stage.ask(method, path, stranger)).code == "signature-bad"


@pytest.mark.parametrize("status", [Status.SUSPENDED, Status.REVOKED])
async def test_a_suspended_participant_is_refused(stage: Stage, status: Status) -> None:
    """A good key of a participant that is not active opens nothing."""
    qm = stage.exchange.directory.join("NCB-QM@icn")
    stage.exchange.directory.set_status("NCB-QM@icn", status)
    got = await stage.ask("GET", media.INBOX, qm)
    assert (got.status, got.code) == (403, "sender-unknown")


async def test_a_wrong_clock_is_told_the_servers_time(stage: Stage) -> None:
    """A client whose clock is off learns by how much."""
    qm = stage.exchange.directory.join("NCB-QM@icn")
    headers = stage.signed("GET", media.INBOX, qm)
    stage.now += 400
    got = await stage.send("GET", media.INBOX, headers)
    assert (got.status, got.code, got.problem["server_time"]) == (401, "clock-skew", NOW + 400)
    assert parsedate_to_datetime(got.headers["date"]).year > 2000


async def test_a_request_for_another_gateway_does_not_count_here(stage: Stage) -> None:
    """The authority is signed: what was signed for one gateway is refused at another."""
    qm = stage.exchange.directory.join("NCB-QM@icn")
    headers = stage.signed("GET", media.INBOX, qm)
    got = await stage.send("GET", media.INBOX, {**headers, "Host": "another.example"})
    assert got.code == "signature-bad"


async def test_a_signature_over_one_path_does_not_open_another(stage: Stage) -> None:
    """The path and the query are signed."""
    qm = stage.exchange.directory.join("NCB-QM@icn")
    headers = stage.signed("GET", media.INBOX, qm)
    assert (await stage.send("GET", media.INBOX + "?after=1", headers)).code == "signature-bad"
    assert (await stage.send("GET", f"{media.DIRECTORY}metadata/1.root.json", headers)).code == "signature-bad"


async def test_a_signature_over_one_body_does_not_cover_another(stage: Stage) -> None:
    """The body is signed by its digest."""
    qm = stage.exchange.directory.join("NCB-QM@icn")
    headers = stage.signed("POST", media.RECEIPTS, qm, b"\x91\xc4\x01r", {"Content-Type": media.MSGPACK})
    assert (await stage.send("POST", media.RECEIPTS, headers, b"\x91\xc4\x01r")).status == 200
    assert (await stage.send("POST", media.RECEIPTS, headers, b"\x91\xc4\x01q")).code == "signature-bad"


async def test_an_officers_key_does_not_ask_for_its_machine(stage: Stage) -> None:
    """Only the agent's key signs requests; an approval key of the same participant does not."""
    stage.exchange.directory.join("NCB-QM@icn")
    officer = stage.exchange.directory.join("NCB-QM@icn", use=Use.APPROVAL)

    class Pretending:
        def sign(self, use: Use, message: bytes) -> object:
            return officer.sign(Use.APPROVAL, message)

    assert (await stage.ask("GET", media.INBOX, Pretending())).code == "signature-bad"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "host",
    [b"", b"Host: \r\n", b"Host: a@b\r\n", b"Host: a/b\r\n", b"Host: a b\r\n", b"Host: a\r\nHost: b\r\n", b"Host: [::\r\n"],
)
async def test_a_malformed_host_is_refused(stage: Stage, host: bytes) -> None:
    """The authority must be one well-formed name, because it is part of what is signed."""
    qm = stage.exchange.directory.join("NCB-QM@icn")
    fields = "".join(f"{name}: {value}\r\n" for name, value in stage.signed("GET", media.INBOX, qm).items())
    raw = await stage.raw(b"GET /v1/inbox HTTP/1.1\r\n" + host + fields.encode() + b"\r\n")
    assert parse_answer(raw).code == "bad-request"


@pytest.mark.parametrize("target", [b"http://127.0.0.1/v1/inbox", b"*", b"v1/inbox"])
async def test_a_target_that_is_no_path_is_refused(stage: Stage, target: bytes) -> None:
    """The forms that proxies use are refused: the target must be what was signed."""
    raw = await stage.raw(b"GET " + target + b" HTTP/1.1\r\nHost: gw\r\n\r\n")
    assert parse_answer(raw).code == "bad-request"


async def test_a_body_where_none_belongs_is_refused(stage: Stage) -> None:
    """A GET with a body is refused: nobody would sign or read it."""
    qm = stage.exchange.directory.join("NCB-QM@icn")
    headers = stage.signed("GET", media.INBOX, qm)
    assert (await stage.send("GET", media.INBOX, headers, b"body")).code == "bad-request"
