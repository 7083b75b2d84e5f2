-- The compared columns: not the number, the time of writing, nor the trace.
select
  device_id, occurred_at, type, id, version, ended_at, frame_id, frame_seq, lane, time_quality, model, config_version,
  data
from events
order by device_id, occurred_at, type, id
