-- What schools want and where it stands; beside it, the foreign facts that this takes (organisations,
-- rounds, matches, verdicts), each at the newest version heard.

create table organisations (
    id            uuid             not null primary key,
    kind          text             not null,
    name          text             not null,
    adcode        text             not null,
    township      text,
    lat           double precision not null,
    lon           double precision not null,
    demonstration boolean          not null,
    version       bigint           not null
);

create table rounds (
    id        uuid        not null primary key,
    name      text        not null,
    adcode    text        not null,
    opens_at  timestamptz not null,
    closes_at timestamptz not null,
    state     text        not null,
    version   bigint      not null
);

create table schools (
    organisation_id uuid             not null primary key,
    name            text             not null,
    stage           text             not null check (stage in ('K', 'P', 'J', 'S', 'V', 'X', 'U')),
    grades          integer[]        not null,
    adcode          text             not null,
    township        text,
    lat             double precision not null,
    lon             double precision not null,
    enrolment       integer          not null check (enrolment > 0),
    classes         integer          not null check (classes > 0),
    rural           boolean          not null,
    code            text             unique,
    auto_accept     boolean          not null,
    demonstration   boolean          not null,
    version         bigint           not null check (version >= 1)
);

create index schools_by_area on schools (adcode text_pattern_ops, organisation_id);

create table requests (
    id                uuid        not null primary key,
    school_id         uuid        not null references schools (organisation_id),
    adcode            text        not null,
    round_id          uuid        references rounds (id),
    kind              text        not null check (kind in ('visit', 'expert', 'exhibition', 'training')),
    topics            text[]      not null,
    programme_id      uuid,
    grades            integer[]   not null,
    audience          text        not null,
    group_size        integer     not null check (group_size between 1 and 2000),
    windows           jsonb       not null,
    distance_limit_km integer     not null check (distance_limit_km between 1 and 600),
    language          text        not null,
    language_required boolean     not null,
    preferences       text,
    contact           text,
    state             text        not null check (state in
        ('submitted', 'withdrawn', 'offered', 'confirmed', 'delivered', 'unserved', 'no_show')),
    state_reason      text,
    match_id          uuid,
    submitted_at      timestamptz not null,
    changed_at        timestamptz not null,
    version           bigint      not null check (version >= 1)
);

create index requests_by_school on requests (school_id, id);
create index requests_by_area on requests (adcode text_pattern_ops, id);
create index requests_by_round on requests (round_id, id);

create table matches (
    id          uuid   not null primary key,
    request_id  uuid   not null references requests (id),
    state       text   not null,
    reason_code text,
    version     bigint not null
);

create index matches_by_request on matches (request_id);

-- The last verdict on each request; one given on an older wish is void once the wish was edited.
create table verdicts (
    request_id uuid    not null primary key references requests (id),
    outcome    text    not null,
    reason     text,
    void       boolean not null,
    version    bigint  not null
);

create table calendar_years (
    year          integer not null primary key,
    source        text    not null check (source in ('official', 'demonstration')),
    version       bigint  not null check (version >= 1)
);

create table calendar_days (
    day  date    not null primary key,
    year integer not null references calendar_years (year),
    kind text    not null check (kind in ('school_day', 'holiday', 'weekend', 'makeup')),
    name text
);

create index calendar_days_by_year on calendar_days (year);

-- One row: the terms are replaced as a whole.
create table terms (
    only_one boolean not null primary key default true check (only_one),
    items    jsonb   not null,
    version  bigint  not null check (version >= 1)
);
