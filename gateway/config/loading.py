"""
Reading the configuration file: once, strictly, with relative paths placed beside it.

What cannot be read is said in the words of the file: line, section, key, and what is expected or meant.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from gateway.config.dangers import refuse_dangers, refuse_forms
from gateway.config.sections import Config, ListenConfig, OperationsConfig
from gateway.errors import Rejected

__all__ = ["load", "place_tls", "read"]

Listening = TypeVar("Listening", ListenConfig, OperationsConfig)

_WORDS: Final = {"int": "a whole number", "float": "a number", "str": "text in quotes", "bool": "true or false"}
_AT: Final = re.compile(r"(?P<what>.+?) ?- at `\$\.(?P<section>[a-z_]+)(\.(?P<key>[a-z_]+).*)?`")  # as msgspec says where


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
        refuse_forms(config)
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


def place_tls(section: Listening, folder: Path) -> Listening:
    """Make the relative paths of a listener's TLS files absolute."""
    found = {name: getattr(section, name) for name in ("tls_certificate", "tls_key", "client_ca")}
    return msgspec.structs.replace(section, **{name: folder / path for name, path in found.items() if path is not None})


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
    keys, directory = config.keys, config.directory
    memory, timestamp_ca = config.audit.memory, config.audit.timestamp_ca
    return change(
        config,
        listen=place_tls(config.listen, folder),
        operations=place_tls(config.operations, folder),
        keys=change(keys, file=folder / keys.file, passphrase_file=at(keys.passphrase_file)),
        ledger=change(config.ledger, url=url),
        directory=change(directory, root=folder / directory.root, publication=folder / directory.publication),
        audit=change(config.audit, memory=at(memory), timestamp_ca=at(timestamp_ca)),
    )
