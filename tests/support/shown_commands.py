"""Commands as pages, units and manifests show them, held against the command line of the program; nothing is run."""

from __future__ import annotations

import shlex
from itertools import takewhile
from typing import Any, Final

import typer.main

from gateway.cli.main import build

__all__ = ["problem_of"]

_APP: Final[Any] = typer.main.get_command(build())
_ENDS: Final = frozenset({"|", "&&", ";", ">", "2>", "#", "\\"})


def problem_of(line: str) -> str | None:
    """Say what is wrong with `gateway ...`; None where the command is there, with every option that is shown."""
    found, left = _APP, _words(line)
    while left and left[0].partition("|")[0] in getattr(found, "commands", {}):
        found = found.commands[left.pop(0).partition("|")[0]]
    commands = getattr(found, "commands", None)
    takes_more = commands is None or "serve" in commands  # `gateway relay CONFIG` is `gateway relay serve CONFIG`
    if left and not left[0].startswith("--") and (found is _APP or not takes_more):
        return f"no command {left[0]}"
    known = {option for one in (found, *(commands or {}).values()) for given in one.params for option in given.opts}
    unknown = [word for word in left if word.startswith("--") and word.partition("=")[0] not in {*known, "--help"}]
    return f"no option {unknown[0]}" if unknown else None


def _words(line: str) -> list[str]:
    """Return the arguments of a command; brackets and dots of a synopsis are no part of it."""
    lexer = shlex.shlex(line.replace("[", " ").replace("]", " "), posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters = True, "#"
    return [word for word in takewhile(lambda word: word not in _ENDS, lexer) if word != "..."][1:]
