"""
Judge a receipt that stands alone: who may state what, and with which key.

Rules: gateways state what happens at gateways, recipients what happens at theirs; the key must have been good at the time
that the receipt itself gives.
"""

from __future__ import annotations

from tests.second_opener.checks import Me, labelled, need
from tests.second_opener.forms import Receipt, read_receipt
from tests.second_opener.pack import RefusedError
from tests.second_opener.primitives import ed25519_holds, sha256

BY_GATEWAY = {"accepted", "expired", "recalled", "held", "refused"}


def judge(data: bytes, me: Me) -> tuple[Receipt, bytes]:
    """Return a receipt that counts with its leaf data in the audit log, or refuse it."""
    receipt = read_receipt(data)
    may_state = receipt.signer in me.gateways if receipt.event in BY_GATEWAY else receipt.signer == receipt.subject
    need(may_state, "signature-bad")
    key = me.good(receipt.signed.key_id, receipt.signer, "agent", receipt.at, receipt.at)
    if key is None:
        raise RefusedError("signature-bad")
    message = labelled("env1/receipt", sha256(receipt.raw))
    need(ed25519_holds(key.key, receipt.signed.signature, message), "signature-bad")
    return receipt, sha256(labelled("env1/leaf", receipt.raw))
