-- An offer that is moved by hand stays until its new place is held: for so long its request has two live matches.

alter table matches add column replaces uuid references matches (id);

drop index matches_live;
create unique index matches_live on matches (request_id) where replaces is null and state in
    ('proposed', 'holding', 'held', 'offered', 'confirming', 'confirmed', 'releasing');
create unique index matches_that_replace on matches (replaces) where state in
    ('proposed', 'holding', 'held', 'offered', 'confirming', 'confirmed', 'releasing');

alter table hand_moves add column successor_id uuid references matches (id);
create index hand_moves_by_successor on hand_moves (successor_id) where successor_id is not null;
