-- Adds a batch, and adds it once. In one order, so that no two processes wait for each other.
with fresh as (
  insert into outcome_writers as known (writer, batch, written_at) values ($1, $2, $3)
  on conflict (writer) do update set batch = excluded.batch, written_at = excluded.written_at
  where known.batch < excluded.batch
  returning 1
)
insert into ingest_outcomes as kept (minute, device_id, code, status, count)
select minute, device_id, code, status, count
from
  unnest($4::timestamptz[], $5::text[], $6::text[], $7::smallint[], $8::bigint[])
  as added (minute, device_id, code, status, count),
  fresh
order by minute, device_id, code
on conflict (minute, device_id, code) do update set count = kept.count + excluded.count
