"""The doctor before real installations: SQLite beside a running gateway, PostgreSQL, RabbitMQ."""

from __future__ import annotations

import asyncio
import json
import subprocess
from typing import TYPE_CHECKING

from yarl import URL

from gateway.cli.main import build
from gateway.config import BrokerConfig, Config, LedgerConfig
from gateway.doctor import Finding, Level, ask_database, broker, examine, worst
from gateway.server import compose
from tests.server.test_server import CONFIG, PASSPHRASE
from tests.support.rabbitmq import CONTROL, RabbitNode
from tests.support.tls import TestCa

if TYPE_CHECKING:
    import pytest

    from tests.server.test_server import Site
    from tests.support.postgres import Cluster


def levels(findings: list[Finding]) -> dict[str, Level]:
    """Return the level of each check; the worst one counts."""
    names = {one.check for one in findings}
    return {name: worst(one for one in findings if one.check == name) for name in names}


def failed(findings: list[Finding]) -> set[str]:
    """Return the checks that failed."""
    return {one.check for one in findings if one.level is Level.FAIL}


async def test_a_gateway_that_runs_is_well(site: Site) -> None:
    """Beside a running gateway nothing fails, and nothing is in its way."""
    config = site.config()
    gateway = await compose(config, PASSPHRASE)
    try:
        found = levels(await examine(config, site.file))
    finally:
        await gateway.stop(1.0)
    assert {name for name, level in found.items() if level is Level.FAIL} == set()
    well = ("ledger.schema", "ledger.journal", "ledger.file", "audit.memory", "directory.targets", "keys.agent", "files.keys")
    assert {name: found[name] for name in well} == dict.fromkeys(well, Level.OK)


async def test_both_listeners_have_their_tls_looked_at(site: Site) -> None:
    """A key that does not belong to the certificate is told with the listener that would not start."""
    ca = TestCa(site.folder)
    good, other = ca.issue("participants"), ca.issue("operators")
    text = CONFIG.replace("[listen]\n", f'[listen]\ntls_certificate = "{good.certificate}"\ntls_key = "{good.key}"\n')
    text = text.replace("[operations]\n", f'[operations]\ntls_certificate = "{good.certificate}"\ntls_key = "{other.key}"\n')
    found = levels(await examine(site.config(text), site.file))
    checks = ("tls.key", "operations.tls.key", "files.operations-tls-key")
    assert [found[check] for check in checks] == [Level.OK, Level.FAIL, Level.OK]


async def test_what_is_wrong_is_found_and_can_be_mended(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Each thing that was spoiled fails by its name; the command ends with 1 and tells what to do, line by line."""
    config = site.config()
    await (await compose(config, PASSPHRASE)).stop(1.0)
    config.keys.file.chmod(0o644)
    site.file.chmod(0o666)
    (site.folder / "audit-memory").write_bytes(b"damaged")
    wrong = {"files.keys", "files.config", "audit.memory"}
    assert failed(await examine(config, site.file)) == wrong
    site.file.chmod(0o644)
    config.keys.file.chmod(0o600)
    capsys.readouterr()
    code = await asyncio.to_thread(build("doctor"), ["doctor", str(site.file), "--json"], standalone_mode=False)
    assert code == 1
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["check"] for one in told if one["level"] == "fail"] == ["audit.memory"]
    assert all(one["mend"] for one in told if one["level"] != "ok")


async def test_before_the_first_start_nothing_fails(site: Site) -> None:
    """What comes at the first start is told, and is no failure."""
    found = levels(await examine(site.config(), site.file))
    assert {name for name, level in found.items() if level is Level.FAIL} == set()
    assert found["ledger.file"] is found["directory.there"] is Level.WARN


def test_postgresql_is_asked_for_what_a_commit_stands_on(postgres_url: str, postgres_cluster: Cluster) -> None:
    """Of a real server the settings are read; one that may lose commits fails, and a superuser is warned of."""
    config = Config(address="GW-ICN@icn", ledger=LedgerConfig(url=postgres_url))
    found = levels(ask_database.ask(config).findings)
    assert {name for name, level in found.items() if level is not Level.OK} == {"ledger.role"}
    assert {"ledger.synchronous_commit", "ledger.fsync", "ledger.version", "ledger.schema", "clock.database"} < set(found)
    name = postgres_url.rpartition("/")[2]
    postgres_cluster.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    assert failed(ask_database.ask(config).findings) == {"ledger.synchronous_commit"}
    nowhere = Config(address="GW-ICN@icn", ledger=LedgerConfig(url="postgresql://nobody@127.0.0.1:1/x"))
    assert failed(ask_database.ask(nowhere).findings) == {"ledger.answers"}


async def test_rabbitmq_is_asked_for_what_a_mailbox_needs(rabbit_node: RabbitNode) -> None:
    """A real node makes, fills and drops a quorum queue; a user without rights, and a wrong password, are told apart."""
    found = await broker.ask(BrokerConfig(urls=(rabbit_node.url,), prefix="doctor."))
    assert worst(found) is Level.OK
    assert {one.check for one in found} == {"broker.answers", "broker.version", "broker.stores", "broker.queues"}
    await asyncio.to_thread(control, rabbit_node, "add_vhost", "looking")
    await asyncio.to_thread(control, rabbit_node, "set_permissions", "-p", "looking", "guest", "^$", "^$", ".*")
    refused = await broker.ask(BrokerConfig(urls=(f"{rabbit_node.url}looking",)))
    assert failed(refused) == {"broker.rights"}
    stranger = str(URL(rabbit_node.url).with_password("wrong"))
    assert failed(await broker.ask(BrokerConfig(urls=(stranger,)))) == {"broker.answers"}


def control(node: RabbitNode, *words: str) -> None:
    """Change a node as its operator does."""
    environment = node._environment()
    command = [CONTROL, "-n", environment["RABBITMQ_NODENAME"], *words]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=50)
