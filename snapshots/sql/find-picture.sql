-- Of a motion's frames the one that moved most, which is known by its score: the areas that the event tells of are its.
-- The row may be there before the frame's own record has filled in where its picture lies.
select frame_id, blob_key, captured_at from captures
where device_id = $1 and lane = $2 and captured_at between $3 and $4 and motion = $5::real
order by captured_at, seq
limit 1
