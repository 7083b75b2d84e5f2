update log.offsets set next_offset = $5
where "group" = $1 and topic = $2 and partition = $3 and next_offset = $4
returning next_offset
