-- How many events there are of these devices ($1; null for all) and types ($2), as far as that is counted already: by the hours
-- from $3 to $4 and from $7 to $8, by the days from $4 to $5 and from $6 to $7, and by the months from $5 to $6; and in which hours
-- or days the first and the last of them are. The times are those of event_pieces(), asked for before: so the plan is for these.
with counted as (
  select device_id, type, sum(count) as events, min(hour) as begun, max(hour) as last, interval '1 hour' as lasts
  from event_counts
  where hour >= $3::timestamptz and hour < $4::timestamptz
    and ($1::text[] is null or device_id = any($1)) and ($2::text[] is null or type = any($2))
  group by 1, 2
  union all
  select device_id, type, sum(count) as events, min(hour) as begun, max(hour) as last, interval '1 hour' as lasts
  from event_counts
  where hour >= $7::timestamptz and hour < $8::timestamptz
    and ($1::text[] is null or device_id = any($1)) and ($2::text[] is null or type = any($2))
  group by 1, 2
  union all
  select
    device_id, type, sum(events), min(day)::timestamp at time zone 'UTC', max(day)::timestamp at time zone 'UTC', interval '24 hours'
  from event_days
  where day >= ($4::timestamptz at time zone 'UTC')::date and day < ($5::timestamptz at time zone 'UTC')::date
    and ($1::text[] is null or device_id = any($1)) and ($2::text[] is null or type = any($2))
  group by 1, 2
  union all
  select
    device_id, type, sum(events), min(day)::timestamp at time zone 'UTC', max(day)::timestamp at time zone 'UTC', interval '24 hours'
  from event_days
  where day >= ($6::timestamptz at time zone 'UTC')::date and day < ($7::timestamptz at time zone 'UTC')::date
    and ($1::text[] is null or device_id = any($1)) and ($2::text[] is null or type = any($2))
  group by 1, 2
),
of_months as (
  select device_id, type, events, month
  from event_months
  where month >= ($5::timestamptz at time zone 'UTC')::date and month < ($6::timestamptz at time zone 'UTC')::date
    and ($1::text[] is null or device_id = any($1)) and ($2::text[] is null or type = any($2))
),
totals as (
  select device_id, type, sum(events) as events
  from (select device_id, type, events from counted union all select device_id, type, events from of_months) as all_of_them
  group by 1, 2
),
-- Of the first and of the last month the day.
edges as (
  select begun, last, lasts from counted
  union all
  select day::timestamp at time zone 'UTC', day::timestamp at time zone 'UTC', interval '24 hours'
  from (select min(month) as first, max(month) as last from of_months) as span
  cross join lateral (
    select min(day) as day from event_days
    where day >= span.first and day < span.first + interval '1 month'
      and ($1::text[] is null or device_id = any($1)) and ($2::text[] is null or type = any($2))
    union all
    select max(day) from event_days
    where day >= span.last and day < span.last + interval '1 month'
      and ($1::text[] is null or device_id = any($1)) and ($2::text[] is null or type = any($2))
  ) as days
  where day is not null
)
select
  (select coalesce(sum(events), 0)::bigint from totals) as total,
  (
    select coalesce(json_object_agg(type, events), '{}')
    from (select type, sum(events) as events from totals group by 1) as each
  ) as by_type,
  (
    select coalesce(json_object_agg(device_id, events), '{}')
    from (select device_id, sum(events) as events from totals group by 1) as each
  ) as by_device,
  (select array[begun::text, (begun + lasts)::text] from edges order by begun, lasts limit 1) as first,
  (select array[last::text, (last + lasts)::text] from edges order by last + lasts desc, last desc limit 1) as last
