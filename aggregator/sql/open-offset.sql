insert into consumer_offsets (topic, partition, next_offset) values ($1, $2, 0)
on conflict (topic, partition) do update set next_offset = consumer_offsets.next_offset
returning next_offset, newest_appended_at
