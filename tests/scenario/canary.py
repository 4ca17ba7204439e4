"""What must be nowhere, a word in clear text and secret keys, in the spellings in which they leak; and the search for them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.envelope import Use
from gateway.message import read_message_file
from tests.client.examples import path
from tests.scenario.town import READER, SENDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.message import Content
    from tests.scenario.town import Town

__all__ = ["CANARY", "content_of", "forms", "forms_within", "found_in", "secrets", "told_to", "with_canary"]

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


def forms_within(word: bytes) -> set[bytes]:
    """Return the spellings of a word that stands somewhere within a longer text: base64 of that text has it in three ways."""
    whole = (base64.b64encode(bytes(before) + word)[: (before + len(word)) // 3 * 4] for before in range(3))
    return {word, word.hex().encode(), *(text[-(-before * 4 // 3) :] for before, text in enumerate(whole))}


def found_in(places: list[Path], words: dict[str, set[bytes]]) -> Iterator[str]:
    """Yield the file and the name of every secret that stands in one."""
    for place in places:
        for file in [place] if place.is_file() else [one for one in place.rglob("*") if one.is_file()]:
            data = file.read_bytes()
            yield from (f"{name} in {file}" for name, spellings in words.items() for one in spellings if one in data)


def secrets(town: Town) -> dict[str, set[bytes]]:
    """Name what no file, log or metric of a gateway may hold."""
    keys = {f"{key.public.use} key": key.unsafe_export() for key in town.world.gate.signing}
    roles = {f"{role} key": keys[0].unsafe_export() for role, keys in town.world.online._keys.items()}
    people = {
        "author's key": town.member(SENDER).key(Use.AUTHOR).unsafe_export(),
        "sender's agent key": town.member(SENDER).key(Use.AGENT).unsafe_export(),
        "reader's delivery key": town.member(READER).delivery[0].unsafe_export(),
    }
    found = {name: forms(one) for name, one in {**keys, **roles, **people}.items()}
    return {"clear text": forms_within(CANARY.encode()), **found}


def told_to(pid: int) -> bytes:
    """Return what a machine tells of a process, and of those that it started: arguments to all, the environment to some."""
    proc = Path(f"/proc/{pid}")
    children = [child for task in (proc / "task").iterdir() for child in (task / "children").read_text().split()]
    own = (proc / "cmdline").read_bytes() + (proc / "environ").read_bytes()
    return own + b"".join(told_to(int(child)) for child in children)
