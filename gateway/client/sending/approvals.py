"""
Four eyes in a home: what waits for a second officer is shown, approved or refused.

What is approved is the draft that was shown: `draft` names it, and nothing is sealed before. The officer's key comes from
outside: it is never one that this home held, and must be a current approval key of this participant in the directory. Where
the content names its author, the officer says its own name, and it is another. A draft that waited too long is written anew
under another `draft`; one that is past its expiry ends. Spec: schemas/envelope.md, "Approval".
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import partial
from hashlib import sha256, sha512
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway.client.home import facts
from gateway.client.records import outgoing
from gateway.client.records.outgoing import State
from gateway.client.sending.rows import Approved, unsealed_row
from gateway.client.writing.compose import rewritten
from gateway.client.writing.draft import draft_of
from gateway.envelope import contexts
from gateway.envelope.checks import MAX_WAIT_S
from gateway.envelope.keys import MemoryKeyring, SigningKey, Use
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.ids import Address, ConversationId, EnvelopeHash, KeyId, Kind, MessageId, format_id
from gateway.message import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.client.home.home import Home
    from gateway.client.records.outgoing import Outgoing
    from gateway.client.sending.outbox import Outbox
    from gateway.client.sending.send_receipt import SendReceipt
    from gateway.client.trust.directory import HomeDirectory
    from gateway.client.writing.draft import Draft
    from gateway.message import Content

__all__ = ["REFUSED", "Approvals", "Decision", "Waiting"]

REFUSED: Final = "approval-refused"
MAX_REASON: Final = 500  # characters
SPARE_S: Final = 3_600  # a draft that is approved now may wait so long for a gateway
_DECISION: Final = b"outgoing/decision"
_NAME: Final = r"[a-z0-9][a-z0-9-]{0,62}"  # as content names an author's officer
_NO_KEY: Final = "make an officer's own key: gateway keys officer FILE --identity IDENTITY.KEY"


class Decision(msgspec.Struct, frozen=True, array_like=True):
    """
    Who approved a message in this home, or refused to; kept beside it.

    Args:
        at: Unix seconds.
        key_id: The key that approved; None for a refusal.
        officer: As the officer named itself; None where no name was needed.
        refused: Why, in words; None for an approval.
    """

    at: int
    key_id: KeyId | None = None
    officer: str | None = None
    refused: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the decision for a JSON encoder, the id as text."""
        return {**msgspec.structs.asdict(self), "key_id": None if self.key_id is None else format_id(self.key_id)}


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """
    A message that waits for a second officer.

    Args:
        message_id: Names it, for as long as the home exists.
        draft: Names what is shown here, 64 hex digits: the SHA-256 of what its author signed.
        conversation_id: The conversation that it belongs to.
        kind: What kind of message it is.
        recipients: To whom it goes, in order.
        created: When it was written, Unix seconds.
        expires: When it ends, approved or not, Unix seconds.
        urgency: Of the header.
        handling: Of the header.
        respond_by: When an answer is needed, Unix seconds.
        in_reply_to: What it answers.
        officer: The author as the content names it; whoever approves it is another.
        told: A code: why it waits once more; None the first time.
        content: What is said; `content.raw` are the bytes signed.
    """

    message_id: MessageId
    draft: str
    conversation_id: ConversationId
    kind: Kind
    recipients: tuple[Address, ...]
    created: int
    expires: int
    urgency: str
    handling: str
    respond_by: int | None
    in_reply_to: EnvelopeHash | None
    officer: str | None
    told: str | None
    content: Content

    def __repr__(self) -> str:
        return f"Waiting({format_id(self.message_id)} {self.kind} draft {self.draft})"

    def to_json(self) -> dict[str, Any]:
        """Return it for a JSON encoder of `msgspec`, ids as text, the content as it was signed."""
        return {
            **{name: getattr(self, name) for name in self.__struct_fields__},
            "message_id": format_id(self.message_id),
            "conversation_id": format_id(self.conversation_id),
            "in_reply_to": None if self.in_reply_to is None else format_id(self.in_reply_to),
            "content": msgspec.Raw(self.content.raw),
        }


