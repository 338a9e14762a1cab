"""Tables as files: CSV and workbooks that open in a spreadsheet and in which no cell is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from openpyxl import Workbook

from services.ledger.domain import SHANGHAI, safe_cell

Columns = Sequence[tuple[str, str]]
CSV, XLSX = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Without it, spreadsheets take UTF-8 for the local code page, and Chinese for noise.
_MARK = "\ufeff"
_CSV_CHUNK = 200
_LONGEST_CELL = 32_000

ENTRIES: Columns = (
    ("district_name", "旗县区"),
    ("township_name", "乡镇苏木街道"),
    ("school_name", "学校"),
    ("kind", "类别"),
    ("title", "活动"),
    ("plan_tasks", "计划任务"),
    ("topics", "主题"),
    ("grades", "年级"),
    ("audience", "对象"),
    ("group_size", "人数"),
    ("provider_names", "提供单位"),
    ("expert_names", "专家"),
    ("starts_at", "开始"),
    ("ends_at", "结束"),
    ("state", "状态"),
    ("confirmed_at", "确认时间"),
    ("delivered_at", "完成时间"),
    ("said_by", "完成确认人"),
    ("match_id", "编号"),
)
COVERAGE: Columns = (
    ("value", "代码"),
    ("name", "名称"),
    ("schools", "学校数"),
    ("served", "已覆盖学校"),
    ("never_served", "未覆盖学校"),
    ("served_share", "覆盖率"),
    ("pupils", "学生数"),
    ("activities", "活动数"),
    ("reached", "参加学生人次"),
    ("per_thousand", "每千名学生参加人次"),
)
UNSERVED: Columns = (
    ("district_name", "旗县区"),
    ("township_name", "乡镇苏木街道"),
    ("name", "学校"),
    ("stage", "学段"),
    ("enrolment", "在校生"),
    ("rural", "农牧区"),
    ("requests", "申请数"),
    ("unserved", "未满足申请数"),
    ("school_id", "编号"),
)
TRAIL: Columns = (
    ("occurred_at", "时间"),
    ("type", "事项"),
    ("aggregate", "对象类别"),
    ("aggregate_id", "对象编号"),
    ("version", "版本"),
    ("subject_name", "单位"),
    ("actor_name", "操作人"),
    ("actor_role", "角色"),
    ("reason", "原因"),
    ("trace_id", "跟踪号"),
)


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


def _cells(columns: Columns, row: Mapping[str, Any]) -> list[Any]:
    return [safe_cell(_cell(row.get(name))) for name, _ in columns]


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
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
