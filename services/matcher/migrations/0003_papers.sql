-- What a solve leaves for whoever wants to check it, and how its search ended.

alter table rounds add column ended text check (ended in ('optimal', 'limit', 'stopped'));

-- The three papers of a round's last solve: gzipped JSON, its size unpacked, and the SHA-256 of the text.
create table round_papers (
    round_id uuid   not null references rounds (id),
    paper    text   not null check (paper in ('problem', 'solution', 'certificate')),
    job_id   uuid   not null references solve_job (id),
    packed   bytea  not null,
    size     bigint not null check (size >= 0),
    sha256   text   not null,
    primary key (round_id, paper)
);
-- Packed already: PostgreSQL need not try to press it further.
alter table round_papers alter column packed set storage external;

create index matches_by_hand on matches (round_id) where pinned;
