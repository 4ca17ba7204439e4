"""How many connections may be open, in all and from one source."""

from __future__ import annotations

import pytest

from gateway.api.places import Places, source_of


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("::1", "127.0.0.1", False),
        ("", "nothing that is an address", True),
    ],
)
def test_a_source_is_an_address_or_a_site(one: str, other: str, *, same: bool) -> None:
    """IPv4 counts by address, also where it comes within IPv6; IPv6 counts by its /64, which one machine has for itself."""
    assert (source_of(one) == source_of(other)) is same


def test_one_source_leaves_room_for_others() -> None:
    """Who has all that one source may have gets no more, and another one does, until there is no place at all."""
    told: list[str] = []
    places = Places(3, 2, told.append)
    taken = [places.take(host) for host in ("192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.3")]
    assert [one is not None for one in taken] == [True, True, False, True, False]
    assert (places.taken, told) == (3, ["source", "all"])


def test_a_place_is_given_back_once() -> None:
    """A line whose end is told twice frees one place, and nothing is kept of a source that has none."""
    places = Places(2, 1, lambda _: None)
    first = places.take("192.0.2.1")
    second = places.take("192.0.2.2")
    assert first is not None
    assert second is not None
    first.leave()
    first.leave()
    assert (places.taken, places.take("192.0.2.3") is not None, places.take("192.0.2.4")) == (1, True, None)
    assert first.source not in places._by_source


def test_without_a_bound_one_source_may_have_all() -> None:
    """Behind a proxy everybody comes from one address."""
    places = Places(3, None, lambda _: None)
    assert all(places.take("192.0.2.1") for _ in range(3))
    assert places.take("192.0.2.1") is None
