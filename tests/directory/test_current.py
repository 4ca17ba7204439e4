"""A gateway signs with the keys that everybody can verify now, while old ones give way to new ones."""

from __future__ import annotations

import os

import pytest

from gateway.directory.current import CurrentKeyring
from gateway.envelope.keys import SigningKey, Use
from gateway.envelope.primitives import verify
from gateway.envelope.trust import KeyRecord
from gateway.errors import CannotOpen, Rejected
from gateway.ids import Address, KeyId

GATE = Address("GW-ICN@icn")
DAY = 86_400
START, BEGIN, END = 0, 10 * DAY, 17 * DAY  # of the old key, of the new one, and of the old one
MESSAGE = b"what is signed"


class Scene:
    """An old and a new agent key and log key, and what the directory says of them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.looks = 0
        self.old, self.new = (SigningKey.generate(GATE, Use.AGENT, os.urandom) for _ in range(2))
        self.old_log, self.new_log = (SigningKey.generate(GATE, Use.LOG, os.urandom) for _ in range(2))
        self.listed: dict[KeyId, KeyRecord] = {}
        self.tell(self.old, START, END)
        self.tell(self.old_log, START, END)
        self.tell(self.new, BEGIN, 400 * DAY)
        self.tell(self.new_log, BEGIN, 400 * DAY)
        # The file has them in another order than the directory: its own order decides nothing between listed keys.
        held = (self.new, self.old, self.old_log, self.new_log)
        self.keyring = CurrentKeyring(GATE, held, self.lookup, lambda: self.now)

    def tell(self, key: SigningKey, begin: int, end: int, revoked_at: int | None = None) -> None:
        """Let the directory say this of a key."""
        self.listed[key.key_id] = KeyRecord.of(key.public, begin, end, revoked_at)

    def lookup(self, key_id: KeyId) -> KeyRecord | None:
        """Answer like a directory."""
        self.looks += 1
        return self.listed.get(key_id)

    def signer(self, now: float) -> KeyId:
        """Return who signs at a time."""
        self.now = now
        key_id, signature = self.keyring.sign(Use.AGENT, MESSAGE)
        key = next(key for key in (self.old, self.new) if key.key_id == key_id)
        assert verify(key.public.key, MESSAGE, signature)
        return key_id

    def log_signers(self, now: float) -> list[KeyId]:
        """Return who signs a checkpoint at a time."""
        self.now = now
        signed = self.keyring.sign_with_each(Use.LOG, MESSAGE)
        assert all(verify(public.key, MESSAGE, signature) for public, signature in signed)
        return [public.key_id for public, _ in signed]


@pytest.fixture
def scene() -> Scene:
    """Return keys in the middle of a rotation."""
    return Scene()


def test_the_new_key_signs_from_its_first_second_on(scene: Scene) -> None:
    """Before it begins nobody may have read of it; from then on the old one is needed no more."""
    assert scene.signer(BEGIN - 1) == scene.old.key_id
    assert scene.signer(BEGIN) == scene.new.key_id
    assert scene.signer(END + DAY) == scene.new.key_id


def test_a_checkpoint_is_signed_by_every_log_key_that_is_good(scene: Scene) -> None:
    """Whoever knows one of them finds its line: the old one alone, then both, then the new one alone."""
    assert scene.log_signers(BEGIN - 1) == [scene.old_log.key_id]
    assert scene.log_signers(BEGIN) == [scene.old_log.key_id, scene.new_log.key_id]
    assert scene.log_signers(END) == [scene.new_log.key_id]


def test_a_key_that_is_not_listed_does_not_sign_beside_one_that_is(scene: Scene) -> None:
    """A rotation whose card was not published changes nothing."""
    del scene.listed[scene.new.key_id]
    assert scene.signer(BEGIN + DAY) == scene.old.key_id


def test_a_revoked_key_gives_way(scene: Scene) -> None:
    """What a revoked key signed would count for nobody."""
    scene.tell(scene.new, BEGIN, 400 * DAY, revoked_at=BEGIN + DAY)
    assert scene.signer(BEGIN + 2 * DAY) == scene.old.key_id


def test_before_there_is_a_directory_the_newest_of_the_file_signs(scene: Scene) -> None:
    """A first start has to sign before it has read who is who; it looks again until it has."""
    listed, scene.listed = scene.listed, {}
    assert scene.signer(BEGIN) == scene.old.key_id  # the last of the file
    assert len(scene.log_signers(BEGIN)) == 2
    scene.listed = listed
    assert scene.signer(BEGIN) == scene.new.key_id


def test_the_directory_is_asked_once_a_minute(scene: Scene) -> None:
    """Signing costs no look-up for each message."""
    for second in range(60):
        scene.signer(BEGIN + second)
    looks = scene.looks
    scene.signer(BEGIN + 60)
    assert (looks, scene.looks) == (2, 4)


def test_a_use_without_a_key_is_refused(scene: Scene) -> None:
    """Nothing is signed with a key for something else."""
    with pytest.raises(Rejected) as caught:
        scene.keyring.sign(Use.OPERATOR, MESSAGE)
    assert caught.value.code == "bad-key"
    assert scene.keyring.sign_with_each(Use.OPERATOR, MESSAGE) == []


def test_a_gateway_opens_nothing(scene: Scene) -> None:
    """Nobody seals to a gateway, and its keyring shows no secret."""
    with pytest.raises(CannotOpen):
        scene.keyring.unwrap(scene.old.key_id, b"", b"", b"")
    assert repr(scene.keyring) == "CurrentKeyring(GW-ICN@icn, 4 keys)"
    assert len(scene.keyring.public_keys()) == 4
