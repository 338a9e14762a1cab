-- The class that a request is for, as the school calls it: nobody is in two places at once.

alter table requests add column class_name text check (class_name <> '');
