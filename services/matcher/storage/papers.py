"""The papers of a round's last solve: problem, solution and certificate, kept packed."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from services.chassis.store import Connection

Row = dict[str, Any]
NAMES = ("problem", "solution", "certificate")
# Half a second for a round of 5,000 requests; the usual level takes six times as long for a tenth less.
_LEVEL = 2


class Packed(NamedTuple):
    """One paper: gzipped, with the size and the SHA-256 (hexadecimal) of its text."""

    packed: bytes
    size: int
    sha256: str


def pack(text: str) -> Packed:
    """A paper as it is kept; the same text gives the same bytes."""
    plain = text.encode()
    return Packed(gzip.compress(plain, _LEVEL, mtime=0), len(plain), hashlib.sha256(plain).hexdigest())


def replace(conn: Connection, *, round_id: UUID, job_id: UUID, papers: Mapping[str, Packed]) -> None:
    """Write a round's papers in the place of those of an earlier solve; none leaves none."""
    conn.execute("delete from round_papers where round_id = %s", [round_id])
    for name, paper in papers.items():
        conn.execute(
            "insert into round_papers (round_id, paper, job_id, packed, size, sha256)"
            " values (%s, %s, %s, %s, %s, %s)",
            [round_id, name, job_id, *paper],
        )


def get(conn: Connection, round_id: UUID, name: str) -> Packed | None:
    """One paper."""
    # In binary, since a text of bytes is twice as long.
    with conn.cursor(binary=True) as cursor:
        row = cursor.execute(
            "select packed, size, sha256 from round_papers where round_id = %s and paper = %s",
            [round_id, name],
        ).fetchone()
    return Packed(**row) if row else None


def listed(conn: Connection, round_id: UUID) -> list[Row]:
    """What a round's papers are called, how large they are, and their SHA-256; in the order of reading."""
    rows = conn.execute("select paper, size, sha256 from round_papers where round_id = %s", [round_id])
    return sorted(rows, key=lambda row: NAMES.index(row["paper"]))
