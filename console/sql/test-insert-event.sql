with counted as (
  insert into event_days (device_id, type, day, events)
  values ($4, $3, ($2::timestamptz at time zone 'UTC')::date, 1)
  on conflict (device_id, type, day) do update set events = event_days.events + 1
),
counted_months as (
  insert into event_months (device_id, type, month, events)
  values ($4, $3, month_of(($2::timestamptz at time zone 'UTC')::date), 1)
  on conflict (device_id, type, month) do update set events = event_months.events + 1
),
counted_hours as (
  insert into event_counts (device_id, type, hour, count)
  values ($4, $3, date_trunc('hour', $2::timestamptz, 'UTC'), 1)
  on conflict (device_id, type, hour) do update set count = event_counts.count + 1
),
written as (
  insert into events (
    id, occurred_at, type, device_id, version, frame_seq, lane, time_quality, config_version, data, created_at
  )
  values ($1, $2, $3, $4, 1, 7, 'live', 'device', 0, $5, $2)
  returning number, occurred_at
)
insert into event_numbers (thousand, week)
select number / 1000, event_week(occurred_at) from written
on conflict do nothing
