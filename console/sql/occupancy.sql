-- How many were there, in buckets from $3 to $4 of $5 seconds each: a running sum, of which every change and every
-- beginning of a bucket is a step. Means are by time.
with steps as (
  select
    at, sum(delta) as delta, count(*) filter (where delta = 1) as came, count(*) filter (where delta = -1) as went
  from (
    select at, delta
    from occupancy_changes
    where device_id = any($1::text[]) and zone_id = $2 and at >= $3::timestamptz and at < $4::timestamptz
    union all
    select at, 0 from generate_series($3::timestamptz, $4::timestamptz - interval '1 microsecond', $5 * interval '1 s') as at
  ) as each
  group by at
),
before as materialized (
  select occupancy_before($3::timestamptz, $1::text[], $2) as people
),
levels as (
  select
    steps.*,
    before.people + sum(steps.delta) over (order by steps.at) as people,
    extract(epoch from coalesce(lead(steps.at) over (order by steps.at), $4::timestamptz) - steps.at) as lasted_s,
    floor(extract(epoch from steps.at - $3::timestamptz) / $5) as bucket
  from steps, before
)
select
  min(at) as at,
  (array_agg(people order by at))[1]::integer as at_start,
  min(people)::integer as least,
  max(people)::integer as most,
  (sum(people * lasted_s) / sum(lasted_s))::double precision as mean,
  (array_agg(people order by at desc))[1]::integer as at_end,
  sum(came)::integer as came,
  sum(went)::integer as went
from levels
group by bucket
order by bucket
