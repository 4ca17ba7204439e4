"""Who may look at the dashboard: links are good once and briefly, sessions end by themselves, and only hashes are kept."""

from __future__ import annotations

import os

import pytest

from gateway.ops.sign_ins import IDLE_S, LINK_S, MAX_LINKS, MAX_SESSIONS, SESSION_S, SignIns, make_token, token_hash


class Ticks:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return them."""
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    """Time."""
    return Ticks()


@pytest.fixture
def sign_ins(ticks: Ticks) -> SignIns:
    """Nobody is signed in."""
    return SignIns(ticks, os.urandom)


def signed_in(sign_ins: SignIns) -> str:
    """Sign in and return the session's secret."""
    token = make_token(os.urandom)
    sign_ins.offer(token_hash(token))
    secret = sign_ins.redeem(token)
    assert secret is not None
    return secret


def test_a_link_is_good_once_and_for_a_minute(sign_ins: SignIns, ticks: Ticks) -> None:
    """The second who opens it, one who guesses, and one who is late, get nothing."""
    token = make_token(os.urandom)
    assert sign_ins.redeem(token) is None
    sign_ins.offer(token_hash(token))
    assert sign_ins.redeem(make_token(os.urandom)) is None
    ticks.now += LINK_S - 1
    assert sign_ins.redeem(token) is not None
    assert sign_ins.redeem(token) is None
    sign_ins.offer(token_hash(token))
    ticks.now += LINK_S
    assert sign_ins.redeem(token) is None


def test_a_session_ends_when_nobody_uses_it(sign_ins: SignIns, ticks: Ticks) -> None:
    """Use keeps it, looking whether it stands does not, and after a shift it ends all the same."""
    secret = signed_in(sign_ins)
    session = sign_ins.session(secret)
    assert session is not None
    began = ticks.now
    ticks.now += IDLE_S - 1
    assert sign_ins.alive(session)
    assert sign_ins.session(secret) is session
    ticks.now += IDLE_S - 1
    assert (sign_ins.alive(session), sign_ins.left_s(session)) == (True, 1)
    while ticks.now - began < SESSION_S:
        assert sign_ins.session(secret) is session
        ticks.now += IDLE_S / 2
    assert sign_ins.session(secret) is None
    assert not sign_ins.alive(session)


def test_who_signs_out_is_out(sign_ins: SignIns) -> None:
    """The secret is worth nothing any more, and whoever watches by it sees that."""
    secret = signed_in(sign_ins)
    session = sign_ins.session(secret)
    assert session is not None
    sign_ins.end(secret)
    assert (sign_ins.session(secret), sign_ins.alive(session)) == (None, False)
    sign_ins.end("")


def test_links_and_sessions_are_bounded(sign_ins: SignIns, ticks: Ticks) -> None:
    """The oldest link and the idlest session make room."""
    tokens = [make_token(os.urandom) for _ in range(MAX_LINKS + 1)]
    for token in tokens:
        sign_ins.offer(token_hash(token))
    assert [sign_ins.redeem(token) is None for token in tokens] == [True, *[False] * MAX_LINKS]
    first = signed_in(sign_ins)
    held = sign_ins.session(first)
    ticks.now += 1
    for _ in range(MAX_SESSIONS + 1):
        ticks.now += 0.001
        signed_in(sign_ins)
    assert held is not None
    assert (sign_ins.session(first), sign_ins.alive(held)) == (None, False)


def test_only_hashes_are_kept(sign_ins: SignIns) -> None:
    """Who reads the memory of the process finds neither token nor secret; each has 256 bits of its own."""
    token = make_token(os.urandom)
    sign_ins.offer(token_hash(token))
    secret = sign_ins.redeem(token)
    assert secret is not None
    assert len(token) == len(secret) == 43
    assert not {token, secret} & set(map(str, vars(sign_ins).values()))
    assert secret not in repr(vars(sign_ins))
    assert token_hash(secret) in sign_ins._sessions
