"""The gateway's configuration: read strictly, shown without secrets, refused where it would be dangerous."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway import config as module
from gateway.config import BrokerConfig, Config, LedgerConfig, load, read, without_password
from gateway.errors import CODES, Rejected

if TYPE_CHECKING:
    from pathlib import Path

MINIMAL = b'address = "GW-QX@icn"\n'


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    """Write a configuration file."""
    path = folder / "gateway.toml"
    path.write_text('address = "GW-QX@icn"\n' + text)
    path.chmod(mode)
    return path


def test_one_line_is_enough() -> None:
    """A gateway on one machine needs only its address."""
    config = read(MINIMAL)
    assert (config.address, config.ledger.embedded, config.broker.in_memory) == ("GW-QX@icn", True, True)
    assert config.listen.host == "127.0.0.1"


@pytest.mark.parametrize(
    "text",
    [
        "adress = 1",
        "[listen]\nprot = 1",
        "[listen]\nport = 70000",
        '[listen]\nport = "80"',
        "[limits]\npoll_s = 0",
        "[retention]\ndays = 0",
        "[limits]\nstop_s = 26",
        "[broker]\nurls = []",
        "not toml",
        '[operations]\nlog_level = "loud"',
    ],
)
def test_a_typing_error_stops_the_start(text: str) -> None:
    """An unknown key or a value out of range is refused instead of becoming a silent default."""
    with pytest.raises(Rejected) as caught:
        read(MINIMAL + text.encode())
    assert caught.value.code == "config"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("adress = 1", "line 2: adress: unknown key; is 'address' meant?"),
        ("[listen]\nprot = 1", "line 3: [listen] prot: unknown key; is 'port' meant?"),
        ('[listen]\nport = "80"', "line 3: [listen] port: Expected a whole number, got text in quotes"),
    ],
)
def test_a_typing_error_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    """The error names file, line and key in the file's own words, and what was meant."""
    path = written(tmp_path, text)
    with pytest.raises(Rejected) as caught:
        load(path)
    assert caught.value.detail == f"{path}: {told}"


@pytest.mark.parametrize(
    "text",
    [
        '[broker]\nurls = ["foo"]',
        '[broker]\nurls = ["http://mq.example/"]',
        '[broker]\nurls = ["memory", "amqp://mq.example/"]',
        '[broker]\nurls = ["amqp://guest:guest@/"]',
        '[ledger]\nurl = "mysql://db.example/gw"',
        '[ledger]\nurl = "my.db"',
        "[operations]\nport = 8443",
    ],
)
def test_an_address_that_cannot_work_stops_the_start(tmp_path: Path, text: str) -> None:
    """Addresses of another form, and two listeners on one port, are refused with what to write instead."""
    with pytest.raises(Rejected) as caught:
        load(written(tmp_path, text))
    assert (caught.value.code, caught.value.hint != CODES["config"].hint) == ("config", True)


@pytest.mark.parametrize(
    "url", ["amqp://mq.example", "amqps://gw:hush@mq.example:5671/net?cafile=/etc/ca.pem", "amqp://gw@[::1]:5672/"]
)
def test_addresses_of_brokers_are_taken(tmp_path: Path, url: str) -> None:
    """With and without name, port, virtual host and options."""
    assert load(written(tmp_path, f'[broker]\nurls = ["{url}"]')).broker.urls == (url,)


def test_relative_paths_count_from_the_file(tmp_path: Path) -> None:
    """A configuration folder can be moved as a whole."""
    config = load(written(tmp_path, '[keys]\nfile = "keys/a.keys"\n[ledger]\nurl = "sqlite:///data/x.db"\n'))
    assert config.keys.file == tmp_path / "keys/a.keys"
    assert config.ledger.url == f"sqlite:///{tmp_path}/data/x.db"
    assert config.directory.publication == tmp_path / "publication"


def test_absolute_paths_stay(tmp_path: Path) -> None:
    """An absolute path is taken as it is."""
    config = load(written(tmp_path, '[ledger]\nurl = "sqlite:////var/x.db"\n[keys]\nfile = "/etc/a.keys"\n'))
    assert (config.ledger.url, str(config.keys.file)) == ("sqlite:////var/x.db", "/etc/a.keys")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """A wrong path is an error of the configuration and names the path."""
    with pytest.raises(Rejected, match=r"nowhere\.toml"):
        load(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("text", "mends"),
    [
        ('[listen]\nhost = "0.0.0.0"', "tls_certificate"),
        ('[listen]\ntls_certificate = "a.pem"', "set both"),
        ('[listen]\nclient_ca = "a.pem"', "tls_certificate"),
        ('[operations]\nhost = "192.0.2.1"', r"127\.0\.0\.1"),
        ('[operations]\nhost = "192.0.2.1"\ntls_certificate = "a.pem"\ntls_key = "a.key"', "client_ca"),
        ('[operations]\ntls_key = "a.key"', "set both"),
        ('[operations]\nclient_ca = "a.pem"', "operations.tls_certificate"),
        ('[audit]\ntimestamp_url = "http://tsa.example/"', "set both"),
    ],
)
def test_a_dangerous_start_is_refused_with_what_mends_it(tmp_path: Path, text: str, mends: str) -> None:
    """Plain HTTP on a network, half a TLS setting, open metrics and tokens that nobody checks do not start."""
    with pytest.raises(Rejected) as caught:
        load(written(tmp_path, text))
    assert caught.value.code == "config"
    assert re.search(mends, caught.value.hint)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_loopback_needs_no_tls(tmp_path: Path, host: str) -> None:
    """On loopback plain HTTP is allowed."""
    assert load(written(tmp_path, f'[listen]\nhost = "{host}"')).listen.host == host


