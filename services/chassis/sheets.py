"""Tables as files: CSV and workbooks that open in a spreadsheet and in which no cell is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from eventlet import tpool
from openpyxl import Workbook

from services.chassis import http

Columns = Sequence[tuple[str, str]]
CSV, XLSX = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Without it, spreadsheets take UTF-8 for the local code page, and Chinese for noise.
_MARK = "\ufeff"
_CSV_CHUNK = 200
_LONGEST_CELL = 32_000
_SHANGHAI = timezone(timedelta(hours=8))
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "|", "%")


def answer(
    call: http.Call, name: str, columns: Columns, rows: Iterable[Mapping[str, Any]]
) -> http.FileAnswer:
    """The rows as the kind of file that the query's `format` asks for, named after `name` and the time."""
    kind = call.query["format"]
    filename = f"keqiao-{name}-{call.now.astimezone(_SHANGHAI):%Y%m%d-%H%M}.{kind}"
    if kind == "xlsx":
        # A workbook of some thousand rows takes a second of the processor; the hub must not wait for it.
        return http.stream(filename, XLSX, [tpool.execute(workbook, name, columns, rows)])
    return http.stream(filename, CSV, csv_chunks(columns, rows))


def csv_chunks(columns: Columns, rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """The file piece by piece: a header, then a line for each row."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(_MARK)
    writer.writerow([title for _, title in columns])
    for number, row in enumerate(rows, 1):
        writer.writerow(_cells(columns, row))
        if number % _CSV_CHUNK == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def workbook(title: str, columns: Columns, rows: Iterable[Mapping[str, Any]]) -> bytes:
    """A workbook with one sheet. Takes the processor for a while: run it off the hub."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    sheet.append([name for _, name in columns])
    for row in rows:
        sheet.append(_cells(columns, row))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def safe_cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula: text that begins like one gets an apostrophe."""
    if isinstance(value, str) and value.lstrip()[:1] in _FORMULA_STARTS and value.strip():
        return "'" + value
    return value


def _cells(columns: Columns, row: Mapping[str, Any]) -> list[Any]:
    return [safe_cell(_cell(row.get(name))) for name, _ in columns]


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(_SHANGHAI).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list | tuple):
        return "、".join(str(one) for one in value)[:_LONGEST_CELL]
    if isinstance(value, bool):
        return "是" if value else "否"
    if value is None or isinstance(value, int | float):
        return value
    return str(value)[:_LONGEST_CELL]


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
