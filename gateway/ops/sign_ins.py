"""
Who may look at the dashboard: one-time links, and the sessions that they open.

An operator's order names the hash of a token that he drew himself; the link with the token is good once, for 60 s. Whoever
opens it gets a session of at most 8 h that ends after 30 min without a request of a person: the stream of events is none.
Tokens are 256 random bits, and only their hashes are kept, in this process alone: a restart signs everybody out.
This module knows no clock: `ticks` are seconds that never go back.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

__all__ = ["IDLE_S", "LINK_S", "SESSION_S", "TOKEN_BYTES", "Session", "SignIns", "make_token", "token_hash"]

TOKEN_BYTES: Final = 32
LINK_S: Final = 60.0  # long enough to click, too short to find in a scroll-back
SESSION_S: Final = 8 * 3600.0  # a shift
IDLE_S: Final = 30 * 60.0
MAX_LINKS: Final = 16  # that wait to be opened; the oldest goes first
MAX_SESSIONS: Final = 32  # open at once; the one that was idle longest goes first


@dataclass(slots=True)
class Session:
    """
    One browser that is signed in.

    Args:
        ends_at: In ticks, whatever it does.
        seen_at: In ticks, its last request.
    """

    ends_at: float
    seen_at: float


class SignIns:
    """
    The links and sessions of one process.

    Args:
        ticks: Seconds that never go back.
        rng: Secure random bytes.
    """

    def __init__(self, ticks: Callable[[], float], rng: Callable[[int], bytes]) -> None:
        self._ticks = ticks
        self._rng = rng
        self._links: dict[bytes, float] = {}  # hash of the token, and until when it is good; the oldest first
        self._sessions: dict[bytes, Session] = {}

    def offer(self, hashed: bytes) -> None:
        """Let the token with this hash, 32 bytes, open one session within `LINK_S`."""
        self._links.pop(hashed, None)
        while len(self._links) >= MAX_LINKS:
            del self._links[next(iter(self._links))]
        self._links[hashed] = self._ticks() + LINK_S

    def redeem(self, token: str) -> str | None:
        """Return the secret of a new session for a token that is good, once; None for any other."""
        until = self._links.pop(token_hash(token), None)
        now = self._ticks()
        if until is None or now >= until:
            return None
        self._make_room()
        secret = make_token(self._rng)
        self._sessions[token_hash(secret)] = Session(now + SESSION_S, now)
        return secret

    def session(self, secret: str) -> Session | None:
        """Return the session of a secret, as used now; None when there is none, or it has ended."""
        found = self.find(secret)
        if found is not None:
            found.seen_at = self._ticks()
        return found

    def find(self, secret: str) -> Session | None:
        """Return the session of a secret without using it: for what a page asks for by itself."""
        found = self._sessions.get(token_hash(secret))
        return found if found is not None and self.alive(found) else None

    def alive(self, session: Session) -> bool:
        """Say whether a session still stands; asking does not use it."""
        return self.left_s(session) > 0

    def left_s(self, session: Session) -> float:
        """Return the seconds until a session ends if nobody uses it; 0 for one that has ended."""
        return max(0.0, min(session.ends_at, session.seen_at + IDLE_S) - self._ticks())

    def end(self, secret: str) -> None:
        """Sign out; whoever watches by this session is cut off."""
        found = self._sessions.pop(token_hash(secret), None)
        if found is not None:
            found.ends_at = float("-inf")

    def _make_room(self) -> None:
        for key in [key for key, one in self._sessions.items() if not self.alive(one)]:
            del self._sessions[key]
        while len(self._sessions) >= MAX_SESSIONS:
            idle = min(self._sessions, key=lambda key: self._sessions[key].seen_at)
            self._sessions.pop(idle).ends_at = float("-inf")


def make_token(rng: Callable[[int], bytes]) -> str:
    """Draw a token: 256 bits, 43 characters that need no escape in an address or a cookie."""
    return urlsafe_b64encode(rng(TOKEN_BYTES)).rstrip(b"=").decode("ascii")


def token_hash(token: str) -> bytes:
    """Return what is kept of a token: a hash of 256 random bits cannot be turned round, so it needs no salt."""
    return sha256(token.encode("utf-8", "replace")).digest()
