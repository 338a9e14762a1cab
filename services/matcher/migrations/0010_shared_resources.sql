-- Rooms, guides, kits and coaches that a provider's sessions share, and what each group of a programme needs of them.

create table known_shared_resource (
    id              uuid    not null primary key,
    organisation_id uuid    not null,
    kind            text    not null,
    name            text    not null,
    number          integer not null,
    state           text    not null,
    version         bigint  not null
);

alter table known_programme add column needs jsonb not null default '[]';
