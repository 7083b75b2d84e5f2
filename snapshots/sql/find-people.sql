-- What was found in a frame, by whoever looked at it.
select objects from observations where frame_id = $1 and captured_at = $2 and outcome = 'analysed'
