-- Small groups that come to a session together: their matches have one company_id. `company_people` and
-- `company_groups` say how many are in it, `company_least` how many people the session takes at least.

alter table known_request add column may_join boolean not null default true;

alter table matches add column company_id uuid;
alter table matches add column company_groups integer;
alter table matches add column company_people integer;
alter table matches add column company_least integer;
alter table matches add constraint matches_company check (
    (company_id is null) = (company_groups is null) and (company_id is null) = (company_people is null)
    and (company_id is null) = (company_least is null) and company_people >= group_size
);

create index matches_by_company on matches (company_id) where company_id is not null;
