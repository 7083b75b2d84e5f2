-- With what follows from them: who was there at a moment, and how many there were in an hour. A count of what nobody may
-- know of would still say that it was. $4 and $5 are the first and the last time: so nothing is unpacked but what lies
-- between them.
with gone as (
  delete from events
  using unnest($2::uuid[], $3::timestamptz[]) as due (id, at)
  where events.id = due.id and events.occurred_at = due.at
    and events.device_id = $1 and events.occurred_at between $4::timestamptz and $5::timestamptz
  returning events.id, events.number, events.device_id, events.type, events.occurred_at, events.lane, events.snapshot_ordinal
),
unfed as (
  delete from event_feed using gone where event_feed.device_id = $1 and event_feed.number = gone.number
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
select device_id, type, occurred_at, lane, snapshot_ordinal from gone cross join lowered_days
