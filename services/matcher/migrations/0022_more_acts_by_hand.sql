-- Who takes back what a hand had placed is kept as well, with the reason; there is no price to it. And what had to
-- make way for a placing, with that match as its successor, at the placing's price.

alter table hand_moves alter column price drop not null;
alter table hand_moves drop constraint hand_moves_act_check;
alter table hand_moves add constraint hand_moves_act_check
    check (act in ('moved', 'placed', 'dropped', 'displaced'));
