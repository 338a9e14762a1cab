-- How many minutes an expert rests after an engagement before setting out for the next.
alter table expert add column rest_minutes integer not null default 0 check (rest_minutes between 0 and 1440);
