"""Rotation of a gateway's own keys: listed early, overlapping, taken by the directory, and mended when it came too late."""

from __future__ import annotations

import pytest

from gateway.directory.cards import KeyCard, parse_card
from gateway.directory.current import CurrentKeyring
from gateway.directory.keyfiles import GatewayKeys, decrypt_gateway_keys, online_signer
from gateway.directory.registrar import accept_card
from gateway.directory.view import Directory
from gateway.envelope.keyfile import decrypt_keys
from gateway.envelope.keys import MemoryKeyring, SigningKey, Use
from gateway.errors import Rejected
from gateway.ids import KeyId
from gateway.network.gateway_keys import LEAD_S, OVERLAP_S, RESTART_S, Rotated, new_online, rotate_gateway
from tests.support.authority import NOW, Office

DAY = 86_400
SKEW_S = 300
ALL = (Use.AGENT, Use.LOG, Use.OPERATOR)


def held(office: Office) -> GatewayKeys:
    """Open the gateway's key file."""
    return decrypt_gateway_keys((office.folder / "gate" / "gateway.keys").read_bytes(), b"gate")


def identity(office: Office) -> SigningKey:
    """Fetch the gateway's identity key from the safe."""
    [key] = decrypt_keys((office.folder / "gate" / "identity.key").read_bytes(), b"gate")
    assert isinstance(key, SigningKey)
    return key


def first_card(directory: Directory, office: Office) -> bytes:
    """Return the card that is published."""
    return next(data for name, data in office.files.items() if name.endswith(".key") and "GW-ICN" in name)


def with_keys(keys: GatewayKeys, made: Rotated) -> GatewayKeys:
    """Return what the key file holds after a rotation."""
    return GatewayKeys(keys.address, MemoryKeyring(keys.address, made.signing), keys.online, made.signing, keys.roles)


def taken(office: Office, made: Rotated, now: float) -> Directory:
    """Let the gateway publish its card, as its start does."""
    directory = office.taken_in(NOW)
    path = accept_card(directory, held(office).address, made.card, now)
    office.files |= held(office).online.add_card(office.files, path, made.card, now)
    return office.taken_in(NOW)


def signers(made: Rotated, directory: Directory, use: Use, now: float) -> list[KeyId]:
    """Return whose lines a checkpoint or receipt would have at a time."""
    keyring = CurrentKeyring(made.signing[0].public.address, made.signing, directory.key, lambda: now)
    return [public.key_id for public, _ in keyring.sign_with_each(use, b"")]


@pytest.mark.parametrize("use", ALL)
def test_a_new_key_is_listed_a_day_before_it_signs_and_the_old_one_a_week_longer(office: Office, use: Use) -> None:
    """Every home has read of the new key by then, and one that was away for a week still verifies the log."""
    published = office.published()
    made = rotate_gateway(held(office), identity(office), first_card(published, office), [use], NOW)
    directory = taken(office, made, NOW)
    new = made.signing[-1].key_id
    [old] = signers(made, directory, use, NOW)
    begin = NOW + LEAD_S
    assert old != new
    assert signers(made, directory, use, begin - 1) == [old]
    assert signers(made, directory, use, begin) == [old, new]
    assert signers(made, directory, use, begin + OVERLAP_S - 1) == [old, new]
    assert signers(made, directory, use, begin + OVERLAP_S) == [new]


def test_other_uses_stay_as_they_are(office: Office) -> None:
    """Who rotates the log key leaves agent and operator keys alone."""
    published = office.published()
    made = rotate_gateway(held(office), identity(office), first_card(published, office), [Use.LOG], NOW)
    directory = taken(office, made, NOW)
    late = NOW + LEAD_S + OVERLAP_S + DAY
    assert signers(made, directory, Use.AGENT, late) == [held(office).keyring.sign(Use.AGENT, b"").key_id]


def test_lost_keys_end_in_ten_minutes_and_nothing_signed_until_then_is_lost(office: Office) -> None:
    """The new keys begin at once; what the gateway signed before its start had the card counts for everybody."""
    published = office.published()
    made = rotate_gateway(held(office), identity(office), first_card(published, office), ALL, NOW, at_once=True)
    directory = taken(office, made, NOW + RESTART_S)
    old, new = signers(made, directory, Use.AGENT, NOW + RESTART_S - 1)
    assert signers(made, directory, Use.AGENT, NOW + RESTART_S) == [new]
    record = directory.key(old)
    assert record is not None
    assert record.good_for_signing(NOW + RESTART_S - 1, NOW + RESTART_S - 1)


def test_a_start_that_comes_too_late_goes_on_with_the_old_keys_and_can_be_mended(office: Office) -> None:
    """A card that would change the past is refused; the gateway keeps its voice, and rotates again from the listed card."""
    published = office.published()
    listed = first_card(published, office)
    late = NOW + RESTART_S + SKEW_S + 1
    made = rotate_gateway(held(office), identity(office), listed, ALL, NOW, at_once=True)
    with pytest.raises(Rejected) as caught:
        accept_card(published, held(office).address, made.card, late)
    assert caught.value.code == "card-bad"
    assert signers(made, published, Use.AGENT, late) == [held(office).keyring.sign(Use.AGENT, b"").key_id]
    again = rotate_gateway(with_keys(held(office), made), identity(office), listed, ALL, late, at_once=True)
    directory = taken(office, again, late)
    assert signers(again, directory, Use.AGENT, late + RESTART_S) == [again.signing[-3].key_id]
    assert len(again.signing) == len(ALL) * 2  # old and new; those that nobody ever listed are gone


def test_a_second_rotation_drops_the_keys_that_are_over(office: Office) -> None:
    """The key file holds no key that signs nothing any more; the card lists it for ever."""
    published = office.published()
    made = rotate_gateway(held(office), identity(office), first_card(published, office), ALL, NOW)
    taken(office, made, NOW)
    later = NOW + 300 * DAY
    second = rotate_gateway(with_keys(held(office), made), identity(office), made.card, ALL, later)
    agents = [key for key in second.signing if key.public.use is Use.AGENT]
    card = parse_card(second.card)[1]
    assert isinstance(card, KeyCard)
    assert len(agents) == 2
    assert sum(key.use is Use.AGENT for key in card.keys) == 3
    assert held(office).keyring.sign(Use.AGENT, b"").key_id not in {key.key_id for key in agents}


def test_another_identity_key_rotates_nothing(office: Office) -> None:
    """Only the key from the gateway's own safe makes cards of it."""
    published = office.published()
    author = next(key for key in held(office).signing if key.public.use is Use.AGENT)
    with pytest.raises(Rejected) as caught:
        rotate_gateway(held(office), author, first_card(published, office), ALL, NOW)
    assert caught.value.code == "card-bad"


def test_new_online_keys_stand_beside_the_old_ones(office: Office) -> None:
    """The gateway signs with the old ones until the authority has put the new ones in force."""
    roles, public = new_online(held(office))
    signer = online_signer(roles)
    assert signer.public == public
    assert public != held(office).online.public
    assert len(roles) == 2 * len(held(office).roles)
