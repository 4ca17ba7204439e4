"""What everybody asks the directory, and what it does not believe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.directory.cards import DELIVERY_KEY_S
from gateway.directory.entries import KeyRevocation, RevocationReason, Status
from gateway.directory.revoked import Revoked
from gateway.directory.view import build
from gateway.envelope.keys import DeliveryKey, Use
from gateway.errors import Rejected
from gateway.ids import Address, KeyId, Kind, Network
from tests.support.network import World, counter_rng

if TYPE_CHECKING:
    from gateway.directory.view import Directory

NOW = 2_000_000_000
QM, QN, OTP, GATE = (Address(f"{name}@icn") for name in ("NCB-QM", "GN-QN", "TRIB-QX-OTP", "GW-ICN"))


def test_who_is_who(world: World) -> None:
    """Participants and gateways are told apart, and strangers are nobody."""
    directory = world.directory
    assert directory.participants() == [QN, QM, OTP]
    assert directory.gateways() == [GATE]
    assert directory.is_gateway(GATE)
    assert not directory.is_gateway(QM)
    assert directory.entry(Address("NCB-XX@icn")) is None
    assert not directory.is_gateway(Address("NCB-XX@icn"))


def test_whose_key_is_this(world: World) -> None:
    """Every key on a card is found by its id, with its holder, use and times."""
    for member in (*world.members.values(), world.gate):
        for key in (*member.signing, *member.delivery):
            record = world.directory.key(key.key_id)
            assert record is not None
            assert (record.address, record.use, record.key) == (member.address, key.public.use, key.public.key)
            assert record.current(NOW)
    assert world.directory.key(KeyId(bytes(16))) is None
    assert [record.use for record in world.directory.keys_of(QM, Use.AGENT)] == [Use.AGENT]


def test_the_newest_current_delivery_key_is_sealed_to(world: World) -> None:
    """After a new card messages go to the new key; the old one is still known."""
    member = world.member("NCB-QM")
    old = member.delivery[0]
    new = DeliveryKey.generate(QM, Use.DELIVERY, counter_rng("new"))
    world.now += 86_400
    member.delivery = (new,)
    world.put_cards({"cards/NCB-QM/delivery": member.delivery_card(world.now, serial=2)})
    found = world.directory.delivery_key(QM, world.now)
    assert found is not None
    assert found.key_id == new.key_id
    assert world.directory.delivery_key_ok(QM, new.key_id, world.now)
    assert not world.directory.delivery_key_ok(QM, old.key_id, world.now)
    assert not world.directory.delivery_key_ok(QN, new.key_id, world.now)


def test_a_delivery_key_is_sealed_to_for_31_days(world: World) -> None:
    """After its time a key is not sealed to, and a participant without a current key cannot be sealed to."""
    last = NOW - 300 + DELIVERY_KEY_S - 1
    assert world.directory.delivery_key(QM, last) is not None
    assert world.directory.delivery_key(QM, last + 1) is None
    key = world.member("NCB-QM").delivery[0]
    assert not world.directory.delivery_key_ok(QM, key.key_id, last + 1)


def test_a_signing_key_is_no_delivery_key(world: World) -> None:
    """A stanza cannot name a key of another use."""
    agent = world.member("NCB-QM").key(Use.AGENT)
    assert not world.directory.delivery_key_ok(QM, agent.key_id, NOW)


def test_what_software_reads_stands_on_its_card(world: World) -> None:
    """A sender learns which suites and schema versions a recipient understands."""
    assert world.directory.suites(QM) == (1,)
    assert world.directory.readable(QM, Kind("cooperation.request")) == ("1.0.0", "1.1.0")
    assert world.directory.readable(QM, Kind("no.such")) == ()
    assert world.directory.suites(GATE) == ()


def test_names_become_addresses_each_once(world: World) -> None:
    """Participants, addresses and groups may be mixed; who stands twice is written to once."""
    world.groups["europe"] = ("NCB-QM", "GN-QN")
    world.publish()
    directory = world.directory
    assert directory.expand(["TRIB-QX-OTP", "group:europe", "NCB-QM@icn", "NCB-QM"]) == [OTP, QN, QM]
    assert directory.expand(["europe"]) == [QN, QM]
    for stranger in ("NCB-XX", "asia", "group:asia", "NCB-QM@other", ""):
        with pytest.raises(Rejected, match="recipient-unknown"):
            directory.expand([stranger])


def test_groups_leave_out_who_is_not_active(world: World) -> None:
    """A suspended member does not stop a message to its group."""
    world.groups["europe"] = ("NCB-QM", "GN-QN")
    world.change("GN-QN", status=Status.SUSPENDED)
    world.publish()
    assert world.directory.expand(["europe"]) == [QM]
    assert world.directory.delivery_key(QN, NOW) is None
    assert world.directory.key(world.member("GN-QN").key(Use.AUTHOR).key_id) is not None


def test_a_revoked_key_is_known_with_its_time(world: World) -> None:
    """What was signed before a revocation still verifies, what comes later does not."""
    author = world.member("NCB-QM").key(Use.AUTHOR)
    world.revoked = (KeyRevocation(key_id=author.key_id.hex(), revoked_at=NOW + 50, reason=RevocationReason.STOLEN),)
    world.publish()
    record = world.directory.key(author.key_id)
    assert record is not None
    assert record.good_for_signing(NOW, NOW + 49)
    assert not record.good_for_signing(NOW, NOW + 50)


def test_a_revoked_agent_key_takes_its_delivery_card_with_it(world: World) -> None:
    """Who stole an agent key cannot keep a delivery key in the directory by dating its card back."""
    agent = world.member("NCB-QM").key(Use.AGENT)
    world.revoked = (KeyRevocation(key_id=agent.key_id.hex(), revoked_at=NOW + 50, reason=RevocationReason.STOLEN),)
    world.publish()
    assert world.directory.delivery_key(QM, NOW) is None
    assert world.directory.held_back == {"cards/NCB-QM/delivery": "card-bad"}
    assert world.directory.delivery_key(QN, NOW) is not None


def test_keys_on_a_void_card_are_known_as_stolen(world: World) -> None:
    """Whatever a stolen agent key listed may be the thief's: a gateway knows which keys to hold messages for."""
    member = world.member("NCB-QM")
    agent = member.key(Use.AGENT)
    world.revoked = (KeyRevocation(key_id=agent.key_id.hex(), revoked_at=NOW + 50, reason=RevocationReason.STOLEN),)
    world.publish()
    assert world.directory.stolen_keys() == {agent.key_id, member.delivery[0].key_id}
    record = world.directory.key(member.delivery[0].key_id)
    assert record is not None
    assert not record.current(NOW)


