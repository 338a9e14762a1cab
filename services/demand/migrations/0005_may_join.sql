-- A group that is too small for a session may come to it together with others, unless its school says no.

alter table requests add column may_join boolean not null default true;
