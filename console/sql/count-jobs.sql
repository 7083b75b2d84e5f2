-- By state: how many are listed, and how many there are in all; of what is done, both within the span.
select
  state,
  count(*) as all_of_them,
  count(*) filter (
    where ($3::timestamptz is null or captured_at >= $3) and ($4::timestamptz is null or captured_at < $4)
  ) as listed,
  min(coalesce(received_at, captured_at)) as oldest
from captures
where state <> 'done'
  and ($1::text is null or device_id = $1)
  and ($2::uuid is null or device_id = any(array(select id from devices where owner_id = $2)))
group by state
union all
select 'done', count(*), count(*), null
from captures
where state = 'done'
  and ($1::text is null or device_id = $1)
  and ($2::uuid is null or device_id = any(array(select id from devices where owner_id = $2)))
  and captured_at >= $5::timestamptz
  and ($4::timestamptz is null or captured_at < $4)
