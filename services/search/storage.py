"""Elasticsearch: the facts that search keeps, the documents composed from them, and questions to them.

Every index has a versioned name and is reached through an alias. What serves is one generation; while a
rebuild runs there is a second one, reached through aliases of its own, and every fact goes to both.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from elasticsearch import ApiError, Elasticsearch, TransportError

from services.search import domain
from services.search.asking import CATCHING_UP_SECONDS, Asker
from services.search.domain import CatchingUp, Document, SearchUnavailable, StoredFact

_INDICES = Path(__file__).parent / "indices"
PREFIX = "keqiao"
_CHUNK, _FEW = 500, 20
# A region has some hundred townships; the engine gives no more at once.
_ALL_DISTRICTS, _DISTRICT_DIGITS = 10_000, 6
_STALE, _ABSENT = 409, 404
ASK_SECONDS, WRITE_SECONDS = 3.0, 20.0
#: An index's own troubles (no shard, too many requests, a closing node): worth trying again.
_PASSING = (429, 502, 503, 504)


class Generation(NamedTuple):
    """One whole set of indices, reached through aliases that begin and end with these."""

    prefix: str
    suffix: str

    def alias(self, name: str) -> str:
        """The alias of one of its indices."""
        return f"{self.prefix}-{name}{self.suffix}"


NAMES = (*domain.INDICES.values(), domain.FACTS)


class Engine:
    """The connection to Elasticsearch; one per process, shared by its workers.

    `serving` is asked and written to, `building` written to while a rebuild has it. Every method raises
    SearchUnavailable while Elasticsearch does not answer, and CatchingUp, which is one, without indices.
    """

    def __init__(self, url: str, *, prefix: str = PREFIX, connections: int = 16) -> None:
        self.serving, self.building = Generation(prefix, ""), Generation(prefix, "-building")
        self._client = Elasticsearch(
            url, connections_per_node=connections, max_retries=0, retry_on_timeout=False, sniff_on_start=False
        )
        self._asker = Asker(url, seconds=ASK_SECONDS, kept=connections)
        self._asking = self._client.options(request_timeout=ASK_SECONDS)
        self._writing = self._client.options(request_timeout=WRITE_SECONDS)

    def close(self) -> None:
        """Close the connections."""
        self._asker.close()
        self._client.close()

    def is_healthy(self) -> bool:
        """Whether the cluster answers and can take writes and questions."""
        with _translated():
            health = self._asking.cluster.health()
            return bool(health["status"] != "red")

    def search(self, alias: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The engine's own answer to one question."""
        return self._asker.ask(alias, body)

    def count(self, alias: str) -> int:
        """How many documents an index holds, those not yet refreshed left out."""
        with _translated():
            return int(self._asking.count(index=alias)["count"])

    def refresh(self, alias: str) -> None:
        """Make all that was written findable."""
        with _translated():
            self._writing.indices.refresh(index=alias)

    def keep(self, facts: Mapping[str, StoredFact]) -> dict[Generation, list[str]]:
        """Keep facts by key in every generation there is; per generation, the keys that were not outdated.

        Raises CatchingUp if there is none: what is kept has to wait for a rebuild to begin.
        """
        documents = [_fact_document(key, fact) for key, fact in facts.items()]
        generations = (self.serving, self.building)
        outcomes = self._bulk(
            (generation.alias(domain.FACTS), row["key"], row["version"], row)
            for row in documents
            for generation in generations
        )
        _refuse_failures(outcomes, tolerated=(_STALE, _ABSENT))
        kept = dict(zip(generations, (outcomes[::2], outcomes[1::2]), strict=True))
        present = {each: statuses for each, statuses in kept.items() if _ABSENT not in statuses}
        if not present:
            raise CatchingUp(retry_after=CATCHING_UP_SECONDS)
        return {
            generation: [key for key, status in zip(facts, statuses, strict=True) if status < 300]
            for generation, statuses in present.items()
        }

    def facts(self, generation: Generation, keys: Iterable[str]) -> dict[str, StoredFact]:
        """Those of the named facts that are known, as they are at this moment (not at the last refresh)."""
        found: dict[str, StoredFact] = {}
        for chunk in _chunks(keys):
            with _translated():
                answer = self._writing.mget(
                    index=generation.alias(domain.FACTS), ids=chunk, source_includes=["version", "state"]
                )
            sources = {row["_id"]: row["_source"] for row in answer["docs"] if row.get("found")}
            found |= {key: StoredFact(source["version"], source["state"]) for key, source in sources.items()}
        return found

    def districts(self) -> list[dict[str, Any]]:
        """The states of cities and districts that serve; townships are not among them."""
        body = {
            "query": {"bool": {"filter": {"term": {"aggregate": "district"}}}},
            "sort": ["key"],
            "size": _ALL_DISTRICTS,
            "_source": ["state.adcode", "state.name"],
        }
        hits = self.search(self.serving.alias(domain.FACTS), body)["hits"]["hits"]
        states = [hit["_source"]["state"] for hit in hits]
        return [state for state in states if len(state["adcode"]) == _DISTRICT_DIGITS]

    def write_number(self, generation: Generation, key: str) -> int | None:
        """A number that grows with every write of a fact's index; None while the fact is not known."""
        with _translated():
            alias = generation.alias(domain.FACTS)
            answer = self._writing.options(ignore_status=404).get(index=alias, id=key, source=False)
        return int(answer["_seq_no"]) if answer.get("found") else None

    def referring(self, generation: Generation, keys: Iterable[str]) -> list[str]:
        """The keys of the facts that name one of `keys`, those written a moment ago included."""
        self.refresh(generation.alias(domain.FACTS))
        found: list[str] = []
        for chunk in _chunks(keys):
            found.extend(self._referring(generation, chunk))
        return found

    def _referring(self, generation: Generation, keys: Sequence[str]) -> Iterator[str]:
        after: list[Any] | None = None
        while True:
            body: dict[str, Any] = {
                "query": {"bool": {"filter": {"terms": {"references": list(keys)}}}},
                "sort": ["key"],
                "size": _CHUNK,
                "_source": False,
            }
            if after:
                body["search_after"] = after
            hits = self.search(generation.alias(domain.FACTS), body)["hits"]["hits"]
            yield from (hit["_id"] for hit in hits)
            if len(hits) < _CHUNK:
                return
            after = hits[-1]["sort"]

    def put(self, generation: Generation, documents: Iterable[tuple[str, int, Document]]) -> None:
        """Write documents (aggregate, rank, document), except where a newer composition is there.

        A few are findable at once: whoever books sees what is gone. Many are at the next refresh.
        """
        rows = [
            (generation.alias(domain.INDICES[aggregate]), document["id"], rank, document)
            for aggregate, rank, document in documents
        ]
        # A building generation may be gone by now: what was built is thrown away or serves already.
        _refuse_failures(self._bulk(rows, at_once=len(rows) <= _FEW), tolerated=(_STALE, _ABSENT))

    def _bulk(self, rows: Iterable[tuple[str, str, int, Document]], *, at_once: bool = False) -> list[int]:
        outcomes: list[int] = []
        for chunk in _chunks(rows):
            operations = [part for row in chunk for part in (_operation(*row[:3]), row[3])]
            with _translated():
                answer = self._writing.bulk(operations=operations, refresh=at_once)
            outcomes.extend(item["index"]["status"] for item in answer["items"])
        return outcomes

    def create(self, generation: Generation, edition: str) -> None:
        """Make the indices of a generation, each with its alias; those that exist stay as they are."""
        for name in NAMES:
            mapping = "facts" if name == domain.FACTS else "found"
            with _translated():
                self._writing.options(ignore_status=400).indices.create(
                    index=f"{generation.prefix}-{name}-{edition}",
                    settings=_file("settings"),
                    mappings=_file(mapping),
                    aliases={generation.alias(name): {}},
                )

    def exists(self, generation: Generation) -> bool:
        """Whether all the generation's aliases are there."""
        return len(self._behind(generation)) == len(NAMES)

    def drop(self, generation: Generation) -> None:
        """Delete the generation's indices, where there are any."""
        behind = sorted(self._behind(generation).values())
        if behind:
            with _translated():
                self._writing.indices.delete(index=",".join(behind), ignore_unavailable=True)

    def promote(self, edition: str) -> None:
        """Let the built generation serve, in one step; the indices that served stay until they are swept.

        Raises Overtaken unless what is built is that edition, whole.
        """
        old, new = self._behind(self.serving), self._behind(self.building)
        if set(new.values()) != {f"{self.building.prefix}-{name}-{edition}" for name in NAMES}:
            raise Overtaken(edition)
        actions: list[dict[str, Any]] = []
        for name in NAMES:
            actions.append({"add": {"index": new[name], "alias": self.serving.alias(name)}})
            actions.append({"remove": {"index": new[name], "alias": self.building.alias(name)}})
            if name in old:
                actions.append({"remove": {"index": old[name], "alias": self.serving.alias(name)}})
        with _translated():
            self._writing.indices.update_aliases(actions=actions)

    def sweep(self) -> None:
        """Delete indices of ours that no alias leads to; questions that still run in them would fail."""
        patterns = [f"{self.serving.prefix}-{name}-*" for name in NAMES]
        with _translated():
            found = self._writing.indices.get_alias(index=patterns)
            left = sorted(index for index, entry in found.items() if not entry["aliases"])
            if left:
                self._writing.indices.delete(index=left, ignore_unavailable=True)

    def _behind(self, generation: Generation) -> dict[str, str]:
        """The index behind each alias of the generation that exists."""
        aliases = {generation.alias(name): name for name in NAMES}
        with _translated():
            answer = self._writing.options(ignore_status=404).indices.get_alias(name=",".join(aliases))
        entries = answer.items() if isinstance(answer.body, dict) else ()
        return {
            aliases[alias]: index
            for index, entry in entries
            if isinstance(entry, dict)
            for alias in entry.get("aliases", {})
            if alias in aliases
        }


