-- What was dropped leaves something behind: pictures to which nothing refers any more, and times in which somebody was seen
-- who is erased. The erasure takes that up, whether it was finished or not.
with seen as (
  select
    erasure_id,
    device_id,
    unnest(range_agg(tstzrange(
      lower(span) - $10::integer * interval '1 ms',
      greatest(lower(span), coalesce(upper(span), last_seen_at)) + $10::integer * interval '1 ms',
      '[]'
    ))) as during
  from unnest($3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::numeric[], $9::timestamptz[])
    as seen (erasure_id, device_id, type, occurred_at, ended_at, stay_ms, last_seen_at)
  cross join lateral event_span(type, occurred_at, ended_at, stay_ms) as span
  group by erasure_id, device_id
),
listed as (
  insert into erasure_list (erasure_id, device_id, reach, during)
  select erasure_id, device_id, 'frames', during
  from seen
  where not exists (
    select from erasure_list
    where erasure_list.erasure_id = seen.erasure_id
      and erasure_list.device_id = seen.device_id
      and erasure_list.reach = 'frames'
      and erasure_list.during @> seen.during
  )
  returning erasure_id
)
insert into erasure_leftovers (erasure_id, key)
select distinct erasure_id, key from unnest($1::uuid[], $2::text[]) as blob (erasure_id, key)
union all
select distinct erasure_id, null from listed
