-- With what follows from them: who was there at a moment, and how many there were in an hour. A count of what nobody may
-- know of would still say that it was.
with going as (
  select id, occurred_at
  from events
  where device_id = any($2::text[])
    and exists (
      select from erasing(
        device_id,
        event_span(
          type, occurred_at, ended_at,
          case when jsonb_typeof(data -> 'stay_ms') = 'number' then (data ->> 'stay_ms')::numeric end
        ),
        data ->> 'person_id',
        false
      ) as taken
      where taken.erasure_id = $1
    )
  limit $3
),
gone as (
  delete from events
  using going
  where events.id = going.id and events.occurred_at = going.occurred_at and events.device_id = any($2::text[])
  returning events.id, events.device_id, events.type, events.occurred_at, events.lane
),
unoccupied as (
  delete from occupancy_changes using gone where occupancy_changes.event_id = gone.id
),
counted as (
  select device_id, type, date_trunc('hour', occurred_at, 'UTC') as hour, count(*) as events
  from gone
  group by 1, 2, 3
),
-- In the order in which they are locked to count.
locked as (
  select event_counts.device_id, event_counts.type, event_counts.hour, event_counts.count, counted.events
  from event_counts
  join counted using (device_id, type, hour)
  order by event_counts.device_id, event_counts.type, event_counts.hour
  for update of event_counts
),
emptied as (
  delete from event_counts
  using locked
  where (event_counts.device_id, event_counts.type, event_counts.hour) = (locked.device_id, locked.type, locked.hour)
    and locked.count <= locked.events
),
lowered as (
  update event_counts
  set count = event_counts.count - locked.events
  from locked
  where (event_counts.device_id, event_counts.type, event_counts.hour) = (locked.device_id, locked.type, locked.hour)
    and locked.count > locked.events
),
-- Once, however many rows it is joined to.
lowered_days as materialized (
  select lower_event_days(array_agg(device_id), array_agg(type), array_agg(occurred_at)) from gone
)
select device_id, type, occurred_at, lane from gone cross join lowered_days
