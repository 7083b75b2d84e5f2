select
  $__timeGroup(minute, $__interval) as time,
  sum(accepted)::bigint as taken,
  sum(duplicates)::bigint as "sent again",
  sum(refused)::bigint as refused,
  sum(unavailable)::bigint as "not now"
from ingest_minutely
where $__timeFilter(minute) and device_id = any(array[$device]::text[])
group by 1
order by 1
