select count(*) as total
from audit_log
where ($1::text is null or action = $1)
  and ($2::text is null or device_id = $2)
  and ($3::timestamptz is null or at >= $3)
  and ($4::timestamptz is null or at <= $4)
  and (
    $5::uuid is null
    or user_id = $5
    or device_id = any(array(select id from devices where owner_id = $5))
  )
