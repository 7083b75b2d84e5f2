-- The frame that an event names. The row may be there before the frame's own record has filled in where its picture lies.
select frame_id, blob_key, captured_at from captures
where frame_id = $1 and device_id = $2 and captured_at between $3 and $4
