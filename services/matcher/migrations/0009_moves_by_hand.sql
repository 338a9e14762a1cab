-- What each move of a draft by a coordinator's hand was known to cost when it was made: numbers, no names.

create table hand_moves (
    id       uuid        not null primary key,
    match_id uuid        not null references matches (id),
    moved_at timestamptz not null,
    moved_by uuid        not null,
    reason   text        not null,
    price    jsonb       not null
);

create index hand_moves_by_match on hand_moves (match_id, id);
