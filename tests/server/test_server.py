"""The composition root: a gateway starts from its files, answers, and stops without losing anything."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
import pytest

from gateway.audit.signing import log_key
from gateway.cli.main import build
from gateway.config import Config, load
from gateway.directory.keyfiles import decrypt_gateway_keys
from gateway.envelope import Use
from gateway.envelope.keyfile import Cost
from gateway.errors import GatewayError, Rejected
from gateway.ids import Address, Network
from gateway.network import Authority, Plan, Profile, enrol, write_gateway
from gateway.server import Gateway, compose, preflight
from gateway.tlog.cosignature import cosigned_at
from gateway.tlog.note import parse_note
from tests.support.tsa import time_stamping
from tests.support.waiting import until
from tests.support.witness import make_witness, odd_witness, url_of, witnessing

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.tlog.note import VerifierKey

PASSPHRASE = b"gate"
OFFICERS = [b"first officer", b"second officer"]
CHEAP = Cost(1, 8192)
CONFIG = """
address = "GW-ICN@icn"
[listen]
port = 0
[operations]
port = 0
[keys]
passphrase_file = "pass"
[directory]
root = "authority/root.json"
publication = "authority/publication"
"""


@dataclass
class Site:
    """The files of a gateway and of its authority."""

    folder: Path
    authority: Authority

    @property
    def file(self) -> Path:
        """The configuration file."""
        return self.folder / "gateway.toml"

    def config(self, text: str = CONFIG) -> Config:
        """Write and load the configuration."""
        self.file.write_text(text)
        self.file.chmod(0o600)
        return load(self.file)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Everything that a start needs, published."""
    now = time.time()
    profile = Profile(
        address=Address("GW-ICN@icn"),
        name="Fictional gateway",
        country="QM",
        organisation_type="gateway",
        roles=("gateway",),
    )
    gate = enrol(profile, now)
    write_gateway(gate, tmp_path, PASSPHRASE, CHEAP)
    (tmp_path / "pass").write_bytes(PASSPHRASE + b"\n")
    (tmp_path / "pass").chmod(0o600)
    plan = Plan(network=Network("icn"), gateways=("http://127.0.0.1:8443",), cost=CHEAP)
    authority = Authority.create(tmp_path / "authority", plan, gate.request, OFFICERS, now)
    authority.publish(OFFICERS, now)
    return Site(tmp_path, authority)


async def asked(port: int, path: str) -> tuple[int, str]:
    """Return status and text of a GET."""
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.text()


async def refused(config: Config, passphrase: bytes = PASSPHRASE) -> GatewayError:
    """Return why a start is refused; nothing is left running."""
    before = asyncio.all_tasks()
    with pytest.raises(GatewayError) as caught:
        await compose(config, passphrase)
    assert asyncio.all_tasks() == before
    return caught.value


async def test_a_gateway_starts_answers_and_stops(site: Site) -> None:
    """From its files to a service on two ports; a second start finds everything as it was."""
    for _ in range(2):
        gateway = await compose(site.config(), PASSPHRASE)
        assert (await asked(gateway.port, "/readyz"))[0] == 200
        assert json.loads((await asked(gateway.operations_port, "/readyz"))[1])["parts"] == {
            "ledger": "ok",
            "directory": "ok",
            "authority": "ok",
            "broker": "ok",
            "log": "ok",
        }
        await gateway.stop(1)


async def test_an_authority_that_is_late_is_shown_and_stops_nothing(site: Site) -> None:
    """Promise 8: with expired metadata the gateway is ready, and whoever looks sees what is wrong."""
    late_s = 0.0
    gateway = await compose(site.config(), PASSPHRASE, clock=lambda: time.time() + late_s)
    late_s = 10 * 86_400.0
    status, text = await asked(gateway.port, "/readyz")
    found = json.loads(text)
    assert (status, found["ready"], found["parts"]["authority"]) == (200, True, "directory-expired")
    await gateway.stop(1)


async def test_metrics_stand_on_the_operators_port_alone(site: Site) -> None:
    """Participants cannot see what operators see."""
    gateway: Gateway = await compose(site.config(), PASSPHRASE)
    status, text = await asked(gateway.operations_port, "/metrics")
    assert status == 200
    assert "gateway_directory_version 1.0" in text
    assert "gateway_ledger_commit_seconds_count 0.0" not in text
    assert {place for place in ("ledger", "memory") if f'gateway_disk_free_bytes{{place="{place}"}}' in text} == {
        "ledger",
        "memory",
    }
    assert (await asked(gateway.port, "/metrics"))[0] == 404
    await gateway.stop(1)


