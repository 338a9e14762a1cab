-- What if: questions about a round, answered on a copy of its world, and what one more of anything would be
-- worth by the prices of a round's last solve.

alter table solve_job drop constraint solve_job_kind_check;
alter table solve_job add constraint solve_job_kind_check check (kind in ('round', 'at_once', 'what_if'));
-- How often it was put back for a round; such a job is not lost, however often it was begun.
alter table solve_job add column yields integer not null default 0;

-- Nobody's world is changed by one: result holds numbers and codes, null until there is one.
create table what_ifs (
    id        uuid        not null primary key,
    round_id  uuid        not null references rounds (id),
    job_id    uuid        not null unique references solve_job (id),
    asked_at  timestamptz not null,
    asked_by  uuid        not null,
    changes   jsonb       not null,
    at_once   jsonb       not null,
    result    jsonb,
    made_at   timestamptz,
    check ((result is null) = (made_at is null))
);

create index what_ifs_by_round on what_ifs (round_id, id);

-- By day, what the requests that went without would pay for it, in points; days worth nothing have no row.
create table round_worths (
    round_id     uuid    not null references rounds (id),
    code         text    not null check (code in ('more_sessions', 'more_experts', 'more_unit_days')),
    programme_id uuid,
    unit_id      uuid,
    topic        text,
    adcode       text,
    day          date    not null,
    points       bigint  not null check (points > 0)
);

create index round_worths_by_round on round_worths (round_id, code);
