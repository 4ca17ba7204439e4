"""Orders that stand, given to a gateway that runs: by the command, over the operators' listener, to what participants meet."""

from __future__ import annotations

import asyncio
import json

import pytest

from gateway.cli.main import build
from gateway.errors import GatewayError
from gateway.server import Gateway, compose
from tests.server.test_server import PASSPHRASE, Site, asked, site

__all__ = ["site"]


async def operate(gateway: Gateway, site: Site, *words: str) -> None:
    """Give an order as an operator does."""
    url = f"http://127.0.0.1:{gateway.operations_port}"
    line = ["operate", *words, "--reason", "a restart", "--config", str(site.file), "--url", url]
    await asyncio.to_thread(build("operate"), line, standalone_mode=False)


async def test_a_drained_gateway_is_not_ready_and_comes_back(site: Site) -> None:
    """A load balancer turns away while it is emptied, the process is alive all the while, and `--off` puts it back."""
    gateway = await compose(site.config(), PASSPHRASE)
    try:
        await operate(gateway, site, "drain")
        status, body = await asked(gateway.port, "/readyz")
        assert (status, json.loads(body)["parts"]["operator"]) == (503, "draining")
        assert (await asked(gateway.port, "/healthz"))[0] == 200
        await operate(gateway, site, "drain", "--off")
        assert (await asked(gateway.port, "/readyz"))[0] == 200
    finally:
        await gateway.stop(1.0)


async def test_a_restart_ends_a_drain(site: Site) -> None:
    """A drain is of one process and ends with it; who is nobody here cannot be suspended."""
    gateway = await compose(site.config(), PASSPHRASE)
    try:
        await operate(gateway, site, "drain")
        with pytest.raises(GatewayError) as refused:
            await operate(gateway, site, "suspend", "NCB-QM")
        assert refused.value.code == "not-found", "nobody is enrolled here"
    finally:
        await gateway.stop(1.0)
    gateway = await compose(site.config(), PASSPHRASE)
    try:
        assert (await asked(gateway.port, "/readyz"))[0] == 200
    finally:
        await gateway.stop(1.0)
