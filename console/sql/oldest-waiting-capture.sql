-- The oldest capture that is yet to be analysed, by the index of those that wait.
select frame_id, device_id, state, lane, captured_at, received_at
from (values ('queued'), ('running'), ('failed')) as waiting (state)
cross join lateral (
  select frame_id, device_id, lane, captured_at, received_at
  from captures
  where captures.state <> 'done' and captures.state = waiting.state
    and ($1::uuid is null or device_id = any(array(select id from devices where owner_id = $1)))
  order by captured_at
  limit 1
) as oldest
order by captured_at
limit 1
