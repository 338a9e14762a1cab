-- What matcher has heard of others: each row the newest state of one aggregate, by its owner's version.

create table known_organisation (
    id      uuid   not null primary key,
    kind    text   not null,
    name    text   not null,
    adcode  text   not null,
    version bigint not null
);

create table known_district (
    id      uuid   not null primary key,
    adcode  text   not null,
    parent  text,
    level   text   not null,
    name    text   not null,
    version bigint not null
);

create table known_school (
    id          uuid    not null primary key,
    name        text    not null,
    auto_accept boolean not null,
    version     bigint  not null
);

create table known_request (
    id                uuid             not null primary key,
    school_id         uuid             not null,
    round_id          uuid,
    kind              text             not null,
    topics            text[]           not null,
    programme_id      uuid,
    grades            integer[]        not null,
    audience          text             not null,
    group_size        integer          not null,
    windows           jsonb            not null,
    last_end          timestamptz      not null,
    distance_limit_km integer          not null,
    language          text             not null,
    language_required boolean          not null,
    with_expert       boolean          not null,
    state             text             not null,
    submitted_at      timestamptz      not null,
    school_name       text             not null,
    stage             text             not null,
    adcode            text             not null,
    township          text,
    lat               double precision not null,
    lon               double precision not null,
    enrolment         integer          not null,
    rural             boolean          not null,
    auto_accept       boolean          not null,
    version           bigint           not null
);

create index known_request_by_round on known_request (round_id, id);
create index known_request_waiting on known_request (last_end) where state not in ('withdrawn', 'delivered');

create table known_venue (
    id              uuid             not null primary key,
    organisation_id uuid             not null,
    name            text             not null,
    kind            text             not null,
    adcode          text             not null,
    lat             double precision not null,
    lon             double precision not null,
    policy          text             not null,
    state           text             not null,
    version         bigint           not null
);

create table known_programme (
    id               uuid      not null primary key,
    organisation_id  uuid      not null,
    venue_id         uuid,
    unit_id          uuid,
    kind             text      not null,
    title            text      not null,
    topics           text[]    not null,
    audiences        text[]    not null,
    grades           integer[] not null,
    languages        text[]    not null,
    min_group        integer   not null,
    max_group        integer   not null,
    duration_minutes integer   not null,
    place            text      not null,
    state            text      not null,
    version          bigint    not null
);

create table known_slot (
    id              uuid        not null primary key,
    programme_id    uuid        not null,
    venue_id        uuid,
    organisation_id uuid        not null,
    starts_at       timestamptz not null,
    ends_at         timestamptz not null,
    seats           integer     not null,
    free            integer     not null,
    groups_limit    integer,
    groups_taken    integer     not null,
    round_id        uuid,
    state           text        not null,
    version         bigint      not null
);

create index known_slot_ahead on known_slot (starts_at) where state = 'open';

create table known_unit (
    id              uuid             not null primary key,
    organisation_id uuid             not null,
    name            text             not null,
    adcode          text             not null,
    lat             double precision not null,
    lon             double precision not null,
    min_dwell_days  integer          not null,
    max_dwell_days  integer          not null,
    setup_days      integer          not null,
    topics          text[]           not null,
    grades          integer[]        not null,
    languages       text[]           not null,
    min_group       integer          not null,
    max_group       integer          not null,
    travel_limit_km integer,
    policy          text             not null,
    round_id        uuid,
    windows         jsonb            not null,
    state           text             not null,
    version         bigint           not null
);

create table known_stop (
    id            uuid             not null primary key,
    unit_id       uuid             not null,
    match_id      uuid             not null,
    starts_at     timestamptz      not null,
    ends_at       timestamptz      not null,
    occupied_from timestamptz      not null,
    lat           double precision not null,
    lon           double precision not null,
    state         text             not null,
    version       bigint           not null
);

create index known_stop_live on known_stop (ends_at) where state in ('held', 'confirmed');

create table known_expert (
    id              uuid             not null primary key,
    user_id         uuid,
    organisation_id uuid             not null,
    name            text             not null,
    topics          text[]           not null,
    audiences       text[]           not null,
    grades          integer[]        not null,
    languages       text[]           not null,
    adcode          text             not null,
    lat             double precision not null,
    lon             double precision not null,
    travel_limit_km integer,
    cap_day         integer,
    cap_week        integer,
    cap_month       integer,
    availability    jsonb            not null,
    state           text             not null,
    version         bigint           not null
);

create table known_engagement (
    id        uuid             not null primary key,
    expert_id uuid             not null,
    match_id  uuid             not null,
    starts_at timestamptz      not null,
    ends_at   timestamptz      not null,
    lat       double precision not null,
    lon       double precision not null,
    state     text             not null,
    version   bigint           not null
);

create index known_engagement_live on known_engagement (ends_at) where state in ('held', 'confirmed');

create table known_calendar (
    id      uuid    not null primary key,
    year    integer not null unique,
    days    jsonb   not null,
    version bigint  not null
);

create table known_terms (
    id      uuid   not null primary key,
    terms   jsonb  not null,
    version bigint not null
);
