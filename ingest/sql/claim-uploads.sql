-- One row per upload, in their order. The caller sorts them by device, so that two processes lock in one order.
select claim.*
from unnest($1::text[], $2::bigint[], $3::bytea[], $4::timestamptz[], $5::text[])
  with ordinality as upload (device_id, stated_ms, digest, captured_at, time_quality, place)
cross join lateral claim_upload(
  upload.device_id, upload.stated_ms, upload.digest, upload.captured_at, upload.time_quality,
  $6::timestamptz, $7::integer * interval '1 ms', $8::integer * interval '1 ms', $9::integer
) as claim
order by upload.place
