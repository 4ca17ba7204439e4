"""The authority's folder: a network is made, participants are entered, two officers publish."""

from __future__ import annotations

import itertools
import os
import stat
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.directory.keyfiles import decrypt_gateway_keys
from gateway.directory.metadata import read_repository
from gateway.directory.view import Directory, build_from
from gateway.envelope.keyfile import Cost
from gateway.envelope.keys import Use
from gateway.errors import Rejected
from gateway.ids import Address, Network
from gateway.network import (
    Authority,
    Decision,
    Enrolment,
    Plan,
    Profile,
    Request,
    decode_invitation,
    decode_request,
    encode_paper,
    enrol,
    fingerprint,
    write_gateway,
)
from gateway.network.authority import in_order
from gateway.trust.publication import read_publication

if TYPE_CHECKING:
    from pathlib import Path

NOW = 2_000_000_000
PASSPHRASES = [b"first officer", b"second officer"]
CHEAP = Cost(1, 8192)
QM = Address("NCB-QM@icn")


def profile(address: str, *roles: str) -> Profile:
    """Describe a fictional participant."""
    return Profile(
        address=Address(address), name="Fictional unit", country="QM", organisation_type="unit", roles=roles or ("ncb",)
    )


def request_of(address: str = QM, *roles: str) -> Enrolment:
    """Make keys and a request."""
    return enrol(profile(address, *roles), NOW)


@pytest.fixture
def gate(tmp_path: Path) -> Enrolment:
    """Return the gateway's enrolment, written to its folder."""
    made = request_of("GW-ICN@icn", "gateway")
    write_gateway(made, tmp_path / "gate", b"gate", CHEAP)
    return made


@pytest.fixture
def authority(tmp_path: Path, gate: Enrolment) -> Authority:
    """Return a new network."""
    plan = Plan(network=Network("icn"), gateways=("http://127.0.0.1:8443",), cost=CHEAP)
    return Authority.create(tmp_path / "authority", plan, gate.request, PASSPHRASES, NOW)


def published(authority: Authority, tmp_path: Path) -> Directory:
    """Publish, let the gateway take it in, and read the result as a home does."""
    folder = authority.publish(PASSPHRASES, NOW)
    online = decrypt_gateway_keys((tmp_path / "gate" / "gateway.keys").read_bytes(), b"gate").online
    root = (tmp_path / "authority" / "root.json").read_bytes()
    files = online.import_publication({}, read_publication(folder), root, NOW)
    return build_from(read_repository(files, root, NOW))


def refused(authority: Authority, request: bytes, decision: Decision | None = None) -> str:
    """Return the code with which a request is refused, and see that the draft did not change."""
    before = authority.who
    with pytest.raises(Rejected) as caught:
        authority.add(request, decision or Decision(), NOW)
    assert authority.who == before
    return caught.value.code


def test_from_request_to_directory(authority: Authority, tmp_path: Path) -> None:
    """What a participant asked for and the authority decided is what every home reads."""
    made = request_of()
    added = authority.add(made.request, Decision(roles=("ncb", "spoc"), clearance="confidential"), NOW)
    authority.set_group("europe", ["NCB-QM"])
    directory = published(authority, tmp_path)
    entry = directory.entry(QM)
    assert entry is not None
    assert (entry.roles, entry.clearance) == (("ncb", "spoc"), "confidential")
    assert {record.use for record in directory.all_keys() if record.address == QM} == {Use.AUTHOR, Use.AGENT}
    assert directory.expand(["europe"]) == [QM]
    assert directory.gateways() == ["GW-ICN@icn"]
    assert added.fingerprint == fingerprint(made.request)
    assert len(added.fingerprint.split()) == 8


