"""The commands that catalog answers: holds on seats (`slot`) and on travelling units (`unit`)."""

from __future__ import annotations

from schemas.rpc.holds import HOLD_COMMANDS, HOLD_REFUSALS

COMMANDS = dict(HOLD_COMMANDS)
# Why an item may be refused; texts and parameters are in schemas/errors/catalog.py.
REFUSALS = (
    *HOLD_REFUSALS,
    "slot_unknown",
    "slot_closed",
    "slot_cancelled",
    "slot_moved",
    "slot_for_other_round",
    "programme_not_published",
    "not_enough_seats",
    "slot_groups_full",
    "group_too_small",
    "group_too_large",
    "no_room",
    "no_guide",
    "no_kit",
    "no_coach",
    "company_miscounted",
    "unit_unknown",
    "unit_paused",
    "unit_busy",
    "unit_travel",
    "unit_too_far",
    "unit_mileage",
    "unit_dwell",
    "unit_unavailable",
    "unit_for_other_round",
)
