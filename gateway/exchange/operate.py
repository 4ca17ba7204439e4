"""
Operate: what an operator orders is done once, by his signature alone, and leaves a leaf in the audit log.

1. the action is well formed, signed by this gateway's operator key, and fresh   2. its verb is known and its target well formed
3. its nonce is remembered in the ledger: without the ledger nothing is done, and no process does it a second time
4. the act and its leaf, in one commit. Whatever is refused changes nothing but the memory of its nonce.
Spec: schemas/api.md, "Operations".
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from gateway.errors import GatewayError, Rejected
from gateway.ids import parse_address, parse_hash, parse_id
from gateway.ledger import Ref
from gateway.ops.logs import logger
from gateway.protocol.action import parse_action, verify_action
from gateway.protocol.request import MAX_SKEW_S

if TYPE_CHECKING:
    from gateway.exchange.dispatch import Dispatcher
    from gateway.exchange.parts import Parts
    from gateway.ids import Address
    from gateway.ops.sign_ins import SignIns
    from gateway.protocol.action import SignedAction

__all__ = ["SCOPE", "Operator"]

SCOPE: Final = "operate"  # in which the nonces of actions are remembered
_TOKEN: Final = re.compile("[0-9a-f]{64}")
_DELIVERY: Final = re.compile(r"([1-9][0-9]{0,14})/(0|[1-9][0-9]{0,3})")
_UNKNOWN: Final = "unknown"  # a verb that is not one: its text is a stranger's, and no label

Act = Callable[[], Awaitable[None]]


class Operator:
    """
    Does what operators order.

    Args:
        parts: Of this process.
        dispatcher: Is told what may be conveyed again.
        sign_ins: Is told whose link opens the dashboard.
    """

    def __init__(self, parts: Parts, dispatcher: Dispatcher, sign_ins: SignIns) -> None:
        self._parts = parts
        self._dispatcher = dispatcher
        self._sign_ins = sign_ins
        self._log = logger()
        self._verbs: dict[str, Callable[[SignedAction], Act]] = {
            "release": self._release,
            "hold": self._hold,
            "release-hold": self._release_hold,
            "login": self._login,
            "suspend": self._suspend,
            "resume": self._resume,
            "drain": self._drain,
        }

    async def perform(self, data: bytes) -> None:
        """
        Do one signed action.

        Args:
            data: As it was received.

        Raises:
            Rejected: `malformed`, `not-canonical`, `too-large`, `signature-bad`, `clock-skew`, `bad-request` (a verb or target
                that is none), `nonce-used`, `not-found` (no such thing in the state that the verb changes); nothing changed.
            Unavailable: The ledger is away; nothing changed.
            Uncertain: It may have been done: look, then order it anew.
        """
        verb = _UNKNOWN
        try:
            signed = parse_action(data)
            verify_action(signed, self._parts.directory.current().key, self._parts.address, self._parts.clock())
            act = self._act(signed)
            verb = signed.action.verb
            await self._once(signed)
            await act()
        except GatewayError as exc:
            self._parts.metrics.operations(verb, exc.code).inc()
            self._log.warning("operation", verb=verb, outcome=exc.code, detail=exc.detail)
            raise
        self._parts.metrics.operations(verb, "done").inc()
        action = signed.action
        self._log.warning(
            "operation",
            verb=verb,
            outcome="done",
            target=action.target,
            reason=action.reason,
            key_id=signed.key_id.hex(),
            leaf=signed.leaf.hex(),
        )

    def _act(self, signed: SignedAction) -> Act:
        """Find what a verb does, and refuse a target that it cannot have, before anything is remembered."""
        prepare = self._verbs.get(signed.action.verb)
        if prepare is None:
            raise Rejected(f"verb {signed.action.verb!r}, known are {sorted(self._verbs)}", code="bad-request")
        return prepare(signed)

    async def _once(self, signed: SignedAction) -> None:
        # Twice the skew: an action signed at the edge of the future stays good that long.
        expires = int(self._parts.clock()) + 2 * MAX_SKEW_S
        if not await self._parts.ledger.remember_nonce(SCOPE, signed.action.nonce, expires):
            raise Rejected("this action was ordered before", code="nonce-used")

    def _release(self, signed: SignedAction) -> Act:
        """Let a held delivery go to its recipient again."""
        target = signed.action.target
        found = _DELIVERY.fullmatch(target)
        if found is None:
            raise Rejected(f"target {target!r}, wanted NUMBER/INDEX of a delivery", code="bad-request")
        ref = Ref(int(found[1]), int(found[2]))

        async def act() -> None:
            if not await self._parts.ledger.release_held(ref, signed.leaf, f"release {target}"):
                raise Rejected(f"no held delivery {target}", code="not-found")
            self._dispatcher.look()

        return act

    def _hold(self, signed: SignedAction) -> Act:
        """Keep a message or a conversation when its retention is over."""
        target = signed.action.target
        scope, value = _held(target)

        async def act() -> None:
            if not await self._parts.ledger.kept.hold(scope, value, signed.leaf, f"hold {target}"):
                raise Rejected(f"no {target} here", code="not-found")

        return act

    def _release_hold(self, signed: SignedAction) -> Act:
        """Let what was held be erased in its time."""
        target = signed.action.target
        scope, value = _held(target)

        async def act() -> None:
            if not await self._parts.ledger.kept.let_go(scope, value, signed.leaf, f"release-hold {target}"):
                raise Rejected(f"{target} is not held", code="not-found")

        return act

    def _login(self, signed: SignedAction) -> Act:
        """Let a one-time link open the dashboard of this process: the order names the hash of its token."""
        target = signed.action.target
        if not _TOKEN.fullmatch(target):
            raise Rejected("the target of login is the SHA-256 of a token, 64 hexadecimal digits", code="bad-request")

        async def act() -> None:
            await self._parts.ledger.record_action(signed.leaf, "login")
            self._sign_ins.offer(bytes.fromhex(target))

        return act

    def _suspend(self, signed: SignedAction) -> Act:
        """Serve a participant no more, until it is resumed."""
        who = _participant(signed.action.target)
        if who == self._parts.address:
            raise Rejected("a gateway does not suspend itself", code="bad-request")

        async def act() -> None:
            if self._parts.directory.current().entry(who) is None:
                raise Rejected(f"no {who} in the directory", code="not-found")
            await self._parts.ledger.standing.suspend(who, signed.leaf, f"suspend {who}")

        return act

    def _resume(self, signed: SignedAction) -> Act:
        """Serve a participant again."""
        who = _participant(signed.action.target)

        async def act() -> None:
            if not await self._parts.ledger.standing.resume(who, signed.leaf, f"resume {who}"):
                raise Rejected(f"{who} is not suspended", code="not-found")

        return act

    def _drain(self, signed: SignedAction) -> Act:
        """Empty this process and the workers beside it of sessions, or let them come again."""
        target = signed.action.target
        if target not in {"on", "off"}:
            raise Rejected(f"target {target!r}, wanted on or off", code="bad-request")

        async def act() -> None:
            await self._parts.ledger.record_action(signed.leaf, f"drain {target}")
            self._parts.orders.order_drain(on=target == "on")

        return act


def _participant(target: str) -> Address:
    try:
        return parse_address(target)
    except Rejected as exc:
        raise Rejected(f"target {target!r}, wanted PARTICIPANT@network", code="bad-request") from exc


def _held(target: str) -> tuple[str, bytes]:
    """Return what is held: its scope, and its hash or id."""
    scope, _, text = target.partition("/")
    try:
        if scope == "message":
            return scope, parse_hash(text)
        if scope == "conversation":
            return scope, parse_id(text)
    except Rejected:
        pass
    raise Rejected(f"target {target!r}, wanted message/HASH or conversation/ID", code="bad-request")
