-- How many minutes an expert rests after an appointment before setting out for the next.
alter table known_expert add column rest_minutes integer not null default 0;
