"""Signed requests: what one side signs the other accepts, and nothing that was changed or left out."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from http_message_signatures import HTTPMessageSigner

from gateway.envelope.keys import MemoryKeyring, Signature, SigningKey, Use
from gateway.envelope.trust import KeyRecord
from gateway.errors import Rejected
from gateway.ids import Address, KeyId
from gateway.protocol import request as profile
from gateway.protocol.request import HttpRequest, RequestSigner, sign_request, verify_request

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = 1_900_000_000
NONCE = bytes(range(16))
ASKED = HttpRequest("GET", "https://gw.example/v1/inbox?after=7", {"Accept": "*/*"})
SENT = HttpRequest("POST", "https://gw.example:8443/v1/receipts", {"Content-Type": "application/vnd.msgpack"}, b"\x90")
AGENT = SigningKey.generate(Address("NCB-QM@icn"), Use.AGENT, os.urandom)
KEYRING = MemoryKeyring(AGENT.public.address, [AGENT])
RECORD = KeyRecord.of(AGENT.public, NOW - 1000, NOW + 1000)


def find(key_id: KeyId) -> KeyRecord | None:
    """Answer as a directory with one key."""
    return RECORD if key_id == RECORD.key_id else None


def signed(request: HttpRequest, now: float = NOW) -> HttpRequest:
    """Return the request with its signature."""
    return replace(request, headers=sign_request(request, KEYRING, now, NONCE))


def refused(request: HttpRequest, now: float = NOW, keys: Callable[[KeyId], KeyRecord | None] = find) -> str:
    """Return the code with which a request is refused."""
    with pytest.raises(Rejected) as caught:
        verify_request(request, keys, now)
    return caught.value.code


@pytest.mark.parametrize("request_", [ASKED, SENT], ids=["without a body", "with a body"])
def test_a_signed_request_names_who_asks(request_: HttpRequest) -> None:
    """A request that was signed as the profile says is accepted, and says whose key signed it."""
    asker = verify_request(signed(request_), find, NOW)
    assert asker == (RECORD.address, RECORD.key_id, NONCE, NOW)


def test_the_fields_read_as_the_specification_shows_them() -> None:
    """The signature fields have the one form that the specification gives."""
    headers = signed(SENT).headers
    assert headers["Content-Digest"].startswith("sha-256=:")
    assert headers["Signature"].startswith("gateway=:")
    assert headers["Signature-Input"] == (
        'gateway=("@method" "@authority" "@path" "@query" "content-digest");'
        f'created={NOW};keyid="{RECORD.key_id.hex()}";alg="ed25519";nonce="{NONCE.hex()}";tag="gateway-v1"'
    )


def test_signing_many_requests_asks_the_keyring_once_for_each() -> None:
    """Only the first request is signed twice, to learn which key the keyring takes."""
    calls: list[bytes] = []

    class Counting(MemoryKeyring):
        def sign(self, use: Use, message: bytes) -> Signature:
            calls.append(message)
            return super().sign(use, message)

    signer = RequestSigner(Counting(AGENT.public.address, [AGENT]))
    for _ in range(3):
        verify_request(replace(ASKED, headers=signer.sign(ASKED, NOW, NONCE)), find, NOW)
    assert len(calls) == 4


CHANGES: dict[str, Callable[[HttpRequest], HttpRequest]] = {
    "another method": lambda one: replace(one, method="PUT"),
    "another authority": lambda one: replace(one, url=one.url.replace("gw.example", "gw2.example")),
    "another path": lambda one: replace(one, url=one.url.replace("receipts", "messages")),
    "a query that was added": lambda one: replace(one, url=one.url + "?after=1"),
    "another body": lambda one: replace(one, body=b"\x91\xc0"),
    "no body any more": lambda one: replace(one, body=b""),
    "another digest": lambda one: replace(one, headers={**one.headers, "Content-Digest": "sha-256=:AA==:"}),
    "a digest left out": lambda one: replace(one, headers={k: v for k, v in one.headers.items() if k != "Content-Digest"}),
    "another nonce": lambda one: _input(one, NONCE.hex(), "ff" * 16),
    "another time": lambda one: _input(one, str(NOW), str(NOW + 1)),
    "another algorithm": lambda one: _input(one, "ed25519", "hmac-sha256"),
    "an unknown key": lambda one: _input(one, RECORD.key_id.hex(), "00" * 16),
    "a key id in capitals": lambda one: _input(one, RECORD.key_id.hex(), RECORD.key_id.hex().upper()),
    "a component left out": lambda one: _input(one, '"@query" ', ""),
    "another tag": lambda one: _input(one, "gateway-v1", "other"),
    "an expiry": lambda one: _input(one, ";created", f";expires={NOW + 9};created"),
    "two inputs of one label": lambda one: _input(one, "gateway=", "gateway=(),gateway="),
    "bytes that are no structured field": lambda one: _input(one, "gateway=", "gateway=(("),
    "text that is not ASCII": lambda one: _input(one, "gateway-v1", "gateway-v\udcff"),
    "another signature": lambda one: replace(one, headers={**one.headers, "Signature": f"gateway=:{'A' * 86}==:"}),
    "a short signature": lambda one: replace(one, headers={**one.headers, "Signature": "gateway=:AAAA:"}),
}


def _input(request: HttpRequest, old: str, new: str) -> HttpRequest:
    headers = dict(request.headers)
    assert old in headers["Signature-Input"]
    headers["Signature-Input"] = headers["Signature-Input"].replace(old, new)
    return replace(request, headers=headers)


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_request_is_refused(name: str) -> None:
    """A request that differs from what was signed, in any part, is refused with one code."""
    assert refused(CHANGES[name](signed(SENT))) == "signature-bad"


@pytest.mark.parametrize("field", ["Signature", "Signature-Input"])
def test_a_request_without_signature_fields_is_told_to_sign(field: str) -> None:
    """A request that lacks a signature field is told so."""
    headers = {name: value for name, value in signed(ASKED).headers.items() if name != field}
    assert refused(replace(ASKED, headers=headers)) == "signature-missing"


@pytest.mark.parametrize(("offset", "good"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_clocks_may_differ_by_five_minutes(offset: int, good: bool) -> None:  # noqa: FBT001
    """A good signature of another time is told that the clocks differ."""
    request = signed(ASKED, NOW + offset)
    if good:
        assert verify_request(request, find, NOW).created == NOW + offset
    else:
        assert refused(request) == "clock-skew"


def test_a_forged_request_of_another_time_does_not_learn_that() -> None:
    """Only who holds the key is told about clocks."""
    assert refused(_input(signed(ASKED, NOW - 900), NONCE.hex(), "ff" * 16)) == "signature-bad"


@pytest.mark.parametrize(
    "record",
    [
        KeyRecord.of(AGENT.public, NOW + 1, NOW + 1000),
        KeyRecord.of(AGENT.public, NOW - 1000, NOW),
        KeyRecord.of(AGENT.public, NOW - 1000, NOW + 1000, NOW - 1),
    ],
    ids=["not yet", "no more", "revoked"],
)
def test_a_key_that_is_not_good_now_signs_nothing(record: KeyRecord) -> None:
    """A key outside its time, or revoked, opens nothing."""
    assert refused(signed(ASKED), keys=lambda _: record) == "signature-bad"


def test_a_key_of_another_use_signs_no_request() -> None:
    """The author's key, in which messages are signed, cannot ask for anything."""
    author = SigningKey.from_seed(AGENT.public.address, Use.AUTHOR, AGENT.unsafe_export())
    record = KeyRecord.of(author.public, NOW - 1000, NOW + 1000)
    signing = MemoryKeyring(AGENT.public.address, [AGENT])
    headers = sign_request(ASKED, signing, NOW, NONCE)
    assert refused(replace(ASKED, headers=headers), keys=lambda _: record) == "signature-bad"


