-- What takes how much of the database, the largest first: with indexes, and with what is kept apart for being long. What
-- the tables of a schema hold together is told of the log alone, whose topics share theirs.
with sizes as (
  select
    case
      when schema_name = 'log' then 'log'
      when table_name in ('captures', 'observations', 'last_observations') then 'captures'
      when table_name in ('events', 'deleted_events', 'event_days', 'event_feed', 'event_months', 'event_numbers', 'occupancy_changes', 'occupancy_days', 'visits', 'event_counts')
        or table_name ~ '_hourly_(kept|live)$' then 'events'
      when table_name in ('frame_claims', 'seq_blocks', 'ledger_hours', 'ledger_duplicates', 'dropped_ranges') then 'ledger'
      else 'other'
    end as name,
    bytes
  from table_sizes()
)
select
  pg_database_size(current_database()) as total_bytes,
  coalesce((
    select json_agg(json_build_object('name', name, 'bytes', bytes) order by bytes desc, name)
    from (select name, sum(bytes)::bigint as bytes from sizes group by name) as groups
  ), '[]') as tables
