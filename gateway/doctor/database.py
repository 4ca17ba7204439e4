"""
The ledger's database: what it is set to, and which schema it has.

A SQLite file is read beside the gateway that has it, and never written. Of PostgreSQL the settings are asked that decide
whether a commit survives: they are the server's, and no client can make up for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.doctor.finding import Finding, fail, ok, warn
from gateway.ledger.tables import SCHEMA_VERSION

__all__ = ["connections", "durable", "encrypted", "journal", "privileges", "schema", "server_version"]

OLDEST: Final = 130_000  # PostgreSQL 13
CONNECTIONS_EACH: Final = 4  # of one gateway process: a writer and three readers
SPARE_CONNECTIONS: Final = 6  # migrations, backups, people
_KEEPS: Final = frozenset({"on", "local", "remote_write", "remote_apply"})


def schema(found: str | None) -> Finding:
    """Judge the version of the schema."""
    check = "ledger.schema"
    if found is None:
        return warn(check, "there is none yet", "gateway migrate CONFIG; an embedded ledger makes it at its first start")
    if found == SCHEMA_VERSION:
        return ok(check, found)
    if found < SCHEMA_VERSION:
        return fail(check, f"{found}, this program has {SCHEMA_VERSION}", "gateway migrate CONFIG")
    return fail(check, f"{found}, this program has {SCHEMA_VERSION}", "start the newer version of this program")


def journal(mode: str) -> Finding:
    """Judge how a SQLite file is written; the gateway sets `synchronous` itself, at each connection."""
    if mode == "wal":
        return ok("ledger.journal", "WAL; every commit is synced")
    return fail("ledger.journal", mode, "let the gateway make the file on a local disk: it sets WAL")


def durable(settings: Mapping[str, str]) -> list[Finding]:
    """Judge the settings without which an accepted message may be lost (promise 1)."""
    findings = []
    commit = settings["synchronous_commit"]
    rows = (
        ("synchronous_commit", commit, commit in _KEEPS),
        ("fsync", settings["fsync"], settings["fsync"] == "on"),
        ("full_page_writes", settings["full_page_writes"], settings["full_page_writes"] == "on"),
    )
    for name, value, good in rows:
        check = f"ledger.{name}"
        mend = f"ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf(): a crash may lose what was accepted"
        findings.append(ok(check, value) if good else fail(check, value, mend))
    return findings


def server_version(number: int) -> Finding:
    """Judge the server's version, as `server_version_num` writes it."""
    seen = f"PostgreSQL {number // 10_000}.{number % 10_000}"
    if number < OLDEST:
        return fail("ledger.version", seen, "use PostgreSQL 13 or later")
    return ok("ledger.version", seen)


def connections(most: int, used: int) -> Finding:
    """Judge whether another gateway process could connect."""
    seen = f"{used} of max_connections = {most} in use, {CONNECTIONS_EACH} for each process"
    if most - used < CONNECTIONS_EACH + SPARE_CONNECTIONS:
        return warn("ledger.connections", seen, "raise max_connections, or run fewer processes")
    return ok("ledger.connections", seen)


def privileges(role: str, *, above: bool, makes_tables: bool) -> Finding:
    """
    Judge what the gateway's role may do.

    Args:
        role: Its name.
        above: Whether it is a superuser, or may make roles or databases.
        makes_tables: Whether it may change the schema.
    """
    mend = "serve as a role that only reads and writes rows, migrate as the owner: deploy/postgresql"
    if above:
        return warn("ledger.role", f"{role} is a superuser, or makes roles or databases", mend)
    if makes_tables:
        return warn("ledger.role", f"{role} may change the schema", mend)
    return ok("ledger.role", f"{role} reads and writes rows alone")


def encrypted(host: str, *, ssl: bool) -> Finding:
    """Judge the line to the server."""
    if ssl:
        return ok("ledger.line", "TLS")
    if not host or host.startswith("/") or host in {"localhost", "127.0.0.1", "::1"}:
        return ok("ledger.line", "on this machine")
    return warn("ledger.line", f"no TLS to {host}", "?sslmode=verify-full&sslrootcert=FILE in ledger.url")
