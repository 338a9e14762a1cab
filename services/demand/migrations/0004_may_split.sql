-- Whether a visit may come in parts to several sessions; null: as its size says (domain.may_split).

alter table requests add column may_split boolean;
