-- The compared columns: a letter is known by its frame, since offsets move when a record was appended twice.
select device_id, frame_id, topic, original_key, code, message, captured_at
from dead_letters
order by device_id, frame_id
