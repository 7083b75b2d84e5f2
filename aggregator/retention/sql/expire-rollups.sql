-- Sums of hours before $1. Up to when there are none any more is kept: what is told by hours must not be told by these.
with due as (
  select device_id, type, hour from event_counts where hour < $1 order by hour limit $2
),
counts as (
  delete from event_counts
  using due
  where event_counts.device_id = due.device_id and event_counts.type = due.type and event_counts.hour = due.hour
  returning event_counts.hour, pg_column_size(event_counts.*) as bytes
),
noted as (
  insert into rollups_kept_until (rollup, device_id, until)
  select 'event_counts', '', max(hour) + interval '1 hour' from counts having count(*) > 0
  on conflict (rollup, device_id) do update set until = greatest(rollups_kept_until.until, excluded.until)
),
stays as (
  delete from visits_hourly_kept where hour < $1 returning pg_column_size(visits_hourly_kept.*) as bytes
),
zones as (
  delete from zones_hourly_kept where hour < $1 returning pg_column_size(zones_hourly_kept.*) as bytes
),
crowds as (
  delete from crowds_hourly_kept where hour < $1 returning pg_column_size(crowds_hourly_kept.*) as bytes
)
select count(*) as rows, coalesce(sum(bytes), 0)::bigint as bytes
from (select bytes from counts union all table stays union all table zones union all table crowds) as each
