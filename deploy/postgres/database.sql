-- One service's database and its two roles: the owner migrates, the service reads and writes rows.
-- Variables: service, owner (service || '_owner'), service_secret, owner_secret.
\set ON_ERROR_STOP on
set client_min_messages = warning;
select format('create role %I login', :'owner')
 where not exists (select from pg_roles where rolname = :'owner') \gexec
select format('create role %I login', :'service')
 where not exists (select from pg_roles where rolname = :'service') \gexec
alter role :"owner" login password :'owner_secret' connection limit 5;
alter role :"service" login password :'service_secret' connection limit 60;
select format('create database %I owner %I encoding ''UTF8'' template template0', :'service', :'owner')
 where not exists (select from pg_database where datname = :'service') \gexec
revoke all on database :"service" from public;
grant connect on database :"service" to :"service", relay, checker;
alter database :"service" set timezone = 'UTC';
\connect :"service"
set client_min_messages = warning;
create extension if not exists btree_gist;
create extension if not exists pg_trgm;
alter schema public owner to :"owner";
revoke all on schema public from public;
grant usage on schema public to :"service", relay, checker;
alter default privileges for role :"owner" in schema public
  grant select, insert, update, delete on tables to :"service";
alter default privileges for role :"owner" in schema public grant usage, select on sequences to :"service";
