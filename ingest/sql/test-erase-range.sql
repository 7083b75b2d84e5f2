with erasure as (
  insert into erasures (id, kind, device_id, from_at, to_at, requested_at, username, step)
  values (gen_random_uuid(), 'range', $1, $2, $3, now(), 'test', 'note')
  returning id
)
insert into erasure_list (erasure_id, device_id, reach, during)
select id, $1, 'everything', tstzrange($2, $3, '[)') from erasure
