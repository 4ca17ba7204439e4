"""
What a start is given: the files that a configuration names, read and checked.

A start that could not work is refused here, before anything listens. Nothing is opened for writing, and nobody is contacted.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.api.tls import tls_of
from gateway.audit.vouching import Vouchers
from gateway.directory.keyfiles import decrypt_gateway_keys
from gateway.directory.metadata import root_chain
from gateway.errors import Rejected
from gateway.ids import parse_address

if TYPE_CHECKING:
    from gateway.config import Config, LedgerConfig
    from gateway.directory.keyfiles import GatewayKeys

__all__ = ["ledger_folder", "open_keys", "preflight", "read_root", "require_folder"]

_COPY_ROOT: Final = "copy the authority's root.json"


def preflight(config: Config, passphrase: bytes | None) -> list[str]:
    """
    Read what a start reads, without opening, changing or contacting anything.

    Args:
        config: See `gateway.config`.
        passphrase: Opens the key file; None leaves it closed.

    Returns:
        What does not stop a start that has a ledger already, and needs a look.

    Raises:
        Rejected: A start would be refused for this.
    """
    parse_address(config.address)
    require_folder(config)
    for listening in (config.listen, config.operations):
        tls_of(listening)
    Vouchers(config.audit)
    root = read_root(config)
    try:
        root_chain({}, root)
    except Rejected as exc:
        raise Rejected(f"{config.directory.root} is no root of trust", code="config", hint=_COPY_ROOT) from exc
    if passphrase is not None:
        open_keys(config, passphrase)
    folder = config.directory.publication
    return [] if (folder / "metadata").is_dir() else [f"no publication in {folder}: a first start needs one"]


def open_keys(config: Config, passphrase: bytes) -> GatewayKeys:
    """Open the key file; Rejected where it is not there, is another gateway's, or the passphrase does not open it."""
    keys = decrypt_gateway_keys(_read(config.keys.file, "gateway enrol NAME --as-gateway"), passphrase)
    if keys.address != parse_address(config.address):
        raise Rejected(f"{config.keys.file} has the keys of {keys.address}, not of {config.address}", code="config")
    return keys


def read_root(config: Config) -> bytes:
    """Return the root of trust, unchecked; Rejected `config` where it is not there."""
    return _read(config.directory.root, _COPY_ROOT)


def require_folder(config: Config) -> None:
    """Refuse an embedded ledger in a folder that is not there: waiting would not make it."""
    folder = ledger_folder(config.ledger)
    if config.ledger.embedded and not folder.is_dir():
        raise Rejected(f"ledger.url: no folder {folder}", code="config", hint=f"make it: mkdir -p {folder}")


def ledger_folder(ledger: LedgerConfig) -> Path:
    """Return the folder of an embedded ledger's file."""
    return Path(ledger.url.removeprefix("sqlite:///")).parent


def _read(path: Path, mend: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise Rejected(f"cannot read {path}: {exc.strerror}", code="config", hint=mend) from exc
