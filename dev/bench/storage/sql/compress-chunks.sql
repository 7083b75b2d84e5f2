-- As the policy would on that day: what ended a week before it.
select compress_chunk(format('%I.%I', chunk_schema, chunk_name)::regclass)
from timescaledb_information.chunks
where hypertable_name in ('events', 'visits') and not is_compressed and range_end <= $1::timestamptz - interval '7 days'
