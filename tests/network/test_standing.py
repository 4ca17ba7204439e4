"""Standing of a participant: suspended and back, revoked with reason and time, enrolled again under its own id."""

from __future__ import annotations

import os
from dataclasses import replace

import msgspec
import pytest

from gateway.directory.cards import CardKey, KeyCard, parse_card, sign_key_card
from gateway.directory.entries import RevocationReason, Status
from gateway.directory.keyfiles import online_signer
from gateway.directory.revoked import Revoked
from gateway.directory.view import Directory
from gateway.envelope.keys import SigningKey, Use
from gateway.errors import Rejected
from gateway.network import Decision, Enrolment, Revoke, decode_request, encode_paper, enrol
from tests.support.authority import NOW, QM, Office, profile, request_of

LATER = NOW + 1_000
STOLEN = Revoke(reason=RevocationReason.STOLEN, at=NOW + 500)
AGAIN = Decision(again=True)


@pytest.fixture
def first(office: Office) -> Enrolment:
    """Return the first keys of a participant that is enrolled."""
    made = request_of()
    office.authority.add(made.request, Decision(), NOW)
    office.published()
    return made


def again(old: Enrolment, *, keep: int = 2, open_: bool = False, address: str = QM) -> bytes:
    """Make the request of a participant that comes back: new keys, the old ones listed and closed."""
    new = request_of(address, now=LATER)
    former = card_of(old).keys[:keep]
    closed = tuple(key if open_ else msgspec.structs.replace(key, not_after=LATER - 300) for key in former)
    card = card_of(new)
    data = sign_key_card(msgspec.structs.replace(card, keys=(*closed, *card.keys)), new.identity)
    return encode_paper(msgspec.structs.replace(decode_request(new.request), key_card=data.hex(), again=True))


def card_of(made: Enrolment) -> KeyCard:
    """Return the key card of a request."""
    card = parse_card(decode_request(made.request).card)[1]
    assert isinstance(card, KeyCard)
    return card


def key_of(made: Enrolment, use: Use) -> SigningKey:
    """Return the key of one use."""
    return next(key for key in made.keys if key.public.use is use)


def refused(office: Office, request: bytes, decision: Decision = AGAIN) -> str:
    """Return the code with which a request is refused, and see that the draft did not change."""
    before = office.authority.draft
    with pytest.raises(Rejected) as caught:
        office.authority.add(request, decision, LATER)
    assert office.authority.draft == before
    return caught.value.code


def status(directory: Directory) -> Status:
    """Return the status of the participant."""
    entry = directory.entry(QM)
    assert entry is not None
    return entry.status


def test_a_suspended_participant_keeps_its_keys_and_comes_back(office: Office, first: Enrolment) -> None:
    """Suspended is a pause: nothing is sent or received, what was signed still verifies, and resuming needs no new keys."""
    office.authority.suspend("NCB-QM")
    directory = office.published()
    assert status(directory) is Status.SUSPENDED
    assert directory.active(QM) is None
    agent = directory.key(key_of(first, Use.AGENT).key_id)
    assert agent is not None
    assert agent.current(NOW)
    office.authority.resume("NCB-QM@icn")
    assert office.published().active(QM) is not None


def test_a_change_is_in_force_only_once_it_is_published(office: Office, first: Enrolment) -> None:
    """One officer alone can prepare a revocation, and nobody sees it before two have signed."""
    office.authority.revoke("NCB-QM", STOLEN, LATER)
    assert office.authority.draft.revocations.keys
    assert status(office.taken_in()) is Status.ACTIVE
    assert status(office.published()) is Status.REVOKED


def test_a_revoked_participant_loses_every_key_at_that_time(office: Office, first: Enrolment) -> None:
    """What was accepted before the theft still verifies, what came later does not, and everybody reads why."""
    office.authority.revoke("NCB-QM", STOLEN, LATER)
    directory = office.published()
    for key in first.keys:
        record = directory.key(key.key_id)
        assert record is not None
        assert record.good_for_signing(NOW, NOW + 499)
        assert not record.good_for_signing(NOW, NOW + 500)
        assert directory.revoked[key.key_id] == Revoked(NOW + 500, RevocationReason.STOLEN)
    assert first.identity.key_id in directory.revoked


def test_one_key_is_revoked_alone(office: Office, first: Enrolment) -> None:
    """A stolen agent key does not cost the officers their author keys, nor the participant its place."""
    agent, author = key_of(first, Use.AGENT).key_id, key_of(first, Use.AUTHOR).key_id
    office.authority.revoke("NCB-QM", replace(STOLEN, keys=(agent.hex(),)), LATER)
    directory = office.published()
    assert directory.stolen_keys() == {agent}
    assert author not in directory.revoked
    assert status(directory) is Status.ACTIVE


def test_a_revocation_is_never_taken_back(office: Office, first: Enrolment) -> None:
    """A later time or a milder reason changes nothing; an earlier time or a theft does."""
    agent = key_of(first, Use.AGENT).key_id
    for at, reason in [(NOW + 50, "superseded"), (NOW + 90, "ceased"), (NOW + 20, "superseded"), (NOW + 30, "stolen")]:
        decision = Revoke(reason=RevocationReason(reason), at=at, keys=(agent.hex(),))
        office.authority.revoke("NCB-QM", decision, LATER)
    assert len(office.authority.draft.revocations.keys) == 3
    assert office.published().revoked[agent] == Revoked(NOW + 20, RevocationReason.STOLEN)


