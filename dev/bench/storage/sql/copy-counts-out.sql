copy (
  select * from event_counts
  where hour >= current_setting('bench.from')::timestamptz and hour < current_setting('bench.until')::timestamptz
) to stdout
