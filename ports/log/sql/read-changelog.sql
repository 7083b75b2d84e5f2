select key, value, headers, appended_at from log.changelog
where topic = $1 and partition = $2 and key > $3
order by key
limit $4
