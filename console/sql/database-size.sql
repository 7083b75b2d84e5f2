-- What takes how much of the database, the largest first: with indexes, and with what is kept apart for being long. What
-- the tables of a schema hold together is told of the log alone, whose topics share theirs.
with sizes as (
  select
    case
      when schemas.nspname = 'log' then 'log'
      when classes.relname = 'captures' then 'captures'
      when classes.relname in ('events', 'occupancy_changes') then 'events'
      when classes.relname in ('frame_claims', 'seq_blocks', 'ledger_hours', 'ledger_duplicates', 'dropped_ranges') then 'ledger'
      else 'other'
    end as name,
    pg_total_relation_size(classes.oid) as bytes
  from pg_class as classes
  join pg_namespace as schemas on schemas.oid = classes.relnamespace
  where classes.relkind in ('r', 'm') and schemas.nspname !~ '^pg_' and schemas.nspname <> 'information_schema'
)
select
  pg_database_size(current_database()) as total_bytes,
  coalesce((
    select json_agg(json_build_object('name', name, 'bytes', bytes) order by bytes desc, name)
    from (select name, sum(bytes)::bigint as bytes from sizes group by name) as groups
  ), '[]') as tables
