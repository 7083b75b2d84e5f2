update consumer_offsets set next_offset = $4, newest_appended_at = greatest(newest_appended_at, $5)
where topic = $1 and partition = $2 and next_offset = $3
returning next_offset
