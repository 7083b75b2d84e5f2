-- Locks that are needed before there are migrations, and so not made by one.
do $$
begin
  if to_regclass('locks.migrating') is null then
    create schema if not exists locks;
    create table if not exists locks.migrating ();
    create table if not exists locks.log ();
  end if;
exception
  -- By somebody else, just now.
  when duplicate_schema or duplicate_table or unique_violation then null;
end
$$
