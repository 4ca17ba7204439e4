"""A home and a whole gateway over TLS: one private CA, names verified, client certificates where they are asked for."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway import server
from gateway.client import ContactPoint
from gateway.client.line.tls import SYSTEM_CA, Tls, client_context
from gateway.config import load
from gateway.demo.stage import CAST, Services, Stage, build
from gateway.errors import Rejected, Unavailable, Uncertain
from tests.client.examples import content, drain
from tests.support.ports import free_ports
from tests.support.tls import Pair, TestCa

SENDER, READER = "NCB-QM", "GN-QN"


class Town:
    """A network of two, and the address of its gateway."""

    def __init__(self, folder: Path) -> None:
        port, operations_port = free_ports(2)
        cast = [member for member in CAST if member.participant in {SENDER, READER}]
        self.stage: Stage = build(folder, Services(port=port, operations_port=operations_port), cast, now=time.time())
        self.url = f"https://127.0.0.1:{port}"
        self.ca = TestCa(folder)

    @asynccontextmanager
    async def serving(self, pair: Pair, client_ca: Path | None = None) -> AsyncIterator[None]:
        """Run the gateway with a certificate; with `client_ca` it asks for one."""
        lines = f'[listen]\ntls_certificate = "{pair.certificate}"\ntls_key = "{pair.key}"\n'
        lines += f'client_ca = "{client_ca}"\n' if client_ca else ""
        self.stage.config.write_text(self.stage.config.read_text().replace("[listen]\n", lines))
        config = load(self.stage.config)
        gateway = await server.compose(config, self.stage.passphrase, adapters=await server.open_adapters(config))
        try:
            yield
        finally:
            await gateway.stop(1.0)

    async def home(self, name: str, tls: Tls) -> ContactPoint:
        """Tell a home about TLS, and name it to open."""
        async with self.open(name) as told:
            await told.replace_tls(tls)
        return self.open(name)

    def open(self, name: str) -> ContactPoint:
        """Name a home to open."""
        return ContactPoint.open(self.stage.home(name), passphrase=self.stage.passphrase, gateways=[self.url])


def shown(ca: TestCa, pair: Pair) -> Tls:
    """Trust a CA and show a certificate."""
    return Tls(ca=ca.pem, certificate=pair.certificate.read_text(), key=pair.key.read_text())


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """Return a network whose gateway does not run yet."""
    return Town(tmp_path)


async def test_a_message_goes_over_tls_with_a_private_ca(town: Town) -> None:
    """Requests and inbox sessions trust exactly the CA that the home was given."""
    async with town.serving(town.ca.issue("gw")):
        trusting = Tls(ca=town.ca.pem)
        async with await town.home(SENDER, trusting) as sender, await town.home(READER, trusting) as reader:
            await reader.publish_card()
            receipt = await sender.send(content(), to=[READER])
            assert [one.number for one in await drain(reader)] == [receipt.number]


async def test_a_gateway_with_another_ca_gets_nothing(town: Town, tmp_path: Path) -> None:
    """Neither a stranger's CA nor the system's vouches for it: the code is `tls`, and its hint says what to compare."""
    stranger = TestCa(tmp_path, "stranger.example")
    async with town.serving(town.ca.issue("gw")):
        for tls in (Tls(ca=stranger.pem), SYSTEM_CA):
            async with await town.home(READER, tls) as reader:
                with pytest.raises(Unavailable) as refused:
                    await reader.publish_card()
            assert refused.value.code == "tls"
            assert "unable to get local issuer certificate" in refused.value.detail
            assert "gateway tls" in refused.value.row.hint


async def test_a_certificate_for_another_host_is_refused(town: Town) -> None:
    """The right CA is not enough: the name must be the one in the address."""
    async with town.serving(town.ca.issue("gw", "127.0.0.2")), await town.home(READER, Tls(ca=town.ca.pem)) as reader:
        with pytest.raises(Unavailable) as refused:
            await reader.publish_card()
    assert refused.value.code == "tls"
    assert "not valid for '127.0.0.1'" in refused.value.detail


async def test_mutual_tls_admits_who_shows_a_certificate(town: Town, tmp_path: Path) -> None:
    """With one of the operator's CA a home is served; without one, or with a stranger's, its line ends and it is told why."""
    stranger = TestCa(tmp_path, "stranger.example")
    async with town.serving(town.ca.issue("gw"), town.ca.file):
        async with await town.home(READER, shown(town.ca, town.ca.issue("reader"))) as reader:
            assert await drain(reader) == []
        alien = stranger.issue("alien")
        for tls in (Tls(ca=town.ca.pem), shown(town.ca, alien)):
            async with await town.home(SENDER, tls) as sender:
                with pytest.raises(Uncertain, match="client certificate"):
                    await sender.publish_card()


async def test_a_home_tells_its_tls_to_nobody(town: Town) -> None:
    """Neither its text nor its file shows the key, and what cannot be used changes nothing."""
    tls = shown(town.ca, town.ca.issue("reader"))
    async with await town.home(READER, tls) as reader:
        assert reader.tls == tls
        assert "PRIVATE" not in repr(reader.tls) + str(reader.tls)
        with pytest.raises(Rejected) as refused:
            await reader.replace_tls(Tls(ca="no certificate"))
    assert refused.value.code == "config"
    assert b"PRIVATE" not in b"".join(path.read_bytes() for path in town.stage.home(READER).glob("home.sqlite*"))
    async with town.open(READER) as reader:
        assert reader.tls == tls


@pytest.mark.parametrize("tls", [Tls(certificate="x"), Tls(key="x"), Tls(certificate="x", key="y"), Tls(ca="")])
def test_half_a_setting_is_refused(tls: Tls) -> None:
    """A certificate without its key, a key without its certificate, text that is neither."""
    with pytest.raises(Rejected) as refused:
        client_context(tls)
    assert refused.value.code == "config"
