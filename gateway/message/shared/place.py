"""
Places: a name, codes, a GeoJSON geometry with its precision.

A geometry never stands without `precision_m`. A protected place (a witness's home) is written no finer than
`PROTECTED_PRECISION_M`. Coordinates are longitude, latitude in degrees: the only fractions that content may hold.
"""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from msgspec import Meta

from gateway.message.shared.basics import Country, Line, Wire, whole
from gateway.message.shared.refuse import require

__all__ = ["PROTECTED_PRECISION_M", "Geometry", "LineString", "MultiPoint", "Place", "Point", "Polygon"]

PROTECTED_PRECISION_M: Final = 1_000

Position = tuple[Annotated[float, Meta(ge=-180, le=180)], Annotated[float, Meta(ge=-90, le=90)]]
Positions = Annotated[Sequence[Position], Meta(min_length=2, max_length=5_000)]
Ring = Annotated[Sequence[Position], Meta(min_length=4, max_length=5_000)]


class Point(Wire, frozen=True, kw_only=True, tag_field="type", tag="Point"):
    """GeoJSON point."""

    coordinates: Position


class MultiPoint(Wire, frozen=True, kw_only=True, tag_field="type", tag="MultiPoint"):
    """GeoJSON points."""

    coordinates: Positions


class LineString(Wire, frozen=True, kw_only=True, tag_field="type", tag="LineString"):
    """GeoJSON line, e.g. a route."""

    coordinates: Positions


class Polygon(Wire, frozen=True, kw_only=True, tag_field="type", tag="Polygon"):
    """GeoJSON polygon: an outer ring, then holes."""

    coordinates: Annotated[Sequence[Ring], Meta(min_length=1, max_length=20)]


Geometry = Point | MultiPoint | LineString | Polygon


class Place(Wire, frozen=True, kw_only=True):
    """
    A place.

    Args:
        name: As people call it.
        subdivision: ISO 3166-2.
        locode: UN/LOCODE.
        precision_m: How far off the geometry may be; required with one.
        sensitivity: `protected` for a place that could endanger somebody.
    """

    name: Line
    country: Country | None = None
    subdivision: Annotated[str, Meta(pattern=whole("[A-Z]{2}-[A-Z0-9]{1,3}"))] | None = None
    locode: Annotated[str, Meta(pattern=whole("[A-Z]{2}[A-Z2-9]{3}"))] | None = None
    geometry: Geometry | None = None
    precision_m: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    sensitivity: Literal["open", "protected"] = "open"

    def check(self, at: str) -> None:
        """Refuse a geometry without precision, or a protected place written too finely."""
        if self.geometry is not None:
            require(self.precision_m is not None, f"{at}/precision_m", "a geometry needs its precision")
            fine = self.sensitivity == "protected" and (self.precision_m or 0) < PROTECTED_PRECISION_M
            require(not fine, f"{at}/precision_m", f"a protected place is written to {PROTECTED_PRECISION_M} m at best")
