-- Since when what would have helped a request that got nothing at once is still to be worked out: this is done
-- when nobody waits for an answer, in this order.
alter table explanations add column unhelped_since timestamptz;

create index explanations_unhelped on explanations (unhelped_since) where unhelped_since is not null;
