"""Two networks that no line joins: what people say crosses in files, whatever the courier does to these."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.client.examples import drain
from tests.scenario.border import line
from tests.scenario.bridges import EU, GN, ICN, QM, Bridged, Fate, bridged, soon
from tests.scenario.theatre import say

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.client import Delivery, SendReceipt
    from gateway.ids import Network
    from gateway.message import Content

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

REQUEST, ANSWER = "cooperation.request/hear-a-witness", "request.response/accepted-in-part"
REPORT = "information.report/sighting"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def networks(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bridged]:
    """Two networks for all tests of this file."""
    async with bridged(tmp_path_factory.mktemp("bridge")) as found:
        yield found


async def says(networks: Bridged, who: str, content: Content, re: Delivery | None = None) -> SendReceipt:
    """Send to the one on the other side; `re` is what it answers."""
    to = [GN if who == QM else QM]
    if re is None:
        return await networks.points[who].send(content, to)
    answered, conversation_id = re.envelope_hash, re.conversation_id
    return await networks.points[who].send(content, to, in_reply_to=answered, conversation_id=conversation_id, inherit=True)


async def settled(networks: Bridged) -> None:
    """Let the courier do well from now on, wait until the files are answered, and see that nobody got anything twice."""
    networks.courier.fates.clear()
    await networks.settles()
    for bridge in networks.bridges.values():
        assert await bridge.count("gateway_relay_refused_answers_total") == 0
    for who, found in networks.heard.items():
        found.extend(await drain(networks.points[who]))
        hashes = [one.envelope_hash for one in found]
        assert len(hashes) == len(set(hashes))


async def test_a_request_is_answered_whatever_the_courier_does(networks: Bridged) -> None:
    """Files come late, twice, in another order, cut or not at all; each side holds the other's signed receipt in the end."""
    fates = {
        "forwards": [Fate.TRUNCATED, Fate.TWICE, Fate.LOST],
        "answers": [Fate.LOST, Fate.TWICE, Fate.LATE, Fate.LATE],
        "receipts": [Fate.LATE, Fate.LOST, Fate.TWICE, Fate.LATE],
    }
    networks.courier.fates = {sort: list(those) for sort, those in fates.items()}
    asked = await says(networks, QM, say(REQUEST))
    got = await networks.hears(GN, asked)
    told = await says(networks, GN, say(ANSWER, line(asked)), got)
    heard = await networks.hears(QM, told)
    assert (heard.sender, heard.header.in_reply_to) == (GN, asked.envelope_hash)
    await networks.comes_to("opened", QM, asked)
    await networks.comes_to("opened", GN, told)
    await settled(networks)
    assert set(Fate) <= {fate for _, fate in networks.courier.did}
    assert sum([await bridge.count("gateway_bridge_bad_files_total") for bridge in networks.bridges.values()]) == 1
    assert sum([await bridge.count("gateway_bridge_repeated_files_total") for bridge in networks.bridges.values()]) > 0


async def test_what_the_other_side_refuses_comes_home_signed(networks: Bridged) -> None:
    """A marking that means nothing there is refused by their gateway; what follows it is not held up."""
    networks.courier.fates = {"answers": [Fate.LOST]}
    strange = await says(networks, QM, say(REPORT, handling__tlp="amber", handling__confidentiality="restricted"))
    known = await says(networks, QM, say(REPORT, handling__tlp="amber+strict", handling__confidentiality="restricted"))
    await networks.comes_to("refused", QM, strange)
    [one] = (await networks.points[QM].status(strange.message_id)).recipients
    assert one.reason == "handling-unknown"
    await networks.hears(GN, known)
    await networks.comes_to("opened", QM, known)
    await settled(networks)
    assert strange.envelope_hash not in {one.envelope_hash for one in networks.heard[GN]}


async def test_bridges_that_die_lose_nothing(networks: Bridged) -> None:
    """Each is killed with files underway in both directions; every message arrives once, and both authors know it."""
    networks.courier.rests = True
    there = [await says(networks, QM, say(REPORT)) for _ in range(3)]
    back = [await says(networks, GN, say(REPORT)) for _ in range(3)]
    for network in (ICN, EU):
        await underway(networks, network)
    networks.courier.rests = False
    for network in (ICN, EU):
        networks.bridges[network].kill()
        networks.bridges[network].start()
    for author, reader, those in ((QM, GN, there), (GN, QM, back)):
        for one in those:
            await networks.hears(reader, one)
            await networks.comes_to("opened", author, one)
    await settled(networks)


async def test_nothing_is_missing_in_the_end(networks: Bridged) -> None:
    """What was lost and has no need to come again, an answer, does not stay an alarm."""

    async def none_missing() -> bool:
        return not sum([await bridge.count("gateway_bridge_missing_files") for bridge in networks.bridges.values()])

    await soon(none_missing)


async def underway(networks: Bridged, network: Network) -> None:
    """Wait until a bridge has messages or receipts underway."""

    async def has_some() -> bool:
        return any(sort != "directory" for sort in networks.bridges[network].waits_for())

    await soon(has_some)
