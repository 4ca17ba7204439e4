"""`gateway operate`: an order leaves this machine signed by the gateway's operator key, and what is refused is told."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.api.app import operations_listener
from gateway.directory.keyfiles import encrypt_gateway_keys
from gateway.directory.roles import ONLINE_ROLES, RoleKey
from gateway.envelope.keyfile import Cost
from gateway.envelope.keys import SigningKey, Use
from gateway.envelope.trust import KeyRecord
from gateway.errors import Rejected
from gateway.ids import Address
from gateway.ops.health import Health
from gateway.ops.metrics import Metrics
from gateway.ops.sign_ins import token_hash
from gateway.protocol.action import parse_action, verify_action
from tests.cli.conftest import run_gateway
from tests.support.fake_exchange import FakeExchange
from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.zygote import Ran

GATE = Address("GW-ICN@icn")
UUID = "01910000-0000-7000-8000-000000000000"
OPERATOR = SigningKey.generate(GATE, Use.OPERATOR, os.urandom)


@pytest.fixture
def port() -> int:
    """Where operators reach the gateway."""
    return free_port()


@pytest.fixture
def config(tmp_path: Path, port: int) -> Path:
    """The configuration of a gateway, with its key file."""
    keys = [SigningKey.generate(GATE, Use.AGENT, os.urandom), OPERATOR]
    online = [(role, RoleKey.generate(os.urandom)) for role in ONLINE_ROLES]
    for name, data in (
        ("gateway.keys", encrypt_gateway_keys(keys, online, b"gate", os.urandom, Cost(1, 8192))),
        ("pass", b"gate\n"),
    ):
        (tmp_path / name).write_bytes(data)
        (tmp_path / name).chmod(0o600)
    file = tmp_path / "gateway.toml"
    file.write_text(f'address = "{GATE}"\n[operations]\nhost = "127.0.0.1"\nport = {port}\n[keys]\npassphrase_file = "pass"\n')
    return file


@pytest.fixture
async def exchange(port: int) -> AsyncIterator[FakeExchange]:
    """What gets the orders, behind the operators' listener."""
    exchange = FakeExchange()
    listener = operations_listener(Health({}), Metrics(), exchange, time.time)
    await listener.start("127.0.0.1", port)
    yield exchange
    await listener.stop(1.0)


async def order(config: Path, target: str = "41/0", reason: str = "the line was repaired", *more: str) -> Ran:
    """Give an order."""
    return await run_gateway("operate", "release", target, "--reason", reason, "--config", str(config), *more)


async def test_an_order_is_signed_by_the_operator_key(config: Path, exchange: FakeExchange) -> None:
    """What arrives names verb, target and reason, and only the operator key can have signed it."""
    ran = await order(config)
    assert (ran.code, ran.out) == (0, "released 41/0\n")
    [data] = exchange.orders
    record = KeyRecord.of(OPERATOR.public, 0, 1 << 40)
    found = verify_action(parse_action(data), {record.key_id: record}.get, GATE, time.time())
    assert (found.verb, found.target, found.reason) == ("release", "41/0", "the line was repaired")


@pytest.mark.parametrize(
    ("verb", "option", "value", "target", "said"),
    [
        ("hold", "--message", "5f" * 32, "message/" + "5f" * 32, "held"),
        ("release-hold", "--conversation", UUID, f"conversation/{UUID}", "let go"),
    ],
)
async def test_a_hold_names_a_message_or_a_conversation(
    config: Path, exchange: FakeExchange, verb: str, option: str, value: str, target: str, said: str
) -> None:
    """What is held, and let go, is named by its hash or id, and the order is signed like every other."""
    ran = await run_gateway("operate", verb, option, value, "--reason", "an inquiry", "--config", str(config))
    assert (ran.code, ran.out) == (0, f"{said} {target}\n")
    [data] = exchange.orders
    found = parse_action(data).action
    assert (found.verb, found.target, found.reason) == (verb, target, "an inquiry")


