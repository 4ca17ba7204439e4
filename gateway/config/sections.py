"""
The sections of the configuration file.

Every field says its unit, its default and its consequence. A key that is not here stops the start, and so does a value
out of range: a typing error must not become a silent default.
Secrets (the passphrase, passwords in addresses) are never shown: the sections that hold one have their own `repr`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct

__all__ = [
    "MEMORY_BROKER",
    "AuditConfig",
    "BrokerConfig",
    "Config",
    "DirectoryConfig",
    "KeysConfig",
    "LedgerConfig",
    "Limits",
    "ListenConfig",
    "OperationsConfig",
    "RetentionConfig",
    "WitnessEntry",
    "without_password",
]

MEMORY_BROKER: Final = "memory"
_IN_QUERY: Final = re.compile(r"(?i)(?<=[?&])((?:ssl)?password)=[^&#]*")
_HIDDEN: Final = "..."

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
    Where operators reach metrics, health and the dashboard: a second listener that participants cannot see.

    Args:
        host: Address to bind. Default loopback; anything else needs TLS here with `client_ca`, or `reachable`.
        port: TCP port; 0 lets the system choose. Default 9443.
        tls_certificate: PEM file with the chain. Default none: plain HTTP.
        tls_key: PEM file with its key. Needed with `tls_certificate`.
        client_ca: PEM file; whoever connects must then show a certificate of it. Default none. `gateway operate` shows
            `tls_certificate`, so that is to be of this CA too, for servers and clients.
        reachable: True says that only operators can reach `host`, and without TLS that nobody else can listen on the way.
            Default false.
        log_level: debug, info, warning or error. Default info: one line a request and a line a delivery.
    """

    host: str = "127.0.0.1"
    port: Port = 9443
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    client_ca: Path | None = None
    reachable: bool = False
    log_level: Annotated[str, Meta(pattern="^(debug|info|warning|error)$")] = "info"


class KeysConfig(_Section, frozen=True, kw_only=True):
    """
    The gateway's own keys.

    Args:
        file: The encrypted key file that `gateway enrol --as-gateway` wrote. Default `gateway.keys`.
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


class WitnessEntry(_Section, frozen=True, kw_only=True):
    """
    Who is asked to cosign the checkpoints of the log.

    Args:
        url: Submission prefix of the witness; `/add-checkpoint` follows. No default.
        key: Its verifier key, as `gateway witness init` shows it: `NAME+HASH+KEY`. No default.
    """

    url: Annotated[str, Meta(pattern=r"^https?://[^\s?#]+$")]
    key: str

    @property
    def name(self) -> str:
        """The name in its key: what logs and metrics call it."""
        return self.key.partition("+")[0]


class AuditConfig(_Section, frozen=True, kw_only=True):
    """
    The audit log: what its process remembers outside the ledger, and who is asked to vouch for it.

    Args:
        memory: File with the size and root that were signed last, so that a ledger restored from a backup cannot make the
            gateway sign a shorter or another log. Default none: `audit-memory` beside `keys.file`. Never restore it.
        sequence_every_s: Seconds between two looks for new leaves. Default 1; more than 256 waiting leaves are not waited for.
        witnesses: Tables `[[audit.witnesses]]`, see `WitnessEntry`. Default none: then only participants who compare their
            checkpoints find a log that shows two faces.
        witness_every_s: Seconds between two requests to one witness, at least. Default 60; nothing waits for the answer.
        timestamp_url: Of a time-stamp service (RFC 3161), asked once a day. Default none: then the log has no time but ours.
        timestamp_ca: PEM file with the roots that its tokens must come from. Needed with `timestamp_url`.
    """

    memory: Path | None = None
    sequence_every_s: Seconds = 1.0
    witnesses: Annotated[tuple[WitnessEntry, ...], Meta(max_length=16)] = ()
    witness_every_s: Seconds = 60.0
    timestamp_url: str | None = None
    timestamp_ca: Path | None = None


class RetentionConfig(_Section, frozen=True, kw_only=True):
    """
    How long the ledger keeps what it knows of a message after its end: who wrote to whom, when, of what kind, and the receipts.

    Args:
        days: At most so many; a kind whose row in `kinds.json` says less is kept for less. Default 1825, five years. Nothing is
            erased within 30 days after its `expires`, whatever stands here, nor while an operator holds it.
        erase_every_s: Seconds between two looks for what is to be erased. Default 3600.
    """

    days: Annotated[int, Meta(ge=1, le=36_500)] = 1825
    erase_every_s: Seconds = 3600.0


class Limits(_Section, frozen=True, kw_only=True):
    """
    Bounds of the exchange. The defaults suit one core and 512 MiB.

    Args:
        inline_bytes: Submissions above this are examined in a thread. Default 16 KiB: at most some 120 recipients, 3 ms.
        page_bytes: Bytes that the dispatcher reads from the ledger at once. Default 1 MiB.
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
        repair_after_s: Seconds a row may stand `queued` after its mailbox was seen empty. Default 60.
        expire_every_s: Seconds between two looks for what expired. Default 10.
        thin_bytes: Bytes in one answer to a thin client. Default 8 MiB.
        sender_per_s: Submissions of one participant in a second, for long, in each process; above it `quota`. Default 1000.
        sender_burst: Submissions of one participant at once, after a quiet time. Default 100000.
        sender_at_once: Submissions of one participant that are worked on at once, in each process; further ones wait for their
            turn, and others' do not wait for them. Default 64.
        sender_waiting_bytes: Sealed bytes of one participant that wait to be handed over; above it `quota`. Default 8 GiB.
        sessions_per_minute: Inbox sessions that one participant may open in each process; above it `quota`. Default 600.
        connections_per_address: Open connections of one address, IPv6 of one /64, in each process, counted before TLS; a
            further one is closed without an answer. Default none: 256, and with `listen.behind_proxy`, where all come from one
            address, no such bound. Where a balancer passes TCP on without it, set it as high as `listen.connections`.
        stop_s: Seconds for requests and sessions that are under way at a stop. Default 25, and not more: 30 s after
            its signal a gateway has ended, and so long should the service manager wait.
    """

    inline_bytes: Bytes = 16 << 10
    page_bytes: Bytes = 1 << 20
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
    sender_per_s: Annotated[float, Meta(gt=0, le=1_000_000)] = 1000.0
    sender_burst: Count = 100_000
    sender_at_once: Count = 64
    sender_waiting_bytes: Bytes = 8 << 30
    sessions_per_minute: Count = 600
    connections_per_address: Count | None = None
    stop_s: Annotated[float, Meta(gt=0, le=25)] = 25.0


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
        audit: See `AuditConfig`.
        retention: See `RetentionConfig`.
        limits: See `Limits`.
    """

    address: str
    listen: ListenConfig = ListenConfig()
    operations: OperationsConfig = OperationsConfig()
    keys: KeysConfig = KeysConfig()
    ledger: LedgerConfig = LedgerConfig()
    broker: BrokerConfig = BrokerConfig()
    directory: DirectoryConfig = DirectoryConfig()
    audit: AuditConfig = AuditConfig()
    retention: RetentionConfig = RetentionConfig()
    limits: Limits = Limits()


def without_password(url: str) -> str:
    """Return an address without its passwords: what is between `user:` and the last `@`, and those of the query."""
    before, at, host = url.rpartition("@")
    scheme, slashes, user = before.partition("://") if "://" in before else ("", "", before)
    user, colon, _ = user.partition(":")
    shown = f"{scheme}{slashes}{user}:{_HIDDEN}@{host}" if at and colon else url
    return _IN_QUERY.sub(rf"\1={_HIDDEN}", shown)
