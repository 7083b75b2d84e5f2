insert into last_observations (device_id, lane, frame_id, captured_at, outcome)
select * from unnest($1::text[], $2::text[], $3::uuid[], $4::timestamptz[], $5::text[])
on conflict (device_id, lane) do update set
  frame_id = excluded.frame_id,
  captured_at = excluded.captured_at,
  outcome = excluded.outcome
