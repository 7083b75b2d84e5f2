select count(*) as total
from captures
where ($1::text is null or device_id = $1)
  and ($2::text is null or state = $2)
  and ($3::timestamptz is null or captured_at >= $3)
  and ($4::timestamptz is null or captured_at <= $4)
  and ($5::uuid is null or device_id = any(array(select id from devices where owner_id = $5)))
