"""Files between bridges: what is made is read again, keys are of one other network, and numbers show what is missing."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.envelope.keys import Use
from gateway.errors import Rejected
from gateway.ids import Network
from gateway.protocol import bridge
from gateway.protocol.bridge import FileType, Reader, Seen, own_file, parse_key, show_key, sign_file
from tests.support.network import make_member

OWN, OTHER = Network("icn"), Network("eu-network")
MEMBER = make_member("BRIDGE-ICN", OTHER)
KEY = MEMBER.key(Use.AGENT).public


def test_what_is_made_is_read_by_the_other_side() -> None:
    """With the digest that its answer will name."""
    data = sign_file(FileType.FORWARDS, (OTHER, OWN), 7, b"payload", MEMBER.keyring)
    file = Reader(OWN, [KEY]).read(data)
    assert (file.type, file.sequence, file.payload) == (FileType.FORWARDS, 7, b"payload")
    assert file == own_file(data)
    assert len(file.digest) == len(sha256().digest())


def test_keys_are_of_one_other_network() -> None:
    """Neither ours nor those of two."""
    third = make_member("BRIDGE-ICN", Network("net-three")).key(Use.AGENT).public
    for own, keys in ((OTHER, [KEY]), (OWN, [KEY, third]), (OWN, [])):
        with pytest.raises(Rejected) as refused:
            Reader(own, keys)
        assert refused.value.code == "network-differs"


def test_a_key_is_written_as_it_is_read() -> None:
    """Address and hex digits; anything else is refused."""
    assert parse_key(show_key(KEY)) == KEY
    for text in ("", "BRIDGE-ICN@eu-network", "BRIDGE-ICN@eu-network zz", "bridge 00", f"{show_key(KEY)}00"):
        with pytest.raises(Rejected):
            parse_key(text)


@given(st.lists(st.integers(min_value=1, max_value=40), max_size=60))
def test_numbers_show_what_came_and_what_is_missing(numbers: list[int]) -> None:
    """In any order, with any repetition."""
    seen, came = Seen(), set[int]()
    for number in numbers:
        assert seen.take(number) is (number in came)
        came.add(number)
    assert seen.missing == [number for number in range(1, max(came, default=0)) if number not in came]


def test_what_is_remembered_of_numbers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bridge that leaves out numbers for ever costs the first missing ones, not memory."""
    monkeypatch.setattr(bridge, "MAX_ABOVE", 4)
    seen = Seen()
    for number in range(2, 40, 2):
        seen.take(number)
    assert len(seen.above) <= 4
    assert seen.missing
