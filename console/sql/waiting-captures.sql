-- How many captures wait, by state, and how many were given up; of everybody's devices, or of one owner's.
select
  count(*) filter (where state = 'queued') as queued,
  count(*) filter (where state = 'running') as running,
  count(*) filter (where state = 'failed') as failed,
  count(*) filter (where state = 'dead') as dead
from captures
where state <> 'done' and ($1::uuid is null or device_id = any(array(select id from devices where owner_id = $1)))
