-- A record that could not be read says of no frame and of no device: its key and the time at which it came stand for
-- these. Whoever is named in it is looked for among its bytes.
with going as (
  select id
  from dead_letters
  where coalesce(device_id, original_key) = any($2::text[])
    and (
      exists (
        select from erasing(
          coalesce(device_id, original_key),
          tstzrange(coalesce(captured_at, recorded_at), coalesce(captured_at, recorded_at), '[]'),
          null,
          true
        ) as taken
        where taken.erasure_id = $1
      )
      or exists (
        select from erasure_list
        where erasure_list.erasure_id = $1
          and erasure_list.device_id = coalesce(dead_letters.device_id, original_key)
          and (
            position(convert_to(erasure_list.person_id, 'UTF8') in original_value) > 0
            or position(erasure_list.person_id in message) > 0
          )
      )
    )
  limit $3
  for update
)
delete from dead_letters using going where dead_letters.id = going.id
returning 1 as one
