-- A visit may ask for an expert at the venue, for as long as it lasts.

alter table requests add column with_expert boolean not null default false;
