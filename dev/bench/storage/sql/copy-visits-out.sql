copy (
  select * from visits
  where opened_at >= current_setting('bench.from')::timestamptz
    and opened_at < current_setting('bench.until')::timestamptz
) to stdout
