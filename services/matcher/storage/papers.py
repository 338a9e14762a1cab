"""The papers of a round's last solve: problem, solution and certificate, kept packed; and their keys."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.chassis.store import Connection

Row = dict[str, Any]
NAMES = ("problem", "solution", "certificate")
KEYS = "keys"
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
    """Write a round's papers, and their keys, in the place of those of an earlier solve; none leaves none."""
    conn.execute("delete from round_papers where round_id = %s", [round_id])
    conn.execute("delete from round_keys where round_id = %s", [round_id])
    for name, paper in papers.items():
        if name in NAMES:
            conn.execute(
                "insert into round_papers (round_id, paper, job_id, packed, size, sha256)"
                " values (%s, %s, %s, %s, %s, %s)",
                [round_id, name, job_id, *paper],
            )
    if KEYS in papers:
        conn.execute(
            "insert into round_keys (round_id, job_id, packed) values (%s, %s, %s)",
            [round_id, job_id, papers[KEYS].packed],
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


class Bidding(NamedTuple):
    """A round that is still to be settled, and the solve by which it bids, with when that began."""

    round_id: UUID
    job_id: UUID
    state: str
    begun_at: datetime


def bidding(conn: Connection) -> list[Bidding]:
    """Rounds that were solved and are not published, in order."""
    rows = conn.execute(
        "select r.id as round_id, k.job_id, r.state, j.started_at as begun_at"
        "  from rounds r join round_keys k on k.round_id = r.id join solve_job j on j.id = k.job_id"
        " where r.state <> 'published' order by r.id"
    ).fetchall()
    return [Bidding(**row) for row in rows]


def texts(conn: Connection, round_id: UUID, job_id: UUID) -> tuple[str, ...] | None:
    """The papers of a solve and their keys, unpacked, in the order of reading; None if there is another."""
    with conn.cursor(binary=True) as cursor:
        rows = cursor.execute(
            "select paper, packed from round_papers where round_id = %(round)s and job_id = %(job)s"
            " union all"
            " select 'keys', packed from round_keys where round_id = %(round)s and job_id = %(job)s",
            {"round": round_id, "job": job_id},
        ).fetchall()
    packed = {row["paper"]: row["packed"] for row in rows}
    if set(packed) != {*NAMES, KEYS}:
        return None
    return tuple(gzip.decompress(packed[name]).decode() for name in (*NAMES, KEYS))