def log_key_of(site: Site) -> VerifierKey:
    """Return what verifies the gateway's checkpoints."""
    keys = decrypt_gateway_keys((site.folder / "gateway.keys").read_bytes(), PASSPHRASE)
    return next(log_key(key) for key in keys.keyring.public_keys() if key.use is Use.LOG)


async def test_a_log_is_vouched_for_from_outside(site: Site) -> None:
    """Its checkpoint comes with the cosignature of a witness and with a time-stamp, though another witness is silent."""
    witness = make_witness(site.folder / "witness", [log_key_of(site)])
    silent = make_witness(site.folder / "silent", [], "silent.example")
    async with witnessing(witness) as server, odd_witness() as odd, time_stamping(site.folder / "tsa") as tsa:
        odd.hang = True
        lines = ["[audit]", "sequence_every_s = 0.05", "witness_every_s = 0.05"]
        lines += [f'timestamp_url = "{tsa.url}"', f'timestamp_ca = "{tsa.ca}"']
        for url, key in ((url_of(server), witness.key), (url_of(odd), silent.key)):
            lines += ["[[audit.witnesses]]", f'url = "{url}"', f'key = "{key.verifier}"']
        config = site.config(CONFIG + "\n".join(lines))
        gateway = await compose(config, PASSPHRASE)

        async def cosigned() -> bool:
            status, text = await asked(gateway.port, "/v1/log/checkpoint")
            return status == 200 and cosigned_at(parse_note(text.encode()), witness.key.verifier) is not None

        async def stamped() -> bool:
            return 'gateway_timestamp_answers_total{code="ok"} 1.0' in (await asked(gateway.operations_port, "/metrics"))[1]

        await until(cosigned)
        await until(stamped)
        await until(lambda: bool(odd.asked))
        metrics = (await asked(gateway.operations_port, "/metrics"))[1]
        assert 'gateway_witness_age_seconds{witness="silent.example"}' in metrics
        assert 'gateway_witness_answers_total{code="ok",witness="silent.example"}' not in metrics
        assert (await asked(gateway.port, "/readyz"))[0] == 200
        await gateway.stop(1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[audit.witnesses]]\nurl = "http://w.example"\nkey = "w.example+1+2"\n', "audit.witnesses"),
        ('[audit]\ntimestamp_url = "http://tsa.example"\ntimestamp_ca = "nowhere.pem"\n', "audit.timestamp_ca"),
        ('[audit]\ntimestamp_url = "http://tsa.example"\ntimestamp_ca = "pass"\n', "audit.timestamp_ca"),
    ],
)
async def test_a_voucher_that_cannot_be_verified_stops_the_start(site: Site, text: str, told: str) -> None:
    """A key that is none and roots that are none would let every answer be thrown away; `gateway check` says so too."""
    config = site.config(CONFIG + text)
    found = await refused(config)
    assert (found.code, told in found.detail) == ("config", True)
    with pytest.raises(Rejected, match=told):
        preflight(config, None)


async def test_a_ledger_belongs_to_one_process(site: Site) -> None:
    """A second gateway on the same file is refused, and the first goes on."""
    config = site.config()
    gateway = await compose(config, PASSPHRASE)
    with pytest.raises(GatewayError) as caught:
        await compose(config, PASSPHRASE)
    assert caught.value.code == "ledger-locked"
    assert (await asked(gateway.port, "/readyz"))[0] == 200
    await gateway.stop(1)


async def test_a_wrong_passphrase_is_refused(site: Site) -> None:
    """The keys stay closed, and the error says why."""
    assert (await refused(site.config(), b"wrong")).code == "passphrase"


async def test_keys_of_another_gateway_are_refused(site: Site) -> None:
    """A gateway signs in its own name alone."""
    exc = await refused(site.config(CONFIG.replace("GW-ICN@icn", "GW-XA@icn")))
    assert (exc.code, "GW-ICN@icn" in exc.detail) == ("config", True)


async def test_without_a_publication_nothing_starts(site: Site) -> None:
    """A gateway that does not know who is who does not guess."""
    exc = await refused(site.config(CONFIG.replace("authority/publication", "nowhere")))
    assert exc.code == "unavailable"


async def test_a_missing_root_is_told_with_what_mends_it(site: Site) -> None:
    """The error names the file and what to do."""
    exc = await refused(site.config(CONFIG.replace("authority/root.json", "nowhere.json")))
    assert (exc.code, "root.json" in exc.hint) == ("config", True)


async def test_a_gateway_that_is_not_listed_does_not_start(site: Site, tmp_path: Path) -> None:
    """Receipts that nobody could verify are not signed."""
    profile = Profile(address=Address("GW-XB@icn"), name="Other", country="XB", organisation_type="gateway", roles=("gateway",))
    other = tmp_path / "other"
    write_gateway(enrol(profile, time.time()), other, PASSPHRASE, CHEAP)
    text = CONFIG.replace("GW-ICN@icn", "GW-XB@icn").replace("[keys]", '[keys]\nfile = "other/gateway.keys"')
    exc = await refused(site.config(text))
    assert isinstance(exc, Rejected)


