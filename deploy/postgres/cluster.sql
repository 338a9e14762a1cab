-- Roles of the whole cluster: the relay (outboxes only, granted by each migration) and the checker (reads all).
-- Variables: relay_secret, checker_secret.
\set ON_ERROR_STOP on
set client_min_messages = warning;
select 'create role relay login' where not exists (select from pg_roles where rolname = 'relay') \gexec
select 'create role checker login' where not exists (select from pg_roles where rolname = 'checker') \gexec
alter role relay login password :'relay_secret' connection limit 30;
alter role checker login password :'checker_secret' connection limit 30;
alter role checker set default_transaction_read_only = on;
grant pg_read_all_data to checker;
revoke connect on database postgres from public;
revoke connect on database template1 from public;
