-- Of hours that lie in the time as a whole, also what is kept of them though their rows have expired. Of an hour that only
-- reaches into it nobody can tell any more what is of which part.
with listed as (
  select device_id, during from erasure_list where erasure_id = $1 and reach = 'everything'
),
counts as (
  delete from event_counts
  using listed
  where event_counts.device_id = listed.device_id and tstzrange(hour, hour + interval '1 hour') <@ listed.during
  returning 1
),
visits as (
  delete from visits_hourly_kept as kept
  using listed
  where kept.device_id = listed.device_id and tstzrange(hour, hour + interval '1 hour') <@ listed.during
  returning 1
),
zones as (
  delete from zones_hourly_kept as kept
  using listed
  where kept.device_id = listed.device_id and tstzrange(hour, hour + interval '1 hour') <@ listed.during
  returning 1
),
crowds as (
  delete from crowds_hourly_kept as kept
  using listed
  where kept.device_id = listed.device_id and tstzrange(hour, hour + interval '1 hour') <@ listed.during
  returning 1
)
select (
  (select count(*) from counts) + (select count(*) from visits) + (select count(*) from zones)
  + (select count(*) from crowds)
)::bigint as sums