@pytest.mark.parametrize("options", [[], ["--message", "5f" * 32, "--conversation", UUID], ["--message", "5f"]])
async def test_a_hold_of_nothing_or_of_two_things_never_leaves(
    config: Path, exchange: FakeExchange, options: list[str]
) -> None:
    """One thing is named, in its one spelling."""
    ran = await run_gateway("operate", "hold", *options, "--reason", "an inquiry", "--config", str(config))
    assert (ran.code != 0, exchange.orders) == (True, [])


async def test_two_orders_are_never_the_same(config: Path, exchange: FakeExchange) -> None:
    """Each has a nonce of its own, and a script can read what was done."""
    ran = [await order(config, "41/0", "again", "--json") for _ in range(2)]
    assert [msgspec.json.decode(one.out) for one in ran] == [{"verb": "release", "target": "41/0"}] * 2
    assert len(set(exchange.orders)) == 2


async def test_a_refused_order_is_told_with_its_code(config: Path, exchange: FakeExchange) -> None:
    """The gateway's word and its advice, and the exit code of a refusal."""
    exchange.fail = Rejected("no held delivery 41/0", code="not-found")
    ran = await order(config)
    assert (ran.code, ran.out, "not-found" in ran.err) == (1, "", True)


@pytest.mark.parametrize(("target", "reason"), [("41/0", ""), ("41/0", "two\nlines"), ("41 0", "x"), ("41/0", "x" * 201)])
async def test_what_is_no_order_never_leaves(config: Path, exchange: FakeExchange, target: str, reason: str) -> None:
    """A target or reason without its form is refused here."""
    ran = await order(config, target, reason)
    assert (ran.code, "one line of at most 200" in ran.err) == (1, True)
    assert exchange.orders == []


async def test_a_gateway_that_is_not_there_is_told(config: Path) -> None:
    """Nothing was done, and the advice says what to look at."""
    ran = await order(config)
    assert (ran.code, "nobody listens" in ran.err, "--url" in ran.err) == (3, True, True)


async def test_a_login_prints_a_link_whose_token_nobody_else_has(config: Path, exchange: FakeExchange, port: int) -> None:
    """The order names the hash of the token; the link has the token behind `#`, so no server sees it before the page does."""
    ran = [await run_gateway("operate", "login", "--config", str(config), *more) for more in ((), ("--json",))]
    assert [one.code for one in ran] == [0, 0]
    assert "60 seconds" in ran[0].err
    for one, data in zip((ran[0].out.strip(), msgspec.json.decode(ran[1].out)["url"]), exchange.orders, strict=True):
        base, _, token = one.partition("#")
        assert base == f"http://127.0.0.1:{port}/dashboard/login"
        action = parse_action(data).action
        assert (action.verb, action.target) == ("login", token_hash(token).hex())
        assert token.encode() not in data


@pytest.mark.parametrize(
    ("words", "verb", "target", "said"),
    [
        (["suspend", "NCB-QM"], "suspend", "NCB-QM@icn", "suspended NCB-QM@icn"),
        (["resume", "NCB-QM@icn"], "resume", "NCB-QM@icn", "resumed NCB-QM@icn"),
        (["drain"], "drain", "on", "drain on"),
        (["drain", "--off"], "drain", "off", "drain off"),
    ],
)
async def test_an_order_that_stands_is_signed_like_every_other(
    config: Path, exchange: FakeExchange, words: list[str], verb: str, target: str, said: str
) -> None:
    """A participant is named as people do, and travels with its network."""
    ran = await run_gateway("operate", *words, "--reason", "a phone call", "--config", str(config))
    assert (ran.code, ran.out) == (0, f"{said}\n")
    [data] = exchange.orders
    found = parse_action(data).action
    assert (found.verb, found.target, found.reason) == (verb, target, "a phone call")
