"""What must be nowhere: a word in clear text and secret keys, in the spellings in which they could leak; and the search for them."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Final

from gateway.envelope import Use
from gateway.message import read_message_file
from tests.client.examples import path
from tests.scenario.town import SENDER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.message import Content
    from tests.scenario.town import Town

__all__ = ["CANARY", "content_of", "forms", "found_in", "secrets", "with_canary"]

CANARY: Final = "canary-3f1c9a"


def with_canary(example: str, **members: Any) -> bytes:
    """Return an example with a word that stands nowhere else."""
    return json.dumps({**json.loads(path(example).read_bytes()), "x_note": CANARY, **members}).encode()


def content_of(data: bytes) -> Content:
    """Return it as content to send."""
    return read_message_file(data)[1]


def forms(secret: bytes) -> set[bytes]:
    """Return the spellings in which a secret could leak."""
    return {secret, secret.hex().encode(), base64.b64encode(secret).rstrip(b"="), base64.urlsafe_b64encode(secret).rstrip(b"=")}


def found_in(folders: list[Path], words: dict[str, set[bytes]]) -> Iterator[str]:
    """Yield the file and the name of every secret that stands in one."""
    for folder in folders:
        for file in (one for one in folder.rglob("*") if one.is_file()):
            data = file.read_bytes()
            yield from (f"{name} in {file}" for name, spellings in words.items() for one in spellings if one in data)


def secrets(town: Town) -> dict[str, set[bytes]]:
    """Name what no file, log or metric of a gateway may hold."""
    keys = {f"{key.public.use} key": key.unsafe_export() for key in town.world.gate.signing}
    roles = {f"{role} key": keys[0].unsafe_export() for role, keys in town.world.online._keys.items()}
    author = {"author's key": town.member(SENDER).key(Use.AUTHOR).unsafe_export()}
    return {"clear text": {CANARY.encode()}, **{name: forms(one) for name, one in {**keys, **roles, **author}.items()}}
