-- What chunks took less than before, once they were compressed.
select
  name,
  coalesce((
    select sum(before_compression_total_bytes - after_compression_total_bytes)
    from hypertable_columnstore_stats(name::regclass)
  ), 0)::bigint as bytes
from (values ('events'), ('visits')) as compressed (name)
