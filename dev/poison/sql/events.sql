-- All columns but the number, which is the order of writing, and the time of it.
select
  id as key, occurred_at, type, device_id, version, ended_at, frame_id, frame_seq, lane, time_quality, model,
  config_version, snapshot_path, data, trace_id
from events
where id > $1::uuid
order by id
limit $2