@pytest.mark.parametrize(
    "covered",
    [
        ("@method", "@authority", "@path"),
        ("@method", "@authority", "@path", "@query", "accept"),
        ("@authority", "@method", "@path", "@query"),
        ("@method", "@target-uri"),
    ],
)
def test_other_components_than_the_profile_names_are_refused(covered: tuple[str, ...]) -> None:
    """A good signature over less, more or otherwise than the profile names does not count."""
    message = replace(ASKED, headers=dict(ASKED.headers))
    signer = HTTPMessageSigner(signature_algorithm=profile._Ed25519)
    prepared = signer.prepare(
        message,
        key_id=RECORD.key_id.hex(),
        created=datetime.fromtimestamp(NOW, UTC),
        nonce=NONCE.hex(),
        tag=profile.TAG,
        label="gateway",
        covered_component_ids=covered,
    )
    signer.apply(message, prepared, AGENT.sign(prepared.signature_base))
    assert refused(message) == "signature-bad"


def test_a_second_signature_by_somebody_else_does_not_disturb() -> None:
    """A proxy may add a signature with a tag of its own."""
    request = signed(ASKED)
    headers = dict(request.headers)
    headers["Signature-Input"] += ', proxy=("@method");created=1;keyid="p";tag="proxy"'
    headers["Signature"] += ", proxy=:AAAA:"
    assert verify_request(replace(request, headers=headers), find, NOW).address == RECORD.address


def test_two_signatures_with_our_tag_are_refused() -> None:
    """Two signatures that both claim the profile are ambiguous."""
    request = signed(ASKED)
    headers = dict(request.headers)
    for name in ("Signature-Input", "Signature"):
        headers[name] += ", " + headers[name].replace("gateway=", "again=")
    assert refused(replace(request, headers=headers)) == "signature-bad"