async def test_serve_stops_on_sigterm(site: Site) -> None:
    """`gateway serve` runs until it is told to stop, and stops within seconds with exit code 0."""
    site.config()
    command = [sys.executable, "-c", "from gateway.cli.main import main; main()", "serve", str(site.file)]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE, env={**os.environ})
    assert process.stderr is not None
    events = []
    async with asyncio.timeout(30):
        while "operations" not in events:
            line = json.loads(await process.stderr.readline())
            events.append(line["event"])
            port = line.get("port", 0)
        assert (await asked(port, "/healthz"))[0] == 200
        process.send_signal(signal.SIGTERM)
        rest = await process.stderr.read()
        assert await process.wait() == 0
    assert [json.loads(line)["event"] for line in rest.splitlines()][-2:] == ["stopping", "stopped"]


def test_check_prints_every_setting(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """`gateway check` shows what a start would use, defaults included, and passes when everything is there."""
    site.config(CONFIG + '[ledger]\nurl = "postgresql://gw:hush@db.example/gw"\n')
    build()(["check", str(site.file), "--json"], standalone_mode=False)
    shown = capsys.readouterr().out
    values = json.loads(shown)["config"]
    assert values["limits.poll_s"] == 5.0
    assert values["ledger.url"] == "postgresql://gw:...@db.example/gw"
    assert "hush" not in shown


def test_check_names_what_is_missing(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that a start needs and that is not there is named, with exit code 1."""
    site.config(CONFIG.replace("authority/root.json", "nowhere.json"))
    code = build()(["check", str(site.file)], standalone_mode=False)
    assert code == 1
    assert "nowhere.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changed", "into", "code", "told"),
    [
        ("GW-ICN@icn", "hello world", "bad-address", "hello world"),
        ("GW-ICN@icn", "GW-XYZ@icn", "config", "the keys of GW-ICN@icn"),
        ("authority/root.json", "authority/directory.json", "config", "no root of trust"),
        ("[listen]", '[ledger]\nurl = "sqlite:///none/gw.db"\n[listen]', "config", "no folder"),
        ("[listen]", '[listen]\ntls_certificate = "pass"\ntls_key = "pass"', "config", "TLS"),
    ],
)
def test_check_refuses_what_serve_would_refuse(site: Site, changed: str, into: str, code: str, told: str) -> None:
    """Another's keys, a file that is no root of trust, TLS files that are none: told before the first start."""
    site.config(CONFIG.replace(changed, into))
    with pytest.raises(Rejected, match=told) as caught:
        build()(["check", str(site.file)], standalone_mode=False)
    assert caught.value.code == code


def test_check_warns_of_a_missing_publication(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """A gateway with a ledger goes on without the authority's folder, so the operator is told of a wrong path."""
    site.config(CONFIG.replace("authority/publication", "nowhere"))
    assert not build()(["check", str(site.file)], standalone_mode=False)
    assert "no publication in" in capsys.readouterr().err


def test_serve_says_which_setting_brings_the_passphrase(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal the passphrase comes from the configuration, and a missing key file is told first."""
    monkeypatch.setattr("sys.stdin", io.StringIO())
    site.config(CONFIG.replace('passphrase_file = "pass"', ""))
    with pytest.raises(Rejected) as caught:
        build()(["serve", str(site.file)], standalone_mode=False)
    assert "set keys.passphrase_file" in caught.value.hint
    (site.folder / "gateway.keys").unlink()
    with pytest.raises(Rejected, match=r"no file .*gateway\.keys"):
        build()(["serve", str(site.file)], standalone_mode=False)


@pytest.mark.parametrize(
    ("text", "served"),
    [
        ("connections_per_address = 2", 2),
        ("", 4),
        ("connections_per_address = 2\n[listen]\nport = 0\nbehind_proxy = true", 2),
    ],
)
async def test_connections_of_one_address_are_bounded_as_configured(site: Site, text: str, served: int) -> None:
    """The default is far above a handful; a number that is set counts behind a proxy as well."""
    base = CONFIG.replace("[listen]\nport = 0\n", "") if "[listen]" in text else CONFIG
    gateway = await compose(site.config(f"{base}[limits]\n{text}\n"), PASSPHRASE)
    lines = [await asyncio.open_connection("127.0.0.1", gateway.port) for _ in range(4)]
    await asyncio.sleep(0.1)
    found = 0
    for reader, writer in lines:
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n")
        with suppress(ConnectionError):
            found += b" 200 " in await reader.read()
        writer.close()
    await gateway.stop(1)
    assert found == served
