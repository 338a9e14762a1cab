"""The chassis's formula of distance and travel time, in the engine's words."""

from __future__ import annotations

from services.chassis import geo
from services.matcher.engine.model import Place


class RegionRoads:
    """Implements the engine's Roads."""

    def km(self, a: Place, b: Place) -> float:
        """Road kilometres."""
        return geo.road_km(geo.Point(*a), geo.Point(*b))

    def minutes(self, a: Place, b: Place, month: int) -> int:
        """Minutes by road in that month, 0 where the places are the same."""
        return geo.travel_minutes(geo.Point(*a), geo.Point(*b), month)
