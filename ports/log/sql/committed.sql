insert into log.offsets ("group", topic, partition) values ($1, $2, $3)
on conflict ("group", topic, partition) do update set next_offset = offsets.next_offset
returning next_offset
