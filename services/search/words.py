"""Chinese for a search engine without analysis plugins: words, readings (pinyin) and initials of a text.

The engine's own `standard` tokenizer cuts Han text into single characters. Words and readings are made here,
at indexing and at asking alike, with the shipped lexicon (names of divisions, towns, venues, their readings).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

import rjieba
from pypinyin import lazy_pinyin

_LEXICON = json.loads((Path(__file__).parent / "lexicon.json").read_text("utf-8"))
#: Words of more than this many readings are read in the first ones only.
_MOST_READINGS = 4
#: A key holds this many syllables from where it starts: nobody types more before looking.
_KEY_SYLLABLES = 12
_WORD_FREQUENCY = 100_000  # above any word that the lexicon's names could be cut into
_HAN = re.compile(r"[\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002fa1f]+")
_RUN = re.compile(r"[\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002fa1f]+|[^\W_]+", re.UNICODE)
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code - 0xFEE0).isalnum()}
_READINGS: dict[str, list[str]] = _LEXICON["readings"]
_SURNAMES: dict[str, str] = _LEXICON["surnames"]
_ALIASES: dict[str, list[str]] = _LEXICON["aliases"]
_KNOWN = re.compile("|".join(sorted(map(re.escape, _READINGS), key=len, reverse=True)))

for _word in _LEXICON["words"]:
    rjieba.add_word(_word, _WORD_FREQUENCY, "n")


class Keys(NamedTuple):
    """What a name can be found by when it is typed in Latin letters.

    `pinyin` and `initials` start at every character of the name, so that a prefix of one of them is any part
    of the name; `words` are whole words in pinyin, for forgiving a slip.
    """

    pinyin: list[str]
    initials: list[str]
    words: list[str]


def plain(text: str) -> str:
    """The text with full-width letters and digits narrowed; its length is kept."""
    return text.translate(_FULL_WIDTH)


def runs(text: str) -> list[str]:
    """The stretches of Han characters and of other letters and digits in `text`, lower case, in order."""
    lowered = unicodedata.normalize("NFKC", text).casefold()
    return [part for run in _RUN.findall(lowered) for part in _by_script(run)]


def is_han(run: str) -> bool:
    """Whether a run is made of Han characters."""
    return _HAN.fullmatch(run) is not None


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[str, ...]:
    """The words of `text`, lower case, longer words together with the shorter ones inside them."""
    found: list[str] = []
    for run in runs(text):
        found.extend(rjieba.cut_for_search(run) if is_han(run) else [run])
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=8192)
def keys(name: str, person: bool = False) -> Keys:
    """The Latin keys of a name; of a `person` the surname is also read as surnames are."""
    ways = _spelt(runs(name))
    if person:
        ways = ways + _as_surname(name, ways)
    tails = [way[at : at + _KEY_SYLLABLES] for way in ways for at in range(len(way))]
    return Keys(
        pinyin=_unique("".join(tail) for tail in tails),
        initials=_unique("".join(map(_initial, tail)) for tail in tails),
        words=_unique(_word_keys(name, ways)),
    )


@lru_cache(maxsize=4096)
def reading(run: str) -> str:
    """The first reading of a run, joined: what a slip in characters would still sound like."""
    return "".join(_spelt([run])[0])


@lru_cache(maxsize=4096)
def heard(text: str, typed: str) -> list[tuple[int, int]]:
    """Where Han characters of `text` begin to sound like `typed`, in full or by initials: start and end."""
    spans: list[tuple[int, int]] = []
    for stretch in _HAN.finditer(text):
        syllables = _spelt([stretch.group()])[0]
        for at in range(len(syllables)):
            length = _sounding(syllables[at:], typed)
            if length:
                spans.append((stretch.start() + at, stretch.start() + at + length))
    return spans


def _sounding(syllables: list[str], typed: str) -> int:
    """How many syllables from the first on are needed to spell what was typed; 0 if they spell otherwise."""
    if "".join(map(_initial, syllables)).startswith(typed):
        return len(typed)
    joined = ""
    for count, syllable in enumerate(syllables, 1):
        joined += syllable
        if joined.startswith(typed):
            return count
        if not typed.startswith(joined):
            return 0
    return 0


def aliases(name: str) -> list[str]:
    """How people shorten a division's name: 克旗 for 克什克腾旗."""
    return _ALIASES.get(name, [])


def typed(run: str) -> str:
    """A Latin run as the keys spell it: ü is v."""
    return run.replace("ü", "v").replace("lyu", "lv").replace("nyu", "nv")


def _by_script(run: str) -> list[str]:
    return re.findall(rf"{_HAN.pattern}|[^\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002fa1f]+", run)


def _spelt(parts: list[str]) -> list[list[str]]:
    """Every way to read the runs, as lists of syllables; the likeliest first."""
    choices: list[list[list[str]]] = []
    for part in parts:
        choices.extend(_han_choices(part) if is_han(part) else [[[part]]])
    ways = ([syllable for piece in way for syllable in piece] for way in product(*choices))
    return [way for _, way in zip(range(_MOST_READINGS), ways, strict=False)] or [[]]


def _han_choices(run: str) -> list[list[list[str]]]:
    """The run in pieces, each with its possible readings: the lexicon's names apart, the rest by pypinyin."""
    choices: list[list[list[str]]] = []
    at = 0
    for known in _KNOWN.finditer(run):
        if known.start() > at:
            choices.append([lazy_pinyin(run[at : known.start()])])
        choices.append([spelt.split() for spelt in _READINGS[known.group()]])
        at = known.end()
    if at < len(run):
        choices.append([lazy_pinyin(run[at:])])
    return choices


def _as_surname(name: str, ways: list[list[str]]) -> list[list[str]]:
    for length in (2, 1):
        spelt = _SURNAMES.get(name[:length])
        if spelt:
            return [[*spelt.split(), *way[length:]] for way in ways[:1]]
    return []


def _initial(syllable: str) -> str:
    # A number inside a name is typed whole or not at all.
    return syllable[0] if syllable.isalpha() else syllable


def _word_keys(name: str, ways: list[list[str]]) -> list[str]:
    spelt = ["".join(_spelt([word])[0]) for word in words(name) if is_han(word) and len(word) > 1]
    return [*spelt, *("".join(way) for way in ways)]


def _unique(found: Iterable[str]) -> list[str]:
    return [key for key in dict.fromkeys(found) if key]
