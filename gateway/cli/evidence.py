"""
How the command line shows what a bundle of evidence proves: first what was checked, then what remains open.

The content stands last, as its author wrote it; every word of another machine is made visible before it meets a terminal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from gateway.cli import output

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.evidence.statement import Statement

__all__ = ["print_statement"]


def print_statement(statement: Statement, *, as_json: bool, **told: object) -> None:
    """
    Print what is proved.

    Args:
        statement: What a verification found.
        as_json: One JSON document, for scripts.
        told: Members to put in front.
    """
    if as_json:
        output.print_json({**told, **statement.to_json()})
        return
    from gateway.message import outline

    found = statement.to_json()
    pairs = [*((name, str(value)) for name, value in told.items()), *_pairs(statement, found)]
    output.print_pairs(pairs)
    if statement.content is not None:
        output.print_pairs(("content", line) for line in outline(msgspec.json.decode(statement.content)))
    output.print_pairs(("not proved", line) for line in statement.not_proved)


def _pairs(statement: Statement, found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    plain = ("verdict", "sender", "kind", "message_id", "conversation_id", "envelope_hash", "in_reply_to", "created", "expires")
    packed = ("sealer", "approved", "accepted_by", "accepted_at", "number", "recipients")
    for name in (*plain, *packed):
        if found[name] is not None:
            yield name, output.in_words(name, found[name])
    for recipient in statement.named:
        yield "recipient", recipient
    for one in statement.acknowledgements:
        reason = f", {one.reason}" if one.reason else ""
        by = "" if one.signer == one.recipient else f", says {one.signer}"
        yield one.event, f"{one.recipient} {output.date(one.at)}{reason}{by}"
    log = statement.log
    yield "log", f"{log.origin}, place {log.index} of {log.size}, root {log.root.hex()}"
    for witness in statement.witnesses:
        yield "witness", f"{witness.name} {output.date(witness.cosigned_at)}"
    if statement.stamped_at is not None:
        yield "time-stamp", output.date(statement.stamped_at)
    yield "directory", str(statement.directory_version)
    yield from _crossing(statement)


def _crossing(statement: Statement) -> Iterator[tuple[str, str]]:
    """Say what is known of the other network of a message that crossed a border."""
    if (there := statement.relayed) is None:
        return
    yield "other network", f"{there.network}, directory {there.directory_version}"
    if there.accepted_by is not None and there.accepted_at is not None:
        yield "accepted there", f"{output.date(there.accepted_at)}, number {there.number}, by {there.accepted_by}"
