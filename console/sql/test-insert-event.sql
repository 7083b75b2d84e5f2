with counted as (
  insert into event_days (device_id, type, day, events)
  values ($4, $3, ($2::timestamptz at time zone 'UTC')::date, 1)
  on conflict (device_id, type, day) do update set events = event_days.events + 1
)
insert into events (
  id, occurred_at, type, device_id, version, frame_seq, lane, time_quality, config_version, data, created_at
)
values ($1, $2, $3, $4, 1, 7, 'live', 'device', 0, $5, $2)
