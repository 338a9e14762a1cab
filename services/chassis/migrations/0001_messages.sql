-- What a service says and has heard: its outbox, the last state that it published, and its inbox.

create table outbox (
    id          uuid        not null primary key,
    owner       text        not null,
    type        text        not null,
    aggregate   text        not null,
    aggregate_id uuid       not null,
    version     bigint      not null check (version >= 1),
    routing_key text        not null,
    body        text        not null,
    created_at  timestamptz not null,
    sent_at     timestamptz
) with (
    -- Every row is written once and updated once, soon after: clean up by count, not by share.
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 5000,
    autovacuum_analyze_scale_factor = 0.1
);

create index outbox_unsent on outbox (id) where sent_at is null;

create table published_state (
    aggregate    text        not null,
    aggregate_id uuid        not null,
    version      bigint      not null check (version >= 1),
    type         text        not null,
    data         jsonb       not null,
    occurred_at  timestamptz not null,
    primary key (aggregate, aggregate_id)
);

create table inbox (
    message_id  uuid        not null,
    consumer    text        not null,
    received_at timestamptz not null,
    primary key (message_id, consumer)
);
