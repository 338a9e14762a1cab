-- What is told about a round's solve after its draft: why each request got what it got, what would have
-- helped, and which additions would be worth most. Codes and numbers; texts are made when it is read.

create table explanations (
    request_id uuid  not null primary key,
    round_id   uuid  not null references rounds (id),
    job_id     uuid  not null references solve_job (id),
    told       jsonb not null
);

create index explanations_by_round on explanations (round_id);

-- One row a round. `whole` is false where another solve was waiting and not every change was tried.
create table round_additions (
    round_id  uuid        not null primary key references rounds (id),
    job_id    uuid        not null references solve_job (id),
    made_at   timestamptz not null,
    unserved  integer     not null check (unserved >= 0),
    helped    integer     not null check (helped between 0 and unserved),
    whole     boolean     not null,
    additions jsonb       not null
);
