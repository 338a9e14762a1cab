-- Who teaches or lectures, when, and where they are engaged.

-- Facts of others, as last heard.
create table organisation (
    id      uuid   not null primary key,
    kind    text   not null,
    name    text   not null,
    adcode  text   not null,
    version bigint not null
);

-- Our own.
create table expert (
    id              uuid             not null primary key,
    user_id         uuid             unique,
    organisation_id uuid             not null references organisation,
    name            text             not null,
    kind            text             not null,
    employer        text,
    title           text,
    topics          text[]           not null,
    audiences       text[]           not null,
    grades          integer[]        not null,
    languages       text[]           not null,
    adcode          text             not null,
    lat             double precision not null,
    lon             double precision not null,
    contact         text,
    travel_limit_km integer          check (travel_limit_km >= 1),
    cap_day         integer          check (cap_day >= 1),
    cap_week        integer          check (cap_week >= 1),
    cap_month       integer          check (cap_month >= 1),
    volunteer       boolean          not null,
    state           text             not null check (state in ('active', 'paused')),
    demonstration   boolean          not null,
    version         bigint           not null
);

create index expert_of_organisation on expert (organisation_id, id);

create table availability (
    expert_id uuid        not null references expert,
    starts_at timestamptz not null,
    ends_at   timestamptz not null,
    primary key (expert_id, starts_at),
    check (ends_at > starts_at),
    constraint availability_disjoint exclude using gist (expert_id with =, tstzrange(starts_at, ends_at) with &&)
);

-- A tombstone (refused_late) has no expert. An engagement counts while its state is held or confirmed,
-- whatever its expiry says: only a transaction expires it.
create table engagement (
    hold_id    uuid        not null primary key,
    match_id   uuid,
    leg_id     uuid,
    expert_id  uuid        references expert,
    quantity   integer,
    starts_at  timestamptz,
    ends_at    timestamptz,
    lat        double precision,
    lon        double precision,
    adcode     text,
    round_id   uuid,
    expires_at timestamptz,
    state      text        not null check (state in ('held', 'confirmed', 'released', 'expired', 'refused_late')),
    version    bigint      not null,
    changed_at timestamptz not null,
    check (state = 'refused_late' or (match_id is not null and leg_id is not null and expert_id is not null
           and quantity >= 1 and starts_at < ends_at and lat is not null and lon is not null
           and adcode is not null and expires_at is not null)),
    constraint engagement_in_one_place exclude using gist (expert_id with =, tstzrange(starts_at, ends_at) with &&)
        where (expert_id is not null and state in ('held', 'confirmed'))
);

create index engagement_live on engagement (expert_id, starts_at) where state in ('held', 'confirmed');
create index engagement_due on engagement (expires_at) where state = 'held';
create index engagement_of_match on engagement (match_id);
