"""The commands of enrolment and of the authority, as a user types them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from gateway.cli import alias, enrol, network
from gateway.client import ContactPoint
from gateway.client.home.home import Home
from gateway.client.line.tls import Tls
from gateway.directory.cards import parse_card
from gateway.envelope.keyfile import decrypt_keys
from gateway.envelope.keys import Use
from gateway.errors import Rejected
from gateway.network import decode_request, fingerprint
from gateway.trust.publication import read_publication
from tests.support.authority import NOW
from tests.support.network import make_world
from tests.support.tls import TestCa


class Terminal:
    """A folder in which a user types commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.app = typer.Typer()
        alias.register(self.app)
        enrol.register(self.app)
        network.register(self.app)
        for name in ("one", "two"):
            (folder / name).write_text(f"passphrase {name}\n")

    def run(self, line: str, answer: str = "") -> Result:
        """Type a line; @ stands for the folder."""
        return CliRunner().invoke(self.app, line.replace("@", f"{self.folder}/").split(), input=answer)

    def made(self, line: str) -> dict[str, str]:
        """Type a line that must work, and return what it printed as JSON."""
        result = self.run(f"{line} --json")
        assert result.exit_code == 0, result.output
        found: dict[str, str] = json.loads(result.stdout)
        return found


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a network, made once: Argon2 is slow by intent."""
    terminal = Terminal(tmp_path_factory.mktemp("template"))
    made = terminal.made("enrol GW-ICN --as-gateway --network icn --home @gate --passphrase-file @one")
    assert made["address"] == "GW-ICN@icn"
    terminal.made(
        "network init @net --network icn --gateway-request @gate/request.json --url http://127.0.0.1:8443"
        " --passphrase-file @one --passphrase-file @two"
    )
    return terminal.folder


@pytest.fixture
def terminal(template: Path, tmp_path: Path) -> Terminal:
    """Return a terminal with a network that was made already."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return Terminal(tmp_path)


def test_from_nothing_to_a_publication(terminal: Terminal, tmp_path: Path) -> None:
    """A newcomer who follows the commands in order has a network with a participant in it."""
    made = terminal.made(
        "enrol NCB-QM --invitation @net/invitation.json --home @homes/NCB-QM --country QM --passphrase-file @one"
    )
    added = terminal.made("network add @net @homes/NCB-QM/request.json --clearance confidential --yes")
    assert added == {"address": "NCB-QM@icn", "fingerprint": made["fingerprint"]}
    assert terminal.run("network group @net europe NCB-QM").exit_code == 0
    assert terminal.run("network publish @net --passphrase-file @one --passphrase-file @two").exit_code == 0
    published = read_publication(tmp_path / "net" / "publication")
    assert "metadata/1.targets.json" in published
    assert "cards/NCB-QM/key" in published
    assert (tmp_path / "homes" / "NCB-QM" / "identity.key").is_file()


def test_a_fingerprint_that_differs_enters_nobody(terminal: Terminal, tmp_path: Path) -> None:
    """Who says no to the fingerprint leaves the list as it was."""
    terminal.made("enrol NCB-QM --invitation @net/invitation.json --home @home --passphrase-file @one")
    before = (tmp_path / "net" / "directory.json").read_bytes()
    result = terminal.run("network add @net @home/request.json", answer="n\n")
    assert result.exit_code != 0
    assert "fingerprint" in result.output
    assert (tmp_path / "net" / "directory.json").read_bytes() == before


