-- Of each device, the times of which its pictures are gone, from the first up to and without the second; null where there is
-- no bound. A device of which none are is told of too, with no time, at $2.
with listed as (
  select device_id, range_agg(during) filter (where reach <> 'person') as during
  from erasure_list
  where erasure_id = $1
  group by device_id
)
select
  device_id,
  case when span is null then $2::timestamptz else lower(span) end as from_at,
  case
    when span is null then $2::timestamptz
    when upper_inc(span) then upper(span) + interval '1 ms'
    else upper(span)
  end as to_at
from listed
left join lateral unnest(during) as span on true
order by device_id, span
