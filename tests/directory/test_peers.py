"""Another network in the directory: what is asked by address is answered by the directory of that address."""

from __future__ import annotations

import msgspec
import pytest

from gateway.directory.entries import decode_who
from gateway.directory.peers import strictest, within
from gateway.directory.view import with_peers
from gateway.envelope.keys import Use
from gateway.errors import Rejected
from gateway.ids import Address, Kind, Network
from tests.support.network import join, make_pair, make_world

NOW = 2_000_000_000
EU = Network("eu-network")
FAR, FAR_GATE, NEAR = Address("GN-QN@eu-network"), Address("GW-ICN@eu-network"), Address("NCB-QM@icn")


def test_a_peers_participant_is_asked_for_like_a_neighbour() -> None:
    """Entry, keys and cards of another network's participant come from that network's own directory."""
    ours, theirs = make_pair(NOW)
    directory = ours.directory
    key = theirs.member("GN-QN").delivery[0]
    found = directory.delivery_key(FAR, NOW)
    assert found is not None
    assert found.key_id == key.key_id
    assert directory.delivery_key_ok(FAR, key.key_id, NOW)
    assert directory.active(FAR) is not None
    assert directory.suites(FAR) == (1,)
    assert directory.readable(FAR, Kind("information.report"))
    assert directory.is_gateway(FAR_GATE)
    assert [record.address for record in directory.keys_of(FAR, Use.AGENT)] == [FAR]
    assert ours.answers.directory_version(EU) == theirs.directory.version
    assert directory.participants() == [NEAR, Address("NCB-QN@icn"), Address("RELAY-EU@icn")]


def test_names_of_a_peer_expand() -> None:
    """Groups and participants of another network are written with its name."""
    ours, theirs = make_pair(NOW)
    theirs.groups = {"units": ("GN-QN", "GN-QX")}
    theirs.publish()
    directory = with_peers(ours.directory, [theirs.directory])
    assert directory.expand(["group:units@eu-network", "NCB-QM"]) == [FAR, Address("GN-QX@eu-network"), NEAR]
    for unknown in ("GN-XX@eu-network", "GN-QN@other", "GN-QN"):
        with pytest.raises(Rejected) as refused:
            directory.expand([unknown])
        assert refused.value.code == "recipient-unknown"


def test_a_removed_peer_is_nobody_at_once() -> None:
    """A directory that does not name the peer any more answers for none of its participants, whatever is at hand."""
    ours, theirs = make_pair(NOW)
    ours.peers = ()
    ours.publish()
    directory = with_peers(ours.directory, [theirs.directory])
    assert directory.peers == {}
    assert directory.entry(FAR) is None
    assert directory.key(theirs.member("GN-QN").key(Use.AGENT).key_id) is None


def test_an_exercise_is_no_peer_of_a_real_network() -> None:
    """Promise 10: a directory of an exercise does not answer in a real network."""
    ours, _ = make_pair(NOW)
    exercise = make_world(["GN-QN"], NOW, network=EU, exercise=True)
    assert with_peers(ours.directory, [exercise.directory]).peers == {}


def test_an_alias_is_all_that_a_peer_knows() -> None:
    """A participant that is known to its own network alone does not exist for the other one."""
    ours, theirs = make_pair(NOW)
    theirs.change("GN-QX", known_to=(EU,))
    theirs.publish()
    directory = with_peers(ours.directory, [theirs.directory])
    assert directory.entry(Address("GN-QX@eu-network")) is None
    assert directory.delivery_key(Address("GN-QX@eu-network"), NOW) is None
    assert theirs.directory.entry(Address("GN-QX@eu-network")) is not None


@pytest.mark.parametrize(
    "change",
    [
        {"relay": "NCB-QM"},
        {"relay": "NCB-XX"},
        {"network": "icn"},
        {"ceiling": "amber"},
        {"handling": {"purple/restricted": "red/restricted"}},
        {"handling": {"red/restricted": "purple/restricted"}},
        {"surprise": 1},
    ],
)
def test_a_peer_that_contradicts_itself_refuses_the_directory(change: dict[str, object]) -> None:
    """A peer is read strictly, like everything that the authority signs."""
    ours, _ = make_pair(NOW)
    who = next(data for name, data in ours.publication().items() if name.endswith("directory.json"))
    listed = msgspec.json.decode(who)
    listed["peers"][0].update(change)
    with pytest.raises(Rejected) as refused:
        decode_who(msgspec.json.encode(listed))
    assert refused.value.code == "directory-untrusted"


def test_a_network_is_a_peer_once() -> None:
    """Two rows about one network could say two things."""
    ours, _ = make_pair(NOW)
    who = next(data for name, data in ours.publication().items() if name.endswith("directory.json"))
    listed = msgspec.json.decode(who)
    listed["peers"] *= 2
    with pytest.raises(Rejected):
        decode_who(msgspec.json.encode(listed))


def test_the_strictest_of_two_codes() -> None:
    """Both words of a handling code are compared on their own."""
    assert strictest("amber/confidential", "red/restricted") == "red/confidential"
    assert within("amber/restricted", "amber/restricted")
    assert not within("amber/confidential", "red/restricted")


def test_what_their_codes_mean_here() -> None:
    """A table makes a code stricter, never laxer; what it does not list has no meaning here."""
    ours, theirs = make_pair(NOW)
    join(ours, theirs, "RELAY-EU", handling={"green/restricted": "amber/restricted", "red/restricted": "clear/restricted"})
    peer = ours.directory.borders[EU]
    assert peer.meant_here("green/restricted") == "amber/restricted"
    assert peer.meant_here("red/restricted") == "red/restricted"
    assert peer.meant_here("clear/restricted") is None
    assert msgspec.structs.replace(peer, handling={}).meant_here("clear/restricted") == "clear/restricted"
