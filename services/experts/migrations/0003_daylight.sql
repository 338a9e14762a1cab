-- Whether an expert travels between sunrise and sunset only.
alter table expert add column daylight_only boolean not null default false;