def test_behind_a_proxy_plain_http_is_said_to_be_right(tmp_path: Path) -> None:
    """An operator can state that something in front ends TLS."""
    assert load(written(tmp_path, '[listen]\nhost = "0.0.0.0"\nbehind_proxy = true')).listen.behind_proxy


@pytest.mark.parametrize("more", ["reachable = true", 'tls_certificate = "o.pem"\ntls_key = "o.key"\nclient_ca = "ca.pem"'])
def test_operators_are_reached_over_a_network_where_that_is_said_or_proved(tmp_path: Path, more: str) -> None:
    """By mutual TLS, or by the operator's word that nobody else is there; files lie beside the configuration."""
    operations = load(written(tmp_path, f'[operations]\nhost = "0.0.0.0"\n{more}')).operations
    assert operations.reachable or operations.client_ca == tmp_path / "ca.pem"


@pytest.mark.parametrize("name", ["gateway.keys", "pass", "tls.key", "operations.key"])
def test_a_secret_that_others_can_read_stops_the_start(tmp_path: Path, name: str) -> None:
    """Keys, passphrase and TLS key must belong to their owner alone; the message has the command that mends it."""
    (tmp_path / "tls.pem").write_bytes(b"")
    for one in ("gateway.keys", "pass", "tls.key", "operations.key"):
        (tmp_path / one).write_bytes(b"secret")
        (tmp_path / one).chmod(0o640 if one == name else 0o600)
    text = '[keys]\npassphrase_file = "pass"\n[listen]\ntls_certificate = "tls.pem"\ntls_key = "tls.key"\n'
    text += '[operations]\ntls_certificate = "tls.pem"\ntls_key = "operations.key"\n'
    with pytest.raises(Rejected) as caught:
        load(written(tmp_path, text))
    assert caught.value.hint == f"chmod 600 {tmp_path / name}"


def test_a_file_with_a_password_belongs_to_its_owner(tmp_path: Path) -> None:
    """A configuration that holds a password must not be readable by others."""
    text = '[ledger]\nurl = "postgresql://gw:secret@db.example/gw"\n'
    assert load(written(tmp_path, text)).ledger.url.endswith("/gw")
    with pytest.raises(Rejected) as caught:
        load(written(tmp_path, text, mode=0o644))
    assert caught.value.hint.startswith("chmod 600")


def test_passwords_are_never_shown() -> None:
    """Neither a section nor the whole configuration prints the password of an address."""
    config = Config(
        address="GW-QX@icn",
        ledger=LedgerConfig(url="postgresql://gw:hush-1@db.example/gw"),
        broker=BrokerConfig(urls=("amqp://gw:hush-2@mq.example/",)),
    )
    assert "hush" not in repr(config) + str(config) + repr(config.ledger) + repr(config.broker)
    assert "db.example" in repr(config)


HARD = ["pa/ss+w==", "a:b:c", "a@b", "sl/ash@:colon"]


@pytest.mark.parametrize("password", HARD)
def test_a_password_of_any_signs_is_hidden_and_seen(tmp_path: Path, password: str) -> None:
    """What a generator of passwords makes stays out of sight, and the file that holds it must be its owner's alone."""
    shown = without_password(f"postgresql://gw:{password}@db.example:5432/gw?sslmode=verify-full")
    assert shown == "postgresql://gw:...@db.example:5432/gw?sslmode=verify-full"
    with pytest.raises(Rejected) as caught:
        load(written(tmp_path, f'[ledger]\nurl = "postgresql://gw:{password}@db.example/gw"\n', mode=0o644))
    assert password not in str(caught.value) + caught.value.hint


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://db.example/gw?user=gw&password=hush&sslmode=require", "user=gw&password=...&sslmode=require"),
        ("postgresql://gw@db.example/gw?SSLPASSWORD=hush", "gw@db.example/gw?SSLPASSWORD=..."),
        ("amqp:gw:hush@mq.example/", "...@mq.example/"),
    ],
)
def test_a_password_anywhere_in_an_address_is_hidden(url: str, shown: str) -> None:
    """A query may hold one as well, and so may what is no good address."""
    told = without_password(url)
    assert told.endswith(shown)
    assert "hush" not in told


@pytest.mark.parametrize("url", ["sqlite:///gateway.db", "postgresql://gw@db.example:5432/gw", "memory", "amqps://mq.example/"])
def test_an_address_without_a_password_is_shown_as_it_is(url: str) -> None:
    """Only what hides something makes a file secret."""
    assert without_password(url) == url


WITNESS = '[[audit.witnesses]]\nurl = "https://w.example/"\nkey = "w.example/{}+0badf00d+BA=="\n'


def test_witnesses_are_named_by_their_keys(tmp_path: Path) -> None:
    """A witness is called in logs and metrics as its key says, so each stands once."""
    config = load(written(tmp_path, WITNESS.format(1) + WITNESS.format(2)))
    assert [one.name for one in config.audit.witnesses] == ["w.example/1", "w.example/2"]
    with pytest.raises(Rejected, match="two are named"):
        load(written(tmp_path, WITNESS.format(1) * 2))


def test_every_setting_is_documented() -> None:
    """Each field of each section says in its docstring what it is."""
    sections = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    silent = [
        f"{section.__name__}.{field}"
        for section in sections
        for field in section.__struct_fields__
        if f"        {field}: " not in (section.__doc__ or "")
    ]
    assert silent == []


def test_mailboxes_are_bounded_by_where_they_are() -> None:
    """A mailbox in memory is small, one on a broker's disk is larger, and an operator can say otherwise."""
    rabbit = BrokerConfig(urls=("amqp://mq.example/",))
    assert BrokerConfig().limit_bytes < rabbit.limit_bytes
    assert BrokerConfig(mailbox_bytes=4096).limit_bytes == 4096