def test_an_invitation_brings_root_and_addresses(authority: Authority, tmp_path: Path) -> None:
    """A participant needs one file to begin with."""
    invitation = decode_invitation((tmp_path / "authority" / "invitation.json").read_bytes())
    assert invitation.root.encode() == (tmp_path / "authority" / "root.json").read_bytes()
    assert invitation.gateways == ("http://127.0.0.1:8443",)
    assert (invitation.network, invitation.exercise) == ("icn", False)


def test_an_invitation_with_another_root_is_refused(authority: Authority, tmp_path: Path) -> None:
    """A root that its own officers did not sign is no root of trust."""
    data = (tmp_path / "authority" / "invitation.json").read_bytes()
    with pytest.raises(Rejected, match="directory-untrusted"):
        decode_invitation(data.replace(b"2035", b"2045"))


def test_an_exercise_says_so(tmp_path: Path, gate: Enrolment) -> None:
    """A network for training says that it is one wherever it is read."""
    plan = Plan(network=Network("icn"), gateways=("http://127.0.0.1:1",), exercise=True, cost=CHEAP)
    authority = Authority.create(tmp_path / "authority", plan, gate.request, PASSPHRASES, NOW)
    assert published(authority, tmp_path).exercise
    assert decode_invitation((tmp_path / "authority" / "invitation.json").read_bytes()).exercise


def test_each_publication_is_one_version_above_the_last(authority: Authority, tmp_path: Path) -> None:
    """A gateway can tell the newer publication by its numbers."""
    authority.publish(PASSPHRASES, NOW)
    names = read_publication(authority.publish(PASSPHRASES, NOW))
    assert {"metadata/2.targets.json", "metadata/2.revocations.json", "metadata/1.root.json"} <= names.keys()


def test_an_id_is_never_given_twice(authority: Authority) -> None:
    """Who comes second gets another id, even with new keys."""
    authority.add(request_of().request, Decision(), NOW)
    assert refused(authority, request_of().request) == "key-taken"


def test_one_key_for_two_participants_is_refused(authority: Authority) -> None:
    """A participant cannot enter another one's identity key as its own."""
    first = request_of()
    authority.add(first.request, Decision(), NOW)
    seed = first.identity.unsafe_export()
    other = enrol_with_identity("GN-QN@icn", seed)
    assert refused(authority, other) == "key-taken"


def enrol_with_identity(address: str, seed: bytes) -> bytes:
    """Make a request whose identity key has a given seed."""
    draws = iter([seed])
    return enrol(profile(address), NOW, lambda size: next(draws, b"") or os.urandom(size)).request


def test_a_key_that_was_not_proved_is_refused(authority: Authority) -> None:
    """A request with another participant's key card under a new name is refused."""
    paper = decode_request(request_of().request)
    stranger = decode_request(request_of("GN-QN@icn").request)
    mixed = msgspec.structs.replace(paper, key_card=stranger.key_card)
    assert refused(authority, encode_paper(mixed)) == "card-bad"


def test_a_request_for_another_network_is_refused(authority: Authority) -> None:
    """A participant of one network is not entered in another."""
    assert refused(authority, request_of("NCB-QM@other").request) == "network-differs"


def test_a_role_that_does_not_exist_is_refused(authority: Authority) -> None:
    """A typing error in a role does not become a right."""
    assert refused(authority, request_of().request, Decision(roles=("nbc",))) == "config"


def test_nobody_becomes_a_gateway_by_a_decision_alone(authority: Authority) -> None:
    """The role of a gateway needs a gateway's request, and a gateway's request makes nothing else."""
    assert refused(authority, request_of().request, Decision(roles=("gateway",))) == "config"
    second = request_of("GW-TWO@icn", "gateway").request
    assert refused(authority, second, Decision(roles=("ncb",))) == "config"


def test_a_request_that_is_too_old_is_refused(authority: Authority) -> None:
    """A key card that is over enters nobody."""
    old = enrol(profile(QM), NOW - 401 * 86_400).request
    assert refused(authority, old) == "out-of-time"


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"form":"enrolment-1","extra":1}'])
def test_what_is_no_request_is_refused(authority: Authority, data: bytes) -> None:
    """A file of another form is refused before anything of it is used."""
    assert refused(authority, data) == "malformed"


