"""
A process that rotates the keys of a home and is killed on its way.

Arguments: home, passphrase, seed of the identity key in hex, and where it ends, one of `POINTS` or `OFFICER`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.client import ContactPoint
from gateway.client.home.held_keys import KeyShelf
from gateway.client.home.home import Home
from gateway.client.line.transport import Transport
from gateway.client.trust.keys import KeyKeeper
from gateway.envelope.keys import SigningKey, Use
from gateway.protocol import media

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.ids import Address

ROOT: Final = Path(__file__).resolve().parents[2]
KILLED: Final = 9
# Where it ends, in the order in which a rotation goes there; first within the commit that keeps the new keys.
SIGNING: Final = ("keeping", "kept", "published", "taking-up", "taken-up")
DELIVERY: Final = ("delivery-keeping", "delivery-kept", "delivery-published")
LOST: Final = ("lost-kept", "lost-published", "lost-taking-up")  # the old keys are closed by the new card
OFFICER: Final = ("officer-keeping", "officer-kept", "officer-published", "officer-taking-up")  # a card with an officer's key
POINTS: Final = (*SIGNING, *DELIVERY, *LOST)
NOTHING_KEPT: Final = frozenset({"keeping", *DELIVERY})


def officers_key(address: Address) -> SigningKey:
    """Return the key that an officer has in its file."""
    return SigningKey.from_seed(address, Use.APPROVAL, bytes([7]) * 32)


async def run(home: Path, seed: bytes, point: str) -> int:
    """Run the process to its end and return its exit code."""
    arguments = (str(home), "seven fictional words for a test", seed.hex(), point)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(sys.executable, __file__, *arguments, env=environment)
    return await process.wait()


def end(*_: object, **__: object) -> Any:
    """End as a kill does: nothing is finished, nothing is closed."""
    os._exit(KILLED)


def after(work: Callable[..., object]) -> Callable[..., object]:
    """Do the work, and end before anybody learns of it."""

    def done(*told: object, **named: object) -> None:
        work(*told, **named)
        end()

    return done


def on_publishing(*, answered: bool) -> Any:
    """End before a card leaves, or when its answer has come."""
    real = Transport.ask

    async def ask(self: Transport, method: str, path: str, **told: Any) -> object:
        if path == media.CARDS and not answered:
            end()
        answer = await real(self, method, path, **told)
        if path == media.CARDS:
            end()
        return answer

    return ask


def arm(point: str) -> None:
    """Put the end where it is wanted."""
    match point.removeprefix("delivery-").removeprefix("lost-").removeprefix("officer-"):
        case "keeping":
            name = "put_card" if point.startswith("delivery-") else "put_waiting"
            setattr(KeyShelf, name, after(getattr(KeyShelf, name)))
        case "kept":
            setattr(Transport, "ask", on_publishing(answered=False))  # noqa: B010  # for the type checker
        case "published":
            setattr(Transport, "ask", on_publishing(answered=True))  # noqa: B010
        case "taking-up":
            setattr(KeyShelf, "take_up", after(KeyShelf.take_up))  # noqa: B010
        case "taken-up":
            setattr(KeyKeeper, "_erase", end)  # noqa: B010


async def main(folder: str, passphrase: str, seed: str, point: str) -> None:
    """Rotate until the end comes."""
    home = await asyncio.to_thread(Home.unlock, Path(folder), passphrase.encode())
    address = home.address
    await home.close()
    identity = SigningKey.from_seed(address, Use.IDENTITY, bytes.fromhex(seed))
    async with ContactPoint.open(folder, passphrase=passphrase) as contact_point:
        await contact_point.directory()
        arm(point)
        if point in OFFICER:
            await contact_point.add_officer(officers_key(address), identity=identity)
        uses = [Use.DELIVERY] if point in DELIVERY else [Use.AUTHOR, Use.AGENT]
        await contact_point.rotate(uses, identity=identity, lost=point in LOST)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
