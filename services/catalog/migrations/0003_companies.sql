-- Small groups that come to a slot together: a hold each, one group of the slot, and so many people in all.

alter table hold add column company_id uuid;
alter table hold add column together integer;
alter table hold add constraint hold_together check (
    (company_id is null) = (together is null) and (together is null or (slot_id is not null and together >= quantity))
);

create index hold_live_of_company on hold (slot_id, company_id)
    where company_id is not null and state in ('held', 'confirmed');
