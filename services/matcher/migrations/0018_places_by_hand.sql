-- A coordinator may also place a request that the solve left out: the trail tells both acts apart.

alter table hand_moves add column act text not null default 'moved' check (act in ('moved', 'placed'));
