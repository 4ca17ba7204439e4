"""What the envelope is told about directories and kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.envelope.keys import Use
from gateway.ids import Address, KeyId, Kind, Network
from gateway.policy import DirectoryAnswers
from tests.support.network import make_world

if TYPE_CHECKING:
    from gateway.envelope.trust import Answers

NOW = 2_000_000_000


def test_each_network_answers_for_itself() -> None:
    """With two directories at hand every question goes to the right one."""
    one = make_world(["NCB-QM"], NOW)
    two = make_world(["GN-QN"], NOW, network="eun")
    two.publish()
    answers: Answers = DirectoryAnswers(one.directory, two.directory)
    assert answers.directory_version(Network("icn")) == one.directory.version
    assert answers.directory_version(Network("eun")) == one.directory.version + 1
    assert answers.directory_version(Network("other")) == 0
    assert answers.is_gateway(Address("GW-ICN@icn"))
    assert answers.is_gateway(Address("GW-ICN@eun"))
    assert not answers.is_gateway(Address("NCB-QM@icn"))
    assert not answers.is_gateway(Address("GW-ICN@other"))
    for world in (one, two):
        for member in world.members.values():
            record = answers.key(member.key(Use.AGENT).key_id)
            assert record is not None
            assert record.address == member.address
    assert answers.key(KeyId(bytes(16))) is None


def test_an_unknown_kind_gets_the_careful_answer() -> None:
    """No gateway seals what is not known, and it counts as needing a second officer."""
    answers = make_world(["NCB-QM"], NOW).answers
    assert answers.gateway_may_seal(Kind("request.response"))
    assert not answers.gateway_may_seal(Kind("cooperation.request"))
    assert not answers.gateway_may_seal(Kind("no.such"))
    assert not answers.needs_approval(Kind("cooperation.request"))
    assert answers.needs_approval(Kind("no.such"))
