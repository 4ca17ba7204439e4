"""
Entities: what is neither a person nor a place and still matters - units, companies, vehicles, weapons, accounts.

An identifier is written as its issuer writes it. Whose it is, and in what way, is said by the text that refers to it.
"""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from gateway.message.codes import EntityType
from gateway.message.shared.basics import Country, Line, Note, Ref, Wire
from gateway.message.shared.refuse import require, require_distinct

__all__ = ["Entities", "Entity", "Identifier", "check_entities"]


class Identifier(Wire, frozen=True, kw_only=True):
    """A number or name that tells an entity from others of its type, and who gave it."""

    scheme: Line
    value: Line
    authority: Line | None = None


class Entity(Wire, frozen=True, kw_only=True):
    """
    An organisation or a thing.

    Args:
        ref: Local id; items refer to it.
        identifiers: Registration, serial and account numbers, addresses.
        country: Where it is registered or based.
    """

    ref: Ref
    type: EntityType
    name: Line | None = None
    identifiers: Annotated[Sequence[Identifier], Meta(max_length=20)] = ()
    country: Country | None = None
    description: Note | None = None

    def check(self, at: str) -> None:
        """Refuse one that nothing identifies."""
        require(self.name or self.identifiers or self.description, f"{at}/name", "neither name, identifier nor description")


Entities = Annotated[Sequence[Entity], Meta(max_length=200)]


def check_entities(entities: Sequence[Entity], at: str) -> frozenset[str]:
    """Check every entity; return their local ids."""
    for index, entity in enumerate(entities):
        entity.check(f"{at}/{index}")
    return require_distinct((entity.ref for entity in entities), at, "ref")
