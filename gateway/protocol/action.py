"""
Operator actions: what an operator orders, signed, so that nothing is done in an operator's name without his key.

MessagePack: an action `[ "A1", verb, target, reason, at, nonce:16 ]` travels as `[ action:bin, key_id:16, signature:64 ]`,
signed by a gateway's key of use `operator`. It is good for five minutes and once: whoever does it remembers the nonce first.
1. form   2. key: of use operator, of this gateway, current   3. signature   4. time
This module knows no clock and no store, and not what a verb does. Spec: schemas/api.md, "Operations".
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, NamedTuple

from msgspec import Meta, Struct

from gateway.envelope import contexts, primitives
from gateway.envelope.form import Form, encode
from gateway.envelope.keys import Keyring, Use
from gateway.envelope.trust import KeyRecord
from gateway.envelope.wire import Bytes16, Uint
from gateway.errors import Rejected
from gateway.ids import Address, KeyId
from gateway.protocol.request import FindKey, check_skew

__all__ = ["MAX_ACTION_BYTES", "MAX_SIGNED_BYTES", "Action", "SignedAction", "parse_action", "sign_action", "verify_action"]

MAX_ACTION_BYTES: Final = 1024
MAX_SIGNED_BYTES: Final = MAX_ACTION_BYTES + 96
_VISIBLE: Final = r"\A[!-~]{1,200}\Z"
_ONE_LINE: Final = r"\A[^\x00-\x1f\x7f-\x9f]{1,200}\Z"


class Action(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """
    What an operator orders.

    Attributes:
        version: "A1".
        verb: What is to be done; a gateway refuses what it does not know.
        target: To what; its form belongs to the verb.
        reason: Why, one line in the operator's words; it is logged, so nothing secret belongs in it.
        at: When it was signed, Unix seconds.
        nonce: 16 random bytes; they also keep others from guessing the action's leaf in the audit log.
    """

    version: Literal["A1"]
    verb: Annotated[str, Meta(pattern=r"\A[a-z][a-z-]{0,31}\Z")]
    target: Annotated[str, Meta(pattern=_VISIBLE)]
    reason: Annotated[str, Meta(pattern=_ONE_LINE)]
    at: Uint
    nonce: Bytes16


class _SignedForm(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    action: bytes
    key_id: Annotated[KeyId, Meta(min_length=16, max_length=16)]
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


class SignedAction(NamedTuple):
    """An action that was parsed; `verify_action` tells whether it counts."""

    action: Action
    action_bytes: bytes
    key_id: KeyId
    signature: bytes
    data: bytes

    @property
    def leaf(self) -> bytes:
        """The data of its leaf in the audit log, 32 bytes."""
        return contexts.action_leaf(self.data)


_ACTION: Final = Form(Action, "action", MAX_ACTION_BYTES)
_SIGNED: Final = Form(_SignedForm, "signed action", MAX_SIGNED_BYTES)


def sign_action(action: Action, keyring: Keyring) -> bytes:
    """
    Sign an action with the operator key.

    Raises:
        Rejected: `malformed`, a field breaks its rule; `bad-key`, there is no operator key; nothing was signed.
    """
    data = encode(action)
    _ACTION.decode(data)
    made = keyring.sign(Use.OPERATOR, contexts.action_message(data))
    return encode(_SignedForm(data, made.key_id, made.signature))


def parse_action(data: bytes) -> SignedAction:
    """Read a signed action; raise Rejected `too-large`, `malformed` or `not-canonical`."""
    form = _SIGNED.decode(data)
    return SignedAction(_ACTION.decode(form.action), form.action, form.key_id, form.signature, data)


def verify_action(signed: SignedAction, find_key: FindKey, gateway: Address, now: float) -> Action:
    """
    Return the action, if its gateway's operator signed it just now.

    Args:
        signed: From `parse_action`.
        find_key: The directory's `key`.
        gateway: Whose operator may give orders here.
        now: Unix seconds.

    Raises:
        Rejected: `signature-bad`, or `clock-skew` for a good signature of another time.
    """
    record = find_key(signed.key_id)
    if record is None or not _is_operator(record, gateway, int(now)):
        raise Rejected(f"key {signed.key_id.hex()} is not a current operator key of {gateway}", code="signature-bad")
    if not primitives.verify(record.key, contexts.action_message(signed.action_bytes), signed.signature):
        raise Rejected("the signature of an action does not verify", code="signature-bad")
    check_skew(signed.action.at, now)
    return signed.action


def _is_operator(record: KeyRecord, gateway: Address, now: int) -> bool:
    return (record.address, record.use) == (gateway, Use.OPERATOR) and record.current(now)
