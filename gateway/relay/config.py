"""
What the operator of a relay or a bridge decides, read once from one TOML file and frozen.

Relative paths count from the folder of the file; a key that is not here stops the start. Starts that would be dangerous are
refused with the line that mends them.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from gateway.config import OperationsConfig
from gateway.config.dangers import refuse_exposed_operations, refuse_shared
from gateway.config.loading import place_tls
from gateway.errors import Rejected
from gateway.ids import NETWORK_PATTERN

__all__ = ["BridgeConfig", "RelayConfig", "SharedConfig", "load_bridge", "load_relay"]

_Addresses = Annotated[tuple[str, ...], Meta(min_length=1, max_length=8)]
_PATHS: Final = ("key_file", "passphrase_file", "tls_ca", "other_tls_ca", "tls_certificate", "tls_key", "root", "folder")


class SharedConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What a relay and a bridge have in common.

    Args:
        network: Name of the other network.
        home: Addresses of gateways of this network, in order of preference.
        key_file: The agent key, as `gateway relay keys` wrote it. Default `relay.key`.
        passphrase_file: File whose first line opens it; must be readable by its owner alone. Default none: then the
            credential `passphrase` of the service manager is read, or it is asked for on a terminal.
        tls_ca: PEM file, the CA of the gateways at home. Default none: the system's.
        tls_certificate: PEM chain shown to gateways that ask for one. Default none.
        tls_key: PEM key of it, readable by its owner alone.
        messages_per_s: Messages that may pass in a second, in each direction that is carried. Default none: no limit.
        holder: Name of this process among several. Default: the machine's name.
        operations: Where operators reach health and metrics, as for a gateway. Default none: nothing listens.
    """

    network: Annotated[str, Meta(pattern=rf"^{NETWORK_PATTERN}\Z")]
    home: _Addresses
    key_file: Path = Path("relay.key")
    passphrase_file: Path | None = None
    tls_ca: Path | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    messages_per_s: Annotated[float, Meta(gt=0, le=100_000)] | None = None
    holder: Annotated[str, Meta(min_length=1, max_length=100)] = msgspec.field(
        default_factory=lambda: socket.gethostname()[:100]
    )
    operations: OperationsConfig | None = None


class RelayConfig(SharedConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The file of a relay.

    Args:
        other: Addresses of gateways of the other network. Default none: those that the directory at home names for the peer.
        root: Root metadata of this network, which that directory is verified from; needed without `other`.
        other_tls_ca: PEM file, the CA of the other network's gateways. Default none: the system's.
    """

    other: _Addresses | None = None
    root: Path | None = None
    other_tls_ca: Path | None = None


class BridgeConfig(SharedConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The file of a bridge.

    Args:
        folder: Where `out` and `in` are; made if missing. Files are moved between the two sides by other means.
        their_keys: Keys of the bridge on the other side, as `gateway bridge key` prints them there; two while it changes keys.
        again_s: Seconds after which a file that is not answered is laid out once more. Default 3600.
    """

    folder: Path = Path("bridge")
    their_keys: Annotated[tuple[Annotated[str, Meta(max_length=200)], ...], Meta(min_length=1, max_length=4)]
    again_s: Annotated[float, Meta(ge=1, le=30 * 86_400)] = 3600.0


C = TypeVar("C", RelayConfig, BridgeConfig)


def load_relay(path: Path) -> RelayConfig:
    """
    Read the file of a relay, place relative paths beside it, and refuse dangers.

    Raises:
        Rejected: `config`; nothing was started.
    """
    config = _load(path, RelayConfig)
    if config.other is None and config.root is None:
        raise Rejected(
            f"{path}: neither other nor root", code="config", hint="name the gateways of the other network: other = [...]"
        )
    return config


def load_bridge(path: Path) -> BridgeConfig:
    """Read the file of a bridge; see `load_relay`."""
    return _load(path, BridgeConfig)


def _load(path: Path, kind: type[C]) -> C:
    try:
        config = _placed(_read(path, kind), path.resolve().parent)
        refuse_shared(config.key_file, config.passphrase_file, config.tls_key)
        if config.operations is not None:
            refuse_exposed_operations(config.operations)
            refuse_shared(config.operations.tls_key)
    except Rejected as exc:
        raise Rejected(f"{path}: {exc.detail}", code="config", hint=exc.hint) from exc
    return config


def _read(path: Path, kind: type[C]) -> C:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=kind, dec_hook=_path)
    except OSError as exc:
        raise Rejected(str(exc.strerror), code="config") from exc
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as exc:
        raise Rejected(
            str(exc)[:300], code="config", hint="correct it; gateway/relay/config.py says which keys there are"
        ) from exc


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError


def _placed(config: C, folder: Path) -> C:
    """Make every relative path absolute."""
    found = {name: getattr(config, name, None) for name in _PATHS}
    changes: dict[str, object] = {name: folder / value for name, value in found.items() if value is not None}
    if config.operations is not None:
        changes["operations"] = place_tls(config.operations, folder)
    return msgspec.structs.replace(config, **changes)
