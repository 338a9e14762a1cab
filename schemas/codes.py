"""Closed lists of codes that more than one owner or reader uses."""

from __future__ import annotations

STAGES = ("K", "P", "J", "S", "V", "X", "U")
KINDERGARTEN_GRADE, FIRST_GRADE, LAST_GRADE, UNIVERSITY_GRADE = 0, 1, 12, 13

ROLES = ("teacher", "head", "venue", "expert", "coordinator", "operator")
DISTRICT_LEVELS = ("city", "district", "township")
ORGANISATION_KINDS = (
    "school",
    "venue",
    "university",
    "institute",
    "society",
    "hospital",
    "enterprise",
    "association",
    "education_bureau",
    "publicity_department",
    "youth_league",
)

VENUE_KINDS = ("science_museum", "cultural_venue", "science_base", "lab", "youth_studio", "preschool_place")
VENUE_LEVELS = ("national", "region", "city", "district")
AGREEMENT_POLICIES = ("auto", "ask")
SHARED_KINDS = ("room", "guide", "kit", "coach")
SHARED_STATES = ("active", "withdrawn")
UNIT_KINDS = ("mobile_museum", "caravan")
PROGRAMME_KINDS = (
    "visit",
    "show",
    "mini_class",
    "lecture",
    "course",
    "exhibition",
    "training",
    "contest",
    "family",
)
PROGRAMME_PLACES = ("on_site", "at_school", "online")
PROGRAMME_STATES = ("draft", "published", "withdrawn")
SLOT_STATES = ("open", "closed", "cancelled")
AUDIENCES = ("pupils", "teachers", "parents")
CORE_CONCEPTS = range(1, 14)

ACTIVITY_MODES = (
    "inquiry",
    "making",
    "experience",
    "observation",
    "experiment",
    "performance",
    "talk",
    "contest",
)
TEACHING_MODES = ("guided", "lecture", "workshop", "self_guided", "online")
PAYERS = ("none", "school", "pupils", "organiser")

EXPERT_KINDS = (
    "professor",
    "scientist",
    "doctor",
    "engineer",
    "teacher",
    "communicator",
    "rescuer",
    "technician",
    "other",
)
EXPERT_STATES = ("active", "paused")
UNIT_STATES = ("active", "paused")
VENUE_STATES = ("active", "retired")
RESOURCE_KINDS = ("slot", "unit", "expert")
HAND_ACTS = ("moved", "placed", "dropped", "displaced")
RESOURCE_OWNERS = ("catalog", "experts")
HOLD_STATES = ("held", "confirmed", "released", "expired", "refused_late")
HOLD_OUTCOMES = ("held", "extended", "confirmed", "released", "refused")

REQUEST_KINDS = ("visit", "expert", "exhibition", "training")
REQUEST_STATES = ("submitted", "withdrawn", "offered", "confirmed", "delivered", "unserved", "no_show")
DAY_KINDS = ("school_day", "holiday", "weekend", "makeup")
CALENDAR_SOURCES = ("official", "demonstration")

ROUND_STATES = ("open", "closed", "solving", "drawn_up", "reviewed", "published", "failed")
MATCH_STATES = (
    "proposed",
    "holding",
    "held",
    "offered",
    "confirming",
    "confirmed",
    "delivered",
    "releasing",
    "declined",
    "expired",
    "cancelled",
    "superseded",
    "no_show",
)
WHAT_IF_CHANGES = ("demand", "closed", "more_sessions", "more_experts", "more_unit_days", "fairness")
LEG_STATES = ("wanted", "held", "reserved", "released", "refused")
AGREEMENT_PARTIES = ("school", "venue", "expert", "unit")
ANSWERS = ("accept", "decline")