def test_mistakes_are_told_with_a_code(terminal: Terminal) -> None:
    """A second home, a wrong passphrase, a missing file, an unknown clearance."""
    for line, code in [
        ("enrol GW-ICN --as-gateway --network icn --home @gate --passphrase-file @one", "home-exists"),
        ("network publish @net --passphrase-file @two --passphrase-file @one", "passphrase"),
        ("network publish @elsewhere --passphrase-file @one --passphrase-file @two", "home-missing"),
        ("network add @net @gate/request.json --clearance secret --yes", "config"),
        ("enrol ncb-qm --as-gateway --network icn --home @x --passphrase-file @one", "bad-address"),
        ("enrol NCB-QM --as-gateway --network icn --home @x --passphrase-file @missing", "passphrase"),
    ]:
        result = terminal.run(line)
        assert isinstance(result.exception, Rejected), result.output
        assert result.exception.code == code


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("enrol NCB-QM --as-gateway --network icn --home @x --country Germany --passphrase-file @one", "two capital letters"),
        ("enrol NCB-QM --invitation @net/invitation.json --home @x --role boss --passphrase-file @one", "one of central-"),
        ("enrol bad_id --as-gateway --network icn --home @x --passphrase-file @one", "in capitals, e.g. NCB-QM"),
        ("enrol GW-XA --as-gateway --network XX --home @x --passphrase-file @one", "in small letters, e.g. icn"),
        ("network group @net ALL-UNITS GW-ICN", "small letters"),
        ("network group @net all-units NCB-XX", "not enrolled"),
        ("network publish @nowhere --passphrase-file @one --passphrase-file @two", "gateway network init"),
        ("network publish @net --passphrase-file @one", "--passphrase-file once for each"),
        ("network publish @net --passphrase-file @two --passphrase-file @one", "officer 1 - give them in the officers' order"),
    ],
)
def test_a_mistake_is_told_with_what_to_write(terminal: Terminal, tmp_path: Path, line: str, told: str) -> None:
    """A wrong country, role, name or order is refused at once, says what is right, and leaves nothing behind."""
    result = terminal.run(line)
    assert isinstance(result.exception, Rejected), result.output
    assert told in f"{result.exception.detail} - {result.exception.hint}"
    assert not (tmp_path / "x").exists()


def test_two_officers_have_two_passphrases(terminal: Terminal, tmp_path: Path) -> None:
    """A network in which one passphrase opens both officers' keys is not made: one person could sign for two."""
    result = terminal.run(
        "network init @same --network icn --gateway-request @gate/request.json --url https://gw.example"
        " --passphrase-file @one --passphrase-file @one"
    )
    assert isinstance(result.exception, Rejected)
    assert result.exception.code == "passphrase"
    assert not (tmp_path / "same").exists()


async def test_an_invitation_brings_the_private_ca_to_every_home(terminal: Terminal, tmp_path: Path) -> None:
    """A network with a CA of its own hands it out once; a home can show a certificate too, and keeps its key encrypted."""
    ca = TestCa(tmp_path)
    certificate, key = ca.issue("qm")
    terminal.made(
        "network init @tls --network icn --gateway-request @gate/request.json --url https://gw.example --tls-ca @ca.example.pem"
        " --passphrase-file @one --passphrase-file @two"
    )
    terminal.made(
        "enrol NCB-QM --invitation @tls/invitation.json --home @home --passphrase-file @one"
        " --tls-certificate @qm.pem --tls-key @qm.key"
    )
    async with ContactPoint.open(tmp_path / "home", passphrase="passphrase one") as home:
        assert home.tls == Tls(ca=ca.pem, certificate=certificate.read_text(), key=key.read_text())
    assert b"PRIVATE KEY" not in (tmp_path / "home" / "home.sqlite").read_bytes()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ("--url http://gw.example", "malformed"),
        ("--url gw.example", "malformed"),
        ("--url foo", "malformed"),
        ("--url http://gw.example:8443/", "malformed"),
        ("--url https://gw.example --tls-ca @one", "malformed"),
        ("--url https://gw.example --tls-ca @missing", "config"),
    ],
)
def test_an_invitation_that_no_home_would_take_is_not_made(terminal: Terminal, tmp_path: Path, options: str, code: str) -> None:
    """Plain HTTP over a network, an address that is none, a CA that is none: refused before any key is made."""
    result = terminal.run(
        f"network init @tls --network icn --gateway-request @gate/request.json {options}"
        " --passphrase-file @one --passphrase-file @two"
    )
    assert isinstance(result.exception, Rejected)
    assert result.exception.code == code
    assert not (tmp_path / "tls").exists()


