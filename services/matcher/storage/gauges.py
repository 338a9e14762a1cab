"""Numbers for whoever watches the service, read when they are asked for."""

from __future__ import annotations

LIVE_MATCHES = "select state, count(*) as value from matches where version > 0 group by state"
SOLVE_GAP = "select gap as value from rounds where gap is not null order by drawn_up_at desc limit 1"
JOB_AGE = (
    "select coalesce(extract(epoch from max(%(now)s - created_at)), 0) as value"
    "  from solve_job where state in ('queued', 'running') and kind <> 'what_if'"
)
STEP_AGE = (
    "select coalesce(extract(epoch from max(%(now)s - next_step_at)), 0) as value"
    "  from matches where next_step_at <= %(now)s"
)
