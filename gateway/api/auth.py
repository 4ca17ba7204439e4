"""
Who is asking: the signature of a request, and the standing of who signed it.

1. the authority that the request names is well formed, and the target is a path   2. the signature is good (`protocol.request`)
3. the participant is active, and of this network. Of a peer its relays alone may ask, on routes of the relay alone: to all
others a peer's participant is a stranger. A session's upgrade is remembered by its nonce, so that it cannot be made twice, and
a session shows its key again every hour (`renewed`), and is asked for its standing more often (`standing`).
Spec: schemas/api.md, "Signed requests"; schemas/relay.md, "Requests".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gateway.directory.entries import Status
from gateway.envelope import contexts, primitives
from gateway.envelope.keys import Use
from gateway.errors import Rejected, Unavailable
from gateway.ids import KeyId, network_of
from gateway.protocol.request import Asker, HttpRequest, check_skew, verify_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from gateway.api.ports import Standing
    from gateway.envelope.trust import KeyRecord
    from gateway.ids import Address
    from gateway.protocol.frames import Renew

__all__ = ["Authenticator"]

_HOST: Final = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")


class Authenticator:
    """
    Proves who asks.

    Args:
        directory: Returns who is who now.
        clock: Unix seconds.
        suspended: Tells of a participant whether this gateway's operator suspended it.
    """

    def __init__(
        self,
        directory: Callable[[], Standing],
        clock: Callable[[], float],
        suspended: Callable[[Address], bool] = lambda _: False,
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._suspended = suspended

    def asker(self, request: web.BaseRequest, body: bytes, *, carriers: bool = False) -> Asker:
        """
        Return who signed a request.

        Args:
            request: As it was received.
            body: Its body.
            carriers: Whether relays of peers may make it too.

        Raises:
            Rejected: `signature-missing`, `signature-bad`, `clock-skew`, `sender-unknown` or `bad-request`; and `peer-unknown`
                for a key that nobody has here or there, where relays of peers may ask: they learn that they are none.
            Unavailable: `suspended`.
        """
        directory = self._directory()
        asked = HttpRequest(request.method, _url(request), request.headers, body)
        unknown: list[KeyId] = []

        def find_key(key_id: KeyId) -> KeyRecord | None:
            record = directory.key(key_id)
            if record is None:
                unknown.append(key_id)
            return record

        try:
            asker = verify_request(asked, find_key, self._clock())
        except Rejected as exc:
            if carriers and unknown:
                raise Rejected("the key of no participant here, and of no peer's", code="peer-unknown") from exc
            raise
        self._active(directory, asker, carriers=carriers)
        return asker

    def standing(self, asker: Asker, *, carriers: bool = False) -> None:
        """Raise `signature-bad`, `sender-unknown` or `suspended` when who opened a session, or waits, may not any more."""
        directory = self._directory()
        record = directory.key(asker.key_id)
        if record is None or not record.current(int(self._clock())):
            raise Rejected("the key of this session is not good any more", code="signature-bad")
        self._active(directory, asker, carriers=carriers)

    def renewed(self, asker: Asker, frame: Renew, nonce: bytes) -> Asker:
        """
        Check a renewal and return who holds the session now: the same participant, perhaps with a newer key.

        Args:
            asker: Who holds the session.
            frame: The renewal.
            nonce: Of the session's `hello`.

        Raises:
            Rejected: `signature-bad`, `clock-skew` or `sender-unknown`.
        """
        now = self._clock()
        directory = self._directory()
        record = directory.key(KeyId(frame.key_id))
        if record is None or (record.address, record.use) != (asker.address, Use.AGENT) or not record.current(int(now)):
            raise Rejected("the renewal's key is not one of this participant", code="signature-bad")
        if not primitives.verify(record.key, contexts.renewal_message(nonce, frame.at), frame.signature):
            raise Rejected("the renewal does not verify", code="signature-bad")
        check_skew(frame.at, now)
        self._active(directory, asker)
        return asker._replace(key_id=record.key_id)

    def _active(self, directory: Standing, asker: Asker, *, carriers: bool = False) -> None:
        entry = directory.entry(asker.address)
        own = network_of(asker.address) == directory.network
        if entry is None or entry.status is not Status.ACTIVE or not (own or (carriers and entry.is_relay)):
            raise Rejected(f"{asker.address} is not active", code="sender-unknown")
        if self._suspended(asker.address):
            raise Unavailable(f"{asker.address} is suspended at this gateway", code="suspended")


def _url(request: web.BaseRequest) -> str:
    """Return the absolute URL that was asked for, from the bytes received: a normalised one would be another one."""
    host = request.headers.getall("Host", ())
    if len(host) != 1 or not _HOST.fullmatch(host[0]):
        raise Rejected("the Host field is missing, repeated or malformed", code="bad-request")
    return f"{request.scheme}://{host[0]}{request.raw_path}"
