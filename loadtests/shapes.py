"""Who comes how often: of 100 visits, as a working day of a region would have them."""

from __future__ import annotations

from loadtests.users import coordinator, expert, teacher, venue

PROPORTIONS = (
    ("teacher", teacher.look_around, 36),
    ("teacher", teacher.ask, 18),
    ("teacher", teacher.follow_up, 16),
    ("venue", venue.read_the_day, 8),
    ("venue", venue.answer, 4),
    ("expert", expert.read_the_week, 6),
    ("expert", expert.answer, 4),
    ("coordinator", coordinator.survey, 4),
    ("coordinator", coordinator.read_requests, 4),
)
