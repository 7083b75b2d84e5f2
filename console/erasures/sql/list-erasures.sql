-- To an owner, those that are about a device of theirs.
select
  id, kind, device_id, person_id, from_at, to_at, requested_at, username, step, gone, applied_again_at, error, finished_at,
  array(
    select distinct erasure_list.device_id
    from erasure_list
    left join devices on devices.id = erasure_list.device_id
    where erasure_id = erasures.id and ($2::uuid is null or devices.owner_id = $2)
    order by erasure_list.device_id
  ) as devices
from erasures
where ($1::uuid is null or id = $1)
  and (
    $2::uuid is null
    or exists (
      select from erasure_list
      join devices on devices.id = erasure_list.device_id
      where erasure_id = erasures.id and devices.owner_id = $2
    )
  )
order by requested_at desc, id
limit $3 offset $4