def test_what_cannot_be_revoked_is_told(office: Office, first: Enrolment) -> None:
    """A name that nobody has, a time to come, another's key, what is no key: refused, and nothing changed."""
    gate_key = office.gate.keys[0].key_id.hex()
    before = office.authority.draft
    for name, decision in [
        ("NCB-XX", STOLEN),
        ("NCB-QM", replace(STOLEN, at=LATER + 301)),
        ("NCB-QM", replace(STOLEN, keys=(gate_key,))),
        ("NCB-QM", replace(STOLEN, keys=("author",))),
    ]:
        with pytest.raises(Rejected, match="config"):
            office.authority.revoke(name, decision, LATER)
    office.authority.revoke("NCB-QM", STOLEN, LATER)
    for change in (office.authority.suspend, office.authority.resume):
        with pytest.raises(Rejected, match="is revoked"):
            change("NCB-QM")
    assert before.who != office.authority.who


def test_a_revoked_participant_comes_back_under_its_own_id(office: Office, first: Enrolment) -> None:
    """New identity key, same id: old messages still verify as before, old keys stay revoked, new keys are good."""
    office.authority.revoke("NCB-QM", STOLEN, LATER)
    office.published(LATER)
    request = again(first)
    office.authority.add(request, AGAIN, LATER)
    directory = office.published(LATER)
    entry = directory.entry(QM)
    assert entry is not None
    assert (entry.status, entry.identity) == (Status.ACTIVE, decode_request(request).identity)
    assert directory.held_back == {}
    old = directory.key(key_of(first, Use.AUTHOR).key_id)
    assert old is not None
    assert old.good_for_signing(NOW, NOW + 499)
    assert not old.good_for_signing(NOW, NOW + 500)
    current = [record for record in directory.keys_of(QM, Use.AUTHOR) if record.current(LATER)]
    assert len(current) == 1
    assert first.identity.key_id in directory.revoked


def test_an_alias_comes_back_as_an_alias(office: Office) -> None:
    """New keys do not make a participant known to networks that did not know it."""
    first = request_of()
    office.authority.add(first.request, Decision(known_to=("icn",)), NOW)
    office.authority.revoke("NCB-QM", STOLEN, LATER)
    office.authority.add(again(first), AGAIN, LATER)
    [entry] = [one for one in office.authority.who.entries if one.address == QM]
    assert (entry.status, entry.known_to) == (Status.ACTIVE, ("icn",))


def test_who_was_not_revoked_or_never_was_does_not_come_back(office: Office, first: Enrolment) -> None:
    """Coming back is for a revoked participant alone, and a first request is no way around it."""
    assert refused(office, again(first)) == "config"
    assert refused(office, again(request_of("NCB-QX@icn"), address="NCB-QX@icn")) == "config"
    office.authority.revoke("NCB-QM", STOLEN, LATER)
    assert refused(office, request_of(now=LATER).request, Decision()) == "key-taken"
    assert refused(office, request_of(now=LATER).request) == "config"
    assert refused(office, again(first), Decision()) == "config"


def test_an_id_is_never_given_to_another(office: Office, first: Enrolment) -> None:
    """Who does not bring the old keys, closed, is not the one who had this id."""
    office.authority.revoke("NCB-QM", STOLEN, LATER)
    assert refused(office, again(first, keep=1)) == "card-bad"
    assert refused(office, again(request_of("NCB-QM@icn"))) == "card-bad"
    stranger = request_of("GN-QN@icn")
    office.authority.add(stranger.request, Decision(), NOW)
    office.authority.revoke("GN-QN", STOLEN, LATER)
    theirs = decode_request(again(stranger, address="GN-QN@icn"))
    assert refused(office, encode_paper(msgspec.structs.replace(theirs, address=QM))) == "card-bad"


def test_an_old_key_does_not_come_back_open(office: Office, first: Enrolment) -> None:
    """A key that was revoked is closed on the new card, and an identity key is not used a second time."""
    office.authority.revoke("NCB-QM", STOLEN, LATER)
    assert refused(office, again(first, open_=True)) == "key-taken"
    draws = iter([first.identity.unsafe_export()])
    same = enrol(profile(QM), LATER, lambda size: next(draws, b"") or os.urandom(size))
    former = tuple(msgspec.structs.replace(key, not_after=LATER - 300) for key in card_of(first).keys)
    card = card_of(same)
    data = sign_key_card(msgspec.structs.replace(card, keys=(*former, *card.keys)), same.identity)
    paper = msgspec.structs.replace(decode_request(same.request), key_card=data.hex(), again=True)
    assert refused(office, encode_paper(paper)) == "key-taken"


def test_a_gateway_keeps_out_a_card_that_forgets_a_later_key(office: Office, first: Enrolment) -> None:
    """The authority knows the first card alone; the gateway sees that a later key is missing; the rest goes on."""
    third = SigningKey.generate(QM, Use.APPROVAL, os.urandom)
    card = card_of(first)
    keys = (*card.keys, CardKey.of(third, NOW, NOW + 9_000))
    later = sign_key_card(msgspec.structs.replace(card, serial=card.serial + 1, keys=keys), first.identity)
    online = online_signer(office.gate.online.items())
    office.files |= online.add_card(office.files, "cards/NCB-QM/key", later, NOW)
    office.authority.revoke("NCB-QM", STOLEN, LATER)
    office.authority.add(again(first), AGAIN, LATER)
    office.authority.suspend("GW-ICN")
    directory = office.published(LATER)
    assert directory.held_back == {"cards/NCB-QM/key": "card-bad"}
    assert directory.gateways() == []
