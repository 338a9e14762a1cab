-- What is offered: venues, programmes, slots, closures and travelling units, and the holds that make them scarce.

-- Facts of others, as last heard.
create table organisation (
    id      uuid   not null primary key,
    kind    text   not null,
    name    text   not null,
    adcode  text   not null,
    version bigint not null
);

create table round (
    id      uuid   not null primary key,
    adcode  text   not null,
    state   text   not null,
    version bigint not null
);

create table calendar (
    year    integer not null primary key,
    days    jsonb   not null,
    version bigint  not null
);

create table terms (
    id      uuid   not null primary key,
    terms   jsonb  not null,
    version bigint not null
);

-- Our own.
create table venue (
    id              uuid             not null primary key,
    organisation_id uuid             not null references organisation,
    name            text             not null,
    kind            text             not null,
    level           text             not null,
    designation     text,
    expires_on      date,
    adcode          text             not null,
    lat             double precision not null,
    lon             double precision not null,
    policy          text             not null,
    state           text             not null,
    demonstration   boolean          not null,
    version         bigint           not null,
    unique (organisation_id, name)
);

create table unit (
    id              uuid             not null primary key,
    organisation_id uuid             not null references organisation,
    name            text             not null,
    kind            text             not null,
    adcode          text             not null,
    lat             double precision not null,
    lon             double precision not null,
    min_dwell_days  integer          not null check (min_dwell_days >= 1),
    max_dwell_days  integer          not null check (max_dwell_days >= min_dwell_days),
    setup_days      integer          not null check (setup_days >= 0),
    topics          text[]           not null,
    grades          integer[]        not null,
    min_group       integer          not null check (min_group >= 1),
    max_group       integer          not null check (max_group >= min_group),
    languages       text[]           not null,
    travel_limit_km integer,
    policy          text             not null,
    round_id        uuid,
    windows         jsonb            not null,
    state           text             not null,
    demonstration   boolean          not null,
    version         bigint           not null,
    unique (organisation_id, name)
);

create table programme (
    id               uuid      not null primary key,
    organisation_id  uuid      not null references organisation,
    venue_id         uuid      references venue,
    unit_id          uuid      references unit,
    kind             text      not null,
    title            text      not null,
    summary          text      not null,
    topics           text[]    not null,
    audiences        text[]    not null,
    grades           integer[] not null,
    core_concepts    integer[] not null,
    activity_modes   text[]    not null,
    teaching_modes   text[]    not null,
    min_group        integer   not null check (min_group >= 1),
    max_group        integer   not null check (max_group >= min_group),
    duration_minutes integer   not null check (duration_minutes >= 1),
    place            text      not null,
    languages        text[]    not null,
    series           text,
    campaign         text,
    plan_task        text,
    fee_fen          integer   not null check (fee_fen >= 0),
    payer            text      not null,
    lead_days        integer   not null check (lead_days >= 0),
    state            text      not null,
    demonstration    boolean   not null,
    version          bigint    not null,
    check (venue_id is null or unit_id is null)
);

create index programme_organisation on programme (organisation_id, id);

create table slot (
    id              uuid        not null primary key,
    programme_id    uuid        not null references programme,
    venue_id        uuid        references venue,
    organisation_id uuid        not null references organisation,
    starts_at       timestamptz not null,
    ends_at         timestamptz not null,
    seats           integer     not null,
    taken           integer     not null,
    groups_limit    integer,
    groups_taken    integer     not null,
    round_id        uuid,
    state           text        not null check (state in ('open', 'closed', 'cancelled')),
    version         bigint      not null,
    check (ends_at > starts_at),
    constraint slot_never_oversold check (taken between 0 and seats),
    constraint slot_groups_within_limit check (groups_taken >= 0 and groups_taken <= coalesce(groups_limit, groups_taken))
) with (fillfactor = 80);

-- A programme takes place once at a time: importing the same timetable twice adds nothing.
create unique index slot_once on slot (programme_id, starts_at) where state <> 'cancelled';
create index slot_by_time on slot (starts_at, id);
create index slot_of_venue on slot (venue_id, starts_at);
create index slot_of_organisation on slot (organisation_id, starts_at);

create table closure (
    id                 uuid   not null primary key,
    venue_id           uuid   not null references venue,
    first_day          date   not null,
    last_day           date   not null,
    reason             text   not null,
    state              text   not null,
    cancelled_slot_ids uuid[] not null,
    affected_slot_ids  uuid[] not null,
    affected_match_ids uuid[] not null,
    version            bigint not null,
    check (last_day >= first_day)
);

create index closure_of_venue on closure (venue_id, first_day);

-- A hold on seats (slot_id) or on a unit (unit_id); a tombstone (refused_late) has neither.
-- It counts while its state is held or confirmed, whatever its expiry says: only a transaction expires it.
create table hold (
    hold_id    uuid        not null primary key,
    match_id   uuid,
    leg_id     uuid,
    slot_id    uuid        references slot,
    unit_id    uuid        references unit,
    quantity   integer,
    starts_at  timestamptz,
    ends_at    timestamptz,
    occupied   tstzrange,
    lat        double precision,
    lon        double precision,
    adcode     text,
    round_id   uuid,
    expires_at timestamptz,
    state      text        not null check (state in ('held', 'confirmed', 'released', 'expired', 'refused_late')),
    version    bigint      not null,
    changed_at timestamptz not null,
    check (state = 'refused_late' or (match_id is not null and leg_id is not null and quantity >= 1
           and starts_at < ends_at and expires_at is not null and (slot_id is null) <> (unit_id is null))),
    check (unit_id is null or (occupied is not null and lat is not null and lon is not null and adcode is not null)),
    constraint hold_unit_in_one_place exclude using gist (unit_id with =, occupied with &&)
        where (unit_id is not null and state in ('held', 'confirmed'))
);

create index hold_live_of_slot on hold (slot_id) where state in ('held', 'confirmed');
create index hold_live_of_unit on hold (unit_id) where state in ('held', 'confirmed');
create index hold_due on hold (expires_at) where state = 'held';
create index hold_of_match on hold (match_id);
