-- Rooms, guides, kits and coaches that a provider's sessions share, and what each group of a programme takes of
-- them while its session lasts.

-- `counted_from`: since then no more than `number` have been in use at any moment. It moves on when the number or
-- what programmes need changes, because that says nothing of sessions that were over by then.
create table shared_resource (
    id              uuid        not null primary key,
    organisation_id uuid        not null references organisation,
    kind            text        not null check (kind in ('room', 'guide', 'kit', 'coach')),
    name            text        not null,
    name_en         text,
    number          integer     not null check (number >= 0),
    state           text        not null check (state in ('active', 'withdrawn')),
    counted_from    timestamptz not null,
    demonstration   boolean     not null,
    version         bigint      not null
);

create unique index shared_resource_named on shared_resource (organisation_id, name) where state = 'active';

create table need (
    programme_id uuid    not null references programme,
    resource_id  uuid    not null references shared_resource,
    quantity     integer not null check (quantity >= 1),
    primary key (programme_id, resource_id)
);

create index need_of_resource on need (resource_id, programme_id);
