-- How districts and townships fare in a round's plan, and how much of the fair plan each of them keeps.

alter table rounds add column fairness jsonb;
-- Rounds from before kept none of it.
update rounds set policy = policy || '{"fairness": 0}' where not policy ? 'fairness';
