"""The public pages' files: nothing inline, nothing from elsewhere, and every word in both languages."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from schemas.codes import ROUND_STATES, STAGES, WHAT_IF_CHANGES
from services.matcher.storage.papers import NAMES

STATIC = Path(__file__).resolve().parents[3] / "services/portal/static"
MATCHER = STATIC.parents[1] / "matcher"
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in (STATIC / "js").glob("*.js")}


class Page(HTMLParser):
    """The tags of a page, with their attributes, and what stands inside scripts and styles."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.inline: list[str] = []
        self._within = ""
        self.feed((STATIC / file).read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._within = tag

    def handle_endtag(self, tag: str) -> None:
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within in ("script", "style") and data.strip():
            self.inline.append(data)

    def values(self, attribute: str) -> list[str]:
        return [attributes[attribute] for _, attributes in self.tags if attribute in attributes]


PAGES = {file.name: Page(file.name) for file in sorted(STATIC.glob("*.html"))}
each_page = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)


def texts() -> dict[str, set[str]]:
    """language -> the keys that it has words for."""
    found = re.findall(r"^const (zh|en) = \{(.*?)^\};", SCRIPTS["texts.js"], re.DOTALL | re.MULTILINE)
    return {
        language: set(re.findall(r"(?:^\s*|,\s*)(\w+): \"", body, re.MULTILINE)) for language, body in found
    }


def test_there_is_a_page_to_search_and_one_of_results() -> None:
    assert set(PAGES) == {"index.html", "rounds.html"}


@each_page
def test_nothing_is_inline(page: Page) -> None:
    assert not page.inline
    for _, attributes in page.tags:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]


def test_nothing_comes_from_elsewhere() -> None:
    for page in PAGES.values():
        for address in page.values("src") + page.values("href"):
            assert address.startswith(("/", "#"))
    for path in [*(STATIC / "js").glob("*.js"), *STATIC.glob("*.css"), *STATIC.glob("*.html")]:
        foreign = set(re.findall(r"https?://[^\s\"')]+", path.read_text(encoding="utf-8")))
        assert foreign <= {"http://www.w3.org/2000/svg"}, path.name


@each_page
def test_what_is_named_is_there(page: Page) -> None:
    for address in page.values("src") + page.values("href"):
        if address.startswith("/") and address not in ("/", "/api/v1/verifier"):
            assert (STATIC / address.removeprefix("/")).is_file(), address


def test_text_of_others_never_becomes_html() -> None:
    for name, script in SCRIPTS.items():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script), name


def test_both_languages_have_the_same_words() -> None:
    known = texts()
    assert known["zh"] == known["en"]
    assert len(known["zh"]) > 30


def test_every_word_that_is_used_exists() -> None:
    said = {key for script in SCRIPTS.values() for key in re.findall(r"\btext\(\"(\w+)\"", script)}
    for page in PAGES.values():
        for attribute in ("data-t", "data-tp", "data-title"):
            said |= set(page.values(attribute))
    assert said <= texts()["zh"]


@each_page
def test_every_field_has_a_label_and_every_section_a_heading(page: Page) -> None:
    ids = set(page.values("id"))
    assert set(page.values("for")) == ids & {"q"}
    assert set(page.values("aria-labelledby")) <= ids


def test_the_page_of_results_has_a_word_for_each_paper_and_the_command_that_checks_them() -> None:
    script, page = SCRIPTS["rounds.js"], (STATIC / "rounds.html").read_text(encoding="utf-8")
    named = dict(re.findall(r"(\w+): \"(paper\w+)\"", script))
    assert set(named) == set(NAMES)
    assert set(named.values()) <= texts()["zh"]
    assert f"python3 verify.py {' '.join(f'{name}.json' for name in NAMES)}<" in page


def test_the_region_has_each_division_once() -> None:
    cells = json.loads((STATIC / "region.json").read_text(encoding="utf-8"))["cells"]
    assert len({cell["adcode"] for cell in cells}) == len(cells) == 12
    assert len({(cell["x"], cell["y"]) for cell in cells}) == 12


def test_the_part_on_the_solve_has_a_word_for_each_phase_state_and_end() -> None:
    script = SCRIPTS["solving.js"]
    told = "".join(path.read_text(encoding="utf-8") for path in MATCHER.rglob("*.py"))
    at_once = {"mending", "answering"}
    phases = set(re.findall(r"\bProgress\(\"(\w+)\"", told)) - at_once
    for codes in (ROUND_STATES, ("optimal", "limit", "stopped"), phases):
        named = {code: word for code in codes for word in re.findall(rf"\b{code}: \"(\w+)\"", script)}
        assert set(named) == set(codes)
        assert set(named.values()) <= texts()["zh"]


def test_the_part_on_what_if_has_a_word_for_each_code_and_a_field_for_each_member() -> None:
    script, page = SCRIPTS["whatif.js"], PAGES["rounds.html"]
    for codes in (WHAT_IF_CHANGES, STAGES, ("queued", "running", "done", "cancelled", "failed")):
        named = {code: word for code in codes for word in re.findall(rf"\b{code}: \[?\"(\w+)\"", script)}
        assert set(named) == set(codes)
        assert set(named.values()) <= texts()["zh"]
    assert {value for value in page.values("value") if value in WHAT_IF_CHANGES} == set(WHAT_IF_CHANGES)
    fields = re.search(r"const MEMBERS = \{(.*?)\};", script, re.DOTALL)
    assert fields
    assert set(re.findall(r"(\w+): \[\"", fields[1])) <= set(page.values("id"))