def test_a_revoked_identity_key_revokes_all_that_it_vouched_for(world: World) -> None:
    """The authority revokes a participant by one key; what was accepted before that still verifies."""
    member = world.member("NCB-QM")
    row = KeyRevocation(key_id=member.identity.key_id.hex(), revoked_at=NOW + 50, reason=RevocationReason.CEASED)
    world.revoked = (row,)
    world.publish()
    author = world.directory.key(member.key(Use.AUTHOR).key_id)
    assert author is not None
    assert author.good_for_signing(NOW, NOW + 49)
    assert not author.good_for_signing(NOW, NOW + 50)
    assert world.directory.delivery_key(QM, NOW) is None
    assert world.directory.stolen_keys() == frozenset()


def test_of_several_revocations_the_earliest_time_and_the_gravest_reason_count(world: World) -> None:
    """A key that was replaced, and is found to have been stolen, is stolen since the earlier time."""
    author = world.member("NCB-QM").key(Use.AUTHOR)
    world.revoked = tuple(
        KeyRevocation(key_id=author.key_id.hex(), revoked_at=at, reason=reason)
        for at, reason in [(NOW + 9, RevocationReason.STOLEN), (NOW + 5, RevocationReason.SUPERSEDED)]
    )
    world.publish()
    assert world.directory.revoked[author.key_id] == Revoked(NOW + 5, RevocationReason.STOLEN)


def test_a_void_card_with_the_key_of_another_takes_nothing(world: World) -> None:
    """A thief who listed another's delivery key does not stop the whole directory after he is found out."""
    thief, victim = world.member("GN-QN"), world.member("NCB-QM")
    thief.delivery = (DeliveryKey.from_seed(thief.address, Use.DELIVERY, victim.delivery[0].unsafe_export()),)
    agent = thief.key(Use.AGENT)
    world.revoked = (KeyRevocation(key_id=agent.key_id.hex(), revoked_at=NOW, reason=RevocationReason.STOLEN),)
    world.publish()
    world.put_cards({"cards/GN-QN/delivery": thief.delivery_card(NOW, serial=2)})
    assert world.directory.delivery_key(QM, NOW) is not None


def test_a_forged_card_gives_nobody_keys(world: World) -> None:
    """A gateway can hold a card back by replacing it, but it cannot give a participant another key."""
    world.put_cards({"cards/NCB-QM/key": world.member("GN-QN").key_card(NOW, serial=2)})
    assert world.directory.held_back == {"cards/NCB-QM/key": "card-bad"}
    assert world.directory.keys_of(QM, Use.AGENT) == []
    assert world.directory.delivery_key(QM, NOW) is None


def rebuilt(world: World, network: str = "icn", revocations: bytes | None = None) -> Directory:
    """Build the view from the newest who is who alone."""
    names = [name for name in world.files if name.endswith("directory.json")]
    return build(Network(network), 7, world.files[names[-1]], {}, revocations)


def test_a_directory_of_another_network_is_refused(world: World) -> None:
    """A network's files are of no use in another."""
    assert rebuilt(world).version == 7
    with pytest.raises(Rejected, match="network-differs"):
        rebuilt(world, network="other")
    with pytest.raises(Rejected, match="network-differs"):
        rebuilt(world, revocations=b'{"network":"other","keys":[]}')


def test_a_directory_shows_no_secret(world: World) -> None:
    """What is printed for an operator holds public facts alone."""
    shown = repr(world.members) + repr(world.online) + repr(world.officers)
    seeds = [key.unsafe_export() for keys in world.officers for key in keys.values()]
    assert all(seed.hex() not in shown and repr(seed) not in shown for seed in seeds)
