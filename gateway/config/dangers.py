"""Starts that would be dangerous, or that could not work: each is refused with the command or the line that mends it."""

from __future__ import annotations

import ipaddress
import os
import re
import stat
from pathlib import Path
from typing import Final

from gateway.config.sections import MEMORY_BROKER, Config, ListenConfig, without_password
from gateway.errors import Rejected

__all__ = ["refuse_dangers", "refuse_exposed", "refuse_forms", "refuse_shared"]

_BROKER: Final = re.compile(r"amqps?://([^\s/?#@]*@)?[^\s/?#@]+([/?]\S*)?")
_LEDGER: Final = re.compile(r"sqlite:///.*[^/]|postgresql(\+psycopg)?://\S+")
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104  compared, never bound


def refuse_dangers(config: Config, path: Path) -> None:
    """
    Stop a start that would expose something.

    Raises:
        Rejected: `config`, with the command or the line that mends it.
    """
    operations = config.operations
    refuse_exposed(config.listen)
    if not (_loopback(operations.host) or operations.reachable):
        raise _danger(f"operations.host {operations.host!r} would show metrics to a network", "set it to 127.0.0.1")
    if (config.audit.timestamp_url is None) != (config.audit.timestamp_ca is None):
        raise _danger("audit.timestamp_url and audit.timestamp_ca belong together", "set both, or neither")
    refuse_shared(config.keys.file, config.keys.passphrase_file, config.listen.tls_key)
    if any(without_password(url) != url for url in (config.ledger.url, *config.broker.urls)):
        refuse_shared(path)


def refuse_exposed(listen: ListenConfig) -> None:
    """Stop a listener that would speak plain HTTP to a network, or whose TLS settings are half; raise `config`."""
    if (listen.tls_certificate is None) != (listen.tls_key is None):
        raise _danger("listen.tls_certificate and listen.tls_key belong together", "set both, or neither")
    if listen.client_ca is not None and listen.tls_certificate is None:
        raise _danger("listen.client_ca without TLS asks nobody for a certificate", "set listen.tls_certificate")
    if not (_loopback(listen.host) or listen.tls_certificate or listen.behind_proxy):
        raise _danger(f"listen.host {listen.host!r} would speak plain HTTP to a network", "set listen.tls_certificate")


def refuse_shared(*files: Path | None) -> None:
    """Stop where others on this machine can read a secret; raise `config` with the command that mends it."""
    for file in files:
        if file is not None:
            _owner_only(file)


def refuse_forms(config: Config) -> None:
    """Refuse addresses that no start could use."""
    listen, operations, brokers = config.listen, config.operations, config.broker.urls
    if MEMORY_BROKER in brokers and not config.broker.in_memory:
        raise _danger('broker.urls has "memory" beside others', 'set it to ["memory"] alone, or to AMQP addresses alone')
    for url in () if config.broker.in_memory else brokers:
        if not _BROKER.fullmatch(url):
            raise _danger(f"broker.urls: no broker's address: {without_password(url)!r}", "write amqp://USER:PASSWORD@HOST/")
    if not _LEDGER.fullmatch(config.ledger.url):
        shown = without_password(config.ledger.url)
        raise _danger(
            f"ledger.url: no ledger's address: {shown!r}", "write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
        )
    names = [witness.name for witness in config.audit.witnesses]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise _danger(f"audit.witnesses: two are named {twice!r}", "name each witness once")
    hosts = {listen.host, operations.host}
    if listen.port and listen.port == operations.port and (len(hosts) == 1 or hosts & _EVERYWHERE):
        raise _danger(f"listen.port and operations.port are both {listen.port}", "give each a port of its own")


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
