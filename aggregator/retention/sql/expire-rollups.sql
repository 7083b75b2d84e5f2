-- Sums of hours before $1.
with due as (
  select device_id, type, hour from event_counts where hour < $1 order by hour limit $2
),
gone as (
  delete from event_counts
  using due
  where event_counts.device_id = due.device_id and event_counts.type = due.type and event_counts.hour = due.hour
  returning pg_column_size(event_counts.*) as bytes
)
select count(*) as rows, coalesce(sum(bytes), 0)::bigint as bytes from gone
