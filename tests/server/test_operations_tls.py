"""The operators' listener with TLS of its own: who shows a certificate gets in, by the command and by the browser."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
import pytest

from gateway.cli.operate import login_link
from gateway.errors import Unavailable
from gateway.protocol import media
from gateway.server import compose
from tests.server.test_server import CONFIG, PASSPHRASE, Site, site
from tests.support.ports import free_port
from tests.support.tls import Pair, TestCa

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["site"]


@asynccontextmanager
async def serving(site: Site, pair: Pair, ca: TestCa) -> AsyncIterator[str]:
    """Run the gateway; give the address of its operators' listener."""
    port = free_port()
    files = f'tls_certificate = "{pair.certificate.name}"\ntls_key = "{pair.key.name}"\nclient_ca = "{ca.file.name}"\n'
    text = CONFIG.replace("[operations]\nport = 0\n", f'[operations]\nhost = "0.0.0.0"\nport = {port}\n{files}')
    gateway = await compose(site.config(text), PASSPHRASE)
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        await gateway.stop(1.0)


def browser(ca: TestCa, pair: Pair | None) -> aiohttp.ClientSession:
    """Return a browser that trusts the CA, and shows a certificate if it has one."""
    context = ssl.create_default_context(cadata=ca.pem)
    if pair is not None:
        context.load_cert_chain(pair.certificate, pair.key)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context), cookie_jar=aiohttp.CookieJar(unsafe=True), raise_for_status=True
    )


async def test_an_operator_signs_in_over_tls(site: Site) -> None:
    """The link leads to HTTPS, the cookie is for TLS alone, and Prometheus shows a certificate too."""
    ca = TestCa(site.folder)
    pair = ca.issue("gateway")
    async with serving(site, pair, ca) as base:
        link = await asyncio.to_thread(login_link, site.file)
        page, _, token = link.partition("#")
        assert page == base + media.DASHBOARD_LOGIN
        async with browser(ca, ca.issue("operator")) as http:
            async with http.post(base + media.DASHBOARD_SESSION, data=token, headers={"Content-Type": "text/plain"}) as got:
                assert "; Secure" in got.headers["Set-Cookie"]
            async with http.get(base + media.DASHBOARD) as got:
                assert "<title>" in await got.text()
            async with http.get(base + media.METRICS) as got:
                assert "gateway_draining 0.0" in await got.text()


async def test_who_shows_no_certificate_gets_nothing(site: Site) -> None:
    """Neither metrics nor the sign-in page; plain HTTP is no way round."""
    ca = TestCa(site.folder)
    async with serving(site, ca.issue("gateway"), ca) as base, browser(ca, None) as http:
        for url in (base + media.METRICS, base + media.DASHBOARD_LOGIN, base.replace("https", "http") + media.METRICS):
            with pytest.raises((aiohttp.ClientError, OSError)):
                await http.get(url)


async def test_an_order_goes_to_the_gateway_of_the_configuration_alone(site: Site) -> None:
    """Whoever listens there with another certificate, though of the same CA, gets no order."""
    ca = TestCa(site.folder)
    async with serving(site, ca.issue("another"), ca):
        ours = ca.issue("gateway")
        site.file.write_text(site.file.read_text().replace("another.", f"{ours.key.stem}."))
        with pytest.raises(Unavailable) as caught:
            await asyncio.to_thread(login_link, site.file)
    assert caught.value.code == "tls"
