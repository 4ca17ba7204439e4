"""
What an operator decides, read once from one TOML file and frozen.

Every field says its unit, its default and its consequence. A key that is not here stops the start, and so does a value
out of range: a typing error must not become a silent default. Relative paths count from the folder of the file.
Starts that would be dangerous are refused with the command that mends them (`refuse_dangers`).
Secrets (the passphrase, passwords in addresses) are never shown: the sections that hold one have their own `repr`.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import stat
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from gateway.errors import Rejected

__all__ = [
    "MEMORY_BROKER",
    "BrokerConfig",
    "Config",
    "DirectoryConfig",
    "KeysConfig",
    "LedgerConfig",
    "Limits",
    "ListenConfig",
    "OperationsConfig",
    "load",
    "read",
    "refuse_dangers",
    "without_password",
]

MEMORY_BROKER: Final = "memory"
_PASSWORD: Final = re.compile(r"(?<=:)[^:@/]*(?=@)")  # the part of an address between `user:` and `@`
_BROKER: Final = re.compile(r"amqps?://([^\s/?#@]*@)?[^\s/?#@]+([/?]\S*)?")
_LEDGER: Final = re.compile(r"sqlite:///.*[^/]|postgresql(\+psycopg)?://\S+")
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104  compared, never bound
_WORDS: Final = {"int": "a whole number", "float": "a number", "str": "text in quotes", "bool": "true or false"}
_AT: Final = re.compile(r"(?P<what>.+?) ?- at `\$\.(?P<section>[a-z_]+)(\.(?P<key>[a-z_]+).*)?`")  # as msgspec says where

Port = Annotated[int, Meta(ge=0, le=65535)]
Seconds = Annotated[float, Meta(gt=0, le=31_536_000)]
Count = Annotated[int, Meta(ge=1, le=1 << 31)]
Bytes = Annotated[int, Meta(ge=1024, le=1 << 40)]


class _Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class ListenConfig(_Section, frozen=True, kw_only=True):
    """
    Where participants reach the gateway.

    Args:
        host: Address to bind. Default loopback; anything else needs TLS here or `behind_proxy`.
        port: TCP port; 0 lets the system choose (tests, demo). Default 8443.
        tls_certificate: PEM file with the chain. Default none: plain HTTP, on loopback or behind a proxy only.
        tls_key: PEM file with its key. Needed with `tls_certificate`.
        client_ca: PEM file; participants must then show a certificate of it (mutual TLS). Default none.
        behind_proxy: True says that something in front ends TLS and that nobody can go around it. Default false.
        body_time_s: Seconds for a whole request body. Default 60; slower clients get `time-limit`.
        connections: Open connections at once. Default 4000; each costs about 30 KiB.
    """

    host: str = "127.0.0.1"
    port: Port = 8443
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    client_ca: Path | None = None
    behind_proxy: bool = False
    body_time_s: Seconds = 60.0
    connections: Count = 4000


class OperationsConfig(_Section, frozen=True, kw_only=True):
    """
    Where operators reach metrics and health: a second listener that participants cannot see.

    Args:
        host: Address to bind. Default loopback; anything else needs `reachable`.
        port: TCP port; 0 lets the system choose. Default 9443.
        reachable: True says that only operators can reach `host`. Default false.
        log_level: debug, info, warning or error. Default info: one line a request and a line a delivery.
    """

    host: str = "127.0.0.1"
    port: Port = 9443
    reachable: bool = False
    log_level: Annotated[str, Meta(pattern="^(debug|info|warning|error)$")] = "info"


class KeysConfig(_Section, frozen=True, kw_only=True):
    """
    The gateway's own keys.

    Args:
        file: The encrypted key file that `gateway enrol --gateway` wrote. Default `gateway.keys`.
        passphrase_file: File whose first line opens it; must be readable by its owner alone. Default none: then
            the credential `passphrase` of the service manager ($CREDENTIALS_DIRECTORY) is read, else the start stops.
    """

    file: Path = Path("gateway.keys")
    passphrase_file: Path | None = None


class LedgerConfig(_Section, frozen=True, kw_only=True):
    """
    The record.

    Args:
        url: `sqlite:///FILE` (one process) or `postgresql://USER:PASSWORD@HOST/NAME` (many). Default `sqlite:///gateway.db`.
        migrate: Bring an older schema up to date at start. Default none: yes for SQLite; no for PostgreSQL, where
            `gateway migrate` is a step of its own because other processes are running.
    """

    url: str = "sqlite:///gateway.db"
    migrate: bool | None = None

    @property
    def embedded(self) -> bool:
        """Whether the ledger is a file of this one process."""
        return self.url.startswith("sqlite:")

    def __repr__(self) -> str:
        return f"LedgerConfig(url={without_password(self.url)!r}, migrate={self.migrate!r})"


class BrokerConfig(_Section, frozen=True, kw_only=True):
    """
    What carries deliveries from process to process.

    Args:
        urls: `["memory"]`, or AMQP addresses of one cluster, tried in turn. Default memory: right for one process alone.
        mailbox_bytes: Bytes that may wait in one mailbox; what is above waits in the ledger. Default none: 512 KiB in
            memory (it is this process's memory; all mailboxes together hold 32 MiB), 64 MiB on RabbitMQ (its disk).
        prefix: Before each queue's name, so that two networks can share a broker. Default empty.
    """

    urls: Annotated[tuple[str, ...], Meta(min_length=1)] = (MEMORY_BROKER,)
    mailbox_bytes: Bytes | None = None
    prefix: Annotated[str, Meta(pattern="^[a-z0-9.-]{0,32}$")] = ""

    @property
    def in_memory(self) -> bool:
        """Whether parcels are lost with this process, and come again from the ledger."""
        return self.urls == (MEMORY_BROKER,)

    @property
    def limit_bytes(self) -> int:
        """Bytes that may wait in one mailbox."""
        return self.mailbox_bytes or (512 << 10 if self.in_memory else 64 << 20)

    def __repr__(self) -> str:
        shown = tuple(without_password(url) for url in self.urls)
        return f"BrokerConfig(urls={shown!r}, mailbox_bytes={self.mailbox_bytes!r}, prefix={self.prefix!r})"


class DirectoryConfig(_Section, frozen=True, kw_only=True):
    """
    Who is who, as the authority publishes it.

    Args:
        root: The root metadata that trust starts from, handed over by the authority. Default `root.json`.
        publication: Folder that the authority's `gateway network publish` fills. Default `publication`.
        import_every_s: Seconds between two looks at that folder. Default 10; a revocation waits so long at most.
        reload_every_s: Seconds between two looks at what other processes published. Default 2.
    """

    root: Path = Path("root.json")
    publication: Path = Path("publication")
    import_every_s: Seconds = 10.0
    reload_every_s: Seconds = 2.0


class Limits(_Section, frozen=True, kw_only=True):
    """
    Bounds of the exchange. The defaults suit one core and 512 MiB.

    Args:
        inline_bytes: Submissions above this are examined in a thread. Default 16 KiB: at most some 120 recipients, 3 ms.
        page_bytes: Bytes that the dispatcher reads from the ledger at once. Default 4 MiB.
        page_rows: Deliveries that it reads at once. Default 512.
        fresh_bytes: Bytes of just accepted messages kept in memory for the dispatcher; what is above is read back
            from the ledger. Default 8 MiB.
        poll_s: Seconds between two looks of the dispatcher without a call. Default 5; only other processes' rows wait for it.
        batch_messages: Deliveries handed to a session at once. Default 32.
        batch_bytes: Bytes handed to a session at once. Default 1 MiB.
        prefetch: Parcels that the broker may push ahead to one session. Default 64.
        session_check_s: Seconds between two looks at a session's epoch and standing. Default 1; a replaced session reads
            nothing more after that, a suspended participant's ends (60 s are promised).
        answer_within_s: Seconds for the receipt of a delivery that was handed over; then the session ends. Default 600,
            far below RabbitMQ's 30 minutes.
        unanswered_sessions: Sessions that may end with a delivery unanswered before it is held. Default 10.
        repair_after_s: Seconds a row may stand `queued` while its mailbox is connected and empty. Default 60.
        expire_every_s: Seconds between two looks for what expired. Default 10.
        thin_bytes: Bytes in one answer to a thin client. Default 8 MiB.
        stop_s: Seconds for a graceful stop. Default 25; the service manager should wait 30.
    """

    inline_bytes: Bytes = 16 << 10
    page_bytes: Bytes = 4 << 20
    page_rows: Count = 512
    fresh_bytes: Bytes = 8 << 20
    poll_s: Seconds = 5.0
    batch_messages: Count = 32
    batch_bytes: Bytes = 1 << 20
    prefetch: Annotated[int, Meta(ge=1, le=65535)] = 64
    session_check_s: Annotated[float, Meta(gt=0, le=30)] = 1.0
    answer_within_s: Annotated[float, Meta(gt=0, le=1500)] = 600.0
    unanswered_sessions: Count = 10
    repair_after_s: Seconds = 60.0
    expire_every_s: Seconds = 10.0
    thin_bytes: Bytes = 8 << 20
    stop_s: Annotated[float, Meta(gt=0, le=30)] = 25.0


class Config(_Section, frozen=True, kw_only=True):
    """
    The whole file.

    Args:
        address: The gateway's own address, e.g. `GW-QX@icn`; what it signs, it signs in this name. No default.
        listen: See `ListenConfig`.
        operations: See `OperationsConfig`.
        keys: See `KeysConfig`.
        ledger: See `LedgerConfig`.
        broker: See `BrokerConfig`.
        directory: See `DirectoryConfig`.
        limits: See `Limits`.
    """

    address: str
    listen: ListenConfig = ListenConfig()
    operations: OperationsConfig = OperationsConfig()
    keys: KeysConfig = KeysConfig()
    ledger: LedgerConfig = LedgerConfig()
    broker: BrokerConfig = BrokerConfig()
    directory: DirectoryConfig = DirectoryConfig()
    limits: Limits = Limits()


def load(path: Path) -> Config:
    """
    Read the file, place relative paths beside it, and refuse dangers.

    Raises:
        Rejected: `config`; nothing was started.
    """
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise Rejected(f"{path}: {exc.strerror}", code="config") from exc
    try:
        config = _placed(read(data), path.resolve().parent)
        _refuse_forms(config)
        refuse_dangers(config, path)
    except Rejected as exc:
        raise Rejected(f"{path}: {exc.detail}", code="config", hint=exc.hint) from exc
    return config


def read(data: bytes) -> Config:
    """Read TOML; raise `config` for an unknown key or a value out of range."""
    try:
        return msgspec.toml.decode(data, type=Config, dec_hook=_path)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as exc:
        hint = "correct it; README, Configuration, says which keys there are"
        raise Rejected(_in_words(str(exc), data)[:300], code="config", hint=hint) from exc


def refuse_dangers(config: Config, path: Path) -> None:
    """
    Stop a start that would expose something.

    Raises:
        Rejected: `config`, with the command or the line that mends it.
    """
    listen, operations = config.listen, config.operations
    if (listen.tls_certificate is None) != (listen.tls_key is None):
        raise _danger("listen.tls_certificate and listen.tls_key belong together", "set both, or neither")
    if listen.client_ca is not None and listen.tls_certificate is None:
        raise _danger("listen.client_ca without TLS asks nobody for a certificate", "set listen.tls_certificate")
    if not (_loopback(listen.host) or listen.tls_certificate or listen.behind_proxy):
        raise _danger(f"listen.host {listen.host!r} would speak plain HTTP to a network", "set listen.tls_certificate")
    if not (_loopback(operations.host) or operations.reachable):
        raise _danger(f"operations.host {operations.host!r} would show metrics to a network", "set it to 127.0.0.1")
    for file in (config.keys.file, config.keys.passphrase_file, listen.tls_key):
        if file is not None:
            _owner_only(file)
    if any(without_password(url) != url for url in (config.ledger.url, *config.broker.urls)):
        _owner_only(path)


def _refuse_forms(config: Config) -> None:
    """Refuse addresses that no start could use."""
    listen, operations, brokers = config.listen, config.operations, config.broker.urls
    if MEMORY_BROKER in brokers and not config.broker.in_memory:
        raise _danger('broker.urls has "memory" beside others', 'set it to ["memory"] alone, or to AMQP addresses alone')
    for url in () if config.broker.in_memory else brokers:
        if not _BROKER.fullmatch(url):
            raise _danger(f"broker.urls: no broker's address: {without_password(url)!r}", "write amqp://USER:PASSWORD@HOST/")
    if not _LEDGER.fullmatch(config.ledger.url):
        shown = without_password(config.ledger.url)
        raise _danger(f"ledger.url: no ledger's address: {shown!r}", "write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
    hosts = {listen.host, operations.host}
    if listen.port and listen.port == operations.port and (len(hosts) == 1 or hosts & _EVERYWHERE):
        raise _danger(f"listen.port and operations.port are both {listen.port}", "give each a port of its own")


def _in_words(refusal: str, data: bytes) -> str:
    """Say a decoder's refusal in the words of the file: line, section, key, what is expected or meant."""
    found = _AT.fullmatch(refusal)
    what, section, key = found.group("what", "section", "key") if found else (refusal, None, None)
    if unknown := re.search("unknown field `(.+)`", what):
        key = unknown[1]
        known = getattr(Config(address=""), section) if section else Config
        close = difflib.get_close_matches(key, known.__struct_fields__, 1)
        what = "unknown key" + (f"; is {close[0]!r} meant?" if close else "")
    for word, said in _WORDS.items():
        what = what.replace(f"`{word}`", said)
    place = f"[{section}] {key}" if section and key else section or key
    return f"{_line(data.decode(errors='replace'), section, key)}{place}: {what}" if place else what


def _line(text: str, section: str | None, key: str | None) -> str:
    """Say in which line a setting stands, as far as a look without a parser finds it."""
    head = re.search(rf"^\s*\[?\s*{re.escape(section)}\b", text, re.MULTILINE) if section else None
    start = head.start() if head else 0
    at = re.compile(rf"\b{re.escape(key or section or '')}\b").search(text, start)
    return f"line {text.count(chr(10), 0, at.start()) + 1}: " if at else ""


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError


def _placed(config: Config, folder: Path) -> Config:
    """Make every relative path absolute."""

    def at(path: Path | None) -> Path | None:
        return None if path is None else folder / path

    url = config.ledger.url
    if config.ledger.embedded and url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        url = f"sqlite:///{folder / url.removeprefix('sqlite:///')}"
    change = msgspec.structs.replace
    listen, keys, directory = config.listen, config.keys, config.directory
    return change(
        config,
        listen=change(
            listen, tls_certificate=at(listen.tls_certificate), tls_key=at(listen.tls_key), client_ca=at(listen.client_ca)
        ),
        keys=change(keys, file=folder / keys.file, passphrase_file=at(keys.passphrase_file)),
        ledger=change(config.ledger, url=url),
        directory=change(directory, root=folder / directory.root, publication=folder / directory.publication),
    )


def _danger(what: str, mend: str) -> Rejected:
    return Rejected(what, code="config", hint=mend)


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _owner_only(path: Path) -> None:
    """Refuse a secret that others on this machine can read; a missing file is told by whoever needs it."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise _danger(f"{path} holds a secret and others can read it", f"chmod 600 {path}")


def without_password(url: str) -> str:
    """Return an address without its password."""
    return _PASSWORD.sub("...", url) if "@" in url else url
