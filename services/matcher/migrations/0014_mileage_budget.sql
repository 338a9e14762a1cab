-- How many kilometres of road a travelling unit's tours may come to in a month; null: as many as they like.
alter table known_unit add column km_budget integer;
