"""What a relay is made of: its key, its configuration, its line, and where the other network is found."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.client.line.transport import Transport
from gateway.directory.roles import TIMESTAMP_FILE
from gateway.envelope.keyfile import Cost, encrypt_keys
from gateway.envelope.keys import Use
from gateway.errors import Rejected, Uncertain
from gateway.ids import Network
from gateway.protocol.relaying import decided
from gateway.relay import identity, line
from gateway.relay.config import load_bridge, load_relay
from gateway.relay.identity import export_agent, read_agent
from gateway.relay.line import GatewayLine
from gateway.relay.repository import fetch_whole, find_peer
from tests.relay.world import FakeOther, FakeTime
from tests.support.network import counter_rng, make_member, make_pair

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CHEAP = Cost(1, 8192)
MEMBER = make_member("RELAY-EU")
CONFIG = 'network = "eu-network"\nhome = ["https://gw.icn.example"]\nother = ["https://gw.eu.example"]\n'


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a passphrase cost little."""
    monkeypatch.setattr(identity, "encrypt_keys", lambda keys, secret, rng, _cost: encrypt_keys(keys, secret, rng, CHEAP))


def test_the_key_file_holds_the_agent_key_alone(tmp_path: Path) -> None:
    """It signs requests; it neither signs for the author nor opens a delivery."""
    file = tmp_path / "relay.key"
    file.write_bytes(export_agent([*MEMBER.signing, *MEMBER.delivery], b"secret", counter_rng("file")))
    keyring = read_agent(file, b"secret")
    assert keyring.public_keys() == [MEMBER.key(Use.AGENT).public]
    with pytest.raises(Rejected, match="no author key"):
        keyring.sign(Use.AUTHOR, b"message")


def test_a_key_file_with_more_in_it_is_refused(tmp_path: Path) -> None:
    """What stands at the border must not be able to open a message, even by a mistake of its operator."""
    file = tmp_path / "home.keys"
    file.write_bytes(encrypt_keys([*MEMBER.signing, *MEMBER.delivery], b"secret", counter_rng("file"), CHEAP))
    with pytest.raises(Rejected, match="not one agent key"):
        read_agent(file, b"secret")


def test_a_configuration_places_its_files_beside_it(tmp_path: Path) -> None:
    """Relative paths count from the folder of the file."""
    file = tmp_path / "relay.toml"
    file.write_text(CONFIG)
    assert load_relay(file).key_file == tmp_path / "relay.key"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("mesages_per_s = 5", "mesages_per_s"),
        ("messages_per_s = 0", "messages_per_s"),
        ('[operations]\nhost = "0.0.0.0"', "would show metrics"),
        ('[operations]\ntls_key = "relay.pem"', "belong together"),
    ],
)
def test_a_configuration_that_cannot_be_meant_stops_the_start(tmp_path: Path, line: str, said: str) -> None:
    """Unknown keys, values out of range and dangers are told by name."""
    file = tmp_path / "relay.toml"
    file.write_text(CONFIG + line)
    with pytest.raises(Rejected, match=said):
        load_relay(file)


def test_the_other_network_must_be_found_somehow(tmp_path: Path) -> None:
    """Without addresses the directory is asked, and that is verified from a root."""
    file = tmp_path / "relay.toml"
    file.write_text(CONFIG.replace("other", "# other"))
    with pytest.raises(Rejected, match="neither other nor root"):
        load_relay(file)


def test_the_configuration_of_the_operators_page_can_be_read(tmp_path: Path) -> None:
    """What `deploy/bridge.md` shows is what the bridge reads."""
    shown = (Path(__file__).parents[2] / "deploy" / "bridge.md").read_text()
    file = tmp_path / "bridge.toml"
    file.write_text(next(block for block in shown.split("```")[1::2] if "their_keys" in block))
    loaded = load_bridge(file)
    assert (loaded.folder, loaded.again_s) == (tmp_path / "bridge", 86_400)


async def test_the_gateways_of_a_peer_are_those_that_the_verified_directory_names() -> None:
    """The whole directory is fetched and verified; a network that it does not name is no peer."""
    ours, _ = make_pair(FakeTime().now)
    home = FakeOther(FakeTime(), files=ours.files)
    peer = await find_peer(home, ours.root, Network("eu-network"), ours.now)
    assert peer.endpoints == ("https://gateway.eu-network.example",)
    with pytest.raises(Rejected) as refused:
        await find_peer(home, ours.root, Network("nowhere"), ours.now)
    assert refused.value.code == "peer-unknown"


async def test_a_directory_that_another_network_signed_is_not_believed() -> None:
    """A gateway at home cannot send the relay anywhere that its authority did not sign."""
    ours, theirs = make_pair(FakeTime().now)
    with pytest.raises(Rejected):
        await find_peer(FakeOther(FakeTime(), files=theirs.files), ours.root, Network("icn"), ours.now)


async def test_everything_that_a_reader_needs_is_fetched() -> None:
    """Roots, metadata and targets, without what is superseded."""
    ours, _ = make_pair(FakeTime().now)
    found = await fetch_whole(FakeOther(FakeTime(), files=ours.files))
    assert found.items() <= ours.files.items()
    assert TIMESTAMP_FILE in found


@pytest.mark.parametrize(
    ("code", "final"),
    [("", True), ("peer-unknown", True), ("cannot-open", True), ("log-forked", True)]
    + [(code, False) for code in ("busy", "unavailable", "uncertain", "directory-ahead", "too-many", "not-a-code")],
)
def test_an_answer_ends_a_forward_unless_another_try_may_change_it(code: str, *, final: bool) -> None:
    """A code that this version does not know decides nothing."""
    assert decided(code) is final


@asynccontextmanager
async def server(answer: bytes, every_s: float) -> AsyncIterator[str]:
    """Serve bytes one by one, and then nothing."""
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for byte in answer:
            if not over.is_set():
                writer.write(bytes([byte]))
                await asyncio.sleep(every_s)
        await over.wait()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        over.set()
        await asyncio.sleep(0.05)
        listening.close()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n" + b"x" * 9000])
async def test_a_line_that_is_half_open_or_trickles_ends_in_time(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    """However steadily an answer drips, a request is over when its time is."""
    monkeypatch.setattr(line, "ROUND_S", 0.3)
    async with server(answer, 0.001) as address:
        gateway = GatewayLine(Transport([address], MEMBER.keyring, lambda: FakeTime().now))
        with pytest.raises(Uncertain, match="no answer within"):
            await gateway.ask("GET", "/v1/relay/receipts/icn?after=0&wait=0")
        await gateway.close()
