"""
What one connection or request may take of the gateway.

The library bounds neither the time of a body nor the size of a streamed one, nor who connects, so these limits are enforced in
`reading`, `listener` and `places`. Each limit says what a client meets that goes beyond it.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HttpLimits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """
    Bounds of one listener.

    Args:
        connections: Open at once, those in their TLS handshake included; a further one is closed without an answer.
        connections_per_address: The same for one peer address, IPv6 by its /64; None where all come from one, a proxy's.
        idle_time_s: For the first bytes to the end of the header, and between two requests; then the connection closes.
        bodies_bytes: Of all large bodies at once, until they are answered; what goes beyond is `busy`.
        answers_bytes: Of all answers that their clients do not take; above it who waits longest is cut off.
        answer_bytes_s: What a client must take of an answer in a second, or it is cut off after `send_time_s`.
        body_time_s: For a whole body, however steadily it trickles; then `time-limit`.
        request_time_s: For the work on a request; then `time-limit`, or `uncertain` where something may have changed.
        linger_s: For reading away what follows a refused request, so that the client sees the answer.
        line_bytes: Of the request line; longer ones are `bad-request`.
        field_bytes: Of one header field.
        fields: Header fields of one request.
        heartbeat_s: Between two pings of a quiet session; no pong within half of it ends the session.
        send_time_s: For a session's peer to take what was written; a slower reader is cut off.
        standing_s: Between two looks whether a session's participant and key still stand.
    """

    connections: int = 4000
    connections_per_address: int | None = 256
    idle_time_s: float = 30.0
    bodies_bytes: int = 64 << 20
    answers_bytes: int = 64 << 20
    answer_bytes_s: int = 16 << 10
    body_time_s: float = 60.0
    request_time_s: float = 30.0
    linger_s: float = 5.0
    line_bytes: int = 4096
    field_bytes: int = 8190
    fields: int = 64
    heartbeat_s: float = 30.0
    send_time_s: float = 60.0
    standing_s: float = 15.0