def test_a_group_needs_members_that_are_enrolled(authority: Authority) -> None:
    """A group with a stranger in it is refused."""
    with pytest.raises(Rejected, match="not enrolled"):
        authority.set_group("europe", ["NCB-XX"])


def test_a_group_without_members_goes(authority: Authority) -> None:
    """A group is removed by giving it no members."""
    authority.set_group("gates", ["GW-ICN"])
    assert "gates" in authority.who.groups
    authority.set_group("gates", [])
    assert authority.who.groups == {}


def test_no_officer_publishes_alone(authority: Authority) -> None:
    """One passphrase, or one wrong passphrase, publishes nothing."""
    for passphrases in ([PASSPHRASES[0]], [PASSPHRASES[0], b"wrong"]):
        with pytest.raises(Rejected, match="passphrase"):
            authority.publish(passphrases, NOW)


def test_a_network_is_made_once(authority: Authority, tmp_path: Path, gate: Enrolment) -> None:
    """A second `init` cannot replace the officers' keys."""
    plan = Plan(network=Network("icn"), gateways=("http://127.0.0.1:1",), cost=CHEAP)
    with pytest.raises(Rejected, match="home-exists"):
        Authority.create(tmp_path / "authority", plan, gate.request, PASSPHRASES, NOW)


def test_a_network_needs_a_gateway(tmp_path: Path) -> None:
    """A participant's request does not make a network."""
    plan = Plan(network=Network("icn"), gateways=("http://127.0.0.1:1",), cost=CHEAP)
    with pytest.raises(Rejected, match="gateway"):
        Authority.create(tmp_path / "authority", plan, request_of().request, PASSPHRASES, NOW)


def test_secret_files_are_for_their_owner_alone(authority: Authority, tmp_path: Path) -> None:
    """Keys of officers and of the gateway cannot be read by other users, nor in clear by anybody."""
    files = [*(tmp_path / "authority" / "officers").iterdir(), tmp_path / "gate" / "gateway.keys"]
    assert len(files) == 5
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_gateway_key_file_opens_with_its_passphrase_alone(tmp_path: Path, gate: Enrolment) -> None:
    """A gateway's keys come back as they were made."""
    data = (tmp_path / "gate" / "gateway.keys").read_bytes()
    keys = decrypt_gateway_keys(data, b"gate")
    assert keys.address == "GW-ICN@icn"
    assert {public.key for public in keys.keyring.public_keys()} == {key.public.key for key in gate.keys}
    seeds = [key.unsafe_export() for key in gate.keys] + [key.unsafe_export() for key in gate.online.values()]
    assert all(seed not in data for seed in seeds)
    with pytest.raises(Rejected, match="passphrase"):
        decrypt_gateway_keys(data, b"other")


def test_a_request_reads_back_as_it_was_written() -> None:
    """A request is JSON that a person can read before sending it."""
    data = request_of().request
    paper = decode_request(data)
    assert isinstance(paper, Request)
    assert encode_paper(paper) == data
    assert b'"address": "NCB-QM@icn"' in data


def test_revocations_are_written_before_who_is_who_whatever_their_versions() -> None:
    """A machine that stops between the two brings nobody back before his keys are gone; as text, 10 stands before 9."""
    names = ["cards/NCB-QM/key", "targets/00.directory.json", "targets/00.revocations.json"]
    roots = ["metadata/9.root.json", "metadata/10.root.json"]
    for revocations, who in itertools.permutations((8, 9, 10, 101), 2):
        later = [f"metadata/{revocations}.revocations.json", f"metadata/{who}.targets.json"]
        assert in_order({*names, *roots, *later}) == [*names[1:], names[0], *roots, *later]
