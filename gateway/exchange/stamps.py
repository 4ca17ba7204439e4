"""
What the gateway states and signs: accepted, expired, recalled, held, and refused of mail from another network.

Each is one signature of the gateway's agent key, made in the ledger's writer thread inside the commit that it speaks of, so
that no receipt exists for what was not committed. The salt keeps others from guessing the leaf of the audit log.
Spec: schemas/envelope.md, "Receipts".
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from gateway.envelope import Event, LogView, Receipt, make_receipt

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.envelope import Keyring, Rng
    from gateway.ids import Address, EnvelopeHash

__all__ = ["KEY_REVOKED", "Stamps"]

_SALT_BYTES: Final = 16
_SALTS_AT_ONCE: Final = 64  # each call of the system gives up the interpreter, and waits behind the event loop
UNANSWERED: Final = "unanswered"
KEY_REVOKED: Final = "key-revoked"


class Stamps:
    """
    Signs receipts of the gateway.

    Args:
        address: The signer.
        keyring: Holds its agent key.
        clock: Unix seconds.
        rng: Salts.
        view: Returns the newest checkpoint of the audit log that is committed and signed, or None; any thread may ask.
    """

    def __init__(
        self,
        address: Address,
        keyring: Keyring,
        clock: Callable[[], float],
        rng: Rng,
        *,
        view: Callable[[], LogView | None],
    ) -> None:
        self._address = address
        self._keyring = keyring
        self._clock = clock
        self._rng = rng
        self._view = view
        self._salts: list[bytes] = []

    def accepted(self, envelope_hash: EnvelopeHash, sender: Address, at: int) -> Callable[[int], bytes]:
        """
        Return what signs `accepted` once the number is known.

        Args:
            envelope_hash: What was accepted.
            sender: Its subject.
            at: The time for which keys and times were checked, so that no recipient can come to another verdict.
        """
        return partial(self._accepted, envelope_hash, sender, at)

    def expired(self, envelope_hash: EnvelopeHash, recipient: Address) -> bytes:
        """Sign that a delivery passed its expiry."""
        return self._sign(Event.EXPIRED, envelope_hash, recipient, None)

    def recalled(self, envelope_hash: EnvelopeHash, recipient: Address) -> bytes:
        """Sign that a delivery was recalled before it was handed over."""
        return self._sign(Event.RECALLED, envelope_hash, recipient, None)

    def held(self, envelope_hash: EnvelopeHash, recipient: Address) -> bytes:
        """Sign that a delivery is held, because session after session left it unanswered."""
        return self._sign(Event.HELD, envelope_hash, recipient, UNANSWERED)

    def key_revoked(self, envelope_hash: EnvelopeHash, recipient: Address) -> bytes:
        """Sign that a delivery is held, because the key that it is sealed to was revoked as stolen."""
        return self._sign(Event.HELD, envelope_hash, recipient, KEY_REVOKED)

    def problem(self, envelope_hash: EnvelopeHash, recipient: Address, code: str) -> bytes:
        """Sign that a delivery is held, because the other network answered with a problem."""
        return self._sign(Event.HELD, envelope_hash, recipient, code)

    def unanswered(self, envelope_hash: EnvelopeHash, recipient: Address) -> bytes:
        """Sign that a delivery passed its expiry, and that the other network never said what became of it."""
        return self._sign(Event.EXPIRED, envelope_hash, recipient, UNANSWERED)

    def refused(self, envelope_hash: EnvelopeHash, recipient: Address, code: str) -> bytes:
        """Sign that mail from another network is not taken for a recipient; it counts once it is committed."""
        return self._sign(Event.REFUSED, envelope_hash, recipient, code)

    def _accepted(self, envelope_hash: EnvelopeHash, sender: Address, at: int, number: int) -> bytes:
        receipt = Receipt(
            event=Event.ACCEPTED,
            envelope_hash=envelope_hash,
            subject=sender,
            signer=self._address,
            at=at,
            number=number,
            log=self._view(),
            salt=self._salt(),
        )
        return make_receipt(receipt, self._keyring)

    def _sign(self, event: Event, envelope_hash: EnvelopeHash, recipient: Address, reason: str | None) -> bytes:
        receipt = Receipt(
            event=event,
            envelope_hash=envelope_hash,
            subject=recipient,
            signer=self._address,
            at=int(self._clock()),
            reason=reason,
            log=self._view(),
            salt=self._salt(),
        )
        return make_receipt(receipt, self._keyring)

    def _salt(self) -> bytes:
        """Return random bytes that nobody else gets; for any thread."""
        try:
            return self._salts.pop()
        except IndexError:
            drawn = self._rng(_SALT_BYTES * _SALTS_AT_ONCE)
            fresh = [drawn[start : start + _SALT_BYTES] for start in range(0, len(drawn), _SALT_BYTES)]
            salt = fresh.pop()
            self._salts = fresh
            return salt
