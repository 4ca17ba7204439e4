"""
Judge what is signed beside the envelope: the refusal of a submission, and an operator's order.

Rules: a refusal is read as strict JSON, with no name twice, no null and no fraction; the field has one spelling. The key of a
refusal must have been good at the time that it gives, and not be revoked when it came; that of an order must be good now.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any, NamedTuple

from tests.second_opener.checks import Me, Record, labelled, need, network
from tests.second_opener.pack import MAX_NUMBER, RefusedError, binary, number, read_layer, record, text
from tests.second_opener.primitives import ed25519_holds, sha256

MAX_PROBLEM = 65_536
MAX_ACTION = 1024
MAX_SIGNED_ACTION = 1120
FRESH = 300

_SIGNED = record(binary(), binary(16), binary(64))
_ACTION = record(
    text("A1"),
    text("[a-z][a-z-]{0,31}"),
    text("[!-~]{1,200}"),
    text("[^\x00-\x1f\x7f-\x9f]{1,200}"),
    number(),
    binary(16),
)


class Order(NamedTuple):
    """An operator's order, and its leaf data."""

    verb: str
    target: str
    reason: str
    at: int
    nonce: bytes
    leaf: bytes


def judge_refusal(field: str, request: bytes, problem: bytes, me: Me, mine: str) -> tuple[str, str, int]:
    """Return who refused, why and when; or refuse it as nobody's word. `me.now` is when it came."""
    need(re.fullmatch("[A-Za-z0-9+/]{107}=", field), "signature-bad")
    raw = base64.b64decode(field)
    need(base64.b64encode(raw).decode() == field and len(raw) == 80, "signature-bad")
    candidates = [one for one in me.by_id.get(raw[:16], []) if one.use == "agent" and _is_gateway(one, me, mine)]
    need(candidates, "signature-bad")
    message = labelled("env1/problem", sha256(request), sha256(problem))
    need(ed25519_holds(candidates[0].key, raw[16:], message), "signature-bad")
    code, at = _read(problem)
    need(me.good(raw[:16], candidates[0].address, "agent", at, me.now), "signature-bad")
    return candidates[0].address, code, at


def judge_order(data: bytes, me: Me) -> Order:
    """Return an order of `me.address`'s operator that counts at `me.now`, or refuse it."""
    raw, signer, signature = read_layer(data, MAX_SIGNED_ACTION, _SIGNED)
    _, verb, target, reason, at, nonce = read_layer(raw, MAX_ACTION, _ACTION)
    key = me.good(signer, me.address, "operator", me.now, me.now)
    if key is None:
        raise RefusedError("signature-bad")
    need(ed25519_holds(key.key, signature, labelled("env1/action", sha256(raw))), "signature-bad")
    need(abs(at - me.now) <= FRESH, "clock-skew")
    return Order(verb, target, reason, at, nonce, sha256(labelled("env1/action-leaf", data)))


def _is_gateway(one: Record, me: Me, mine: str) -> bool:
    return one.address in me.gateways and network(one.address) == mine


def _read(problem: bytes) -> tuple[str, int]:
    need(len(problem) <= MAX_PROBLEM, "too-large")
    try:
        found = json.loads(problem.decode(), object_pairs_hook=_once, parse_float=_no, parse_constant=_no)
    except ValueError:
        raise RefusedError("malformed") from None
    need(isinstance(found, dict), "malformed")
    code, at = found.get("code"), found.get("server_time")
    need(isinstance(code, str) and re.fullmatch("[a-z][a-z0-9-]{0,63}", code), "malformed")
    need(type(at) is int and 0 <= at <= MAX_NUMBER, "malformed")
    return code, at


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    need(len(set(names)) == len(names) and all(value is not None for _, value in pairs), "malformed")
    return dict(pairs)


def _no(_: str) -> Any:
    raise RefusedError("malformed")
