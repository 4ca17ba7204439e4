"""Peers: two officers name another network by its root, say what may pass, and end it; and who is known to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.directory.entries import RevocationReason
from gateway.directory.peers import Peer
from gateway.errors import Rejected
from gateway.ids import Address, Kind, Network
from gateway.network import Decision, Revoke
from gateway.network.peer_lines import newest_root, peers
from gateway.network.peering import decode_handling, read_root
from tests.support.authority import NOW, QM, Office, request_of
from tests.support.network import World, make_world

if TYPE_CHECKING:
    from gateway.network import Authority

EU = Network("eu-network")
RELAY = "RELAY-EU@icn"


@pytest.fixture(scope="module")
def other() -> World:
    """Return the other network."""
    return make_world(["GN-QN"], NOW, network=EU)


@pytest.fixture
def authority(office: Office) -> Authority:
    """Return an authority that has entered its relay."""
    office.authority.add(request_of(RELAY, "relay").request, Decision(), NOW)
    return office.authority


@pytest.fixture
def peer(other: World) -> Peer:
    """Return what is said of the other network."""
    return Peer(
        network=EU,
        root=other.root,
        endpoints=("https://gw.eu.example",),
        relay="RELAY-EU",
        sends=("*",),
        takes=("cooperation.request",),
        ceiling="amber/restricted",
    )


def states(office: Office) -> list[tuple[str, str]]:
    """Return each peer with what the next publication does to it."""
    return [(line.network, line.state) for line in peers(office.path, NOW).peers]


def refused(authority: Authority, peer: Peer, **changes: object) -> str:
    """Return the code with which a peer is refused, and see that the draft did not change."""
    before = authority.draft
    with pytest.raises(Rejected) as caught:
        authority.add_peer(msgspec.structs.replace(peer, **changes))
    assert authority.draft == before
    return caught.value.code


def test_a_peer_comes_and_goes_with_a_publication(office: Office, authority: Authority, peer: Peer) -> None:
    """Named, changed and removed in the draft, in force once two officers have signed it."""
    office.published()
    authority.add_peer(peer)
    assert states(office) == [(EU, "new")]
    assert office.taken_in().borders == {}
    assert office.published().borders[EU] == peer
    assert states(office) == [(EU, "published")]
    changed = msgspec.structs.replace(peer, sends=(), per_hour=10)
    authority.add_peer(changed, replace=True)
    assert states(office) == [(EU, "changed")]
    assert not office.published().borders[EU].may_send(Kind("cooperation.request"))
    authority.remove_peer(EU)
    assert states(office) == [(EU, "removed")]
    assert office.taken_in().borders[EU] == changed
    assert office.published().borders == {}
    assert states(office) == []


def test_what_is_no_peer_is_refused_before_anybody_signs(authority: Authority, peer: Peer) -> None:
    """A value that no reader of the directory would take, this network itself, a relay that is none: told at once."""
    for changes in (
        {"network": "icn"},
        {"network": "EU"},
        {"endpoints": ("http://gw.eu.example",)},
        {"endpoints": ()},
        {"relay": "RELAY-XX"},
        {"relay": "GW-ICN"},
        {"relay": RELAY},
        {"sends": ("no.such",)},
        {"takes": ("cooperation.request", "x")},
        {"ceiling": "purple/restricted"},
        {"handling": {"amber/restricted": "purple"}},
        {"per_hour": 0},
        {"waiting_bytes": 2**41},
    ):
        assert refused(authority, peer, **changes) in {"config", "malformed"}, changes
    authority.suspend("RELAY-EU")
    assert refused(authority, peer) == "config"
    with pytest.raises(Rejected, match="not a peer"):
        authority.remove_peer(EU)


def test_trust_starts_at_a_root_that_verifies_by_itself(authority: Authority, peer: Peer, office: Office) -> None:
    """A root of one officer, one whose signature was lost, other metadata, and this network's own: none is pinned."""
    metadata = msgspec.json.decode(peer.root)
    unsigned = {**metadata, "signatures": metadata["signatures"][:1]}
    alone = msgspec.json.decode(peer.root)
    alone["signed"]["roles"]["root"]["threshold"] = 1
    for bad in (unsigned, alone, {}):
        assert refused(authority, peer, root=msgspec.json.encode(bad)) == "directory-untrusted"
    assert refused(authority, peer, root=b"no root") == "directory-untrusted"
    assert refused(authority, peer, root=office.root) == "key-taken"
    authority.add_peer(peer)
    assert refused(authority, peer, network="other-network") == "key-taken"


def test_a_peer_is_replaced_on_purpose_alone(authority: Authority, peer: Peer) -> None:
    """Naming a network a second time changes nothing unless that is what was asked for."""
    authority.add_peer(peer)
    assert refused(authority, peer, ceiling="red/confidential") == "config"


def test_officers_compare_what_was_handed_over(office: Office, authority: Authority, peer: Peer) -> None:
    """Both authorities read the same fingerprint of one file; version, end and thresholds stand beside it."""
    found = peers(office.path, NOW)
    assert found.root == read_root(newest_root(office.path))
    assert (found.root.version, found.root.threshold, found.root.officers) == (1, 2, 2)
    assert newest_root(office.path) == office.root
    authority.add_peer(peer)
    [line] = peers(office.path, NOW).peers
    assert line.root == read_root(peer.root) != found.root
    assert line.root.expires > NOW


def test_what_stops_a_peer_is_told_early(office: Office, authority: Authority, peer: Peer) -> None:
    """A relay that is not active and a root that has expired are warned of."""
    authority.add_peer(peer)
    assert peers(office.path, NOW).warnings == ()
    authority.revoke("RELAY-EU", Revoke(reason=RevocationReason.CEASED, at=NOW), NOW)
    late = peers(office.path, NOW + 800 * 86_400)
    assert [line.partition(":")[0] for line in late.warnings] == [
        "nothing passes to eu-network",
        "the root of eu-network has expired",
    ]


def test_a_table_of_handling_codes_is_a_json_object() -> None:
    """Anything else is told with an example."""
    assert decode_handling(b'{"red/restricted": "red/confidential"}') == {"red/restricted": "red/confidential"}
    for bad in (b"[]", b'{"red/restricted": 1}', b'{"a": "b", "a": "c"}', b"nothing"):
        with pytest.raises(Rejected, match="config"):
            decode_handling(bad)


def test_an_alias_is_known_to_the_networks_that_are_named(office: Office, authority: Authority, peer: Peer) -> None:
    """Another network knows it under this name, and its own network does not."""
    request = request_of(QM).request
    with pytest.raises(Rejected, match="not a peer"):
        authority.add(request, Decision(known_to=(EU,)), NOW)
    authority.add_peer(peer)
    authority.add(request, Decision(known_to=(EU,)), NOW)
    entry = office.published().entry(QM)
    assert entry is not None
    assert (entry.is_known_to(EU), entry.is_known_to("icn"), entry.is_known_to("another")) == (True, False, False)


def test_a_relay_takes_no_mail_of_its_own(office: Office, authority: Authority) -> None:
    """It carries what is sent to others: no kind is accepted by it."""
    entry = office.published().entry(Address(RELAY))
    assert entry is not None
    assert entry.is_relay
    assert not entry.accepts("cooperation.request")