def test_a_participant_needs_an_invitation(terminal: Terminal) -> None:
    """Without a root of trust there is no home."""
    result = terminal.run("enrol NCB-QM --network icn --home @x --passphrase-file @one")
    assert result.exit_code == 2
    assert "--invitation" in result.output


def test_no_passphrase_is_taken_from_the_arguments(terminal: Terminal) -> None:
    """A passphrase on a command line could be read by every user of the machine."""
    for command in ("enrol", "network init", "network publish"):
        text = terminal.run(f"{command} --help").output
        assert "--passphrase-file" in text
        assert "--passphrase " not in text


def test_who_lost_its_identity_key_enrols_again(terminal: Terminal, tmp_path: Path) -> None:
    """With its last key card, revoked by the authority first; its old keys stay listed, and nobody takes its id."""
    terminal.made("enrol NCB-QM --invitation @net/invitation.json --home @home --passphrase-file @one")
    terminal.made("network add @net @home/request.json --yes")
    (tmp_path / "card").write_bytes((tmp_path / "net/cards/NCB-QM/key").read_bytes())
    again = "enrol NCB-QM --invitation @net/invitation.json --home @new --again --card @card --officer"
    made = terminal.made(f"{again} --passphrase-file @one --officer-passphrase-file @two")
    early = terminal.run("network add @net @new/request.json --again --yes")
    assert isinstance(early.exception, Rejected)  # it is not revoked yet: somebody else might ask
    assert terminal.run("network revoke @net NCB-QM --reason superseded").exit_code == 0
    added = terminal.made("network add @net @new/request.json --again --yes")
    assert added == {"address": "NCB-QM@icn", "fingerprint": made["fingerprint"]}
    card = parse_card((tmp_path / "net/cards/NCB-QM/key").read_bytes())[1]
    assert [key.use for key in card.keys if key.not_after > card.issued] == ["author", "agent", "approval"]  # type: ignore[union-attr]
    assert len(card.keys) == 5


def test_a_second_officer_has_a_key_and_a_passphrase_of_its_own(terminal: Terminal, tmp_path: Path) -> None:
    """The key stands on the card and in the officer's file, under the officer's passphrase; the home cannot use it."""
    line = "enrol NCB-QM --invitation @net/invitation.json --home @home --officer --passphrase-file @one"
    same = terminal.run(f"{line} --officer-passphrase-file @one")
    assert isinstance(same.exception, Rejected)
    assert (same.exception.code, (tmp_path / "home").exists()) == ("passphrase", False)
    told = terminal.run(f"{line} --officer-passphrase-file @two")
    assert "officer.key to the second officer" in told.output
    file = tmp_path / "home" / "officer.key"
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Rejected, match="passphrase"):
        decrypt_keys(file.read_bytes(), b"passphrase one")
    [key] = decrypt_keys(file.read_bytes(), b"passphrase two")
    terminal.made("network add @net @home/request.json --yes")
    card = parse_card((tmp_path / "net/cards/NCB-QM/key").read_bytes())[1]
    assert [one.key_id for one in card.records() if one.use is Use.APPROVAL] == [key.key_id]
    home = Home.unlock(tmp_path / "home", b"passphrase one")
    with pytest.raises(Rejected, match="bad-key"):
        home.keyring.sign(Use.APPROVAL, b"")
    home.store._connection.close()


def test_a_gateway_has_no_second_officer(terminal: Terminal, tmp_path: Path) -> None:
    """It sends nothing that needs an approval."""
    result = terminal.run("enrol GW-XA --as-gateway --network icn --home @x --officer --passphrase-file @one")
    assert (result.exit_code, (tmp_path / "x").exists()) == (2, False)


