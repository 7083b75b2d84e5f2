-- What was seen before $1; a run of frames counts from its last.
select frame_id as id, captured_at::text as at, outcome
from observations
where captured_at < $1 and last_captured_at < $1
  and ($2::text is null or device_id = $2) and device_id <> all($3::text[])
order by captured_at
limit $4
