"""Starts that would be dangerous, or that could not work: each is refused with the command or the line that mends it."""

from __future__ import annotations

import ipaddress
import os
import re
import stat
from pathlib import Path
from typing import Final

from gateway.config.sections import MEMORY_BROKER, Config, ListenConfig, OperationsConfig, without_password
from gateway.errors import Rejected

__all__ = ["refuse_dangers", "refuse_exposed", "refuse_exposed_operations", "refuse_forms", "refuse_shared"]

_BROKER: Final = re.compile(r"amqps?://([^\s/?#@]*@)?[^\s/?#@]+([/?]\S*)?")
_LEDGER: Final = re.compile(r"sqlite:///.*[^/]|postgresql(\+psycopg)?://\S+")
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104  compared, never bound


def refuse_dangers(config: Config, path: Path) -> None:
    """
    Stop a start that would expose something.

    Raises:
        Rejected: `config`, with the command or the line that mends it.
    """
    refuse_exposed(config.listen)
    refuse_exposed_operations(config.operations)
    if (config.audit.timestamp_url is None) != (config.audit.timestamp_ca is None):
        raise _danger("audit.timestamp_url and audit.timestamp_ca belong together", "set both, or neither")
    refuse_shared(config.keys.file, config.keys.passphrase_file, config.listen.tls_key, config.operations.tls_key)
    if any(without_password(url) != url for url in (config.ledger.url, *config.broker.urls)):
        refuse_shared(path)


def refuse_exposed(listen: ListenConfig) -> None:
    """Stop a listener that would speak plain HTTP to a network, or whose TLS settings are half; raise `config`."""
    _refuse_half("listen", listen)
    if not (_loopback(listen.host) or listen.tls_certificate or listen.behind_proxy):
        raise _danger(f"listen.host {listen.host!r} would speak plain HTTP to a network", "set listen.tls_certificate")


def refuse_exposed_operations(operations: OperationsConfig) -> None:
    """Stop an operators' listener that others could reach or listen to, or whose TLS settings are half; raise `config`."""
    _refuse_half("operations", operations)
    if not (_loopback(operations.host) or operations.client_ca or operations.reachable):
        line = "without TLS" if operations.tls_certificate is None else "without operations.client_ca"
        what = f"operations.host {operations.host!r} {line} would show metrics to a network"
        raise _danger(what, "set it to 127.0.0.1, or set operations.tls_certificate, tls_key and client_ca")


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


def _refuse_half(section: str, listening: ListenConfig | OperationsConfig) -> None:
    """Stop TLS settings that belong together and do not stand together."""
    if (listening.tls_certificate is None) != (listening.tls_key is None):
        raise _danger(f"{section}.tls_certificate and {section}.tls_key belong together", "set both, or neither")
    if listening.client_ca is not None and listening.tls_certificate is None:
        what = f"{section}.client_ca without TLS asks nobody for a certificate"
        raise _danger(what, f"set {section}.tls_certificate")


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
