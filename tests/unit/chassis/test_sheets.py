"""Cells of tables that open in a spreadsheet."""

from __future__ import annotations

import pytest

from services.chassis import sheets


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "  =1", "|x"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert sheets.safe_cell(text) == "'" + text


@pytest.mark.parametrize("value", ["赤峰", "1", 5, -5, None, "", "a=b", 0.5])
def test_other_cells_stay_as_they_are(value: object) -> None:
    assert sheets.safe_cell(value) == value
