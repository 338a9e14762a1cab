-- Whom to tell, of what, what was told, and how it was delivered.

-- What there is to speak of, as it now stands: matches, requests, rounds, and the names of places and people.
create table subject (
    aggregate text   not null,
    id        uuid   not null,
    version   bigint not null,
    data      jsonb  not null,
    primary key (aggregate, id)
);

create table organisation (
    id      uuid   not null primary key,
    kind    text   not null,
    name    text   not null,
    adcode  text   not null,
    version bigint not null
);

create table person (
    id        uuid    not null primary key,
    name      text    not null,
    email     text,
    language  text    not null,
    expert_id uuid,
    active    boolean not null,
    version   bigint  not null
);

create index person_by_expert on person (expert_id) where expert_id is not null;

create table member (
    user_id         uuid not null references person (id) on delete cascade,
    organisation_id uuid not null,
    role            text not null,
    primary key (user_id, organisation_id, role)
);

create index member_by_organisation on member (organisation_id, role);

-- A fact that somebody must hear of; it waits until its people are known and is told once.
create table announcement (
    id           uuid        not null primary key,
    -- kind, aggregate, id and version: however often the fact is delivered, this is one announcement.
    fact_key     text        not null unique,
    kind         text        not null,
    aggregate    text        not null,
    aggregate_id uuid        not null,
    version      bigint      not null,
    reason       text,
    actor_name   text,
    trace_id     text,
    state        text        not null default 'waiting'
                 check (state in ('waiting', 'told', 'obsolete', 'unaddressed')),
    attempts     int         not null default 0,
    next_at      timestamptz not null,
    created_at   timestamptz not null
);

create index announcement_waiting on announcement (next_at) where state = 'waiting';

create table message (
    id           uuid        not null primary key,
    user_id      uuid        not null,
    announcement_id uuid     not null references announcement (id),
    kind         text        not null,
    aggregate    text        not null,
    aggregate_id uuid        not null,
    params       jsonb       not null,
    created_at   timestamptz not null,
    read_at      timestamptz,
    -- One fact, one person, one message.
    unique (user_id, announcement_id)
);

create index message_by_user on message (user_id, id desc);
create index message_unread on message (user_id) where read_at is null;

create table delivery (
    id            uuid        not null primary key,
    message_id    uuid        not null references message (id),
    user_id       uuid        not null,
    channel       text        not null check (channel in ('email')),
    state         text        not null default 'waiting'
                  check (state in ('waiting', 'sending', 'sent', 'failed', 'dropped', 'uncertain')),
    attempts      int         not null default 0,
    next_at       timestamptz not null,
    claimed_until timestamptz,
    created_at    timestamptz not null,
    finished_at   timestamptz,
    error         text,
    unique (message_id, channel)
);

create index delivery_waiting on delivery (next_at) where state = 'waiting';
create index delivery_sending on delivery (claimed_until) where state = 'sending';

-- What a person does not want by e-mail; messages in the system always come.
create table muted (
    user_id uuid not null,
    kind    text not null,
    primary key (user_id, kind)
);