class Overtaken(RuntimeError):
    """Another rebuild began before this one had ended, and has its place."""


T = TypeVar("T")


def _fact_document(key: str, fact: StoredFact) -> Document:
    aggregate = key.partition(":")[0]
    return {
        "key": key,
        "aggregate": aggregate,
        "references": domain.references(aggregate, fact.state),
        "version": fact.version,
        "state": fact.state,
    }


def _operation(alias: str, document_id: str, version: int) -> dict[str, Any]:
    return {
        "index": {
            "_index": alias,
            "_id": document_id,
            "version": version,
            "version_type": "external_gte",
            "require_alias": True,
        }
    }


def _refuse_failures(outcomes: Iterable[int], *, tolerated: tuple[int, ...]) -> None:
    for outcome in outcomes:
        if outcome in _PASSING:
            raise SearchUnavailable
        if outcome >= 300 and outcome not in tolerated:
            raise NotWritten(f"Elasticsearch answered {outcome}")


class NotWritten(RuntimeError):
    """Elasticsearch refused a document: its mapping and the document do not fit."""


@contextmanager
def _translated() -> Iterator[None]:
    """What the client says when nobody answers, as the refusal that callers know."""
    try:
        yield
    except TransportError as error:
        raise SearchUnavailable from error
    except ApiError as error:
        if error.status_code in _PASSING:
            raise SearchUnavailable from error
        if error.status_code == _ABSENT:
            raise CatchingUp(retry_after=CATCHING_UP_SECONDS) from error
        raise


def _file(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((_INDICES / f"{name}.json").read_text("utf-8"))
    return loaded


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk
