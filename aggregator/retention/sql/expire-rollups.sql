-- Sums of hours before $1.
with due as (
  select device_id, type, hour from event_counts where hour < $1 order by hour limit $2
),
counts as (
  delete from event_counts
  using due
  where event_counts.device_id = due.device_id and event_counts.type = due.type and event_counts.hour = due.hour
  returning pg_column_size(event_counts.*) as bytes
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
from (table counts union all table stays union all table zones union all table crowds) as each
