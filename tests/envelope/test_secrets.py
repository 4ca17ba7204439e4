"""Secrets stay where they are: nothing that prints, logs, pickles or copies an object shows them."""

from __future__ import annotations

import copy
import io
import logging
import pickle
import traceback
from typing import NoReturn

import pytest

from gateway.envelope import DeliveryKey, MemoryKeyring, SecretKey, SigningKey, Use, decrypt_keys, open_delivery, seal
from gateway.envelope.keyfile import Cost, encrypt_keys
from gateway.errors import GatewayError
from gateway.ids import Address
from tests.envelope.world import CONTENT, NOW, SENDER, Message, World, delivery_key, keyring, signing_key

ME = Address("TRIB-QX-OTP@icn")
SIGNING = signing_key(SENDER, Use.AUTHOR)
DELIVERY = delivery_key(SENDER)
HOLDERS = [SIGNING, DELIVERY, SecretKey(SIGNING.unsafe_export()), keyring(SENDER)]
CHEAP = Cost(1, 8192)


def spellings(secret: bytes) -> list[str]:
    """Return how a secret could be seen in text."""
    return [secret.hex(), repr(secret)[2:-1], str(list(secret))[1:-1]]


def report(error: BaseException) -> str:
    """Return a crash report with the variables of every frame but the test's own."""
    assert error.__traceback__ is not None
    frames = error.__traceback__.tb_next
    return "".join(traceback.TracebackException(type(error), error, frames, capture_locals=True).format())


SECRETS = [text for key in (SIGNING, DELIVERY) for text in spellings(key.unsafe_export())]


@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: type(holder).__name__)
def test_printing_shows_no_secret(holder: object) -> None:
    """repr, str, format and a log line of whatever holds a secret name the key at most."""
    stream = io.StringIO()
    logger = logging.Logger("test")  # noqa: LOG001 - one that no other test sees
    logger.addHandler(logging.StreamHandler(stream))
    logger.warning("held: %s %r", holder, [holder])
    shown = f"{holder} {holder!r} {holder!s:>80} {[holder]} {stream.getvalue()}"
    assert not any(secret in shown for secret in SECRETS)


@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: type(holder).__name__)
def test_a_secret_is_not_pickled_or_copied(holder: object) -> None:
    """Whatever holds a secret refuses to be written to a pickle, or copied by way of one."""
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(holder, protocol)
    with pytest.raises(TypeError, match="not pickled"):
        copy.deepcopy(holder)


def test_a_key_is_named_by_its_id() -> None:
    """What a log shows of a key is whose it is, for what, and its id."""
    assert repr(SIGNING) == f"SigningKey(NCB-QM@icn author {SIGNING.key_id.hex()})"
    assert str(DELIVERY) == f"DeliveryKey(NCB-QM@icn delivery-1 {DELIVERY.key_id.hex()})"


class Unplugged(MemoryKeyring):
    """A keyring that fails in the midst of a sealing."""

    def sign(self, use: Use, message: bytes) -> NoReturn:
        """Fail."""
        raise OSError("the token was pulled out")


def test_a_traceback_with_all_variables_shows_no_key() -> None:
    """A crash report of a failed sealing or opening, with the variables of every frame, has no key in it."""
    drawn: list[bytes] = []
    message = Message([ME])

    def rng(count: int) -> bytes:
        drawn.append(message.rng(count))
        return drawn[-1]

    with pytest.raises(OSError, match="token") as crash:
        seal(
            message.header,
            CONTENT,
            author=message.author,
            addressees=message.addressees,
            keys=message.keys,
            keyring=Unplugged(SENDER, [signing_key(SENDER, Use.AGENT)]),
            directory_version=7,
            rng=rng,
        )
    shown = report(crash.value)
    assert "core_hash" in shown
    assert not any(
        text in shown for secret in [*drawn, signing_key(SENDER, Use.AGENT).unsafe_export()] for text in spellings(secret)
    )


def test_a_refused_delivery_shows_no_key_and_no_content() -> None:
    """The report of a delivery that fails in its last step has neither the recipient's key nor the sealing's in it."""
    world = World.of([SENDER, ME])
    delivery = Message([ME]).deliveries()[ME]
    world.records.pop(SIGNING.key_id)
    with pytest.raises(GatewayError) as refused:
        open_delivery(delivery, me=ME, keyring=keyring(ME), answers=world, now=NOW)
    shown = report(refused.value)
    assert not any(text in shown for text in spellings(delivery_key(ME).unsafe_export()))
    assert CONTENT.decode() not in str(refused.value)


def test_what_was_opened_prints_without_its_content() -> None:
    """An opened message that lands in a log does not show what it says."""
    opened = open_delivery(Message([ME]).deliveries()[ME], me=ME, keyring=keyring(ME), answers=World.of([SENDER, ME]), now=NOW)
    assert opened.content == CONTENT
    assert "fictional" not in f"{opened} {opened!r}"


def test_a_damaged_key_file_shows_no_secret() -> None:
    """What is said of a key file that does not open names neither keys nor passphrase."""
    data = encrypt_keys([SIGNING, DELIVERY], b"correct horse", bytes, CHEAP)
    with pytest.raises(GatewayError) as refused:
        decrypt_keys(data, b"battery staple")
    text = f"{refused.value} {refused.value!r}"
    assert not any(secret in text for secret in [*SECRETS, "battery"])


@pytest.mark.parametrize("kind", [SigningKey, DeliveryKey])
def test_a_held_key_has_no_open_attributes(kind: type) -> None:
    """A key has no dictionary that a debugger or a serialiser would walk."""
    key = SIGNING if kind is SigningKey else DELIVERY
    assert not hasattr(key, "__dict__")
