-- Of each device, the time from which on and up to which its pictures are gone; null where that has no bound.
select
  device_id,
  case when bool_or(reach = 'everything') or bool_or(reach = 'frames') then lower(range_merge(
    range_agg(during) filter (where reach <> 'person'))
  ) else $2::timestamptz end as from_at,
  case when bool_or(reach = 'everything') or bool_or(reach = 'frames') then upper(range_merge(
    range_agg(during) filter (where reach <> 'person'))
  ) else $2::timestamptz end as to_at
from erasure_list
where erasure_id = $1
group by device_id
order by device_id
