"""Answers that are files: tables for a spreadsheet."""

from __future__ import annotations

from schemas import fields
from schemas.contract import Input

FORMATS = ("csv", "xlsx")


class Formatted(Input):
    """The file's kind: CSV in UTF-8 with a mark that spreadsheets know it by, or a workbook."""

    format = fields.Code(FORMATS, load_default="csv")
