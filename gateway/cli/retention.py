"""
`gateway retention list|extend|hold|release|run|log`: until when a home keeps what it has.

From 180 days before its review date a message is listed with a question. `extend` and `hold` answer it; what nobody answers is
deleted at its date, by `run` or while an inbox is followed. Ids, dates and proofs stay. No command here asks a gateway.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer

from gateway.cli import output
from gateway.cli.homes import AsJson, HomeFolder, PassphraseFile, at_home, locate
from gateway.cli.recall import MessageName
from gateway.errors import Rejected

if TYPE_CHECKING:
    from gateway.client import ContactPoint, Review, TraceEntry

__all__ = ["register"]

OptionalMessage = Annotated[str | None, typer.Argument(metavar="MESSAGE", help="Message id or envelope hash.")]
Conversation = Annotated[
    str | None, typer.Option("--conversation", metavar="ID", help="All messages of a conversation, and those that come later.")
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; stays in the home.", show_default=False)]
_ASKED: Final = ("message", "kind", "from", "accepted", "review on", "question")
_DONE: Final = ("at", "what", "message", "until", "reason")
T = TypeVar("T")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    retention = typer.Typer(name="retention", help="List, extend, hold or delete what this home keeps.", no_args_is_help=True)
    retention.command("list")(list_)
    retention.command("extend")(extend)
    retention.command("hold")(hold)
    retention.command("release")(release)
    retention.command("run")(run_)
    retention.command("log")(log)
    app.add_typer(retention)


def list_(
    home: HomeFolder,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Everything that has a review date.")] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """List what comes to its review date within 180 days, and the question about each."""
    found = _with(home, passphrase_file, lambda point: point.retention(everything=everything))
    if as_json:
        output.print_json([one.to_json() for one in found])
    elif found:
        output.print_table("", _ASKED, [_asked(one) for one in found])
    else:
        output.note("nothing comes to its review date")


def extend(
    message: MessageName,
    *,
    home: HomeFolder,
    until: Annotated[str, typer.Option("--until", metavar="DAY", help="As 2031-05-01; five years more at most.")],
    reason: Reason,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Keep a message until a later day."""
    _with(home, passphrase_file, lambda point: point.extend_retention(message, until, reason))
    output.note(f"{message} is kept until {until}")


def hold(
    message: OptionalMessage = None,
    *,
    home: HomeFolder,
    reason: Reason,
    conversation: Conversation = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Hold a message or a conversation past its review date, until it is released."""
    name = _one(message, conversation)
    _with(home, passphrase_file, lambda point: _hold(point, message, conversation, reason, on=True))
    output.note(f"{name} is held")


def release(
    message: OptionalMessage = None,
    *,
    home: HomeFolder,
    reason: Reason,
    conversation: Conversation = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Release what was held: its review date counts again."""
    name = _one(message, conversation)
    _with(home, passphrase_file, lambda point: _hold(point, message, conversation, reason, on=False))
    output.note(f"{name} is released")


def run_(home: HomeFolder, *, passphrase_file: PassphraseFile = None, as_json: AsJson = False) -> None:
    """Delete everything whose review date is over and that nobody asked to keep."""
    gone = _with(home, passphrase_file, lambda point: point.run_retention())
    if as_json:
        output.print_json(gone)
    else:
        output.print_pairs([("deleted", name) for name in gone])
        output.note(f"{len(gone)} deleted; ids, dates and proofs are kept")


def log(home: HomeFolder, *, passphrase_file: PassphraseFile = None, as_json: AsJson = False) -> None:
    """Show what was extended, held, released, deleted and recalled."""
    found = _with(home, passphrase_file, lambda point: point.retention_log())
    if as_json:
        output.print_json([one.to_json() for one in found])
    elif found:
        output.print_table("", _DONE, [_told(one) for one in found])
    else:
        output.note("nothing was done yet")


def _with(home: Path, passphrase_file: Path | None, work: Callable[[ContactPoint], Awaitable[T]]) -> T:
    """Do something with an open home; end here where the user interrupted."""
    output.require_output("nothing was done")
    return at_home(locate(home, passphrase_file), work)


async def _hold(point: ContactPoint, message: str | None, conversation: str | None, reason: str, *, on: bool) -> None:
    if conversation is not None:
        await point.hold_conversation(conversation, reason, on=on)
    else:
        assert message is not None  # `_one` saw to it
        await point.hold(message, reason, on=on)


def _one(message: str | None, conversation: str | None) -> str:
    """Return the one name that was given."""
    if (message is None) is (conversation is None):
        raise Rejected("name a message or a conversation", code="bad-request", hint="MESSAGE, or --conversation ID")
    return message or f"the conversation {conversation}"


def _asked(one: Review) -> tuple[str, ...]:
    told = one.to_json()
    whose = f"{one.sender} (sent)" if one.sent else str(one.sender)
    return str(told["message_id"]), one.kind, whose, output.date(one.accepted_at), one.review_on, one.question


def _told(one: TraceEntry) -> tuple[str, ...]:
    told = one.to_json()
    name = told["message_id"] or told["envelope_hash"] or f"conversation {told['conversation_id']}"
    return output.date(one.at), one.what, str(name), one.until or "", one.reason or ""
