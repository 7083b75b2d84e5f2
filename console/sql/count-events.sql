-- The days of UTC that lie in the span as a whole are counted already; of those at its ends the rows are counted now.
select
  (
    (
      select coalesce(sum(event_days.events), 0)
      from event_days
      where ($1::text is null or device_id = $1)
        and ($2::text is null or type = $2)
        and ($3::timestamptz is null or day >= first_day)
        and ($4::timestamptz is null or day < past_day)
        and ($5::uuid is null or device_id in (select id from devices where owner_id = $5))
    ) + (
      select count(*)
      from events
      where ($1::text is null or device_id = $1)
        and ($2::text is null or type = $2)
        and occurred_at >= $3::timestamptz
        and occurred_at < first_day::timestamp at time zone 'UTC'
        and ($4::timestamptz is null or occurred_at <= $4)
        and ($5::uuid is null or device_id = any(array(select id from devices where owner_id = $5)))
    ) + (
      select count(*)
      from events
      where ($1::text is null or device_id = $1)
        and ($2::text is null or type = $2)
        and occurred_at >= past_day::timestamp at time zone 'UTC'
        and occurred_at <= $4::timestamptz
        and ($5::uuid is null or device_id = any(array(select id from devices where owner_id = $5)))
    )
  )::bigint as total
from (
  select first_day, greatest((($4::timestamptz) at time zone 'UTC')::date, first_day) as past_day
  from (
    select ((($3::timestamptz) at time zone 'UTC') - interval '1 microsecond')::date + 1 as first_day
  ) as begun
) as span
