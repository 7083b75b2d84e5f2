-- A newer version of an event replaces its elder; an elder that comes again changes nothing. Answers those of which there
-- was no version before: a row that was there was locked, and bears the mark of it in xmax.
with written as (
  insert into events (
    id, occurred_at, type, device_id, version, ended_at, frame_id, frame_seq, lane, time_quality, model, config_version,
    data, trace_id, created_at
  )
  select
    id, occurred_at, type, device_id, version, ended_at, frame_id, frame_seq, lane, time_quality, model, config_version,
    data, trace_id, $15::timestamptz
  from unnest(
    $1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::integer[], $6::timestamptz[], $7::uuid[], $8::bigint[],
    $9::text[], $10::text[], $11::text[], $12::integer[], $13::jsonb[], $14::text[]
  ) as event (
    id, occurred_at, type, device_id, version, ended_at, frame_id, frame_seq, lane, time_quality, model, config_version,
    data, trace_id
  )
  on conflict (id, occurred_at) do update set
    version = excluded.version,
    ended_at = excluded.ended_at,
    frame_id = excluded.frame_id,
    frame_seq = excluded.frame_seq,
    time_quality = excluded.time_quality,
    model = excluded.model,
    config_version = excluded.config_version,
    data = excluded.data,
    trace_id = excluded.trace_id
  where events.version < excluded.version
  returning id, device_id, type, occurred_at, number, xmax = 0 as is_new
)
select number, device_id, type, occurred_at, is_begun
from written
join unnest($1::uuid[], $16::boolean[]) as told (id, is_begun) using (id)
where is_new
