-- Numbers of events all over the time that there is, of those with the picture, and between which times they are.
with span as (
  select min(occurred_at) as first, max(occurred_at) as last from events
),
spread as (
  select event.number
  from span, generate_series(0, 199) as place
  cross join lateral (
    select number from events
    where occurred_at <= span.last - (span.last - span.first) * place / 200 order by occurred_at desc limit 1
  ) as event
)
select
  array(select number from spread) as numbers,
  array(select number from events where snapshot_path = $1 and occurred_at > (select last from span) - interval '1 day') as drawn,
  array(select id from devices order by id) as devices,
  span.first as "from",
  span.last as "to"
from span
