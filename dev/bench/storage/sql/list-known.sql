-- Some events, frames and people that there are: the newest, and of people some of each week of the last year.
select
  array(select number from events order by occurred_at desc, number desc limit 20) as numbers,
  array(select occurred_at from events order by occurred_at desc, number desc limit 20) as "eventTimes",
  array(select device_id from events order by occurred_at desc, number desc limit 20) as "eventDevices",
  array(select version from events order by occurred_at desc, number desc limit 20) as versions,
  array(select frame_id from captures order by captured_at desc, frame_id limit 20) as frames,
  array(select captured_at from captures order by captured_at desc, frame_id limit 20) as "frameTimes",
  array(
    select person_id from generate_series(0, 50) as week
    cross join lateral (
      select person_id from visits where opened_at < $1::timestamptz - week * interval '7 days' order by opened_at desc limit 1
    ) as visit
  ) as persons
