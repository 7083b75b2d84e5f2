-- What the tables hold, and have grown to with their indexes, and with their chunks where they have such, packed or not.
with counted (name, rows) as (
  select 'captures', count(*) from captures
  union all select 'observations', count(*) from observations
  union all select 'events', count(*) from events
  union all select 'visits', count(*) from visits
  union all select 'event_counts', count(*) from event_counts
  union all select 'occupancy_changes', count(*) from occupancy_changes
  union all select 'dead_letters', count(*) from dead_letters
)
select name, rows, bytes
from counted
join table_sizes() on table_name = name and schema_name = current_schema()
order by rows desc, name
