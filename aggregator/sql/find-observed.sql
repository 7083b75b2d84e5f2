-- Which of these frames have rows of their own, or begin runs. The bounds name the chunks in which they lie.
select told.frame_id, observations.outcome
from unnest($1::uuid[], $2::timestamptz[]) as told (frame_id, captured_at)
join observations on observations.frame_id = told.frame_id and observations.captured_at = told.captured_at
where observations.captured_at between $3 and $4
