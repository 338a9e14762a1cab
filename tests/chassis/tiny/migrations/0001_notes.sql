create table note (
    id         uuid        not null primary key,
    text       text        not null,
    version    integer     not null,
    created_at timestamptz not null
);

create table executed (
    command text        not null,
    at      timestamptz not null
);
