"""What a bundle proves of a message between two networks, and what it leaves open."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from gateway.directory.entries import KeyRevocation, Revocations, WhoIsWho, encode_revocations, encode_who
from gateway.directory.view import Directory, build
from gateway.envelope.keys import Use
from gateway.errors import EvidenceBad
from gateway.evidence.anchors import Anchors, read_log_key
from gateway.evidence.verify import verify
from gateway.ids import Network
from gateway.tlog.note import ED25519, VerifierKey
from tests.vectors.evidence_forge import AT, GATE, ME, SENDER, Stated, card_of, key_of, member
from tests.vectors.evidence_relayed import EU, FAR, FAR_GATE, Relayed, inwards, outwards, said, taken_over
from tests.vectors.evidence_setups import OPENED, STOLEN, Setup, revoked

ICN = Network("icn")
KEY = Anchors([read_log_key(Relayed("key").trusted()["logs"][0])])


def bundle(setup: Setup) -> bytes:
    """Return the file of a setup."""
    forge = Relayed("relayed")
    setup(forge)
    return forge.bundle()


def known(network: Network, *names: str, rows: tuple[KeyRevocation, ...] = ()) -> Directory:
    """Return a directory that a home has verified."""
    entries = tuple(member(name).entry for name in names)
    who = encode_who(WhoIsWho(network=network, exercise=False, entries=entries, groups={}))
    cards = {f"cards/{name.partition('@')[0]}/key": card_of(name) for name in names}
    return build(network, 9, who, cards, encode_revocations(Revocations(network=network, keys=rows)))


def home(rows: tuple[KeyRevocation, ...] = ()) -> Anchors:
    """Return what a home here knows, its peer's directory with it."""
    there = known(EU, FAR, FAR_GATE, rows=rows)
    return Anchors(directory=replace(known(ICN, SENDER, ME, GATE), peers=MappingProxyType({EU: there})))


def test_what_the_other_network_accepted_is_told_apart() -> None:
    """Its acceptance is no acknowledgement of a recipient; whether anybody there has it stays open."""
    statement = verify(bundle(outwards(taken_over())), KEY)
    assert statement.relayed is not None
    assert (statement.relayed.accepted_by, statement.relayed.accepted_at) == (FAR_GATE, AT + 5)
    assert statement.acknowledgements == ()
    assert f"whether {FAR} received it" in statement.not_proved


def test_what_the_log_cannot_show_of_the_other_network_is_said() -> None:
    """The first acceptance is that gateway's word, which was proved to the one here; later revocations there are unknown."""
    statement = verify(bundle(inwards(OPENED)), KEY)
    [first, rows] = statement.not_proved[-2:]
    assert first.startswith(f"that the acceptance of {FAR_GATE} stands in the log of {EU}")
    assert rows == f"which keys of {EU} were revoked after version 3 of its directory"
    assert (statement.accepted_at, statement.relayed and statement.relayed.accepted_at) == (AT, AT - 20)


def test_a_home_counts_revocations_of_either_network() -> None:
    """What is known of a peer's keys since refuses a bundle that was made before, or leaves a doubt."""
    made = bundle(outwards(said("opened")))
    assert verify(made, home()).anchored
    with pytest.raises(EvidenceBad, match="receipt-key"):
        verify(made, home((revoked(key_of(FAR), AT + 9),)))
    later = verify(made, home((revoked(key_of(FAR), AT + 100, STOLEN),)))
    assert any(f"{FAR} signed this before its key was stolen" in line for line in later.not_proved)


def test_the_key_of_the_other_log_anchors_nothing() -> None:
    """One log proves it: that of its holder's network."""
    there = VerifierKey(f"{FAR_GATE}/audit", ED25519, key_of(FAR_GATE, Use.LOG).public.key)
    with pytest.raises(EvidenceBad, match="log-signature"):
        verify(bundle(inwards(OPENED)), Anchors([there]))


@pytest.mark.parametrize("by", [GATE, FAR_GATE])
def test_each_networks_gateway_may_say_that_it_ended_there(by: str) -> None:
    """The recipient's gateway and the author's speak of what expired; both are told with who said so."""
    stated = Stated("expired", by, FAR, at=9, view=None)
    [one] = verify(bundle(outwards(stated)), KEY).acknowledgements
    assert (one.event, one.recipient, one.signer.partition("@")[0]) == ("expired", FAR, by.partition("@")[0])


def test_a_first_acceptance_counts_by_what_this_log_knows_of_its_key() -> None:
    """A key of the gateway there that was stolen and revoked before the acceptance here proves nothing; later it does."""
    row = revoked(key_of(FAR_GATE), AT + 10, STOLEN)
    assert verify(bundle(inwards(OPENED, far_revoked=[row], far_shown=[row], late_far=True)), KEY).anchored
    with pytest.raises(EvidenceBad, match="accepted-key"):
        verify(bundle(inwards(OPENED, far_revoked=[row], far_shown=[row])), KEY)
