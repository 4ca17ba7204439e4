"""A participant that lost everything comes back under its own id, and its correspondents lose nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from gateway.client.home.create import create_home
from gateway.directory.cards import KeyCard, parse_card
from gateway.directory.entries import KeyRevocation, RevocationReason
from gateway.directory.reenrolment import check_reenrolled
from gateway.envelope.keys import Use
from gateway.errors import Rejected
from gateway.network import Profile, decode_request, enrol
from gateway.network.request import verify_request
from tests.client.conftest import CHEAP, PASSPHRASE
from tests.client.examples import content, drain

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.network import Enrolment
    from tests.client.conftest import Homes
    from tests.support.fake_gateway import FakeGateway
    from tests.support.network import World

PATH = "cards/GN-QN/key"


def profile(world: World, name: str = "GN-QN") -> Profile:
    """Return who asks."""
    address = world.member(name).address
    return Profile(address=address, name="Unit", country="QN", organisation_type="unit", roles=("contact-point",))


def published(world: World) -> bytes:
    """Return the last key card, as anybody of the network can give it."""
    [name] = [name for name in world.files if name.startswith("targets/cards/GN-QN/") and name.endswith(".key")]
    return world.files[name]


def come_back(world: World, made: Enrolment, folder: Path, base: str) -> None:
    """Let the authority revoke what was and take the request, and the participant make its home."""
    old = [record.key_id for record in world.directory.key_cards[world.member("GN-QN").address].records()]
    now = int(time.time())
    world.revoked = tuple(KeyRevocation(key_id=one.hex(), revoked_at=now, reason=RevocationReason.SUPERSEDED) for one in old)
    world.change("GN-QN", identity=made.identity.public.key.hex())
    world.publish()
    world.put_cards({PATH: decode_request(made.request).card})
    create_home(
        folder,
        address=made.identity.public.address,
        root=world.root,
        gateways=[base],
        keys=made.keys,
        passphrase=PASSPHRASE,
        exercise=False,
        cost=CHEAP,
    )


def test_the_new_card_closes_what_the_old_one_lists(world: World) -> None:
    """Serial above, every old key closed with its past, new ones open: what the authority asks for."""
    old = published(world)
    made = enrol(profile(world), time.time(), again=old)
    request = decode_request(made.request)
    card, before = verify_request(request, time.time()), parse_card(old)[1]
    assert isinstance(before, KeyCard)
    check_reenrolled(before, card)
    assert request.again is True
    still_open = [key.use for key in card.keys if key.not_after > time.time()]
    assert still_open == [Use.AUTHOR, Use.AGENT]


def test_a_first_request_does_not_say_again(world: World) -> None:
    """Nobody comes back by mistake; with `officer` the card lists an approval key, which is none of the home's."""
    made = enrol(profile(world), time.time(), officer=True)
    assert b"again" not in made.request
    assert [key.public.use for key in made.keys] == [Use.AUTHOR, Use.AGENT]
    assert made.officer is not None
    card = verify_request(decode_request(made.request), time.time())
    assert made.officer.key_id in {record.key_id for record in card.records() if record.use is Use.APPROVAL}


def test_the_card_of_another_is_refused(world: World) -> None:
    """Who gives the wrong file is told which one is needed; a delivery card is not it either."""
    delivery = world.member("GN-QN").delivery_card(world.now)
    for who, card in (("NCB-QM", published(world)), ("GN-QN", delivery)):
        with pytest.raises(Rejected) as refused:
            enrol(profile(world, who), time.time(), again=card)
        assert refused.value.code == "card-bad"


async def test_mail_of_before_comes_anew_after_enrolling_again(
    homes: Homes, world: World, gate: FakeGateway, tmp_path: Path
) -> None:
    """What was sealed to keys that are lost is told to its author as such, who sends it anew; nothing is lost."""
    async with homes("GN-QN") as gn, homes("NCB-QM") as qm:
        await gn.publish_card()
        await qm.send(content(), to=["GN-QN"])
        made = enrol(profile(world), time.time(), again=published(world))
        (tmp_path / "GN-QN").rename(tmp_path / "lost")
        come_back(world, made, tmp_path / "GN-QN", gate.base)
        async with homes("GN-QN") as back:
            assert await drain(back) == []
        await drain(qm)
        async with homes("GN-QN") as back:
            [delivery] = await drain(back)
            await back.send(content(), to=["NCB-QM"])
        assert len(await drain(qm)) == 1
    assert delivery.content.raw == content().raw
    assert gate.states() == {"rejected": 1, "opened": 2}
