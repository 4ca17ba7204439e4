"""
The whole examination: gathers what is to be judged, part by part; a part that cannot be looked at is a finding, and no end.

Works beside a running gateway. Nothing is written but by the broker, where a queue comes and goes.
"""

from __future__ import annotations

import asyncio
import resource
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from gateway.audit.memory import Memory
from gateway.audit.signing import origin_of
from gateway.config import without_password
from gateway.doctor import ask_database, audit, broker, directory, files, machine, peers, tls
from gateway.doctor.finding import Finding, fail, ok
from gateway.errors import GatewayError
from gateway.ids import parse_address
from gateway.server.composition import AUDIT_MEMORY
from gateway.server.given import read_root

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.config import Config, ListenConfig, OperationsConfig
    from gateway.directory.view import Directory
    from gateway.doctor.ask_database import Seen

__all__ = ["examine"]

_BLOCKS: Final = "see the codes in schemas/errors.json"


async def examine(config: Config, file: Path) -> list[Finding]:
    """
    Look at everything that a gateway stands on.

    Args:
        config: As it was loaded from `file`: that it loads is the first check.
        file: The configuration file.
    """
    now = time.time()
    findings = [ok("config.loads", str(file)), *_machine(config), *_files(config, file)]
    findings += _tls(config.listen, now)
    findings += [msgspec.structs.replace(one, check=f"operations.{one.check}") for one in _tls(config.operations, now)]
    seen = await asyncio.to_thread(ask_database.ask, config)
    findings += seen.findings
    who: list[Directory] = []
    findings += _guarded("directory.there", lambda: _directory(config, seen, now, who))
    findings += _guarded("audit.memory", lambda: [_memory(config, seen)])
    findings += await broker.ask(config.broker)
    borders = who[0].borders if who else {}
    return [*findings, *await peers.clocks((network, peer.endpoints[0]) for network, peer in borders.items())]


def _tls(listening: ListenConfig | OperationsConfig, now: float) -> list[Finding]:
    certificate, key = listening.tls_certificate, listening.tls_key
    return [] if certificate is None or key is None else tls.look(certificate, key, listening.client_ca, now)


def _guarded(check: str, look: Callable[[], Sequence[Finding]]) -> Sequence[Finding]:
    try:
        return look()
    except GatewayError as exc:
        return [fail(check, str(exc), exc.hint or _BLOCKS)]


def _machine(config: Config) -> list[Finding]:
    core, _ = resource.getrlimit(resource.RLIMIT_CORE)
    opened, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    findings = [machine.core_dumps(core), machine.open_files(opened, config.listen.connections)]
    places = {"keys": config.keys.file.parent}
    if config.ledger.embedded:
        places["ledger"] = Path(config.ledger.url.removeprefix("sqlite:///")).parent
    for name, folder in places.items():
        if folder.is_dir():
            space = shutil.disk_usage(folder)
            findings.append(machine.disk(name, space.free, space.total))
        else:
            findings.append(fail(f"disk.{name}", f"no folder {folder}", f"mkdir -p {folder}"))
    return findings


def _files(config: Config, file: Path) -> list[Finding]:
    secrets = any(without_password(url) != url for url in (config.ledger.url, *config.broker.urls))
    findings = [files.secret("files.config", file) if secrets else files.trusted("files.config", file)]
    findings.append(files.secret("files.keys", config.keys.file))
    private = {
        "passphrase": config.keys.passphrase_file,
        "tls-key": config.listen.tls_key,
        "operations-tls-key": config.operations.tls_key,
    }
    for name, path in private.items():
        if path is not None:
            findings.append(files.secret(f"files.{name}", path))
    for name, path in (("root", config.directory.root), ("publication", config.directory.publication)):
        findings.append(files.trusted(f"files.{name}", path))
    return findings


def _directory(config: Config, seen: Seen, now: float, who: list[Directory]) -> Sequence[Finding]:
    """Judge the directory, and note it for those who need it."""
    findings, found = directory.look(seen.files, read_root(config), parse_address(config.address), now)
    if found is not None:
        who.append(found)
    return findings


def _memory(config: Config, seen: Seen) -> Finding:
    path = config.audit.memory or config.keys.file.with_name(AUDIT_MEMORY)
    remembered = Memory(path, origin_of(parse_address(config.address))).read()
    return audit.memory(path, remembered, seen.log_size, seen.log_root)
