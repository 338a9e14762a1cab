-- What a school would like best, the best first, and whether its windows stand in the order of its liking.

alter table known_request add column choices jsonb not null default '[]';
alter table known_request add column windows_ranked boolean not null default false;
