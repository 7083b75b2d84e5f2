-- The compared columns: not the number, the time of writing, nor the trace. How often a visit or a motion was told follows
-- from how long the device seemed to be silent; what it came to does not.
select
  device_id, occurred_at, type, id, case when type not in ('visit', 'motion') then version end as version, ended_at, frame_id, frame_seq, lane, time_quality, model, config_version,
  data, snapshot_path
from events
order by device_id, occurred_at, type, id
