"""
What the operator of a witness decides, read once from one TOML file and frozen.

Relative paths count from the folder of the file; a key that is not here stops the start. Starts that would be dangerous are
refused with the line that mends them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta, Struct

from gateway.config import ListenConfig
from gateway.config.dangers import refuse_exposed, refuse_shared
from gateway.config.loading import place_tls
from gateway.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["KEY_FILE", "STATE_FILE", "WitnessConfig", "load", "template"]

KEY_FILE: Final = "witness.key"
STATE_FILE: Final = "witness.db"
PORT: Final = 8553
_TEMPLATE: Final = f"""\
key_file = "{KEY_FILE}"
state = "{STATE_FILE}"  # never restore it from a backup: make a new witness instead
{{given}}logs = [{{logs}}]  # verifier keys, "NAME+HASH+KEY"

[listen]  # anything but loopback needs tls_certificate and tls_key, or behind_proxy = true
host = "127.0.0.1"
port = {PORT}
"""
_HINT: Final = "correct it; the file that `gateway witness init` writes says which keys there are"


class _Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class WitnessConfig(_Section, frozen=True, kw_only=True):
    """
    The whole file.

    Args:
        listen: Where logs reach the witness, as for a gateway; default port 8553.
        key_file: The encrypted key. Default `witness.key`.
        passphrase_file: File whose first line opens it; must be readable by its owner alone. Default none: then the
            credential `passphrase` of the service manager is read, or it is asked for on a terminal.
        state: What was seen of each log. Default `witness.db`. Never restore it from a backup: make a new witness instead.
        logs: Verifier keys of the logs that are watched, `NAME+HASH+KEY`; the name is the origin. Two of one name while a
            log rotates its key. Default none: then every log is unknown.
    """

    listen: ListenConfig = ListenConfig(port=PORT)
    key_file: Path = Path(KEY_FILE)
    passphrase_file: Path | None = None
    state: Path = Path(STATE_FILE)
    logs: Annotated[tuple[str, ...], Meta(max_length=1024)] = ()


def load(path: Path) -> WitnessConfig:
    """
    Read the file, place relative paths beside it, and refuse dangers.

    Raises:
        Rejected: `config`; nothing was started.
    """
    try:
        config = _placed(_read(path), path.resolve().parent)
        refuse_exposed(config.listen)
        refuse_shared(config.key_file, config.passphrase_file, config.listen.tls_key)
    except Rejected as exc:
        raise Rejected(f"{path}: {exc.detail}", code="config", hint=exc.hint) from exc
    return config


def template(logs: Sequence[str], passphrase_file: Path | None) -> str:
    """Return the file of a new witness."""
    given = "" if passphrase_file is None else f"passphrase_file = {_quoted(passphrase_file.resolve())}\n"
    return _TEMPLATE.format(given=given, logs=", ".join(map(_quoted, logs)))


def _read(path: Path) -> WitnessConfig:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=WitnessConfig, dec_hook=_path)
    except OSError as exc:
        raise Rejected(str(exc.strerror), code="config") from exc
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as exc:
        raise Rejected(str(exc)[:300], code="config", hint=_HINT) from exc


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError


def _placed(config: WitnessConfig, folder: Path) -> WitnessConfig:
    """Make every relative path absolute."""

    def at(path: Path | None) -> Path | None:
        return None if path is None else folder / path

    return msgspec.structs.replace(
        config,
        listen=place_tls(config.listen, folder),
        key_file=folder / config.key_file,
        passphrase_file=at(config.passphrase_file),
        state=folder / config.state,
    )


def _quoted(value: object) -> str:
    """Return a TOML string; its escapes are those of JSON."""
    return msgspec.json.encode(str(value)).decode()
