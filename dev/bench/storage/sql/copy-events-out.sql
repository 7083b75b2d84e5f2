copy (
  select * from events
  where occurred_at >= current_setting('bench.from')::timestamptz
    and occurred_at < current_setting('bench.until')::timestamptz
) to stdout
