-- What was done, by whom, for whom: the trail of every event, the ledger's entries, and the facts to count by.

-- One row per version of every aggregate that any owner published; written once and never again (see the end).
create table trail (
    id              bigint      generated always as identity primary key,
    message_id      uuid        not null unique,
    owner           text        not null,
    aggregate       text        not null,
    aggregate_id    uuid        not null,
    version         bigint      not null check (version >= 1),
    type            text        not null,
    occurred_at     timestamptz not null,
    recorded_at     timestamptz not null,
    actor_user      uuid,
    actor_organisation uuid,
    actor_role      text,
    actor_name      text,
    reason          text,
    trace_id        text,
    -- Whose affair it is: the school's, venue owner's or expert's organisation, and where that is, if it says so.
    subject_id      uuid,
    adcode          text,
    match_id        uuid,
    data            jsonb       not null,
    -- What is republished repeats a version; only a version that was missed is news.
    unique (owner, aggregate, aggregate_id, version)
);

create index trail_by_time on trail (occurred_at desc, id desc);
create index trail_by_subject on trail (subject_id, occurred_at desc, id desc);
create index trail_by_match on trail (match_id, id) where match_id is not null;
create index trail_by_area on trail (adcode text_pattern_ops, occurred_at desc, id desc);

create table district (
    adcode  text   not null primary key,
    name    text   not null,
    parent  text,
    level   text   not null,
    version bigint not null
);

create table organisation (
    id       uuid   not null primary key,
    kind     text   not null,
    name     text   not null,
    adcode   text   not null,
    township text,
    version  bigint not null
);

create table school (
    id            uuid    not null primary key,
    name          text    not null,
    stage         text    not null,
    grades        int[]   not null,
    adcode        text    not null,
    township      text,
    enrolment     int     not null,
    rural         boolean not null,
    demonstration boolean not null,
    version       bigint  not null
);

create index school_by_area on school (adcode text_pattern_ops);

-- What a leg may be made of, by name: programmes, venues, travelling units, experts.
create table resource (
    id              uuid   not null primary key,
    kind            text   not null,
    name            text   not null,
    organisation_id uuid   not null,
    plan_task       text,
    campaign        text,
    version         bigint not null
);

create table request (
    id         uuid   not null primary key,
    school_id  uuid   not null,
    kind       text   not null,
    group_size int    not null,
    state      text   not null,
    version    bigint not null
);

create index request_by_school on request (school_id);

-- A match that was confirmed at some time: 台账条目. One that ended otherwise stays, and is not counted.
create table entry (
    match_id      uuid        not null primary key,
    request_id    uuid        not null,
    round_id      uuid,
    school_id     uuid        not null,
    school_name   text        not null,
    adcode        text        not null,
    township      text,
    kind          text        not null,
    title         text        not null,
    topics        text[]      not null,
    grades        int[]       not null,
    audience      text        not null,
    group_size    int         not null,
    starts_at     timestamptz not null,
    ends_at       timestamptz not null,
    state         text        not null,
    confirmed_at  timestamptz not null,
    delivered_at  timestamptz,
    resource_kinds text[]     not null,
    legs          jsonb       not null,
    organisation_ids uuid[]   not null,
    programme_ids uuid[]      not null,
    expert_ids    uuid[]      not null,
    version       bigint      not null
);

create index entry_by_area on entry (adcode text_pattern_ops, starts_at desc, match_id desc);
create index entry_by_school on entry (school_id, starts_at desc, match_id desc);
create index entry_by_time on entry (starts_at desc, match_id desc);

-- The service may add to the trail and read it; only the owner, in a migration, could ever do more.
do $$
begin
    if exists (select from pg_roles where rolname = 'ledger') then
        revoke update, delete, truncate on trail from ledger;
    end if;
end
$$;

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the trail is append-only';
end
$$;

create trigger trail_is_append_only before update or delete or truncate on trail
    for each statement execute function refuse_change();
