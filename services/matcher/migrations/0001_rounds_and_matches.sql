-- What matcher owns: rounds, solve jobs, matches with legs and agreements, exclusions, verdicts.

create table rounds (
    id           uuid        not null primary key,
    name         text        not null,
    adcode       text        not null,
    opens_at     timestamptz not null,
    closes_at    timestamptz not null check (closes_at > opens_at),
    offer_hours  integer     not null check (offer_hours > 0),
    policy       jsonb       not null,
    state        text        not null check (state in
        ('open', 'closed', 'solving', 'drawn_up', 'reviewed', 'published', 'failed')),
    epoch        integer     not null,
    seed         text        not null,
    seed_hash    text        not null,
    value        bigint,
    bound        bigint,
    gap          double precision,
    failure      text,
    created_at   timestamptz not null,
    closed_at    timestamptz,
    drawn_up_at  timestamptz,
    reviewed_at  timestamptz,
    published_at timestamptz,
    version      bigint      not null check (version >= 1)
);

create index rounds_to_close on rounds (closes_at) where state = 'open';
create index rounds_by_area on rounds (adcode text_pattern_ops, id);

-- The solver's work. A job belongs to whoever raised its epoch last; results under an older one are refused.
create table solve_job (
    id            uuid        not null primary key,
    kind          text        not null check (kind in ('round', 'at_once')),
    round_id      uuid        references rounds (id),
    state         text        not null check (state in ('queued', 'running', 'done', 'cancelled', 'failed')),
    epoch         integer     not null,
    not_before    timestamptz not null,
    claimed_until timestamptz,
    cancel        boolean     not null,
    progress      jsonb       not null,
    failure       text,
    created_at    timestamptz not null,
    started_at    timestamptz,
    finished_at   timestamptz,
    check ((kind = 'round') = (round_id is not null))
);

create index solve_job_waiting on solve_job (not_before) where state in ('queued', 'running');
-- One live job per round, and one at-once job in all: two matcher processes cannot ask for the same work.
create unique index solve_job_of_round on solve_job (round_id) where state in ('queued', 'running');
create unique index solve_job_at_once on solve_job (kind) where kind = 'at_once' and state in ('queued', 'running');
create index solve_job_by_round on solve_job (round_id, created_at);

-- version counts published moves: 0 while a draft.
create table matches (
    id            uuid        not null primary key,
    request_id    uuid        not null,
    round_id      uuid        references rounds (id),
    job_id        uuid        references solve_job (id),
    school_id     uuid        not null,
    school_name   text        not null,
    adcode        text        not null,
    township      text,
    kind          text        not null,
    title         text        not null,
    topics        text[]      not null,
    grades        integer[]   not null,
    audience      text        not null,
    group_size    integer     not null check (group_size > 0),
    starts_at     timestamptz not null,
    ends_at       timestamptz not null check (ends_at > starts_at),
    state         text        not null check (state in
        ('proposed', 'holding', 'held', 'offered', 'confirming', 'confirmed', 'delivered', 'releasing',
         'declined', 'expired', 'cancelled', 'superseded', 'no_show')),
    ending        text        check (ending in ('declined', 'expired', 'cancelled', 'superseded')),
    ended_by      jsonb,
    reason_code   text,
    reason        text,
    value         bigint      not null,
    pinned        boolean     not null,
    pin_reason    text,
    offer_hours   integer     not null check (offer_hours > 0),
    hold_until    timestamptz,
    deadline      timestamptz,
    created_at    timestamptz not null,
    offered_at    timestamptz,
    confirmed_at  timestamptz,
    delivered_at  timestamptz,
    ended_at      timestamptz,
    version       bigint      not null check (version >= 0),
    -- The saga's: when the next step is due, how often it has failed, and until when one process has it.
    next_step_at  timestamptz,
    failures      integer     not null,
    claimed_until timestamptz,
    check (state <> 'releasing' or ending is not null)
);

-- A request has one live match at most.
create unique index matches_live on matches (request_id) where state in
    ('proposed', 'holding', 'held', 'offered', 'confirming', 'confirmed', 'releasing');
create index matches_by_request on matches (request_id, id);
create index matches_due on matches (next_step_at) where next_step_at is not null;
create index matches_open on matches (deadline) where state = 'offered';
create index matches_by_round on matches (round_id, state);
create index matches_by_school on matches (school_id, id);
create index matches_by_area on matches (adcode text_pattern_ops, id);
create index matches_by_state on matches (state);

create table legs (
    id              uuid             not null primary key,
    match_id        uuid             not null references matches (id),
    position        integer          not null,
    owner           text             not null check (owner in ('catalog', 'experts')),
    resource_kind   text             not null check (resource_kind in ('slot', 'unit', 'expert')),
    resource_id     uuid             not null,
    organisation_id uuid             not null,
    programme_id    uuid,
    venue_id        uuid,
    starts_at       timestamptz      not null,
    ends_at         timestamptz      not null check (ends_at > starts_at),
    occupied_from   timestamptz      not null check (occupied_from <= starts_at),
    quantity        integer          not null check (quantity > 0),
    lat             double precision not null,
    lon             double precision not null,
    adcode          text             not null,
    hold_id         uuid             not null unique,
    attempt         integer          not null,
    state           text             not null check (state in
        ('wanted', 'held', 'reserved', 'released', 'refused')),
    unique (match_id, position)
);

create index legs_by_resource on legs (resource_kind, resource_id);
create index legs_by_organisation on legs (organisation_id, match_id);

create table agreements (
    match_id        uuid        not null references matches (id),
    position        integer     not null,
    party           text        not null check (party in ('school', 'venue', 'expert', 'unit')),
    organisation_id uuid        not null,
    expert_id       uuid,
    needed          boolean     not null,
    answer          text        check (answer in ('accept', 'decline')),
    answered_at     timestamptz,
    answered_by     uuid,
    primary key (match_id, position),
    check ((answer is null) = (answered_at is null)),
    check (needed or answer is null)
);

-- A resource that a request shall not get (again), and why; until null means never.
create table exclusions (
    request_id    uuid        not null,
    resource_kind text        not null,
    resource_id   uuid        not null,
    code          text        not null,
    created_at    timestamptz not null,
    until         timestamptz,
    primary key (request_id, resource_kind, resource_id)
);

-- What the last solve said of a request; heard of by others once its round is published.
create table verdicts (
    request_id uuid        not null primary key,
    school_id  uuid        not null,
    round_id   uuid,
    adcode     text        not null,
    outcome    text        not null check (outcome in ('matched', 'unserved')),
    candidates integer     not null,
    reasons    jsonb       not null,
    given_at   timestamptz not null,
    job_id     uuid        not null,
    version    bigint      not null check (version >= 0),
    told       boolean     not null
);

create index verdicts_to_tell on verdicts (request_id) where not told;
create index verdicts_by_round on verdicts (round_id);

-- Requests that wait to be matched at once: when they were last tried, and when they are to be tried again.
create table pool_tries (
    request_id  uuid        not null primary key,
    tried_at    timestamptz not null,
    next_try_at timestamptz not null,
    tries       integer     not null
);

-- One row: when capacity last grew, which makes it worth trying again.
create table capacity_growth (
    only_one boolean     not null primary key check (only_one),
    grown_at timestamptz not null
);
