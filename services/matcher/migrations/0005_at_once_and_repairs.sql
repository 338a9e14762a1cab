-- What stands behind the numbers of a round's papers, gzipped JSON: with it the solver reads a round that is
-- still to be settled back, also after a restart, and knows what it would pay for what is asked for at once.
-- Not in the table of the papers, which are for everybody.
create table round_keys (
    round_id uuid  not null primary key references rounds (id),
    job_id   uuid  not null references solve_job (id),
    packed   bytea not null
);
alter table round_keys alter column packed set storage external;

-- Requests that were to be served one way and are served another now, for others or because of an event: told
-- with their explanation. `match_id` is what serves them now; of a draft, the same as before.
create table rearranged (
    id         uuid        not null primary key,
    request_id uuid        not null,
    match_id   uuid        not null references matches (id),
    code       text        not null,
    made_at    timestamptz not null
);

create index rearranged_by_request on rearranged (request_id, id);

-- What is answered at once is explained too; such an explanation is no round's.
alter table explanations alter column round_id drop not null;

-- Requests whose match, or draft, fell away by no wish of their own: their places are looked for together, and
-- with as little disturbance to others as can be.
create table displaced (
    request_id   uuid        not null primary key,
    match_id     uuid        not null references matches (id),
    code         text        not null,
    displaced_at timestamptz not null
);
