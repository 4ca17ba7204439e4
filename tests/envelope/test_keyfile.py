"""Keys at rest: a file that opens with its passphrase, and with nothing else."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.envelope import (
    DeliveryKey,
    SecretKey,
    SigningKey,
    Use,
    decrypt_keys,
    derive_key,
    encrypt_keys,
    open_secret,
    seal_secret,
)
from gateway.envelope.keyfile import MODERATE, Cost
from gateway.errors import Rejected
from tests.envelope.world import SENDER, delivery_key, seed_of, signing_key, stream

CHEAP = Cost(1, 8192)  # the smallest cost: tests open many files
KEYS: list[SigningKey | DeliveryKey] = [signing_key(SENDER, Use.IDENTITY), signing_key(SENDER, Use.AGENT), delivery_key(SENDER)]
PASSPHRASE = "correct horse ж".encode()


def key_file(cost: Cost = CHEAP) -> bytes:
    """Return a key file with three keys."""
    return encrypt_keys(KEYS, PASSPHRASE, stream("file"), cost)


def test_keys_come_back_with_the_passphrase() -> None:
    """A key file gives back every key, in order, at the cost that protects it by default."""
    held = decrypt_keys(key_file(MODERATE), PASSPHRASE)
    assert [(key.public, key.unsafe_export()) for key in held] == [(key.public, key.unsafe_export()) for key in KEYS]
    assert MODERATE.memory_bytes == 256 << 20


def test_no_secret_stands_in_the_file() -> None:
    """The file shows neither keys nor passphrase."""
    data = key_file()
    assert not any(key.unsafe_export() in data for key in KEYS)
    assert PASSPHRASE not in data


def test_a_wrong_passphrase_is_told_as_such() -> None:
    """Another passphrase, however close, opens nothing."""
    for wrong in (b"", PASSPHRASE + b" ", PASSPHRASE.upper()):
        with pytest.raises(Rejected) as refused:
            decrypt_keys(key_file(), wrong)
        assert refused.value.code == "passphrase"


def test_a_changed_file_does_not_open() -> None:
    """A file with any byte changed, its cost and salt included, is refused."""
    data = key_file()
    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(Rejected) as refused:
            decrypt_keys(changed, PASSPHRASE)
        assert refused.value.code in {"passphrase", "malformed", "not-canonical"}


@pytest.mark.parametrize("cost", [(0, 8192), (9, 8192), (1, 1024), (1, 1 << 31)])
def test_a_file_cannot_ask_for_all_memory(cost: tuple[int, int]) -> None:
    """A file whose cost is out of bounds is refused before anything is computed."""
    parts = msgspec.msgpack.decode(key_file())
    parts[1] = cost
    with pytest.raises(Rejected) as refused:
        decrypt_keys(msgspec.msgpack.encode(parts), PASSPHRASE)
    assert refused.value.code == "malformed"


@settings(deadline=None)
@given(st.binary(max_size=500), st.binary(max_size=40))
def test_what_is_sealed_for_rest_comes_back_in_its_place(plaintext: bytes, context: bytes) -> None:
    """Stored data opens under its key and context, and nowhere else."""
    key = SecretKey(seed_of("home"))
    data = seal_secret(key, plaintext, context, stream("rest"))
    assert open_secret(key, data, context) == plaintext
    for wrong_key, wrong_context in ((SecretKey(seed_of("other")), context), (key, context + b"x")):
        with pytest.raises(Rejected) as refused:
            open_secret(wrong_key, data, wrong_context)
        assert refused.value.code == "passphrase"


def test_damaged_rest_does_not_open() -> None:
    """What is too short or changed is refused, not crashed on."""
    key = SecretKey(seed_of("home"))
    data = seal_secret(key, b"text", b"place", stream("rest"))
    for damaged in (b"", data[:10], data[:24], data[:-1], data + b"\0"):
        with pytest.raises(Rejected):
            open_secret(key, damaged, b"place")


def test_a_passphrase_needs_a_salt() -> None:
    """The same passphrase gives another key with another salt, and none without."""
    one, other = derive_key(PASSPHRASE, bytes(16), CHEAP), derive_key(PASSPHRASE, b"\1" * 16, CHEAP)
    assert one.unsafe_bytes != other.unsafe_bytes
    with pytest.raises(Rejected):
        derive_key(PASSPHRASE, b"short", CHEAP)
