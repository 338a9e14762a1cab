"""A file that is kept gzipped reaches everybody: packed or unpacked, with its length and its own ETag."""

from __future__ import annotations

import gzip
import json

import pytest
from werkzeug.wrappers import Response

from services.chassis.answers import PackedFile, render

TEXT = json.dumps([{"option": number, "value": number * 37} for number in range(40_000)]).encode()
PACKED = PackedFile("问题.json", "application/json", gzip.compress(TEXT, mtime=0), len(TEXT), "abc")


def answered(*, takes_gzip: bool) -> Response:
    return render(PACKED, None, 200, takes_gzip=takes_gzip)


def test_who_takes_gzip_gets_it_as_it_is_kept() -> None:
    answer = answered(takes_gzip=True)
    assert answer.get_data() == PACKED.packed
    assert (answer.headers["Content-Encoding"], answer.headers["ETag"]) == ("gzip", '"abc-gzip"')


def test_who_does_not_gets_the_text_piece_by_piece_with_its_length_told_first() -> None:
    answer = answered(takes_gzip=False)
    pieces = list(answer.iter_encoded())
    assert b"".join(pieces) == TEXT
    assert len(pieces) > 2
    assert int(answer.headers["Content-Length"]) == len(TEXT)
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["ETag"] == '"abc"'


@pytest.mark.parametrize("takes_gzip", [True, False])
def test_either_way_it_has_its_name_and_caches_keep_them_apart(takes_gzip: bool) -> None:
    answer = answered(takes_gzip=takes_gzip)
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''%E9%97%AE%E9%A2%98.json"
    assert (answer.headers["Vary"], answer.content_type) == ("Accept-Encoding", "application/json")


def test_what_is_known_already_is_not_unpacked() -> None:
    answer = answered(takes_gzip=False)
    conditional = answer.make_conditional({"REQUEST_METHOD": "GET", "HTTP_IF_NONE_MATCH": '"abc"'})
    assert conditional.status_code == 304
