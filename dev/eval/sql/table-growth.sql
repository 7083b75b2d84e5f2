-- What the tables hold, and have grown to with their indexes, and with their chunks where they have such.
with counted (name, rows) as (
  select 'captures', count(*) from captures
  union all select 'observations', count(*) from observations
  union all select 'events', count(*) from events
  union all select 'visits', count(*) from visits
  union all select 'event_counts', count(*) from event_counts
  union all select 'occupancy_changes', count(*) from occupancy_changes
  union all select 'dead_letters', count(*) from dead_letters
)
select name, rows, sum(pg_total_relation_size(parts.oid))::bigint as bytes
from counted
cross join lateral (
  select name::regclass as oid union all select inhrelid from pg_inherits where inhparent = name::regclass
) as parts
group by name, rows
order by rows desc, name
