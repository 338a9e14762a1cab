-- Requests are drawn by lot under an alias that a round's salt makes of them; the seed binds the salt, which its
-- hash so tells of from the opening on. Rounds from before this have none.
alter table rounds add column salt text;

-- The number that a round's papers give to each of its requests: it goes with its school and its coordinators.
create table round_lots (
    request_id uuid    not null primary key,
    round_id   uuid    not null references rounds (id),
    number     integer not null check (number >= 0)
);

create index round_lots_by_round on round_lots (round_id);
