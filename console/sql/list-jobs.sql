-- Two indexes, one for each branch: what is not done is little, and done is nearly everything.
select frame_id, device_id, epoch, seq, lane, state, attempts, error, captured_at, received_at
from (
  (
    select * from captures
    where state <> 'done'
      and ($1::text is null or state = $1)
      and ($2::text is null or device_id = $2)
      and ($3::timestamptz is null or captured_at >= $3)
      and ($4::timestamptz is null or captured_at < $4)
      and ($6::uuid is null or device_id = any(array(select id from devices where owner_id = $6)))
    order by captured_at desc, seq desc, frame_id
    limit $7::bigint + $8::bigint
  )
  union all
  (
    select * from captures
    where state = 'done'
      and ($1::text is null or $1 = 'done')
      and ($2::text is null or device_id = $2)
      and captured_at >= $5::timestamptz
      and ($4::timestamptz is null or captured_at < $4)
      and ($6::uuid is null or device_id = any(array(select id from devices where owner_id = $6)))
    order by captured_at desc, seq desc, frame_id
    limit $7::bigint + $8::bigint
  )
) as jobs
order by jobs.captured_at desc, jobs.seq desc, jobs.frame_id
limit $7 offset $8
