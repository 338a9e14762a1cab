"""The hard rules, one function each, named as people say them; a table of them per kind of resource.

A rule answers True when the resource passes. A resource is refused by the first rule of its table that it
fails, and counted under that rule's code: the order is from what is asked to when it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from services.matcher.engine.model import Programme, Unit, Wish
from services.matcher.engine.weights import speaks

# Programmes that are given in slots, by the kind of request that they may serve.
SLOT_PROGRAMMES = {
    "visit": frozenset(
        {"visit", "show", "mini_class", "lecture", "course", "exhibition", "contest", "family"}
    ),
    "training": frozenset({"training"}),
}
FAMILIES = {
    "visit": ("slot",),
    "expert": ("expert",),
    "exhibition": ("unit",),
    "training": ("slot", "expert"),
}


def kinds(wish: Wish) -> tuple[str, ...]:
    """The kinds of resources that the wish asks for, each alone or, with an expert, two together."""
    families = FAMILIES.get(wish.kind, ())
    return (*families, "expert") if wish.with_expert and "expert" not in families else families


class _Graded(Protocol):
    @property
    def grades(self) -> frozenset[int]: ...


class _Spoken(Protocol):
    @property
    def languages(self) -> frozenset[str]: ...


class _Addressed(Protocol):
    @property
    def audiences(self) -> frozenset[str]: ...


class _Grouped(Protocol):
    @property
    def min_group(self) -> int: ...
    @property
    def max_group(self) -> int: ...


def grade_suits(wish: Wish, thing: _Graded) -> bool:
    """Every grade of the group is one that it is meant for."""
    return not thing.grades or wish.grades <= thing.grades


def online_suits(wish: Wish, programme: Programme) -> bool:
    """It has a place; or it is online for teachers in training, or for whoever names it: a visit goes out."""
    return not programme.online or wish.kind == "training" or wish.programme == programme.key


def audience_suits(wish: Wish, thing: _Addressed) -> bool:
    """It is meant for pupils, teachers or parents, as asked."""
    return wish.audience in thing.audiences


def stage_suits(wish: Wish, programme: Programme) -> bool:
    """Its place receives this stage of school."""
    return not programme.stages or wish.stage in programme.stages


def group_is_large_enough(wish: Wish, thing: _Grouped) -> bool:
    """The group reaches the minimum."""
    return wish.size >= thing.min_group


def group_is_small_enough(wish: Wish, thing: _Grouped) -> bool:
    """The group does not pass the maximum."""
    return wish.size <= thing.max_group


def language_suits(wish: Wish, thing: _Spoken) -> bool:
    """The language is spoken, where the school insists on it."""
    return not wish.language_required or speaks(wish, thing.languages)


def round_may_use(wish: Wish, unit: Unit) -> bool:
    """Its time is not kept for another round."""
    return unit.round in wish.rounds


def limit_counts(wish: Wish) -> bool:
    """The school's distance limit counts for who comes to it; not for who joins its group at a venue."""
    return wish.kind == "exhibition" or not wish.with_expert


Rule = tuple[str, Callable[..., bool]]

GROUP_RULES: tuple[Rule, ...] = (
    ("group_too_small", group_is_large_enough),
    ("group_too_large", group_is_small_enough),
)
PROGRAMME_RULES: tuple[Rule, ...] = (
    ("online", online_suits),
    ("audience", audience_suits),
    ("stage", stage_suits),
    ("grade", grade_suits),
    *GROUP_RULES,
    ("language", language_suits),
)
# Of the parts of a group each may be smaller than it.
PART_RULES: tuple[Rule, ...] = tuple(rule for rule in PROGRAMME_RULES if rule not in GROUP_RULES)
EXPERT_RULES: tuple[Rule, ...] = (
    ("audience", audience_suits),
    ("grade", grade_suits),
    ("language", language_suits),
)
UNIT_RULES: tuple[Rule, ...] = (
    ("grade", grade_suits),
    *GROUP_RULES,
    ("language", language_suits),
    ("round", round_may_use),
)
