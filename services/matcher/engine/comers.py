"""Who may come to a wish's place, experts or units: by what they do, then by the way there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Generic, TypeVar

import numpy as np

from services.matcher.engine import rules, weights
from services.matcher.engine.indexes import Topics, Ways
from services.matcher.engine.instance import Ints
from services.matcher.engine.journeys import Floats, KnownRoads
from services.matcher.engine.model import Expert, Kind, Place, Unit, Wish
from services.matcher.engine.shortfalls import Told, apart, distance, span
from services.matcher.engine.sieve import Codes, Fallen, Sieve, add, tally

# Why somebody who does what is asked does not come; the first is what counts.
_CODES = ("", "excluded", "distance", "travel_limit")
_EXCLUDED, _DISTANCE, _TRAVEL_LIMIT = range(1, len(_CODES))
Comer = TypeVar("Comer", Expert, Unit)


class Comers(Generic[Comer]):
    """Experts or units of one problem by their numbers, with where they set out, and `places` to come to."""

    def __init__(
        self,
        kind: Kind,
        table: Sequence[rules.Rule],
        everybody: Sequence[tuple[Comer, Place]],
        roads: KnownRoads,
        places: Sequence[Place],
        limits: Floats,
    ) -> None:
        self.everybody: list[Comer] = [comer for comer, _ in everybody]
        self._kind: Kind = kind
        self._homes = [home for _, home in everybody]
        self._roads = roads
        self._sieve = Sieve(table, self.everybody)
        self._topics = Topics(enumerate(self.everybody))
        self._ways = Ways(roads, places, self._homes, limits, outward=False)
        own = (comer.limit_km for comer in self.everybody)
        self._limits = np.array([np.inf if km is None else km for km in own], dtype=np.float64)

    def on(self, topics: frozenset[str]) -> Ints:
        """Numbers of those who know one of the topics; no topic means all."""
        return self._topics.on(topics)

    def suiting(self, wish: Wish, near: Ints, code: str, fallen: Fallen) -> Ints:
        """Those of `near` whom the rules let pass; who is not near is counted under `code`."""
        add(fallen, self._kind, code, len(self.everybody) - len(near))
        refused = self._sieve.refusals(wish)[near]
        tally(fallen, self._kind, self._sieve.codes, refused)
        found: Ints = near[refused == 0]
        return found

    def reaching(self, wish: Wish, place: Place, suiting: Ints, fallen: Fallen) -> list[int]:
        """Those of `suiting` who may make the way to `place`; to a venue, as far as they themselves will."""
        codes = self._codes(wish, place, suiting)
        tally(fallen, self._kind, _CODES, codes)
        found: list[int] = suiting[codes == 0].tolist()
        return found

    def _codes(self, wish: Wish, place: Place, suiting: Ints) -> Codes:
        row = self._ways.row(place)[suiting]
        codes = np.zeros(len(suiting), dtype=np.int8)
        codes[row > self._limits[suiting]] = _TRAVEL_LIMIT
        if rules.limit_counts(wish):
            codes[row > wish.limit_km] = _DISTANCE
        if wish.excluded:
            keys = [(self._kind, self.everybody[number].key) for number in suiting.tolist()]
            codes[np.array([key in wish.excluded for key in keys], dtype=bool)] = _EXCLUDED
        return codes

    def shortfalls(self, wish: Wish, near: Ints, earliest: int) -> Told:
        """Of those on the topic, who would come to the school: the nearest too far, and when others can."""
        suiting = self.suiting(wish, near, "topic", Counter())
        codes, row = self._codes(wish, wish.place, suiting), self._ways.row(wish.place)[suiting]
        told: Told = {} if len(near) else {"topic": (("on_topic", 0),)}
        if (far := row[codes == _DISTANCE]).size:
            told["distance"] = distance(wish.limit_km, float(far.min()))
        if len(own := np.flatnonzero(codes == _TRAVEL_LIMIT)):
            least = own[np.argmin(row[own] - self._limits[suiting[own]])]
            told["travel_limit"] = distance(float(self._limits[suiting[least]]), float(row[least]))
        windows = (self.everybody[number].windows for number in suiting[codes == 0].tolist())
        elsewhere = (window for its in windows if apart(its, wish.windows) for window in its)
        if when := span(elsewhere, earliest):
            told["availability"] = when
        return told

    def fit(self, wish: Wish, number: int, place: Place) -> int:
        """How well somebody suits who comes to `place`, in percent."""
        comer = self.everybody[number]
        km = self._roads.km(self._homes[number], place)
        return weights.fit(wish, topics=comer.topics, languages=comer.languages, km=km)