def test_two_authorities_name_each_other(terminal: Terminal, tmp_path: Path) -> None:
    """One hands its root over, the other compares the fingerprint, names what may pass, and ends it again."""
    ours = terminal.made("network peer root @net @root.json")
    assert ours["fingerprint"] == fingerprint((tmp_path / "root.json").read_bytes())
    (tmp_path / "eu.json").write_bytes(make_world(["GN-QN"], NOW, network="eu-network").root)
    (tmp_path / "codes.json").write_text('{"amber/restricted": "amber/confidential"}')
    made = terminal.made("enrol RELAY-EU --invitation @net/invitation.json --home @relay --passphrase-file @one")
    assert made["address"] == "RELAY-EU@icn"
    terminal.made("network add @net @relay/request.json --yes")
    line = (
        "network peer add @net eu-network --root @eu.json --endpoint https://gw.eu.example --relay RELAY-EU"
        " --sends * --takes cooperation.request --ceiling amber/confidential --handling @codes.json"
    )
    assert terminal.run(line, answer="n\n").exit_code != 0
    asked = terminal.run(line, answer="y\n")
    assert "say that name, and that it is no exercise?" in asked.output
    assert asked.exit_code == 0
    assert isinstance(terminal.run(f"{line} --yes").exception, Rejected)
    assert terminal.made(f"{line} --yes --replace")["network"] == "eu-network"
    shown = terminal.run("network peer show @net")
    assert "amber/restricted is amber/confidential" in shown.output
    [peer] = json.loads(terminal.run("network peer show @net --json").stdout)["peers"]
    assert (peer["state"], peer["sends"], peer["root"]["version"]) == ("new", ["*"], 1)
    terminal.made("enrol NCB-XA --invitation @net/invitation.json --home @alias --passphrase-file @one")
    terminal.made("network add @net @alias/request.json --known-to eu-network --yes")
    assert '"known_to":["eu-network"]' in (tmp_path / "net" / "directory.json").read_text()
    assert terminal.run("network peer remove @net eu-network").exit_code == 0
    assert json.loads(terminal.run("network peer show @net --json").stdout)["peers"] == []


def test_enrolling_again_needs_the_last_card(terminal: Terminal) -> None:
    """Without it the old keys would be lost; with another's it is refused."""
    line = "enrol NCB-QM --invitation @net/invitation.json --home @x --passphrase-file @one"
    assert "--save-card" in terminal.run(f"{line} --again").output
    other = terminal.run(f"{line} --again --card @net/cards/GW-ICN/key")
    assert isinstance(other.exception, Rejected)
    assert other.exception.code == "card-bad"


async def test_an_alias_lives_in_the_home_of_another(terminal: Terminal, tmp_path: Path) -> None:
    """Its keys and its request are its own; passphrase, root of trust and gateways are those of the first home."""
    terminal.made("enrol NCB-QM --invitation @net/invitation.json --home @home --passphrase-file @one")
    made = terminal.made("alias NCB-XA --home @home --passphrase-file @one")
    request = tmp_path / "home" / "aliases" / "NCB-XA" / "request.json"
    assert made == {"address": "NCB-XA@icn", "request": str(request), "fingerprint": fingerprint(request.read_bytes())}
    assert isinstance(terminal.run("alias NCB-XA --home @home --passphrase-file @two").exception, Rejected)
    again = terminal.run("alias NCB-XA --home @home --passphrase-file @one").exception
    assert isinstance(again, Rejected)
    assert again.code == "home-exists"
    first = decode_request((tmp_path / "home" / "request.json").read_bytes())
    assert decode_request(request.read_bytes()).identity != first.identity
    async with ContactPoint.open(tmp_path / "home", passphrase="passphrase one", alias="NCB-XA") as point:
        assert point.address == "NCB-XA@icn"
        assert point._parts.home.gateways == ("http://127.0.0.1:8443",)
        assert point._parts.home.root == (tmp_path / "net" / "root.json").read_bytes()
