-- Who there is and who may act for whom: districts, organisations, users, roles, tokens, keys.

create table districts (
    adcode        text             not null primary key check (adcode ~ '^[0-9]{6}([0-9]{6})?$'),
    parent        text             references districts (adcode),
    level         text             not null check (level in ('city', 'district', 'township')),
    name          text             not null,
    name_en       text,
    lat           double precision not null,
    lon           double precision not null,
    population    bigint,
    demonstration boolean          not null,
    version       bigint           not null check (version >= 1)
);

create table organisations (
    id            uuid             not null primary key,
    kind          text             not null,
    name          text             not null,
    adcode        text             not null references districts (adcode),
    township      text             references districts (adcode),
    lat           double precision not null,
    lon           double precision not null,
    demonstration boolean          not null,
    version       bigint           not null check (version >= 1),
    -- One district has one organisation of a kind and name: a second import must not double it.
    unique (adcode, kind, name)
);

create index organisations_by_area on organisations (adcode text_pattern_ops, id);

create table users (
    id            uuid        not null primary key,
    login         text        not null unique,
    name          text        not null,
    email         text,
    language      text        not null,
    password_hash text        not null,
    expert_id     uuid        unique,
    active        boolean     not null,
    version       bigint      not null check (version >= 1),
    changed_at    timestamptz not null
);

create table memberships (
    user_id         uuid not null references users (id),
    organisation_id uuid not null references organisations (id),
    role            text not null check (role in ('teacher', 'head', 'venue', 'expert', 'coordinator', 'operator')),
    primary key (user_id, organisation_id, role)
);

create index memberships_by_organisation on memberships (organisation_id, role);

-- A family is one log-in; each refresh adds a token to it and rotates the one before.
create table refresh_tokens (
    token_hash bytea       not null primary key,
    family     uuid        not null,
    user_id    uuid        not null references users (id),
    issued_at  timestamptz not null,
    expires_at timestamptz not null,
    rotated_at timestamptz,
    revoked_at timestamptz
);

create index refresh_tokens_by_family on refresh_tokens (family);
create index refresh_tokens_by_user on refresh_tokens (user_id) where revoked_at is null;
create index refresh_tokens_by_expiry on refresh_tokens (expires_at);

create table signing_keys (
    kid        text        not null primary key,
    public_key bytea       not null,
    sealed     bytea       not null,
    created_at timestamptz not null,
    retired_at timestamptz
);

-- At most one key signs; retired ones only verify.
create unique index signing_keys_current on signing_keys ((retired_at is null)) where retired_at is null;

create table login_attempts (
    key          text        not null primary key,
    failures     integer     not null check (failures >= 0),
    window_start timestamptz not null
);

create index login_attempts_by_window on login_attempts (window_start);
