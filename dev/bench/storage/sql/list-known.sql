-- Some frames, people and events that there are: the newest, and of people and events some of each week of the last year.
with known as (
  select event.number, event.device_id, event.occurred_at::text as at, event_week(event.occurred_at)::timestamp at time zone 'UTC' as week
  from generate_series(0, 50) as weeks
  cross join lateral (
    select number, device_id, occurred_at from events
    where occurred_at < $1::timestamptz - weeks * interval '7 days' order by occurred_at desc limit 1
  ) as event
)
select
  array(select number from known order by number) as numbers,
  array(select device_id from known order by number) as "numberDevices",
  array(select at from known order by number) as "numberTimes",
  array(select week from known order by number) as "numberWeeks",
  array(select number from events order by occurred_at desc, number desc limit 20) as "fedNumbers",
  array(select occurred_at from events order by occurred_at desc, number desc limit 20) as "fedTimes",
  array(select device_id from events order by occurred_at desc, number desc limit 20) as "fedDevices",
  array(select version from events order by occurred_at desc, number desc limit 20) as "fedVersions",
  array(select frame_id from captures order by captured_at desc, frame_id limit 20) as frames,
  array(select captured_at from captures order by captured_at desc, frame_id limit 20) as "frameTimes",
  array(
    select person_id from generate_series(0, 50) as week
    cross join lateral (
      select person_id from visits where opened_at < $1::timestamptz - week * interval '7 days' order by opened_at desc limit 1
    ) as visit
  ) as persons
