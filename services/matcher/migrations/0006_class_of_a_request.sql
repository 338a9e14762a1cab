-- Which class a request is for: two requests of one class never take place at the same time.

alter table known_request add column class_name text;
