"""The commands that experts answers: holds on an expert's time (`expert`)."""

from __future__ import annotations

from schemas.rpc.holds import HOLD_COMMANDS, HOLD_REFUSALS

COMMANDS = dict(HOLD_COMMANDS)
# Why an item may be refused; texts and parameters are in schemas/errors/experts.py.
REFUSALS = (
    *HOLD_REFUSALS,
    "expert_unknown",
    "expert_paused",
    "expert_unavailable",
    "expert_busy",
    "expert_travel",
    "expert_rest",
    "expert_daylight",
    "expert_too_far",
    "expert_cap_day",
    "expert_cap_week",
    "expert_cap_month",
)
