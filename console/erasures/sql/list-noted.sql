-- Times of which pictures of a person are gone, by the notes among the blobs, unless they are listed: from the first until
-- the last millisecond of each.
insert into erasure_list (erasure_id, device_id, reach, during)
select $1::uuid, device_id, 'frames', tstzrange(first_at, last_at, '[]')
from unnest($2::text[], $3::timestamptz[], $4::timestamptz[]) as noted (device_id, first_at, last_at)
where not exists (
  select from erasure_list
  where erasure_list.erasure_id = $1::uuid
    and erasure_list.device_id = noted.device_id
    and erasure_list.reach = 'frames'
    and erasure_list.during @> tstzrange(first_at, last_at, '[]')
)
