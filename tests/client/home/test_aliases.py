"""An alias: a participant of its own in the home of another."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.client.home.aliases import home_of
from gateway.errors import Rejected


def test_an_alias_has_a_home_inside_the_first() -> None:
    """It is a whole home in a folder of its name; without an alias it is the first itself."""
    home = Path("homes/NCB-QM")
    assert home_of(home, None) == home
    assert home_of(home, "NCB-XA") == home / "aliases" / "NCB-XA"


@pytest.mark.parametrize("name", ["", ".", "../NCB-XA", "ncb-xa", "NCB-XA@icn", "NCB-XA/..", "NCB-XA\n"])
def test_a_name_leads_nowhere_else(name: str) -> None:
    """What is no participant's id names no folder."""
    with pytest.raises(Rejected, match="bad-address"):
        home_of(Path("home"), name)