class Approvals:
    """
    What waits in one open home.

    Args:
        home: Keeps it.
        directory: Says whose keys approve.
        outbox: Seals and sends what was approved.
        clock: Unix seconds.
    """

    def __init__(self, home: Home, directory: HomeDirectory, outbox: Outbox, clock: Callable[[], float]) -> None:
        self._home = home
        self._directory = directory
        self._outbox = outbox
        self._clock = clock

    async def waiting(self) -> list[Waiting]:
        """Return what waits, oldest first; asks nobody."""
        await self.settle()
        rows = [await self._find(message_id) for message_id in await self._home.store.read(outgoing.waiting)]
        return [self._shown(row) for row in rows if row is not None and row.state is State.WAITING]

    async def one(self, message_id: MessageId) -> Waiting:
        """Return one that waits; asks nobody. Rejected `not-found`, or `conflict` where it does not wait."""
        return self._shown(await self._current(message_id))

    async def approve(
        self, message_id: MessageId, key: SigningKey, *, officer: str | None = None, draft: str | None = None
    ) -> SendReceipt:
        """
        Seal a draft with the approval of a second officer, and send it.

        Args:
            message_id: Of a message that waits.
            key: The officer's approval key; not kept.
            officer: The officer's name, where the content names its author's.
            draft: What was shown to the officer; None takes what waits now.

        Raises:
            Rejected: `not-found`; `conflict`: it does not wait, or not as it was shown; `approval-missing`: the author cannot
                be the second officer; `bad-key`: not a key that approves here; `recipient-key` and whatever policy says of
                the header: it still waits. Or a gateway refused it.
            Unavailable: There is no directory, or the home could not keep it: it still waits.
        """
        row = await self._current(message_id)
        shown = self._shown(row)
        if draft not in {None, shown.draft}:
            raise Rejected("not the draft that was shown", code="conflict", hint="look at it again: gateway approve show")
        _require_another(shown.officer, officer)
        await self._require_key(key)
        decision = Decision(int(self._clock()), key.key_id, officer)
        keyring = MemoryKeyring(self._home.address, [key])
        return await self._outbox.approve(row, Approved(keyring, self._sealed(decision, message_id)))

    async def refuse(self, message_id: MessageId, reason: str) -> None:
        """
        End a message that waits, with a trace in the home.

        Args:
            message_id: Of the message.
            reason: In words, 1 to 500 characters; stays in the home, encrypted.

        Raises:
            Rejected: `not-found`; `conflict`: it does not wait; `bad-request`: no reason, or a long one.
        """
        if not 1 <= len(reason.strip()) <= MAX_REASON:
            told = f"a reason of {len(reason.strip())} characters"
            raise Rejected(told, code="bad-request", hint=f"give 1 to {MAX_REASON}")
        row, now = await self._current(message_id), int(self._clock())
        decision = self._sealed(Decision(now, refused=reason.strip()), message_id)
        if not await self._home.store.write(lambda connection: outgoing.end(connection, row, REFUSED, now, decision)):
            raise Rejected("it does not wait any more as it was read", code="conflict", hint="ask for its status")

    async def settle(self) -> None:
        """End what is past its expiry, and write anew what is too old to be accepted; asks nobody."""
        now = int(self._clock())
        for message_id in await self._home.store.read(outgoing.waiting):
            row = await self._find(message_id)
            if row is None or row.state is not State.WAITING:
                continue
            draft = draft_of(self._home, row)
            try:
                await self._renew(row, draft, now)
            except Rejected as exc:
                await self._home.store.write(partial(outgoing.end, row=row, reason=exc.code, at=now, decision=None))

    def decision(self, row: Outgoing) -> Decision | None:
        """Return who decided on a message of this home; None where nobody had to, or has."""
        if row.decision is None:
            return None
        return facts.decoded(self._home.open(row.decision, _DECISION + row.message_id), Decision)

    async def _renew(self, row: Outgoing, draft: Draft, now: int) -> None:
        header = draft.header
        too_old = header.created + MAX_WAIT_S - SPARE_S < now
        if too_old or now >= header.expires:
            fresh = unsealed_row(self._home, rewritten(draft, now))._replace(reason=row.reason or "out-of-time")
            await self._home.store.write(lambda connection: outgoing.replace(connection, row, fresh, now))

    async def _current(self, message_id: MessageId) -> Outgoing:
        await self.settle()
        row = await self._find(message_id)
        if row is None:
            raise Rejected(f"this home did not send {format_id(message_id)}", code="not-found")
        if row.state is not State.WAITING:
            told = f"it is {row.state}{f', {row.reason}' if row.reason else ''}: it does not wait for a second officer"
            raise Rejected(told, code="conflict", hint="see what waits: gateway approve list")
        return row

    async def _find(self, message_id: bytes) -> Outgoing | None:
        return await self._home.store.read(lambda connection: outgoing.find(connection, message_id))

    def _shown(self, row: Outgoing) -> Waiting:
        draft = draft_of(self._home, row)
        header = draft.header
        content = read(header.kind, header.schema_version, draft.content)
        signed = contexts.content_message(contexts.header_hash(draft.header_bytes), sha512(draft.content).digest())
        return Waiting(
            message_id=header.message_id,
            draft=sha256(signed).hexdigest(),
            conversation_id=header.conversation_id,
            kind=header.kind,
            recipients=draft.recipients,
            created=header.created,
            expires=header.expires,
            urgency=header.urgency,
            handling=header.handling,
            respond_by=header.respond_by,
            in_reply_to=header.in_reply_to,
            officer=content.author.officer if content.author is not None else None,
            told=row.reason,
            content=content,
        )

    async def _require_key(self, key: SigningKey) -> None:
        """Refuse a key that does not approve for this participant, and one that whoever opens this home has too."""
        home, public = self._home, key.public
        if (public.address, public.use) != (home.address, Use.APPROVAL):
            raise Rejected(f"not an approval key of {home.address}", code="bad-key", hint=_NO_KEY)
        rows = await home.store.read(home.shelf.rows)
        if key.key_id in {row.key_id for row in rows}:
            told = "this approval key was made inside the home: who opens the home could approve alone"
            raise Rejected(told, code="bad-key", hint=_NO_KEY)
        directory = await self._directory.current()
        if directory.key(key.key_id) is None:
            with suppress(Rejected, Unavailable, Uncertain):  # what the copy at hand says counts then
                directory = await self._directory.refresh()
        record = directory.key(key.key_id)
        if record is None or not record.current(self._clock()):  # type: ignore[arg-type]
            told = f"the directory lists no such approval key of {home.address} that is good now"
            raise Rejected(told, code="bad-key", hint=f"see gateway keys list; {_NO_KEY}")

    def _sealed(self, decision: Decision, message_id: bytes) -> bytes:
        return self._home.seal(msgspec.msgpack.encode(decision), _DECISION + message_id)


def _require_another(author: str | None, officer: str | None) -> None:
    """Refuse the author as its own second officer."""
    if officer is not None and not re.fullmatch(_NAME, officer):
        hint = "write it as content names its author: small letters, digits and hyphens"
        raise Rejected("not a name of an officer", code="bad-request", hint=hint)
    if author is None:
        return
    if officer is None:
        raise Rejected("the content names its author", code="approval-missing", hint="say who approves it: --officer NAME")
    if officer == author:
        raise Rejected("its author cannot approve it", code="approval-missing", hint="let another officer sign")
