-- What was answered to a call that creates, so that a repeated one gets the same answer and does no second work.

create table idempotency (
    caller     text        not null,
    route      text        not null,
    key        text        not null,
    body_hash  bytea       not null,
    status     integer     not null,
    headers    jsonb       not null,
    answer     bytea       not null,
    created_at timestamptz not null,
    primary key (caller, route, key)
);

create index idempotency_created on idempotency (created_at);
