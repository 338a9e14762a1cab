-- Whether a visit that is too large for one slot may come in parts to several.

alter table known_request add column may_split boolean not null default false;
